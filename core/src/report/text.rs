//! The report as plain text: the same in the page and from the command, byte for byte.
//!
//! Whatever comes from the evidence is made visible by [`Page`], so that no name in it can move the
//! cursor, hide characters or turn the direction of reading.

use super::layout::Page;
use super::{
    Actor, Finding, KindSpan, NetworkSource, NoteRow, Report, RowCount, RuleCoverage, Source, Span,
};
use crate::note::Weight;
use crate::order::Order;
use crate::report::{Basis, Confidence, Evidence, Fact, Role, Severity};
use crate::time::{Clock, Time};
use std::convert::Infallible;

/// The report as text.
pub fn text(report: &Report) -> String {
    let mut whole = String::new();
    let Ok(()) = text_in_pieces(report, |piece| -> Result<(), Infallible> {
        whole.push_str(piece);
        Ok(())
    });
    whole
}

/// The report as text, a finding or some sections at a time: a thousand findings are tens of
/// megabytes, which nobody who only passes them on should hold.
///
/// # Errors
///
/// The first of `piece`.
pub fn text_in_pieces<E>(
    report: &Report,
    mut piece: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut out = Page::default();
    out.heading("Offwire report");
    out.line(0, &summary(report));
    out.heading("Findings");
    if report.findings.is_empty() {
        out.line(0, "None. Coverage below says what could be looked for, and what could not.");
    }
    for (i, finding) in report.findings.iter().enumerate() {
        if i > 0 {
            out.gap();
        }
        out.finding(i + 1, finding, &report.sources);
        out.pour(&mut piece)?;
    }
    out.actors(report);
    out.coverage(&report.coverage);
    out.notes(report);
    out.sources(&report.sources);
    out.networks(&report.networks);
    out.records(report);
    out.pour(&mut piece)
}

fn summary(report: &Report) -> String {
    let n_files = report.sources.iter().filter(|s| s.parent.is_none()).count();
    let count = |severity| report.findings.iter().filter(|f| f.severity == severity).count();
    let span = report.span.map_or("no times in the evidence".to_owned(), |s| format_span(&s));
    format!(
        "{}, {span}. {}: {} high, {} medium, {} low, {} info.",
        plural(n_files, "file"),
        plural(report.findings.len(), "finding"),
        count(Severity::High),
        count(Severity::Medium),
        count(Severity::Low),
        count(Severity::Info)
    )
}

impl Page {
    fn finding(&mut self, number: usize, f: &Finding, sources: &[Source]) {
        let head = format!("{number}. [{}] {}", severity(f.severity), f.title);
        self.hanging(0, 3, &head);
        self.line(3, &f.summary);
        let score = f.score.map_or(String::new(), |s| format!(", score {s} of 100"));
        self.beside(3, "confidence", &format!("{}{score}", confidence(f.confidence)));
        self.beside(3, "rule", f.rule);
        let when = f.when.map_or("not shown".to_owned(), |span| format_span(&span));
        self.beside(3, "when", &when);
        for s in &f.subjects {
            self.beside(3, role(s.role), &format!("{} ({})", s.value, s.kind));
        }
        if !f.attack.is_empty() {
            self.beside(3, "ATT&CK", &format!("consistent with {}", f.attack.join(", ")));
        }
        if !f.facts.is_empty() {
            self.line(3, "terms");
            self.table(5, &f.facts.iter().map(fact).collect::<Vec<_>>());
            for note in f.facts.iter().filter_map(|t| Some((t.name, t.note.as_ref()?))) {
                self.hanging(5, 7, &format!("{}: {}", note.0, note.1));
            }
        }
        self.evidence(&f.evidence, sources);
        let caveats = f.caveats.iter();
        self.list(
            "could also be",
            caveats.map(|c| {
                let (reading, settle) = (sentence(&c.reading), sentence(&c.settle));
                format!("{reading} What would settle it: {settle}")
            }),
        );
        self.list("not shown", f.missing.iter().cloned());
        self.list("includes", f.includes.iter().cloned());
    }

    fn list(&mut self, label: &str, items: impl Iterator<Item = String>) {
        for (i, item) in items.enumerate() {
            if i == 0 {
                self.line(3, label);
            }
            self.hanging(5, 7, &format!("- {item}"));
        }
    }

