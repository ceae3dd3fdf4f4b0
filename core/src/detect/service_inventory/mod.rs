//! `service-inventory`: which services were seen answering, on which hosts, and how that is known.

mod answer;
mod describe;
mod sensitive;

use super::kit::addr::{is_external, is_internal};
use super::kit::{Few, Host, Observed, Row, Sighting, Tally, evidence};
use super::{Detector, Rule};
use crate::event::{Body, Kind, Transport, Uid};
use crate::report::Finding;
use crate::settings::Settings;
use sensitive::sensitive;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The rule.
pub const RULE: Rule = Rule {
    id: "service-inventory",
    title: "Service inventory",
    about: "Lists every service of an inside host that was seen answering: host, port, protocol \
            by content where it was recognised, and whether a log says so or packets show it. \
            Marks services for administration and data, and those that outside clients used.",
    benign: "Services are there to be used; this is an inventory, not an accusation.",
    limits: "Shows what was used while it was recorded, not the whole attack surface.",
    attack: &["T1046"],
    reads: &[Kind::Conn, Kind::KnownService],
    new: |settings| Box::new(ServiceInventory::new(settings)),
};

/// Services kept of one host; one that answers on more is counted as answering on every port.
const MAX_SERVICES: usize = 256;
/// Services of one host from which on it answers whatever is asked: a trap, a proxy, a scanner's
/// own address rewritten. They are told as one.
const EVERY_PORT: usize = 100;
/// Highest port that is handed out to services; above, the direction may be mistaken, and it
/// takes a recognised protocol or two clients to call a port a service.
const LAST_SERVICE_PORT: u16 = 1023;
/// Clients needed above that.
const MIN_CLIENTS: usize = 2;
/// Names kept of one service: sources spell it in a few ways.
const MAX_NAMES: usize = 8;
/// Clients remembered of one service.
const MAX_CLIENTS: usize = 64;

/// A service of a host.
type Port = (Transport, u16);

/// What was seen of one service.
#[derive(Debug, Default)]
struct Service {
    seen: Sighting,
    names: Few<Box<str>>,
    clients: Few<Host>,
    from_outside: bool,
    by_packets: bool,
    by_inventory: bool,
}

/// A service that the inventory lists.
type Listed<'a> = (&'a Host, Port, &'a Service);

struct ServiceInventory {
    hosts: Tally<Host, Port, Service>,
}

impl ServiceInventory {
    const fn new(settings: &Settings) -> Self {
        Self { hosts: Tally::new(settings, MAX_SERVICES) }
    }
}

impl Detector for ServiceInventory {
    fn observe(&mut self, e: &Observed<'_>) {
        let (Some(host), Some(port), Some(transport)) =
            (Host::resp(e), e.flow.resp.port, e.flow.transport)
        else {
            return;
        };
        let (names, is_ours): (Vec<&str>, bool) = match &e.body {
            Body::KnownService(s) => (s.service.iter().collect(), true),
            Body::Conn(c) if answer::is_answer(e, c, transport) => {
                (c.service.iter().collect(), is_internal(host.addr) || c.local_resp == Some(true))
            }
            _ => return,
        };
        if !is_ours || !matches!(transport, Transport::Tcp | Transport::Udp | Transport::Sctp) {
            return;
        }
        let Some(s) = self.hosts.offer(host, (transport, port)) else { return };
        s.seen.see(e);
        s.names.extend(names.into_iter().map(|n| Box::from(n.to_ascii_lowercase())), MAX_NAMES);
        s.by_inventory |= matches!(e.body, Body::KnownService(_));
        s.by_packets |= matches!(e.flow.uid, Some(Uid::Ours(_)));
        s.from_outside |= e.flow.orig.addr.is_some_and(is_external);
        s.clients.extend(Host::orig(e), MAX_CLIENTS);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let mut listed: Vec<Listed<'_>> = Vec::new();
        let mut everything: BTreeMap<&Host, usize> = BTreeMap::new();
        for (host, group) in self.hosts.iter() {
            let services: Vec<_> =
                group.members().into_iter().filter(|(p, s)| is_service(**p, s)).collect();
            if services.len() >= EVERY_PORT {
                everything.insert(host, services.len());
            } else {
                listed.extend(services.into_iter().map(|(p, s)| (host, *p, s)));
            }
        }
        if !listed.is_empty() || !everything.is_empty() {
            let mut f = describe::finding(&listed, &everything);
            f.missing.extend(self.hosts.loss());
            if f.evidence.rows.is_empty() {
                let first: Option<&Rc<Row>> =
                    self.hosts.iter().find_map(|(_, g)| g.members().first()?.1.seen.first());
                f.evidence = evidence(first.map(|r| r.because("first")), 1, None);
            }
            out.push(f);
        }
    }
}

fn is_service((_, port): Port, s: &Service) -> bool {
    // The data side of FTP comes and goes with each transfer.
    let is_passing = s.names.iter().any(|n| &**n == "ftp-data");
    let is_known = s.by_inventory
        || !s.names.is_empty()
        || port <= LAST_SERVICE_PORT
        || sensitive((Transport::Tcp, port)).is_some();
    !is_passing && (is_known || s.clients.len() >= MIN_CLIENTS)
}

#[cfg(test)]
mod tests;
