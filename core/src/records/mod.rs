//! Records: the same events as tables, for browsing, filtering, counting and export.
//!
//! Rows are stored by column, within a budget over all kinds. When that is full, each kind keeps
//! its earliest rows: kinds with few rows keep all of theirs, the others share what is left
//! equally. What is kept does not depend on the order in which events came.

mod chunk;
mod column;
mod columns;
mod entity;
mod export;
pub mod filter;
mod repeats;
mod rows;
mod share;
mod sites;
mod story;
mod table;
mod timeline;
mod values;
mod view;

pub use columns::{COMMON, columns};
pub use entity::Entity;
pub use export::{Export, ExportFormat};
pub use filter::{Filter, FilterError};
pub use rows::{Cells, ColumnCells, MAX_PAGE, RowQuery, Rows};
pub use sites::Sites;
pub use story::{AllRelated, MAX_STORY_PAGE, Related, Story, StoryField, StoryRow};
pub use timeline::{Bucket, Timeline};
pub use values::{ValueCount, Values};
pub use view::{Intervals, Texts, View};

use crate::event::{Event, KINDS, Kind};
use crate::settings::Settings;
use rows::Order;
use share::fair_share;
use story::StoryOrder;
use table::Table;

/// All tables of a case.
#[derive(Debug)]
pub struct Records {
    /// By kind, in the order of [`KINDS`]; none until its first event.
    tables: Vec<Option<Table>>,
    seen: Vec<u64>,
    timeline: Timeline,
    stored: u64,
    budget: u64,
    seed: u64,
    /// Grows with every change, so that what was computed from older rows is known to be old.
    version: u64,
    orders: Vec<Order>,
    story: StoryOrder,
}

impl Records {
    /// Empty tables with the case's budget.
    pub fn new(settings: &Settings) -> Self {
        Self {
            tables: KINDS.iter().map(|_| None).collect(),
            seen: vec![0; KINDS.len()],
            timeline: Timeline::new(settings.seed),
            stored: 0,
            budget: settings.caps.records as u64,
            seed: settings.seed,
            version: 0,
            orders: Vec::new(),
            story: StoryOrder::default(),
        }
    }

    /// Takes an event as a row of its kind's table.
    pub fn push(&mut self, event: &Event) {
        let kind = event.body.kind();
        if let Some(seen) = self.seen.get_mut(kind as usize) {
            *seen += 1;
        }
        if let Some(ts) = event.ts {
            self.timeline.add(ts, kind);
        }
        let Some(slot) = self.tables.get_mut(kind as usize) else { return };
        let table = slot.get_or_insert_with(|| Table::new(kind, self.seed));
        let cost = table.push(event);
        if cost > 0 {
            self.version += 1;
            self.stored += cost;
            if self.stored > self.budget {
                self.settle();
            }
        }
    }

    /// Brings the tables to what they keep of all events so far. Done now and then while events
    /// come, which lets the tables fill up to the budget, and once they are all there.
    pub fn settle(&mut self) {
        // A quarter of the budget is room to grow into, so that this is done rarely.
        let room = self.budget - self.budget / 4;
        let wanted: Vec<u64> = self.tables.iter().flatten().map(Table::wanted).collect();
        let Some(share) = fair_share(wanted, room) else { return };
        for table in self.tables.iter_mut().flatten() {
            table.trim(share);
        }
        self.stored = self.tables.iter().flatten().map(Table::stored).sum();
        self.version += 1;
    }

    /// How many events of a kind there were, kept or not.
    pub fn seen(&self, kind: Kind) -> u64 {
        self.seen.get(kind as usize).copied().unwrap_or_default()
    }

    /// How many rows of a kind are kept.
    pub fn kept(&self, kind: Kind) -> u64 {
        self.table(kind).map_or(0, Table::n_rows)
    }

    /// What happened when, over all kinds and all events, kept or not.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn table(&self, kind: Kind) -> Option<&Table> {
        self.tables.get(kind as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests;