    fn evidence(&mut self, evidence: &Evidence, sources: &[Source]) {
        if evidence.total == 0 && evidence.rows.is_empty() {
            return;
        }
        let shown = evidence.rows.len() as u64;
        let of = match evidence.total {
            total if total > shown => format!("{shown} of {}", rows(total)),
            total => rows(total),
        };
        self.line(3, &format!("evidence, {of}"));
        let row = |r: &super::EvidenceRow| {
            let ts = r.ts.map_or("-".to_owned(), |t| t.to_string());
            vec![place(sources, r.at.node.0, r.at.item), ts, r.why.to_owned(), r.text.to_string()]
        };
        self.table(5, &evidence.rows.iter().map(row).collect::<Vec<_>>());
        if let Some((kind, filter)) = &evidence.filter {
            self.line(5, &format!("all of them: {kind} records where {filter}"));
        }
    }

    fn actors(&mut self, report: &Report) {
        if report.actors.is_empty() {
            return;
        }
        self.heading("Actors");
        for (i, actor) in report.actors.iter().enumerate() {
            if i > 0 {
                self.gap();
            }
            self.actor(actor, &report.findings);
        }
    }

    fn actor(&mut self, actor: &Actor, findings: &[Finding]) {
        self.line(0, &format!("{} ({})", actor.value, actor.kind));
        self.line(3, &actor.statement);
        if let Some(when) = &actor.when {
            self.beside(3, "when", &format_span(when));
        }
        let titles = actor.findings.iter().filter_map(|i| Some((i + 1, findings.get(*i)?)));
        self.list("findings", titles.map(|(n, f)| format!("{n}. {}", f.title)));
        self.list("rests on", actor.caveats.iter().cloned());
    }

    fn coverage(&mut self, coverage: &[RuleCoverage]) {
        self.heading("Coverage");
        let row = |c: &RuleCoverage| {
            let state = match (c.is_blind, c.n_findings) {
                (true, _) => "could not look".to_owned(),
                (false, 0) => "nothing found".to_owned(),
                (false, n) => plural(n, "finding"),
            };
            let read = |(kind, n): (&String, &u64)| format!("{kind} {n}");
            let reads: Vec<String> = c.reads.iter().map(read).collect();
            vec![c.title.clone(), state, format!("read: {}", reads.join(", "))]
        };
        self.table(0, &coverage.iter().map(row).collect::<Vec<_>>());
    }

    fn notes(&mut self, report: &Report) {
        self.heading("Notes");
        if report.notes.is_empty() {
            self.line(0, &no_notes(&report.sources));
        }
        let mut notes: Vec<&NoteRow> = report.notes.iter().collect();
        notes.order_by_key(|n| std::cmp::Reverse(n.weight));
        for note in notes {
            let name = source_name(&report.sources, note.node.0);
            let head = format!("[{}] {} in {name}: {}", weight(note.weight), note.code, note.count);
            self.hanging(0, 3, &head);
            self.line(3, &note.meaning);
            for at in &note.earliest {
                let place = place(&report.sources, note.node.0, at.item);
                self.hanging(5, 7, &format!("{place}, byte {}: {}", at.offset, at.detail));
            }
        }
    }

    fn sources(&mut self, sources: &[Source]) {
        self.heading("Sources");
        for source in sources {
            self.source(source, depth(sources, source));
        }
    }

