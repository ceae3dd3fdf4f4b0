//! Evidence rows: what a rule keeps of the events of one thing, and the few that a finding shows.

use super::Observed;
use crate::event::{Mark, distinct};
use crate::order::Order;
use crate::report::{Evidence, EvidenceRow, Row, Span};
use crate::time::{Moment, Time};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

/// Rows that one finding shows; the others are behind its filter.
const MAX_ROWS: usize = 40;
/// Marks kept of one pair of a tally: enough to tell whether every row came twice.
const MAX_MARKS: usize = 8;

/// All events of one pair of a tally: how many, the first, until when. Does not depend on order.
///
/// Small, since a detector keeps one for every pair and most pairs are seen once.
#[derive(Debug, Clone, Default)]
pub struct Sighting {
    first: Option<Rc<Row>>,
    /// The time of the latest.
    until: Moment,
    offered: u32,
    /// The earliest marks; none are kept of a single event.
    marks: Vec<Mark>,
}

impl Sighting {
    /// Takes an event in.
    pub fn see(&mut self, e: &Observed<'_>) {
        let mark = e.mark();
        match &self.first {
            None => {}
            Some(_) if self.marks.is_empty() => {
                self.marks = self.kept_marks();
                self.marks.push(mark);
                self.marks.order();
            }
            Some(_) => {
                let at = self.marks.binary_search(&mark).unwrap_or_else(|i| i);
                if at < MAX_MARKS {
                    self.marks.insert(at, mark);
                    self.marks.truncate(MAX_MARKS);
                }
            }
        }
        if self.first.as_ref().is_none_or(|r| (e.ts, e.at) < (r.ts, r.at)) {
            self.first = Some(e.row());
        }
        self.until = self.until.max(e.ts.into());
        self.offered = self.offered.saturating_add(1);
    }

    /// Takes in what another source showed of the same thing.
    fn join(&mut self, other: &Self) {
        self.marks = [self.kept_marks(), other.kept_marks()].concat();
        self.marks.order();
        self.marks.truncate(MAX_MARKS);
        let firsts = self.first.iter().chain(&other.first);
        self.first = firsts.min_by_key(|r| (r.ts, r.at)).cloned();
        self.until = self.until.max(other.until);
        self.offered = self.offered.saturating_add(other.offered);
    }

    /// The marks, also that of a single event.
    fn kept_marks(&self) -> Vec<Mark> {
        match &self.first {
            Some(first) if self.marks.is_empty() => {
                let Row { ts, at, identity, .. } = **first;
                vec![Mark { ts: ts.into(), identity, node: at.node }]
            }
            _ => self.marks.clone(),
        }
    }

    /// How many different things were seen: a capture and its own log count once. Exact for up to
    /// [`MAX_MARKS`]; beyond, the share of repeats among the earliest is taken for all.
    pub fn count(&self) -> u64 {
        let offered = u64::from(self.offered);
        match self.marks.len() as u64 {
            0 => offered,
            kept => (offered * distinct(&self.marks)).div_ceil(kept),
        }
    }

    /// The earliest.
    pub const fn first(&self) -> Option<&Rc<Row>> {
        self.first.as_ref()
    }

    /// The time of the earliest.
    pub fn ts(&self) -> Option<Time> {
        self.first.as_ref().and_then(|r| r.ts)
    }

    /// The time of the latest.
    pub fn until(&self) -> Option<Time> {
        self.until.known()
    }
}

/// A sighting with its latest row too, for the rules that show how a thing ended.
#[derive(Debug, Clone, Default)]
pub struct Course {
    seen: Sighting,
    /// The latest, unless it is the first.
    last: Option<Rc<Row>>,
}

impl Course {
    /// Takes an event in.
    pub fn see(&mut self, e: &Observed<'_>) {
        let place = (e.ts, e.at);
        let displaced = self.seen.first.as_ref().filter(|r| place < (r.ts, r.at)).cloned();
        self.seen.see(e);
        match (displaced, &self.last) {
            (Some(first), None) => self.last = Some(first),
            (None, last) => {
                let end = last.as_ref().or(self.seen.first());
                if end.is_some_and(|r| place > (r.ts, r.at)) {
                    self.last = Some(e.row());
                }
            }
            (Some(_), Some(_)) => {}
        }
    }

    /// Takes in what another source showed of the same thing.
    pub fn join(&mut self, other: &Self) {
        let ends = self.last().into_iter().chain(other.last());
        let last = ends.max_by_key(|r| (r.ts, r.at)).cloned();
        self.seen.join(&other.seen);
        self.last = last;
    }

    /// The latest.
    pub fn last(&self) -> Option<&Rc<Row>> {
        self.last.as_ref().or(self.seen.first())
    }
}

impl Deref for Course {
    type Target = Sighting;

    fn deref(&self) -> &Sighting {
        &self.seen
    }
}

/// First and last time of sightings.
pub fn span<'a>(all: impl IntoIterator<Item = &'a Sighting>) -> Option<Span> {
    let times = all.into_iter().filter_map(|s| Some((s.ts()?, s.until()?)));
    let (first, last) = times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    Some(Span { first, last })
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
        if places.insert(row.at) {
            kept.push(row);
        }
        if kept.len() == MAX_ROWS {
            break;
        }
    }
    kept.order_by_key(|row| (row.ts, row.at));
    let total = total.max(kept.len() as u64);
    Evidence {
        rows: kept,
        total,
        filter: filter.map(|(kind, f)| (kind.to_owned(), f)),
        left_out: None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::events;
    use crate::report::Lines;

    #[test]
    fn a_sighting_knows_first_last_and_counts_a_twice_seen_thing_once() {
        let rows = events(
            "@5 http 10.0.0.1 uri=/a\n@3 http 10.0.0.1 uri=/a\n#2 @3.5 http 10.0.0.1 uri=/a",
        );
        let lines = Lines::default();
        let mut s = Course::default();
        rows.iter().for_each(|e| s.see(&Observed::new(e, &lines)));
        assert_eq!(s.count(), 2);
        assert_eq!((s.ts(), s.until()), (rows[1].ts, rows[0].ts));
        assert_eq!((s.first().unwrap().at, s.last().unwrap().at), (rows[1].at, rows[0].at));
        // Whatever comes first, what it pushed aside may be the last.
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]] {
            let mut other = Course::default();
            order.iter().for_each(|i| other.see(&Observed::new(&rows[*i], &lines)));
            assert_eq!((other.first(), other.last(), other.count()), (s.first(), s.last(), 2));
        }
        // Far more than are kept, every one of them twice.
        let mut many = Sighting::default();
        for i in (0..100).rev() {
            events(&format!("@{i} http 10.0.0.1 uri=/a\n#2 @{i} http 10.0.0.1 uri=/a"))
                .iter()
                .for_each(|e| many.see(&Observed::new(e, &lines)));
        }
        assert!((90..=125).contains(&many.count()), "{}", many.count());
    }
}
