//! What came out of a case as text, without names of files, so that it can be compared over orders,
//! names and containers.

use offwire_core::report::{Finding, Report};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Findings, actors, notes and numbers of records. Not coverage: each new rule would change every
/// case.
pub fn outcome(report: &Report) -> String {
    let mut out = findings(report);
    let mut notes: BTreeMap<&str, u64> = BTreeMap::new();
    report.notes.iter().for_each(|n| *notes.entry(&n.code).or_default() += n.count);
    section(&mut out, "notes", notes.iter().map(|(code, n)| format!("{code} {n}")));
    let records = report.records.iter().map(|(kind, n)| match n.kept == n.seen {
        true => format!("{kind} {}", n.seen),
        false => format!("{kind} {} of {}", n.kept, n.seen),
    });
    section(&mut out, "records", records);
    out
}

/// Only findings and actors.
pub fn findings(report: &Report) -> String {
    let mut out = String::new();
    section(&mut out, "findings", report.findings.iter().map(finding));
    let actors = report.actors.iter().map(|a| {
        let rules: Vec<&str> =
            a.findings.iter().filter_map(|i| Some(report.findings.get(*i)?.rule)).collect();
        format!("{} {}: {} in {} sources", a.kind, a.value, rules.join(", "), a.n_sources)
    });
    section(&mut out, "actors", actors);
    out
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let _ = writeln!(out, "{title}");
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}

fn finding(f: &Finding) -> String {
    let level = format!("{:?}/{:?}", f.severity, f.confidence).to_lowercase();
    let mut out = format!("{level} {}: {}", f.rule, f.title);
    for s in &f.subjects {
        let _ = write!(out, "\n    {:?} {} {}", s.role, s.kind, s.value);
    }
    for fact in &f.facts {
        let met = match fact.is_met {
            Some(true) => ", met",
            Some(false) => ", not met",
            None => "",
        };
        let threshold = fact.threshold.as_ref().map_or(String::new(), |t| format!(" ({t}{met})"));
        let _ = write!(out, "\n    {} = {}{threshold}", fact.name, fact.value);
    }
    let _ = write!(out, "\n    evidence: {} of {}", f.evidence.rows.len(), f.evidence.total);
    out
}
