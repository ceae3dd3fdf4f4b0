//! `nxdomain-burst`: a client that asks for many names which do not exist, each of another owner.

mod describe;
mod judge;

use super::kit::{Host, Observed, Sighting, Tally, names};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::order::Collect;
use crate::report::Finding;
use crate::settings::Settings;
use crate::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub const RULE: Rule = Rule {
    id: "nxdomain-burst",
    title: "Burst of names that do not exist",
    about: "Within an hour a client asks for many names that do not exist, each under another \
            registered domain, and gets few that do. Names under one domain count once, so \
            search suffixes, block lists and reputation services do not add up; names of services, \
            names that only exist inside, and domains that the client also checked as mail and \
            name servers do, do not count.",
    benign: "A mail gateway that checks senders, a crawler with an old list of links, a resolver \
             that asks for others.",
    limits: "The names do not tell which program asked; a resolver in between hides the client.",
    attack: &["T1568.002"],
    reads: &[Kind::Dns],
    new: |settings| Box::new(NxdomainBurst::new(settings)),
};

/// Domains kept of one client.
const MAX_DOMAINS: usize = 2048;
/// Asked name servers are told by whom they answer: a client that answers others asks for them.
const MAX_SERVERS: usize = 16;
/// Types that clients ask for when they want to connect. Senders' domains are checked by others.
const TYPES: &[&str] = &["A", "AAAA", "HTTPS", "*", "ANY"];

/// What a client was told of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Said {
    /// A name of it exists.
    There,
    /// It does not exist, nor its `www`.
    Missing,
    /// A host below it does not exist.
    MissingHost,
    /// It lacks a service or a mail host that was asked for.
    Checked,
}

struct NxdomainBurst {
    asked: Tally<Host, (Text, Said), Sighting>,
    servers: Tally<Host, Host, ()>,
}

impl NxdomainBurst {
    const fn new(settings: &Settings) -> Self {
        Self {
            asked: Tally::new(settings, MAX_DOMAINS),
            servers: Tally::new(settings, MAX_SERVERS),
        }
    }
}

impl Detector for NxdomainBurst {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Dns(d) = &e.body else { return };
        let (Some(client), Some(name)) = (Host::orig(e), d.query.as_deref()) else { return };
        if let Some(server) = Host::resp(e) {
            self.servers.offer(server, client.clone());
        }
        let is_missing = match (d.rcode, d.rcode_name.as_deref()) {
            (Some(3), _) | (_, Some("NXDOMAIN")) => true,
            (Some(0), _) | (_, Some("NOERROR")) => false,
            (None, None) if !d.answers.is_empty() => false,
            _ => return,
        };
        // That a domain has no such service or mail host does not say that it is not there. Who
        // asks for these checks a sender's domain, and asks for its address as well.
        let is_service =
            name.starts_with('_') || d.qtype_name.as_deref().is_some_and(|t| !TYPES.contains(&t));
        let said = match (is_missing, is_service) {
            (true, true) => Said::Checked,
            (true, false) => Said::Missing,
            (false, _) => Said::There,
        };
        // The reverse tree is asked for addresses, not for names.
        let is_outside = !name.ends_with(".arpa") && !names::is_inside(name);
        let Some(domain) = names::registrable(name).filter(|_| is_outside) else {
            return;
        };
        let host = name.trim_end_matches('.').strip_suffix(domain).unwrap_or_default();
        let said = match said {
            Said::Missing if !host.is_empty() && !host.eq_ignore_ascii_case("www.") => {
                Said::MissingHost
            }
            said => said,
        };
        if let Some(seen) = self.asked.offer(client, (domain.into(), said)) {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for (client, group) in self.asked.iter() {
            if self.servers.get(client).is_some() {
                continue;
            }
            let members = group.members();
            // A domain that exists under another name is not a missing one.
            let told = |said| members.iter().filter(move |(m, _)| m.1 == said).map(|(m, _)| &m.0);
            let there: BTreeSet<&Text> = told(Said::There).into_set();
            let checked: BTreeSet<&Text> = told(Said::Checked).into_set();
            let is_other = |d: &Text| there.contains(d) || checked.contains(d);
            let bare: BTreeSet<&Text> = told(Said::Missing).into_set();
            let is_missing = |(domain, said): &(Text, Said)| match said {
                Said::Missing => !is_other(domain),
                Said::MissingHost => !is_other(domain) && !bare.contains(domain),
                Said::There | Said::Checked => false,
            };
            let missing: Vec<(&Text, &Sighting)> =
                members.iter().filter(|(m, _)| is_missing(m)).map(|(m, s)| (&m.0, *s)).collect();
            if let Some(judged) = judge::judge(&missing, there.len(), &bare) {
                let mut f = describe::finding(client, &judged);
                f.missing.extend(self.asked.loss());
                out.push(f);
            }
        }
    }
}

#[cfg(test)]
mod tests;