    fn source(&mut self, s: &Source, depth: usize) {
        let size = s.size.map_or(String::new(), |n| format!(", {n} bytes"));
        let format = s.format_title.as_deref().or(s.format.as_deref()).unwrap_or("not recognised");
        let rest = if s.is_done { "" } else { ", not read to its end" };
        self.hanging(
            2 * depth,
            2 * depth + 3,
            &format!("{}. {} ({format}{size}{rest})", s.id.0, s.name),
        );
        let indent = 2 * depth + 3;
        if !(s.sensor.is_empty() && s.site.is_empty()) {
            self.beside(
                indent,
                "sensor",
                &format!("{}, site {}", or_dash(&s.sensor), or_dash(&s.site)),
            );
        }
        if let Some(clock) = clock(s.clock).filter(|_| !s.events.is_empty()) {
            self.beside(indent, "times", clock);
        }
        let kind = |(path, span): (&String, &KindSpan)| {
            let when = match (span.first, span.last) {
                (Some(first), Some(last)) => format_span(&Span { first, last }),
                _ => "no times".to_owned(),
            };
            vec![path.clone(), span.count.to_string(), when]
        };
        self.table(indent, &s.events.iter().map(kind).collect::<Vec<_>>());
        let counter = |(name, n): (&String, &u64)| vec![name.clone(), n.to_string()];
        self.table(indent, &s.counters.iter().map(counter).collect::<Vec<_>>());
        let refusal = |(name, why): &(String, String)| vec![name.clone(), why.clone()];
        self.table(indent, &s.refusals.iter().map(refusal).collect::<Vec<_>>());
    }

    fn networks(&mut self, files: &[NetworkSource]) {
        if files.is_empty() {
            return;
        }
        self.heading("Files of networks");
        for file in files {
            let built = file.built.map_or("without a date".to_owned(), |t| format!("made {t}"));
            self.hanging(0, 3, &format!("{}: {}, {built}", file.name, file.about));
            self.line(3, &format!("SHA-256 {}", file.sha256));
        }
    }

    fn records(&mut self, report: &Report) {
        self.heading("Records");
        let row = |(kind, n): (&String, &RowCount)| {
            let kept = match n.kept {
                kept if kept == n.seen => rows(n.seen),
                kept => format!("{kept} of {}, the earliest; the rest did not fit", rows(n.seen)),
            };
            vec![kind.clone(), kept]
        };
        self.table(0, &report.records.iter().map(row).collect::<Vec<_>>());
    }
}

/// What stands where no note does: packets that could not be decoded are no trouble of the file, but
/// not everything was read.
fn no_notes(sources: &[Source]) -> String {
    let is_left = |name: &str| {
        ["packets not decoded", "packets held"].iter().any(|begin| name.starts_with(begin))
    };
    let counters = sources.iter().flat_map(|s| &s.counters);
    match counters.filter(|(name, _)| is_left(name)).map(|(_, n)| n).sum() {
        0 => "None: everything was read.".to_owned(),
        1u64 => "None, but 1 packet was not decoded: Sources says why.".to_owned(),
        n => format!("None, but {n} packets were not decoded: Sources says why."),
    }
}

fn fact(f: &Fact) -> Vec<String> {
    let met = match f.is_met {
        Some(true) => "met",
        Some(false) => "not met",
        None => "",
    };
    let points = f.points.map_or(String::new(), |p| format!("{p:+} points"));
    let threshold = f.threshold.clone().unwrap_or_default();
    let basis = basis(f.basis).to_owned();
    vec![f.name.to_owned(), f.value.clone(), threshold, met.to_owned(), points, basis]
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFO",
    }
}

const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Actor => "actor",
        Role::Target => "target",
        Role::Object => "object",
    }
}

const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Observed => "observed",
        Basis::Reported => "reported by a log",
        Basis::Inferred => "inferred",
        Basis::Assumed => "assumed",
    }
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "error",
        Weight::DataLoss => "data loss",
        Weight::Notice => "notice",
        Weight::Info => "info",
    }
}

const fn clock(clock: Clock) -> Option<&'static str> {
    match clock {
        Clock::Utc => Some("UTC"),
        Clock::UtcByFormat => Some("UTC by the format's specification; the file does not say"),
        Clock::Unknown => Some("no zone named; read as UTC"),
        Clock::None => Some("none"),
    }
}

/// A file's line or packet, as `name:line 12`.
fn place(sources: &[Source], node: u32, item: u64) -> String {
    let name = source_name(sources, node);
    match source(sources, node) {
        Some(source) if item > 0 => format!("{name}:{} {item}", source.item_noun),
        _ => name,
    }
}

fn source(sources: &[Source], node: u32) -> Option<&Source> {
    // They are in order of their ids, and ids count from 0.
    sources.get(node as usize)
}

fn source_name(sources: &[Source], node: u32) -> String {
    source(sources, node).map_or_else(|| format!("source {node}"), |s| s.name.clone())
}

