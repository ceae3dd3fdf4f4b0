//! Evidence rows: one event as one line of Zeek's words, and the few that a finding keeps.

use crate::event::{Cell, Event, Flow, Mark, Origin, distinct};
use crate::report::{Evidence, EvidenceRow, Span};
use crate::text::visible;
use crate::time::Time;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Longest line of a row: what fits on a screen. The raw row is one click away.
const MAX_LINE: usize = 320;
/// Rows that one finding shows; the others are behind its filter.
const MAX_ROWS: usize = 40;
/// Marks kept of one pair of a tally: enough to tell whether every row came twice.
const MAX_MARKS: usize = 8;

/// One event, kept as its place and its line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// When.
    pub ts: Option<Time>,
    /// Where.
    pub at: Origin,
    /// The event as [`line`].
    pub text: Box<str>,
}

impl Row {
    /// The row of an event.
    pub fn of(e: &Event) -> Self {
        Self { ts: e.ts, at: e.at, text: line(e).into() }
    }

    /// As a row of evidence, with why it is there.
    pub fn because(&self, why: &'static str) -> EvidenceRow {
        EvidenceRow { ts: self.ts, at: self.at, text: self.text.to_string(), why }
    }
}

/// All events of one pair of a tally: how many, the first, the last. Does not depend on order.
#[derive(Debug, Clone, Default)]
pub struct Sighting {
    first: Option<Row>,
    /// The latest, unless it is the first: most are seen once.
    last: Option<Row>,
    marks: Vec<Mark>,
    offered: u64,
}

impl Sighting {
    /// Takes an event in.
    pub fn see(&mut self, e: &Event) {
        let place = (e.ts, e.at);
        let is_before = |r: &Row| place < (r.ts, r.at);
        let is_after = |r: &Row| place > (r.ts, r.at);
        if self.first.as_ref().is_none_or(is_before) {
            let second = self.first.replace(Row::of(e));
            self.last = self.last.take().or(second);
        } else if self.last.as_ref().or(self.first.as_ref()).is_some_and(is_after) {
            self.last = Some(Row::of(e));
        }
        self.offered += 1;
        let mark = Mark::of(e);
        let at = self.marks.binary_search(&mark).unwrap_or_else(|i| i);
        if at < MAX_MARKS {
            if self.marks.is_empty() {
                // Most are seen once: room for one, where a vector would begin with four.
                self.marks.reserve_exact(1);
            }
            self.marks.insert(at, mark);
            self.marks.truncate(MAX_MARKS);
        }
    }

    /// How many different things were seen: a capture and its own log count once. Exact for up to
    /// [`MAX_MARKS`]; beyond, the share of repeats among the earliest is taken for all.
    pub fn count(&self) -> u64 {
        let kept = self.marks.len() as u64;
        if kept == 0 { 0 } else { (self.offered * distinct(&self.marks)).div_ceil(kept) }
    }

    /// The earliest.
    pub const fn first(&self) -> Option<&Row> {
        self.first.as_ref()
    }

    /// The latest.
    pub fn last(&self) -> Option<&Row> {
        self.last.as_ref().or(self.first.as_ref())
    }

    /// The time of the earliest.
    pub fn ts(&self) -> Option<Time> {
        self.first.as_ref().and_then(|r| r.ts)
    }
}

/// First and last time of sightings.
pub fn span<'a>(all: impl IntoIterator<Item = &'a Sighting>) -> Option<Span> {
    let times = |s: &Sighting| [s.first(), s.last()].map(|r| r.and_then(|r| r.ts));
    let all: BTreeSet<Time> = all.into_iter().flat_map(times).flatten().collect();
    Some(Span { first: *all.first()?, last: *all.last()? })
}

/// Evidence out of rows with their reasons: those first in `rows` win when there are too many, so
/// the most telling come first; shown by time and place. `total` counts what stands behind them.
pub fn evidence(
    rows: impl IntoIterator<Item = EvidenceRow>,
    total: u64,
    filter: Option<(&str, String)>,
) -> Evidence {
    let mut kept: Vec<EvidenceRow> = Vec::new();
    let mut places = BTreeSet::new();
    for row in rows {
        if kept.len() < MAX_ROWS && places.insert(row.at) {
            kept.push(row);
        }
    }
    kept.sort();
    let total = total.max(kept.len() as u64);
    Evidence { rows: kept, total, filter: filter.map(|(kind, f)| (kind.to_owned(), f)) }
}

