//! `external-resolver`: inside clients that ask a name server outside their network.

mod describe;

use super::kit::addr::{is_external, is_internal};
use super::kit::{Host, Observed, Sighting, Tally};
use super::{Detector, Rule};
use crate::event::{Body, Kind};
use crate::report::{Finding, Severity};
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// The rule.
pub const RULE: Rule = Rule {
    id: "external-resolver",
    title: "Resolver outside the network",
    about: "An inside client asks a name server on the Internet. Where the evidence shows no \
            inside resolver this is information; where one serves most clients, the few that go \
            around it stand out.",
    benign: "A device with a built-in public resolver, or a network that has no resolver of its own.",
    limits: "DNS over TLS or HTTPS is not seen. A resolver's own questions are told by whom it \
             serves, and by the many servers that it asks.",
    attack: &["T1071.004"],
    reads: &[Kind::Dns],
    new: |settings| Box::new(ExternalResolver::new(settings)),
};

/// Resolvers kept of one client; a client has a handful, a resolver's recursion asks thousands.
const MAX_SERVERS: usize = 256;
/// Questions from which on going around the inside resolver is a habit: a few are asked at start-up.
const MIN_QUESTIONS: u64 = 3;
/// Share of clients below which they are the few: as many as the others are no exception.
const FEW: f64 = 0.5;
/// Outside servers of one client from which on it finds answers by itself, as a resolver does:
/// systems are told of three at most (resolv.conf(5)), and their programs bring a few.
const MIN_RECURSION: usize = 12;
/// The port of plain DNS; multicast and local-link name protocols have others.
const PORT: u16 = 53;
/// The platform resolver of Azure, at a public address by design (Microsoft Learn, "What is IP
/// address 168.63.129.16?"). The other clouds' are link-local or shared addresses.
const PLATFORM: &[&str] = &["168.63.129.16"];

struct ExternalResolver {
    asked: Tally<Host, Host, Sighting>,
}

impl ExternalResolver {
    const fn new(settings: &Settings) -> Self {
        Self { asked: Tally::new(settings, MAX_SERVERS) }
    }
}

/// A client, the outside servers it asked.
type Clients<'a> = BTreeMap<&'a Host, Vec<(&'a Host, &'a Sighting)>>;

impl Detector for ExternalResolver {
    fn observe(&mut self, e: &Observed<'_>) {
        let Body::Dns(d) = &e.body else { return };
        let (Some(client), Some(server)) = (Host::orig(e), Host::resp(e)) else { return };
        // A question without "recursion desired" is a resolver's, to an authority.
        let is_plain = e.flow.resp.port.is_none_or(|p| p == PORT) && d.rd != Some(false);
        let is_unicast = is_internal(server.addr) || is_external(server.addr);
        if is_plain
            && is_internal(client.addr)
            && is_unicast
            && let Some(seen) = self.asked.offer(client, server)
        {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let mut serving: BTreeSet<&Host> = BTreeSet::new();
        let mut clients: Clients<'_> = BTreeMap::new();
        for (client, group) in self.asked.iter() {
            for (server, seen) in group.members() {
                if is_internal(server.addr) {
                    // A program that asks its own host serves nobody else.
                    if client != server {
                        serving.insert(server);
                    }
                } else if !PLATFORM.contains(&server.addr.to_string().as_str()) {
                    clients.entry(client).or_default().push((server, seen));
                }
            }
        }
        // What serves others asks on their behalf.
        clients.retain(|client, asked| !serving.contains(client) && asked.len() < MIN_RECURSION);
        let all = self.asked.iter().filter(|(c, _)| !serving.contains(c)).count().max(1);
        let share = clients.len() as f64 / all as f64;
        if clients.is_empty() {
            return;
        }
        let mut f = if serving.is_empty() || share >= FEW {
            describe::finding(&clients, Severity::Info, &serving, share)
        } else {
            let habit = |asked: &Vec<(&Host, &Sighting)>| {
                asked.iter().map(|a| a.1.count()).sum::<u64>() >= MIN_QUESTIONS
            };
            let severity =
                if clients.values().any(habit) { Severity::Medium } else { Severity::Low };
            describe::finding(&clients, severity, &serving, share)
        };
        f.missing.extend(self.asked.loss());
        out.push(f);
    }
}

#[cfg(test)]
mod tests;
