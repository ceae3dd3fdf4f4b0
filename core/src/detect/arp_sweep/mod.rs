//! `arp-sweep`: a host that asks a whole network who has which address.

mod describe;
mod judge;

use super::kit::{Host, Observed, Sighting, Tally};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::report::Finding;
use crate::settings::Settings;
use crate::text::Text;

/// The rule.
pub const RULE: Rule = Rule {
    id: "arp-sweep",
    title: "ARP sweep",
    about: "Within a minute a host asks by ARP for many addresses that stand next to each other, and \
            most of them do not answer. Where no answer to it is in the evidence, twice as many \
            must be asked for.",
    benign: "An inventory or a monitoring system; a gateway that asks for addresses which somebody \
             outside its network tries.",
    limits: "ARP does not leave its segment, and answers go to the asker alone: a sensor elsewhere \
             sees neither. A sweep that takes its time stays below the floor.",
    attack: &["T1018"],
    reads: &[Kind::Arp],
    new: |settings| Box::new(ArpSweep::new(settings)),
};

/// Addresses kept of one host: a network of 1022.
const MAX_TARGETS: usize = 1024;

/// What was seen of one address that was asked for.
#[derive(Debug, Default)]
struct Asked {
    seen: Sighting,
    /// The hardware address that asked; of several the first.
    mac: Option<Text>,
}

struct ArpSweep {
    asked: Tally<Host, Host, Asked>,
    /// Who answered whom.
    answered: Tally<Host, Host, ()>,
}

impl ArpSweep {
    const fn new(settings: &Settings) -> Self {
        Self {
            asked: Tally::new(settings, MAX_TARGETS),
            answered: Tally::new(settings, MAX_TARGETS),
        }
    }
}

impl Detector for ArpSweep {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Arp(arp) = &e.body else { return };
        let (Some(from), Some(to)) = (Host::orig(e), Host::resp(e)) else { return };
        match arp.operation.as_deref() {
            // Who takes an address asks for it first, from none or from itself (RFC 5227).
            Some("request") if from != to && !from.addr.is_unspecified() => {
                if let Some(asked) = self.asked.offer(from, to) {
                    asked.seen.see(e);
                    let first = asked.mac.take().into_iter().chain(arp.orig_mac.clone()).min();
                    asked.mac = first;
                }
            }
            Some("reply") => {
                self.answered.offer(to, from);
            }
            _ => {}
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (source, group) in self.asked.iter() {
            let answers = self.answered.get(source).map(|a| a.members());
            if let Some(sweep) = judge::judge(&group.members(), answers.as_deref()) {
                let mut f = describe::finding(source, &sweep);
                f.missing.extend(self.asked.loss());
                out.push(f);
            }
        }
    }
}

#[cfg(test)]
mod tests;
