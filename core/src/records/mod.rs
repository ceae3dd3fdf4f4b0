//! Records: the same events as tables, for browsing, filtering and export.

use crate::event::{Event, Kind};
use std::collections::BTreeMap;

/// All tables of a case.
#[derive(Debug, Default)]
pub struct Records {
    seen: BTreeMap<Kind, u64>,
}

impl Records {
    /// Takes an event as a row of its kind's table.
    pub fn push(&mut self, event: &Event) {
        *self.seen.entry(event.body.kind()).or_default() += 1;
    }

    /// How many events of each kind there were, kept or not.
    pub fn seen(&self) -> &BTreeMap<Kind, u64> {
        &self.seen
    }
}
