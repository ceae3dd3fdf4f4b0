//! How often each value of a column occurs: what pivots and groups are made of.

use super::Records;
use super::columns::position;
use super::filter::{FilterError, equals};
use super::rows::RowQuery;
use super::view::{Seconds, View};
use crate::bounded::{self, Map};
use crate::event::Kind;
use serde::Serialize;
use std::cmp::Reverse;
use std::net::IpAddr;

/// The values of a column, most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Values {
    /// The first of them.
    pub top: Vec<ValueCount>,
    /// How many different values there are.
    pub n_distinct: usize,
    /// Rows that pass the filter.
    pub n_rows: u64,
    /// Rows among them that do not have the field.
    pub n_unset: u64,
}

/// One value and how many rows have it. Of a list each member counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueCount {
    /// The value as text; not escaped for showing.
    pub value: String,
    /// Rows that have it.
    pub count: u64,
    /// A filter that passes these rows.
    pub filter: String,
}

/// A value to count by, without copying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key<'a> {
    Number(i128),
    Span(i64),
    Text(&'a str),
    Addr(IpAddr),
    Bool(bool),
    Time(crate::time::Time),
}

impl Key<'_> {
    /// The address that it is, in whichever column; addresses stand before other texts.
    fn addr(&self) -> Result<IpAddr, ()> {
        match self {
            Self::Addr(addr) => Ok(*addr),
            Self::Text(text) => text.parse().map_err(|_| ()),
            _ => Err(()),
        }
    }
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(v) => v.fmt(f),
            Self::Span(v) => Seconds(*v).fmt(f),
            Self::Text(v) => f.write_str(v),
            Self::Addr(v) => v.fmt(f),
            Self::Bool(v) => View::Bool(*v).fmt(f),
            Self::Time(v) => v.fmt(f),
        }
    }
}

impl Records {
    /// The `limit` most frequent values of `column` among the rows that pass `filter`. Of equally
    /// frequent ones those first whose text is smaller, and of addresses those whose number is.
    pub fn top(
        &self,
        kind: Kind,
        filter: &str,
        column: &str,
        limit: usize,
    ) -> Result<Values, FilterError> {
        let rows = self.ordered(&RowQuery { filter: filter.to_owned(), ..RowQuery::all(kind) })?;
        let (Some(table), Some(at)) = (self.table(kind), position(kind, column)) else {
            return Ok(Values::default());
        };
        let mut counts: Map<Key<'_>, u64> = bounded::map(self.seed);
        let mut n_unset = 0;
        for row in &rows {
            let mut add = |key| *counts.entry(key).or_default() += 1;
            match table.view(at, *row) {
                View::Unset => n_unset += 1,
                View::Bool(v) => add(Key::Bool(v)),
                View::Count(v) => add(Key::Number(v.into())),
                View::Int(v) => add(Key::Number(v.into())),
                View::Port(v) => add(Key::Number(v.into())),
                View::Time(v) => add(Key::Time(v)),
                View::Interval(v) => add(Key::Span(v.0)),
                View::Text(v) => add(Key::Text(v)),
                View::Addr(v) => add(Key::Addr(v)),
                View::Texts(v) => each_once(v.iter().map(Key::Text), add),
                View::Intervals(v) => each_once(v.iter().map(|i| Key::Span(i.0)), add),
            }
        }
        let n_distinct = counts.len();
        let mut all: Vec<_> = counts.into_iter().collect();
        // The counts alone choose the candidates, so that few values are made into text.
        all.sort_unstable_by_key(|(_, count)| Reverse(*count));
        let least = all.get(limit.saturating_sub(1)).map_or(0, |(_, count)| *count);
        let mut top: Vec<(Reverse<u64>, Result<IpAddr, ()>, String)> = all
            .into_iter()
            .take_while(|(_, count)| *count >= least)
            .map(|(key, count)| (Reverse(count), key.addr(), key.to_string()))
            .collect();
        top.sort_unstable();
        top.truncate(limit);
        let row = |(Reverse(count), _, value): (Reverse<u64>, Result<IpAddr, ()>, String)| {
            let filter = equals(column, &value);
            ValueCount { value, count, filter }
        };
        let top = top.into_iter().map(row).collect();
        Ok(Values { top, n_distinct, n_rows: rows.len() as u64, n_unset })
    }
}

/// A row counts once for a value, however often its list holds it.
fn each_once<'a>(members: impl Iterator<Item = Key<'a>>, add: impl FnMut(Key<'a>)) {
    let mut distinct: Vec<_> = members.collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.into_iter().for_each(add);
}
