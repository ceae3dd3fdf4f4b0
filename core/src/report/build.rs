//! Puts the report together from what a session holds.

use super::actors::actors;
use super::attack::attack;
use super::networks::{self, NetworkSource};
use super::{
    KindSpan, NoteAt, NoteRow, REPORT_VERSION, Report, RowCount, RuleCoverage, Source, Span,
};
use crate::detect::{RULES, Rule};
use crate::event::KINDS;
use crate::networks::NetworkFile;
use crate::order::{Collect, Order};
use crate::report::Finding;
use crate::session::Store;
use crate::source::FORMATS;
use crate::text::by_address;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The report of everything in `store` so far.
pub(crate) fn build(store: &Store) -> Report {
    let mut findings = findings(store, &|_| true);
    findings.order_by(|a, b| order(a).cmp(&order(b)).then_with(|| by_address(&a.key, &b.key)));
    let sources = sources(store);
    Report {
        version: REPORT_VERSION,
        actors: actors(&findings, &sources),
        attack: attack(findings.iter().flat_map(|f| f.attack.iter().copied())),
        coverage: coverage(store, &findings),
        notes: notes(store),
        sources,
        networks: store
            .networks
            .files()
            .iter()
            .map(|file| NetworkSource::of(file, name_of(store, file)))
            .collect(),
        records: KINDS
            .iter()
            .filter(|k| store.records.seen(**k) > 0)
            .map(|k| {
                let (seen, kept) = (store.records.seen(*k), store.records.kept(*k));
                (k.path().to_owned(), RowCount { seen, kept })
            })
            .collect(),
        span: span(store),
        findings,
    }
}

/// What the rules of a kind find, with what files of networks say.
pub(crate) fn findings(store: &Store, is_of: &dyn Fn(&Rule) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let rules = RULES.iter().zip(&store.detectors).filter(|(rule, _)| is_of(rule));
    rules.for_each(|(_, detector)| detector.report(&mut found));
    for finding in &mut found {
        networks::add_terms(finding, &store.networks, &|file| name_of(store, file).to_owned());
    }
    found
}

fn name_of<'a>(store: &'a Store, file: &NetworkFile) -> &'a str {
    &store.tree.get(file.node).name
}

fn order(f: &Finding) -> impl Ord + '_ {
    (Reverse(f.severity), Reverse(f.confidence), f.rule)
}

fn sources(store: &Store) -> Vec<Source> {
    let owned = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    let title = |name: &str| FORMATS.iter().find(|f| f.name == name).map(|f| f.title.to_owned());
    store
        .tree
        .iter()
        .map(|(id, n)| Source {
            id,
            parent: n.parent,
            name: n.name.to_string(),
            size: n.size,
            format: n.format.map(str::to_owned),
            format_title: n.format.and_then(title).or_else(|| n.foreign.map(str::to_owned)),
            // Only captures have interfaces.
            item_noun: if n.interfaces.is_empty() { "line" } else { "packet" }.to_owned(),
            refusals: owned(&n.refusals),
            sensor: n.sensor.to_string(),
            site: n.site.to_string(),
            continues: n.continues,
            beside: n.beside,
            clock: n.clock,
            counters: n.counters.clone(),
            events: n
                .events
                .iter()
                .map(|(k, (count, first, last))| {
                    let span = KindSpan { count: *count, first: *first, last: *last };
                    (k.path().to_owned(), span)
                })
                .collect(),
            is_done: n.is_done,
        })
        .collect()
}

fn coverage(store: &Store, findings: &[Finding]) -> Vec<RuleCoverage> {
    let row = |rule: &Rule| {
        let reads: BTreeMap<String, u64> =
            rule.reads.iter().map(|k| (k.path().to_owned(), store.records.seen(*k))).into_map();
        RuleCoverage {
            rule: rule.id.to_owned(),
            title: rule.title.to_owned(),
            about: rule.about.to_owned(),
            is_blind: reads.values().all(|n| *n == 0),
            reads,
            n_findings: findings.iter().filter(|f| f.rule == rule.id).count(),
            limits: rule.limits.to_owned(),
        }
    };
    RULES.iter().map(row).collect()
}

fn notes(store: &Store) -> Vec<NoteRow> {
    store
        .notes
        .iter()
        .map(|(node, tally)| NoteRow {
            node,
            code: tally.kind.code.to_owned(),
            weight: tally.kind.weight,
            meaning: tally.kind.meaning.to_owned(),
            count: tally.count,
            places: tally.places,
            earliest: tally
                .earliest
                .iter()
                .map(|n| NoteAt {
                    item: n.at.item,
                    offset: n.at.offset,
                    len: n.at.len,
                    detail: n.detail.clone(),
                })
                .collect(),
        })
        .collect()
}

fn span(store: &Store) -> Option<Span> {
    let all = || store.tree.iter().flat_map(|(_, n)| n.events.values());
    let first = all().filter_map(|(_, first, _)| *first).min()?;
    let last = all().filter_map(|(_, _, last)| *last).max()?;
    Some(Span { first, last })
}

#[cfg(test)]
mod tests {
    use crate::event::Kind;
    use crate::session::{FileMeta, Session};
    use crate::settings::Settings;

    #[test]
    fn findings_and_values_about_addresses_stand_by_their_number() {
        let mut session = Session::new(Settings::default());
        let node = session.open(FileMeta::default());
        let servers = ["10.0.101.1", "9.0.0.1", "10.0.2.1"];
        for (i, server) in servers.iter().enumerate() {
            let row = format!(
                r#"{{"_path":"ftp","ts":170000000{i}.0,"id.orig_h":"10.0.0.9","id.orig_p":5000,"id.resp_h":"{server}","id.resp_p":21,"user":"eva","password":"x","command":"PASS","reply_code":230}}"#
            );
            session.feed(node, row.as_bytes());
            session.feed(node, b"\n");
        }
        session.close(node);
        let by_number = ["9.0.0.1", "10.0.2.1", "10.0.101.1"];
        let findings = session.report().findings;
        let keys = findings.iter().filter(|f| f.rule == "plaintext-credentials").map(|f| &f.key);
        assert_eq!(keys.collect::<Vec<_>>(), by_number);
        let values = session.records().top(Kind::Ftp, "", "id.resp_h", 9).unwrap();
        assert_eq!(values.top.iter().map(|v| &v.value).collect::<Vec<_>>(), by_number);
    }
}
