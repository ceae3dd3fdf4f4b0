//! Actors: findings joined by the same address or account in the actor's role, and no more than that.

use super::{Actor, Finding, Role, Source, Span};
use crate::detect::kit::addr::is_internal;
use crate::event::NodeId;
use crate::order::{Collect, Order};
use crate::text::by_address;
use crate::time::Clock;
use std::collections::{BTreeMap, BTreeSet};

/// The actors of more than one finding. A pure function of findings and of what their sources
/// say about themselves.
pub fn actors(findings: &[Finding], sources: &[Source]) -> Vec<Actor> {
    let mut joined: BTreeMap<(&str, &str, String), BTreeSet<usize>> = BTreeMap::new();
    for (i, f) in findings.iter().enumerate() {
        for s in f.subjects.iter().filter(|s| s.role == Role::Actor) {
            let site = site(f, &s.value, sources);
            joined.entry((s.kind, &s.value, site)).or_default().insert(i);
        }
    }
    let mut all: Vec<Actor> = joined
        .into_iter()
        .filter(|((kind, ..), found)| matches!(*kind, "address" | "account") && found.len() > 1)
        .map(|((kind, value, _), found)| actor(kind, value, &found, findings, sources))
        .collect();
    all.order_by(|a, b| {
        let order = |a: &Actor| std::cmp::Reverse((a.n_sources, a.findings.len()));
        order(a).cmp(&order(b)).then_with(|| by_address(&a.value, &b.value))
    });
    all
}

/// Private addresses are entities of their site; public ones and accounts are the same everywhere.
fn site(f: &Finding, value: &str, sources: &[Source]) -> String {
    let is_local = value.parse().is_ok_and(is_internal);
    let first = nodes(f).into_iter().next();
    let node = first.filter(|_| is_local).and_then(|n| source(n, sources));
    node.map_or_else(String::new, |s| s.site.clone())
}

/// The source of an id; they stand in order of these.
fn source(id: NodeId, sources: &[Source]) -> Option<&Source> {
    sources.get(sources.binary_search_by_key(&id, |s| s.id).ok()?)
}

fn nodes(f: &Finding) -> BTreeSet<NodeId> {
    f.evidence.rows.iter().map(|r| r.at.node).collect()
}

fn actor(
    kind: &str,
    value: &str,
    found: &BTreeSet<usize>,
    findings: &[Finding],
    sources: &[Source],
) -> Actor {
    let of: Vec<&Finding> = found.iter().filter_map(|i| findings.get(*i)).collect();
    let ids: BTreeSet<NodeId> = of.iter().flat_map(|f| nodes(f)).into_set();
    let from: Vec<&Source> = ids.iter().filter_map(|id| source(*id, sources)).collect();
    let names: Vec<&str> = from.iter().map(|s| s.name.as_str()).collect();
    let place = match names.as_slice() {
        [] | [_] => format!("in {} findings of one source", of.len()),
        [a, b] => format!("in two sources: {a} and {b}"),
        many => format!("in {} sources: {}", many.len(), many.join(", ")),
    };
    let mut caveats = vec![format!(
        "The same {kind} does not show the same person or machine: addresses are shared, \
         reassigned and relayed, accounts are lent and guessed."
    )];
    caveats.extend(time_caveat(&from));
    caveats.extend(target_caveat(&of));
    Actor {
        value: value.to_owned(),
        kind: kind.to_owned(),
        statement: format!("The same {kind}, {value}, {place}."),
        caveats,
        findings: found.iter().copied().collect(),
        n_sources: ids.len(),
        when: span(&of),
    }
}

