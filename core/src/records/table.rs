//! All rows of one kind, the earliest of them when there is no room for all.

use super::chunk::{CHUNK_ROWS, Chunk};
use super::repeats::Repeats;
use super::view::View;
use crate::event::{Event, Kind, NodeId, Origin};
use crate::time::Time;

/// What rows are kept by: time, then file, then line or packet. Rows without a time come first.
pub(super) type Key = (Option<Time>, NodeId, u64);

/// A row by its chunk (upper 20 bits) and its place in it (lower 12).
pub(super) type RowRef = u32;

/// The rows of one kind.
#[derive(Debug)]
pub(super) struct Table {
    kind: Kind,
    chunks: Vec<Chunk>,
    repeats: Repeats,
    seed: u64,
    n_rows: u64,
    stored: u64,
    accepted: u64,
    /// Rows from this key on were dropped; the earlier ones are all here.
    cutoff: Option<Key>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(kind: Kind, seed: u64) -> Self {
        Self {
            kind,
            chunks: Vec::new(),
            repeats: Repeats::new(seed),
            seed,
            n_rows: 0,
            stored: 0,
            accepted: 0,
            cutoff: None,
        }
    }

    /// How many rows it holds.
    pub(super) const fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// What its rows cost, in bytes.
    pub(super) const fn stored(&self) -> u64 {
        self.stored
    }

    /// What all rows offered so far would cost. Once rows are dropped it stops growing with them,
    /// and is then known to be more than the table's share.
    pub(super) const fn wanted(&self) -> u64 {
        self.accepted
    }

    /// Takes an event, unless rows as late as it were dropped already. Returns its cost.
    pub(super) fn push(&mut self, event: &Event) -> u64 {
        let key = (event.ts, event.at.node, event.at.item);
        if self.cutoff.is_some_and(|cutoff| key >= cutoff) {
            return 0;
        }
        let (chunk, repeats) = self.open_chunk();
        let cost = u64::from(chunk.push(event, repeats));
        self.n_rows += 1;
        self.stored += cost;
        self.accepted += cost;
        cost
    }

    /// The chunk that takes the next row.
    fn open_chunk(&mut self) -> (&mut Chunk, &mut Repeats) {
        if self.chunks.last().is_none_or(Chunk::is_full) {
            if let Some(full) = self.chunks.last_mut() {
                full.seal();
            }
            self.repeats.clear();
            self.chunks.push(Chunk::new(self.kind));
        }
        let last = self.chunks.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the last of a list that is not empty")]
        (&mut self.chunks[last], &mut self.repeats)
    }

    /// Every row, in the order they came.
    pub(super) fn refs(&self) -> impl Iterator<Item = RowRef> {
        (0u32..).zip(&self.chunks).flat_map(|(c, chunk)| {
            let first = c * CHUNK_ROWS as u32;
            first..first + chunk.len() as u32
        })
    }

    fn at_ref(&self, row: RowRef) -> Option<(&Chunk, usize)> {
        let row = row as usize;
        Some((self.chunks.get(row / CHUNK_ROWS)?, row % CHUNK_ROWS))
    }

    /// A cell.
    pub(super) fn view(&self, column: usize, row: RowRef) -> View<'_> {
        self.at_ref(row).map_or(View::Unset, |(chunk, row)| chunk.view(column, row))
    }

    /// Where a row came from.
    pub(super) fn origin(&self, row: RowRef) -> Origin {
        self.at_ref(row).map(|(chunk, row)| chunk.at(row)).unwrap_or_default()
    }

    /// Further places a row came from.
    pub(super) fn also(&self, row: RowRef) -> impl Iterator<Item = Origin> {
        self.at_ref(row).into_iter().flat_map(|(chunk, row)| chunk.also(row))
    }

    /// What a row is kept and ordered by.
    pub(super) fn key(&self, row: RowRef) -> Key {
        let Some((chunk, row)) = self.at_ref(row) else { return Key::default() };
        let at = chunk.at(row);
        (chunk.ts(row), at.node, at.item)
    }

    /// Keeps the earliest rows that cost at most `share` together; of rows with one key all or none.
    pub(super) fn trim(&mut self, share: u64) {
        if self.stored <= share {
            return;
        }
        let mut order: Vec<RowRef> = self.refs().collect();
        order.sort_unstable_by_key(|row| self.key(*row));
        let mut sum = 0;
        let first_out = order.into_iter().find(|row| {
            sum += self.at_ref(*row).map_or(0, |(chunk, row)| u64::from(chunk.cost(row)));
            sum > share
        });
        let Some(cutoff) = first_out.map(|row| self.key(row)) else { return };
        self.cutoff = Some(cutoff);
        self.rebuild(cutoff);
    }

    /// Writes the rows before `cutoff` anew, one old chunk at a time, in the order they came.
    fn rebuild(&mut self, cutoff: Key) {
        let accepted = self.accepted;
        let old = std::mem::replace(self, Self::new(self.kind, self.seed));
        self.accepted = accepted;
        self.cutoff = old.cutoff;
        for chunk in old.chunks {
            for row in 0..chunk.len() {
                let at = chunk.at(row);
                if (chunk.ts(row), at.node, at.item) < cutoff {
                    let (to, repeats) = self.open_chunk();
                    self.stored += u64::from(to.push_from(&chunk, row, repeats));
                    self.n_rows += 1;
                }
            }
        }
        self.chunks.shrink_to_fit();
    }

    /// Bytes that its chunks hold.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.chunks.iter().map(Chunk::memory).sum()
    }
}
