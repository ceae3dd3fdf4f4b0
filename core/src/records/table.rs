//! All rows of one kind, the earliest of them when there is no room for all.

use super::chunk::{CHUNK_ROWS, Chunk, Key};
use super::repeats::Repeats;
use super::view::View;
use crate::event::{Event, Kind, Origin};
use std::cmp::Ordering;

/// A row by its chunk (upper 20 bits) and its place in it (lower 12).
pub(super) type RowRef = u32;

/// The rows of one kind.
#[derive(Debug)]
pub(super) struct Table {
    kind: Kind,
    chunks: Vec<Chunk>,
    repeats: Repeats,
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
        self.at_ref(row).map(|(chunk, row)| chunk.key(row)).unwrap_or_default()
    }

    /// Keeps the earliest rows that cost at most `share` together; of rows with one key all or none.
    pub(super) fn trim(&mut self, share: u64) {
        if self.stored > share
            && let Some(cutoff) = self.first_out(share)
        {
            self.cutoff = Some(cutoff);
            self.drop_from(cutoff);
        }
    }

    /// The key of the first row, in their order, that `share` has no room for. Halves of halves are
    /// parted by their keys, which takes a time in proportion to the rows where sorting takes more.
    fn first_out(&self, share: u64) -> Option<Key> {
        let mut rows: Vec<RowRef> = self.refs().collect();
        let (mut rest, mut left) = (rows.as_mut_slice(), share);
        while rest.len() > 1 {
            let middle = rest.len() / 2;
            rest.select_nth_unstable_by(middle, |a, b| self.order(*a, *b));
            let (before, after) = rest.split_at_mut(middle);
            let cost: u64 = before.iter().map(|row| self.cost(*row)).sum();
            rest = match left.checked_sub(cost) {
                Some(room) => {
                    left = room;
                    after
                }
                None => before,
            };
        }
        rest.first().map(|row| self.key(*row))
    }

    /// The order of two rows by their keys. Times mostly decide: the rest is seldom fetched.
    fn order(&self, a: RowRef, b: RowRef) -> Ordering {
        let ts = |row| self.at_ref(row).and_then(|(chunk, row)| chunk.ts(row));
        ts(a).cmp(&ts(b)).then_with(|| self.key(a).cmp(&self.key(b)))
    }

    fn cost(&self, row: RowRef) -> u64 {
        self.at_ref(row).map_or(0, |(chunk, row)| u64::from(chunk.cost(row)))
    }

    /// Drops the rows from `cutoff` on. Chunks that lose none stay as they are, the rest of the others
    /// is written anew, in the order the rows came.
    fn drop_from(&mut self, cutoff: Key) {
        (self.n_rows, self.stored) = (0, 0);
        self.repeats.clear();
        for chunk in std::mem::take(&mut self.chunks) {
            let stays = |row: &usize| chunk.is_before(*row, cutoff);
            if chunk.is_half_full() && (0..chunk.len()).all(|row| stays(&row)) {
                self.keep(chunk);
                continue;
            }
            for row in (0..chunk.len()).filter(stays) {
                let (to, repeats) = self.open_chunk();
                self.stored += u64::from(to.push_from(&chunk, row, repeats));
                self.n_rows += 1;
            }
        }
        self.chunks.shrink_to_fit();
    }

    /// Takes a chunk with all its rows.
    fn keep(&mut self, chunk: Chunk) {
        if let Some(before) = self.chunks.last_mut() {
            before.seal();
        }
        // What it knows of repeated values is of another chunk.
        self.repeats.clear();
        self.n_rows += chunk.len() as u64;
        self.stored += (0..chunk.len()).map(|row| u64::from(chunk.cost(row))).sum::<u64>();
        self.chunks.push(chunk);
    }

    /// Bytes that its chunks hold.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.chunks.iter().map(Chunk::memory).sum()
    }
}