/// What the order in time rests on.
fn time_caveat(from: &[&Source]) -> Option<String> {
    let named = |is: fn(Clock) -> bool| {
        let names: Vec<&str> =
            from.iter().filter(|s| is(s.clock)).map(|s| s.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if from.len() < 2 {
        return None;
    }
    let mut parts = Vec::new();
    if let Some(names) = named(|c| c == Clock::Unknown) {
        parts.push(format!(
            "the times of {names} name no zone and are read as UTC, so the day and the distance \
             in time to the other sources rest on that"
        ));
    }
    if let Some(names) = named(|c| c == Clock::UtcByFormat) {
        parts.push(format!("the times of {names} are UTC by the format's rule, not by the file"));
    }
    if let Some(names) = named(|c| c == Clock::None) {
        parts.push(format!("{names} has no times, so nothing follows about its order"));
    }
    (!parts.is_empty()).then(|| format!("Times: {}.", parts.join("; ")))
}

/// Whether the same target is shown.
fn target_caveat(of: &[&Finding]) -> Option<String> {
    let targets = |f: &&Finding| -> BTreeSet<String> {
        let is = |s: &&super::Subject| s.role == Role::Target;
        f.subjects.iter().filter(is).map(|s| s.value.clone()).collect()
    };
    let all: Vec<BTreeSet<String>> = of.iter().map(targets).collect();
    if all.iter().any(BTreeSet::is_empty) {
        let nameless: BTreeSet<&str> =
            of.iter().zip(&all).filter(|(_, t)| t.is_empty()).map(|(f, _)| f.rule).into_set();
        let rules = nameless.into_iter().collect::<Vec<_>>().join(", ");
        return Some(format!(
            "That it was the same target is not shown: the evidence of {rules} names no server."
        ));
    }
    let first = all.first()?;
    let is_shared = first.iter().any(|t| all.iter().all(|set| set.contains(t)));
    (!is_shared).then(|| "The findings name different targets.".to_owned())
}

fn span(of: &[&Finding]) -> Option<Span> {
    let spans = || of.iter().filter_map(|f| f.when);
    Some(Span { first: spans().map(|s| s.first).min()?, last: spans().map(|s| s.last).max()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit;
    use crate::report::{Row, Subject};
    use crate::time::Time;

    fn source(id: u32, name: &str, clock: Clock, site: &str) -> Source {
        Source {
            id: NodeId(id),
            parent: None,
            name: name.into(),
            size: None,
            format: None,
            format_title: None,
            item_noun: "line".into(),
            refusals: Vec::new(),
            sensor: String::new(),
            site: site.into(),
            continues: None,
            beside: None,
            clock,
            counters: BTreeMap::new(),
            events: BTreeMap::new(),
            is_done: true,
        }
    }

    fn found(rule: &'static str, node: u32, at: i64, subjects: Vec<Subject>) -> Finding {
        let at_ = crate::event::Origin { node: NodeId(node), item: 1, offset: 0, len: 1 };
        let identity = crate::event::Identity::default();
        let row = std::rc::Rc::new(Row { ts: None, at: at_, identity, text: "".into() });
        let t = Time::from_secs(at);
        Finding {
            subjects,
            when: Some(Span { first: t, last: t }),
            evidence: kit::evidence([row.because("first")], 1, None),
            ..kit::finding(rule, "k")
        }
    }

    fn sources() -> Vec<Source> {
        vec![
            source(0, "nfdump-line.txt", Clock::Unknown, "a"),
            source(1, "access.log", Clock::Utc, "a"),
            source(2, "other", Clock::Utc, "b"),
        ]
    }

    #[test]
    fn the_same_address_in_two_sources_with_what_does_not_follow() {
        let who = "123.150.207.231";
        let all = [
            found(
                "port-scan",
                0,
                10,
                vec![kit::actor("address", who), kit::target("address", "98.252.16.36")],
            ),
            found("web-recon", 1, 90, vec![kit::actor("address", who)]),
            found("web-recon", 1, 50, vec![kit::actor("address", "192.0.2.1")]),
        ];
        let got = actors(&all, &sources());
        assert_eq!(got.len(), 1);
        assert_eq!(
            got[0].statement,
            "The same address, 123.150.207.231, in two sources: nfdump-line.txt and access.log."
        );
        assert_eq!((got[0].n_sources, got[0].findings.as_slice()), (2, &[0usize, 1][..]));
        assert_eq!(got[0].when.unwrap().last, Time::from_secs(90));
        let caveats = got[0].caveats.join(" ");
        assert!(caveats.contains("nfdump-line.txt name no zone"), "{caveats}");
        assert!(
            caveats.contains("same target is not shown: the evidence of web-recon"),
            "{caveats}"
        );
    }

    #[test]
    fn private_addresses_of_two_sites_are_strangers_and_objects_join_nothing() {
        let local = |node| found("port-scan", node, 1, vec![kit::actor("address", "10.0.0.5")]);
        assert_eq!(actors(&[local(0), local(1)], &sources()).len(), 1);
        assert_eq!(actors(&[local(0), local(2)], &sources()).len(), 0);
        let named = |node| found("x", node, 1, vec![kit::object("name", "a.test")]);
        assert_eq!(actors(&[named(0), named(1)], &sources()).len(), 0);
    }
}
