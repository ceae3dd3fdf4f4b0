//! `port-scan`: a source that asks many ports or many hosts and mostly gets nothing.

mod contact;
mod describe;
mod walk;

use super::kit::addr::is_unicast;
use super::kit::{Host, Observed, Sighting, Tally};
use super::{Detector, Rule};
use crate::event::{Body, Conn, Kind, Origin, Transport};
use crate::report::Finding;
use crate::settings::Settings;
use crate::time::Time;
use contact::Outcome;
use std::collections::BTreeMap;

/// The rule.
pub const RULE: Rule = Rule {
    id: "port-scan",
    title: "Port scan",
    about: "A source's first contacts with ports and hosts mostly fail. A sequential test over \
            them decides, separately for the ports of one host, the hosts on one port, and lists \
            of both; floors on the number of failed targets keep dead servers out of it.",
    benign: "An authorised scanner or a monitoring system; peer-to-peer software; one-sided recording.",
    limits: "Scans that stay below the floors, or are spread over many sources, are not seen. An \
             answer shows that a port answered, not which service stands behind it.",
    attack: &["T1018", "T1046", "T1595.001"],
    reads: &[Kind::Conn],
    new: |settings| Box::new(PortScan::new(settings)),
};

/// Targets kept of one source: a whole range of ports is sampled down to this.
const MAX_TARGETS: usize = 8192;

struct PortScan {
    probes: Tally<Host, (Target, Outcome), Probe>,
}

/// A port of a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Target {
    host: Host,
    transport: Transport,
    port: u16,
}

/// What was seen of one target with one outcome.
#[derive(Debug, Default)]
struct Probe {
    seen: Sighting,
    /// Lowest and highest port of the source.
    from: Option<(u16, u16)>,
    /// Lowest and highest mean size of a request packet at IP level.
    size: Option<(u32, u32)>,
    /// Request packets and bytes, at most.
    sent: Option<(u32, u32)>,
    /// Reply packets and bytes, at most.
    reply: Option<(u32, u32)>,
    /// Zeek's history or the flags, where the source has them.
    shape: Option<Box<str>>,
}

impl Probe {
    fn see(&mut self, e: &Observed<'_>, c: &Conn) {
        self.seen.see(e);
        self.from = widen(self.from, e.flow.orig.port);
        let sent = volume(c.orig_pkts, c.orig_ip_bytes);
        self.size = widen(self.size, sent.and_then(|(p, b)| b.checked_div(p)));
        self.sent = self.sent.max(sent);
        self.reply = self.reply.max(volume(c.resp_pkts, c.resp_ip_bytes));
        let shape = c.history.clone().or_else(|| c.resp_flags.clone()).filter(|s| !s.is_empty());
        self.shape = self.shape.take().max(shape);
    }

    /// Time and place of the first contact.
    fn place(&self) -> Option<(Option<Time>, Origin)> {
        self.seen.first().map(|r| (r.ts, r.at))
    }
}

/// Packets and bytes of one side, if any; large counts stop at four billion.
fn volume(packets: Option<u64>, bytes: Option<u64>) -> Option<(u32, u32)> {
    let short = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Some((short(packets.filter(|p| *p > 0)?), short(bytes?)))
}

fn widen<T: Ord + Copy>(have: Option<(T, T)>, value: Option<T>) -> Option<(T, T)> {
    match (have, value) {
        (Some((a, b)), Some(v)) => Some((a.min(v), b.max(v))),
        (None, Some(v)) => Some((v, v)),
        (have, None) => have,
    }
}

impl PortScan {
    const fn new(settings: &Settings) -> Self {
        Self { probes: Tally::new(settings, MAX_TARGETS) }
    }
}

impl Detector for PortScan {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Conn(c) = &e.body else { return };
        let (Some(from), Some(host), Some(transport)) =
            (Host::orig(e), Host::resp(e), e.flow.transport)
        else {
            return;
        };
        let Some(outcome) =
            contact::outcome(e, c).filter(|_| is_unicast(host.addr) && from != host)
        else {
            return;
        };
        let port = e.flow.resp.port.filter(|_| transport != Transport::Icmp).unwrap_or(0);
        let target = Target { host, transport, port };
        // An answer is rare and telling: a flood of misses must not push it out.
        let rank = u8::from(outcome != Outcome::Answered);
        if let Some(probe) = self.probes.offer_ranked(rank, from, (target, outcome)) {
            probe.see(e, c);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (source, group) in self.probes.iter() {
            // One target may have several outcomes; the best is what the source learned.
            let mut best: BTreeMap<&Target, (&Target, Outcome, &Probe)> = BTreeMap::new();
            for ((target, outcome), probe) in group.members() {
                best.entry(target).or_insert((target, *outcome, probe));
            }
            let contacts: Vec<walk::Contact<'_>> = best.into_values().collect();
            if let Some(found) = walk::judge(source, &contacts) {
                out.push(describe::finding(source, &found, self.probes.loss()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
