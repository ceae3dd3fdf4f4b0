//! The table of differences whose cause is known.

use crate::compare::{Difference, Known};
use std::collections::BTreeMap;

/// Rows of `tests/peers-explained.tsv`: test, log, field, number of differences, whether they count
/// (`differs`) or not (`apart`), cause. A test may end in `*`; a field may be followed by `:` and our
/// value.
pub(crate) struct Explained {
    rows: Vec<Row>,
    /// Differences met, by row.
    met: BTreeMap<usize, u64>,
}

struct Row {
    test: String,
    log: String,
    field: String,
    count: u64,
    known: Known,
    cause: String,
}

impl Explained {
    /// Reads the table; lines that start with `#` are comments.
    pub(crate) fn load(text: &str) -> Self {
        let row = |line: &str| {
            let mut cells = line.split('\t').map(str::to_owned);
            let (test, log, field) = (cells.next()?, cells.next()?, cells.next()?);
            let count = cells.next()?.parse().ok()?;
            let known = match cells.next()?.as_str() {
                "apart" => Known::Apart,
                _ => Known::Explained,
            };
            Some(Row { test, log, field, count, known, cause: cells.next()? })
        };
        let lines = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        Self { rows: lines.filter_map(row).collect(), met: BTreeMap::new() }
    }

    /// The cause of a difference, if the table has it and has not run out of them.
    pub(crate) fn cause(
        &mut self,
        test: &str,
        log: &str,
        d: &Difference,
    ) -> Option<(Known, String)> {
        let exact = format!("{}:{}", d.field, d.ours);
        let is_it = |row: &Row| {
            let is_test =
                row.test.strip_suffix('*').map_or(row.test == test, |t| test.starts_with(t));
            is_test && row.log == log && (row.field == d.field || row.field == exact)
        };
        for (i, row) in self.rows.iter().enumerate().filter(|(_, r)| is_it(r)) {
            let met = self.met.entry(i).or_default();
            if *met < row.count {
                *met += 1;
                return Some((row.known, row.cause.clone()));
            }
        }
        None
    }

    /// Rows that explain more differences than there are.
    pub(crate) fn stale(&self) -> Vec<String> {
        let met = |i: usize| self.met.get(&i).copied().unwrap_or(0);
        let rows = self.rows.iter().enumerate().filter(|(i, r)| met(*i) < r.count);
        rows.map(|(i, r)| format!("{} {} {}: {} of {}", r.test, r.log, r.field, met(i), r.count))
            .collect()
    }
}