/// How many containers a source is in.
fn depth(sources: &[Source], of: &Source) -> usize {
    let mut depth = 0;
    let mut parent = of.parent;
    while let Some(up) = parent.and_then(|id| source(sources, id.0)) {
        depth += 1;
        parent = up.parent;
    }
    depth
}

fn format_span(span: &Span) -> String {
    let Span { first, last } = span;
    if first == last {
        return first.to_string();
    }
    format!("{first} to {last} ({})", Time(last.0).since(*first))
}

fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn rows(n: u64) -> String {
    format!("{n} row{}", if n == 1 { "" } else { "s" })
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// Text that ends like a sentence.
fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{text}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Caveat;
    use crate::report::layout::WIDTH;
    use crate::session::{FileMeta, Session};
    use crate::settings::Settings;

    fn report(name: &str) -> Report {
        let mut session = Session::new(Settings::default());
        let meta = FileMeta { name: name.to_owned(), size: Some(0), ..FileMeta::default() };
        let node = session.open(meta);
        session.close(node);
        session.report()
    }

    #[test]
    fn an_empty_file_is_a_note_and_the_text_says_so() {
        let text = text(&report("empty.log"));
        assert!(text.starts_with("Offwire report\n==============\n1 file, no times"));
        assert!(text.contains("[notice] file-empty in empty.log: 1"), "{text}");
        assert!(text.contains("None. Coverage below says what could be looked for"));
    }

    #[test]
    fn packets_that_were_not_decoded_are_not_everything_read() {
        let said = |counters: &[(&str, u64)]| {
            let mut report = report("a.pcap");
            report.notes.clear();
            let all = counters.iter().map(|(name, n)| ((*name).to_owned(), *n));
            report.sources[0].counters = all.collect();
            let text = text(&report);
            text.lines()
                .find(|l| l.starts_with("None: ") || l.starts_with("None, "))
                .map(str::to_owned)
        };
        assert_eq!(said(&[("packets", 3)]).as_deref(), Some("None: everything was read."));
        let one = said(&[("packets", 3), ("packets held as IP fragments", 1)]);
        assert_eq!(one.as_deref(), Some("None, but 1 packet was not decoded: Sources says why."));
        let more = said(&[("packets not decoded: a", 2), ("packets not decoded: b", 3)]);
        assert_eq!(
            more.as_deref(),
            Some("None, but 5 packets were not decoded: Sources says why.")
        );
    }

    #[test]
    fn hostile_names_are_shown_and_do_nothing() {
        let text = text(&report("a\x1b[2J\u{202e}b\nfake: finding"));
        assert!(text.contains(r"a\x1b[2J\u{202e}b\x0afake: finding"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !crate::text::is_deceptive(c)));
    }

    #[test]
    fn a_finding_is_told_with_its_terms_and_caveats() {
        let mut report = report("a.log");
        report.findings.push(Finding {
            rule: "some-rule",
            key: "k".to_owned(),
            title: "Something seen".to_owned(),
            summary: "word ".repeat(40).trim_end().to_owned(),
            severity: Severity::Medium,
            confidence: Confidence::Low,
            score: Some(70),
            when: None,
            subjects: Vec::new(),
            facts: vec![Fact {
                name: "answers",
                value: "3".to_owned(),
                basis: Basis::Observed,
                threshold: Some("at least 3".to_owned()),
                is_met: Some(true),
                points: Some(20),
                note: None,
            }],
            evidence: Evidence::default(),
            caveats: vec![Caveat { reading: "a CDN".to_owned(), settle: "look".to_owned() }],
            missing: vec!["times".to_owned()],
            attack: vec!["T1568.001"],
            includes: Vec::new(),
        });
        let text = text(&report);
        for want in [
            "1. [MEDIUM] Something seen",
            "confidence  low, score 70 of 100",
            "answers  3  at least 3  met  +20 points  observed",
            "- a CDN. What would settle it: look.",
            "- times",
            "consistent with T1568.001",
        ] {
            assert!(text.contains(want), "{want} in\n{text}");
        }
        // Coverage is a table, and those may be wider.
        let mut running = text.lines().filter(|l| !l.contains("  read: "));
        assert!(running.all(|l| l.chars().count() <= WIDTH));
    }
}
