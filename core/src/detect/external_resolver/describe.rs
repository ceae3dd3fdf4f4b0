//! Questions to outside resolvers, in words: who asked whom, and who else serves the network.

use super::{Clients, FEW, MIN_QUESTIONS, RULE};
use crate::detect::kit::{
    Host, Terms, actor, caveat, evidence, finding as empty, plural, span, target,
};
use crate::order::Collect;
use crate::report::{Basis, Confidence, Fact, Finding, Severity};
use std::collections::BTreeSet;

/// Clients and servers that a finding names.
const MAX_SHOWN: usize = 20;

/// The finding about all clients that ask outside.
pub(super) fn finding(
    clients: &Clients<'_>,
    severity: Severity,
    serving: &BTreeSet<&Host>,
    share: f64,
) -> Finding {
    let servers: BTreeSet<&Host> = clients.values().flatten().map(|a| a.0).into_set();
    let n: u64 = clients.values().flatten().map(|a| a.1.count()).sum();
    let who = match clients.keys().next() {
        Some(only) if clients.len() == 1 => only.to_string(),
        _ => plural(clients.len(), "client"),
    };
    let whom = match servers.iter().next() {
        Some(only) if servers.len() == 1 => only.to_string(),
        _ => plural(servers.len(), "server"),
    };
    let asked = plural(n as usize, "question");
    let mut f = empty(RULE.id, "outside");
    f.title = format!("Resolver outside the network: {who} asked {whom}");
    f.summary = if serving.is_empty() {
        format!("{asked} went to name servers outside; the evidence shows no inside resolver.")
    } else {
        format!("{asked} went to name servers outside, while inside resolvers serve other clients.")
    };
    f.severity = severity;
    f.confidence = if serving.is_empty() { Confidence::Low } else { Confidence::Medium };
    f.facts = facts(clients, n, serving, share);
    f.when = span(clients.values().flatten().map(|a| a.1));
    f.subjects.extend(clients.keys().take(MAX_SHOWN).map(|c| actor("address", c.addr)));
    f.subjects.extend(servers.iter().take(MAX_SHOWN).map(|s| target("address", s.addr)));
    let rows = clients.values().flatten().filter_map(|a| Some(a.1.first()?.because("first")));
    let of = servers.iter().next().map(|s| ("dns", format!("id.resp_h == {}", s.addr)));
    f.evidence = evidence(rows, n, of.filter(|_| servers.len() == 1));
    f.caveats.push(caveat(
        "Devices and programs bring their own public resolver; small networks have no other.",
        "Look up who runs the server, and which resolver the network hands out (DHCP option 6).",
    ));
    f.attack = if severity > Severity::Info { RULE.attack.to_vec() } else { Vec::new() };
    f
}

fn facts(clients: &Clients<'_>, n: u64, serving: &BTreeSet<&Host>, share: f64) -> Vec<Fact> {
    let mut t = Terms::default();
    t.say("questions to outside servers", n, Basis::Observed);
    t.say("inside resolvers seen", serving.len(), Basis::Observed);
    if serving.is_empty() {
        t.note("none seen is not none there: the evidence may not cover them");
    } else {
        let few = format!("below {FEW}");
        t.judge("share of clients that ask outside", format!("{share:.2}"), few, share < FEW, 0);
        let most = clients.values().map(|a| a.iter().map(|x| x.1.count()).sum::<u64>()).max();
        let most = most.unwrap_or(0);
        t.judge(
            "most questions of one client",
            most,
            format!("at least {MIN_QUESTIONS}"),
            most >= MIN_QUESTIONS,
            0,
        );
    }
    t.0
}
