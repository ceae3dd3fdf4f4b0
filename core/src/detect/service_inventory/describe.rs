//! The inventory in words: each service with how it is known, and which to look at first.

use super::sensitive::sensitive;
use super::{Listed, MAX_CLIENTS, MAX_SERVICES, Port, RULE, Service};
use crate::detect::kit::{Host, Terms, caveat, evidence, finding as empty, plural, span, target};
use crate::order::Collect;
use crate::report::{Basis, Confidence, Fact, Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Services listed one by one.
const MAX_LISTED: usize = 200;

/// The inventory.
pub(super) fn finding(listed: &[Listed<'_>], everything: &BTreeMap<&Host, usize>) -> Finding {
    let hosts: BTreeSet<&Host> =
        listed.iter().map(|l| l.0).chain(everything.keys().copied()).into_set();
    let basis =
        match (listed.iter().all(|l| !l.2.by_packets), listed.iter().all(|l| l.2.by_packets)) {
            (true, false) => ", reported by a log",
            (false, true) => ", seen in packets",
            _ => "",
        };
    let mut f = empty(RULE.id, "inventory");
    let all = format!(
        "{} on {}{basis}",
        plural(listed.len(), "service"),
        plural(hosts.len() - everything.len(), "host")
    );
    let any = match everything.len() {
        0 => None,
        1 => Some("1 host that answers on every port".to_owned()),
        n => Some(format!("{n} hosts that answer on every port")),
    };
    let both = [Some(all).filter(|_| !listed.is_empty()), any];
    let both: Vec<String> = both.into_iter().flatten().collect();
    f.title = format!("Service inventory: {}", both.join(", "));
    let exposed = listed.iter().filter(|l| l.2.from_outside).count();
    let powerful = listed.iter().filter(|l| sensitive(l.1).is_some()).count();
    let both = listed.iter().filter(|l| l.2.from_outside && sensitive(l.1).is_some()).count();
    f.summary = format!(
        "Seen answering: {} on {}. Giving control over a host or its data: {powerful}. Used by \
         outside clients: {exposed}. Seen is not all: a service that nobody used does not show.",
        plural(listed.len(), "service"),
        plural(hosts.len() - everything.len(), "host")
    );
    f.severity = if both > 0 { Severity::Low } else { Severity::Info };
    f.confidence = Confidence::Medium;
    if listed.len() > MAX_LISTED {
        f.missing.push(format!("{} more services: see the records.", listed.len() - MAX_LISTED));
    }
    f.facts = facts(listed, everything);
    f.when = span(listed.iter().map(|l| &l.2.seen));
    f.subjects = hosts.iter().take(50).map(|h| target("address", h.addr)).collect();
    let rows = listed.iter().filter_map(|l| Some(l.2.seen.first()?.because("first")));
    f.evidence = evidence(rows, listed.iter().map(|l| l.2.seen.count()).sum(), None);
    f.caveats.push(caveat(
        "Most services are meant to be there.",
        "Hold the list against what should run; ask the owner of each that is not on it.",
    ));
    f
}

fn facts(listed: &[Listed<'_>], everything: &BTreeMap<&Host, usize>) -> Vec<Fact> {
    let mut t = Terms::default();
    for (host, port, s) in listed.iter().take(MAX_LISTED) {
        let basis = if s.by_packets { Basis::Observed } else { Basis::Reported };
        t.say("service", text(host, *port, s), basis);
        t.note(remarks(*port, s));
    }
    for (host, n) in everything {
        let more = if *n >= MAX_SERVICES { " or more" } else { "" };
        t.say("answers on every port", format!("{host}: {n} ports{more}"), Basis::Observed);
        t.note("told as one: a trap, a proxy or a filter answers, not that many services");
    }
    t.0
}

fn text(host: &Host, (transport, port): Port, s: &Service) -> String {
    let names: Vec<&str> = s.names.iter().map(|n| &**n).collect();
    let name =
        if names.is_empty() { "protocol not recognised".to_owned() } else { names.join(", ") };
    format!("{} {port}/{} {name}", host, transport.name())
}

fn remarks(port: Port, s: &Service) -> String {
    let mut parts = vec![match (s.by_inventory, s.by_packets) {
        (_, true) => "packets show its answer".to_owned(),
        (true, false) => "reported by a log of services".to_owned(),
        (false, false) => "reported by a log or flow records".to_owned(),
    }];
    if !s.clients.is_empty() {
        let more = if s.clients.len() == MAX_CLIENTS { "or more " } else { "" };
        parts.push(format!("{} {more}used it", plural(s.clients.len(), "client")));
    }
    if s.from_outside {
        parts.push("outside clients among them".to_owned());
    }
    if let Some(name) = sensitive(port) {
        parts.push(format!("the port of {name}: gives control over a host or its data"));
    }
    parts.join("; ")
}