/// A text as a filter's literal: between quotes, and standing for itself alone.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '*') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// One event as one line: kind, ends, then the fields it has, by Zeek's names.
pub fn line(e: &Event) -> String {
    let kind = e.body.kind();
    let mut out = format!("{} {}", kind.path(), ends(&e.flow));
    let mut fields = kind.fields().iter();
    e.body.cells(&mut |cell| {
        let name = fields.next().map_or("", |f| f.name);
        if !matches!(cell, Cell::Unset) && out.len() < MAX_LINE && !is_noise(name) {
            let _ = write!(out, " {name}=");
            write_cell(&mut out, cell);
        }
    });
    if out.len() > MAX_LINE {
        let cut = (0..=MAX_LINE).rev().find(|i| out.is_char_boundary(*i)).unwrap_or(0);
        out.truncate(cut);
        out.push('…');
    }
    visible(&out).into_owned()
}

/// Fields that say in numbers what a neighbour says by name, or that no finding turns on.
fn is_noise(name: &str) -> bool {
    matches!(
        name,
        "qclass"
            | "qclass_name"
            | "qtype"
            | "rcode"
            | "opcode"
            | "opcode_name"
            | "Z"
            | "trans_id"
            | "trans_depth"
            | "local_orig"
            | "local_resp"
            | "missed_bytes"
            | "tags"
    )
}

fn ends(flow: &Flow) -> String {
    let proto = flow.transport.map_or("", |t| t.name());
    match (flow.orig.addr, flow.resp.addr) {
        (None, None) => proto.to_owned(),
        (Some(_), None) if flow.resp.port.is_none() => flow.orig.to_string(),
        (None, Some(_)) if flow.orig.port.is_none() => format!("{} {proto}", flow.resp),
        _ => format!("{} > {} {proto}", flow.orig, flow.resp),
    }
    .trim_end()
    .to_owned()
}

fn write_cell(out: &mut String, cell: Cell<'_>) {
    let _ = match cell {
        Cell::Unset => write!(out, "-"),
        Cell::Bool(b) => write!(out, "{}", if b { 'T' } else { 'F' }),
        Cell::Count(n) => write!(out, "{n}"),
        Cell::Int(n) => write!(out, "{n}"),
        Cell::Time(t) => write!(out, "{t}"),
        Cell::Interval(i) => write!(out, "{}", i.secs_f64()),
        Cell::String(s) => write!(out, "{s}"),
        Cell::Addr(a) => write!(out, "{a}"),
        Cell::Port(p) => write!(out, "{p}"),
        Cell::Strings(all) => write!(out, "{}", all.join(",")),
        Cell::Intervals(all) => {
            let all: Vec<String> = all.iter().map(|i| i.secs_f64().to_string()).collect();
            write!(out, "{}", all.join(","))
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::events;

    #[test]
    fn one_line_in_zeeks_words() {
        let rows = events(
            "dns 10.0.0.1 > 9.9.9.9:53 q=c2.evil.org a=192.0.2.1 ttl=58\nhttp 10.0.0.9 method=GET uri=/a\u{202e}b status=404",
        );
        assert_eq!(
            line(&rows[0]),
            "dns 10.0.0.1 > 9.9.9.9:53 udp query=c2.evil.org answers=192.0.2.1 TTLs=58 answered=T"
        );
        assert_eq!(line(&rows[1]), "http 10.0.0.9 method=GET uri=/a\\u{202e}b status_code=404");
        let long = events(&format!("http 10.0.0.9 uri=/{}", "é".repeat(900)));
        assert!(line(&long[0]).len() < MAX_LINE + 8 && line(&long[0]).ends_with('…'));
    }

    #[test]
    fn a_sighting_knows_first_last_and_counts_a_twice_seen_thing_once() {
        let rows = events(
            "@5 http 10.0.0.1 uri=/a\n@3 http 10.0.0.1 uri=/a\n#2 @3.5 http 10.0.0.1 uri=/a",
        );
        let mut s = Sighting::default();
        rows.iter().for_each(|e| s.see(e));
        assert_eq!(s.count(), 2);
        assert_eq!((s.ts(), s.last().unwrap().ts), (rows[1].ts, rows[0].ts));
        // Far more than are kept, every one of them twice.
        let mut many = Sighting::default();
        for i in (0..100).rev() {
            events(&format!("@{i} http 10.0.0.1 uri=/a\n#2 @{i} http 10.0.0.1 uri=/a"))
                .iter()
                .for_each(|e| many.see(e));
        }
        assert!((90..=125).contains(&many.count()), "{}", many.count());
    }
}
