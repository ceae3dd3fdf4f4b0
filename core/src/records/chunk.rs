//! Up to [`CHUNK_ROWS`] rows of one kind: columns of cells, and what the cells point to.

use super::column::Column;
use super::columns::{columns, each_cell, members, n_columns};
use super::repeats::Repeats;
use super::view::{Intervals, Texts, View};
use crate::event::{Cell, Event, Kind, NodeId, Origin, Type};
use crate::time::{Interval, Time};
use std::net::IpAddr;

/// What rows are kept by: time, then file, then line or packet. Rows without a time come first.
pub(super) type Key = (Option<Time>, NodeId, u64);

/// Rows in one chunk; a row reference keeps 12 bits for them.
pub(super) const CHUNK_ROWS: usize = 4096;

/// Text bytes after which a chunk is closed, so that no buffer grows large and is copied whole.
const CHUNK_TEXT: usize = 1 << 20;

/// List members after which a chunk is closed, for the same reason: 8 bytes each.
const CHUNK_MEMBERS: usize = 128 << 10;

/// Longest text of one cell, and of all members of one list; the rest is cut and marked. With at
/// most some 100 columns the texts of a chunk stay below the 16 MB that a reference can address.
const MAX_CELL: usize = 64 << 10;

/// Members of one list that are kept; a longer list ends in an ellipsis. Beyond what a message of
/// 64 KB can carry and a person can read.
const MAX_MEMBERS: usize = 4096;

/// What replaces the rest of something cut.
const CUT: &str = "…";

/// Bytes of a row besides its cells: its origin, its cost, and a share of the chunk.
const ROW_BASE: u32 = 32;

/// Rows stored by column.
#[derive(Debug)]
pub(super) struct Chunk {
    kind: Kind,
    n_rows: usize,
    columns: Vec<Column>,
    /// Node, item, offset and length of each row's origin.
    at: [Column; 4],
    /// Further origins, as lists of three members each.
    also: Column,
    cost: Column,
    is_sealed: bool,
    text: String,
    addrs: Vec<IpAddr>,
    /// Members of lists: references to text, spans of time, parts of origins.
    members: Vec<u64>,
}

/// How many bytes a cell of this type takes.
const fn width(ty: Type) -> u8 {
    match ty {
        Type::Bool => 1,
        Type::Port | Type::Addr => 2,
        Type::String | Type::Strings | Type::StringSet | Type::Intervals => 6,
        Type::Count | Type::Int | Type::Time | Type::Interval => 8,
    }
}

/// A place and a length in 24 bits each.
const fn pack(start: usize, len: usize) -> u64 {
    ((start as u64) << 24) | len as u64
}

/// The range that [`pack`] wrote down.
pub(super) const fn unpack(cell: u64) -> std::ops::Range<usize> {
    let start = (cell >> 24) as usize & 0xff_ffff;
    start..start + (cell as usize & 0xff_ffff)
}

impl Chunk {
    /// An empty chunk of the kind's columns.
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            n_rows: 0,
            columns: columns(kind).map(|f| Column::new(width(f.ty))).collect(),
            at: [4, 8, 8, 4].map(Column::new),
            also: Column::new(6),
            cost: Column::new(4),
            is_sealed: false,
            text: String::new(),
            addrs: Vec::new(),
            members: Vec::new(),
        }
    }

    /// How many rows it holds.
    pub(super) const fn len(&self) -> usize {
        self.n_rows
    }

    /// True when the next row belongs in another chunk.
    pub(super) fn is_full(&self) -> bool {
        self.is_sealed
            || self.n_rows >= CHUNK_ROWS
            || self.text.len() >= CHUNK_TEXT
            || self.members.len() >= CHUNK_MEMBERS
    }

    /// True when it is worth its columns: then it may stand among full ones.
    pub(super) fn is_half_full(&self) -> bool {
        self.n_rows >= CHUNK_ROWS / 2
            || self.text.len() >= CHUNK_TEXT / 2
            || self.members.len() >= CHUNK_MEMBERS / 2
    }

    /// No more rows will come: gives back what was reserved for them.
    pub(super) fn seal(&mut self) {
        if self.is_sealed {
            return;
        }
        self.columns.iter_mut().for_each(Column::seal);
        self.at.iter_mut().for_each(Column::seal);
        self.also.seal();
        self.cost.seal();
        self.is_sealed = true;
        self.text.shrink_to_fit();
        self.addrs.shrink_to_fit();
        self.members.shrink_to_fit();
    }

    /// Adds an event as a row; returns what it costs.
    pub(super) fn push(&mut self, event: &Event, repeats: &mut Repeats) -> u32 {
        let mut row = RowWriter::new(self, repeats);
        each_cell(event, &mut |cell| row.cell(cell));
        row.also(event.also.iter().copied());
        row.finish(event.at)
    }

    /// Adds a row of another chunk of the same kind; returns what it costs, which is the same.
    pub(super) fn push_from(&mut self, from: &Self, row: usize, repeats: &mut Repeats) -> u32 {
        let mut to = RowWriter::new(self, repeats);
        for (i, field) in columns(from.kind).enumerate() {
            to.view(from.view_as(i, row, field.ty));
        }
        to.also(from.also(row));
        to.finish(from.at(row))
    }

    /// The cell in column `column` of `row`.
    pub(super) fn view(&self, column: usize, row: usize) -> View<'_> {
        columns(self.kind)
            .nth(column)
            .map_or(View::Unset, |field| self.view_as(column, row, field.ty))
    }

    /// The cell in column `column`, whose type is known to be `ty`.
    pub(super) fn view_as(&self, column: usize, row: usize, ty: Type) -> View<'_> {
        let Some(cell) = self.columns.get(column).and_then(|c| c.get(row)) else {
            return View::Unset;
        };
        let members = || self.members.get(unpack(cell)).unwrap_or_default();
        match ty {
            Type::Bool => View::Bool(cell != 0),
            Type::Count => View::Count(cell),
            Type::Int => View::Int(cell.cast_signed()),
            Type::Time => View::Time(Time(cell.cast_signed())),
            Type::Interval => View::Interval(Interval(cell.cast_signed())),
            Type::String => View::Text(self.text.get(unpack(cell)).unwrap_or_default()),
            Type::Addr => self.addrs.get(cell as usize).map_or(View::Unset, |a| View::Addr(*a)),
            Type::Port => View::Port(cell as u16),
            Type::Strings | Type::StringSet => {
                View::Texts(Texts { text: &self.text, members: members() })
            }
            Type::Intervals => View::Intervals(Intervals { members: members() }),
        }
    }

    /// Where the row came from.
    pub(super) fn at(&self, row: usize) -> Origin {
        let [node, item, offset, len] =
            self.at.each_ref().map(|part| part.get(row).unwrap_or_default());
        Origin { node: NodeId(node as u32), item, offset, len: len as u32 }
    }

    /// Further rows or packets it was made from.
    pub(super) fn also(&self, row: usize) -> impl Iterator<Item = Origin> {
        let range = self.also.get(row).map_or(0..0, unpack);
        let parts = self.members.get(range).unwrap_or_default();
        parts.as_chunks::<3>().0.iter().map(|[ids, item, offset]| Origin {
            node: NodeId((ids >> 32) as u32),
            item: *item,
            offset: *offset,
            len: *ids as u32,
        })
    }

    /// What the row is kept and ordered by.
    pub(super) fn key(&self, row: usize) -> Key {
        let [node, item, ..] = &self.at;
        let node = NodeId(node.get(row).unwrap_or_default() as u32);
        (self.ts(row), node, item.get(row).unwrap_or_default())
    }

    /// True when the row's key is below this one. Times mostly decide: the rest is seldom fetched.
    pub(super) fn is_before(&self, row: usize, key: Key) -> bool {
        self.ts(row).cmp(&key.0).then_with(|| self.key(row).cmp(&key)).is_lt()
    }

    /// When the row happened.
    pub(super) fn ts(&self, row: usize) -> Option<Time> {
        self.columns.first()?.get(row).map(|cell| Time(cell.cast_signed()))
    }

    /// Bytes that it holds.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let columns: usize = self.columns.iter().map(Column::memory).sum();
        columns
            + size_of::<Self>()
            + self.at.iter().map(Column::memory).sum::<usize>()
            + self.also.memory()
            + self.cost.memory()
            + self.text.capacity()
            + self.addrs.capacity() * size_of::<IpAddr>()
            + self.members.capacity() * 8
    }

    /// What the row costs.
    pub(super) fn cost(&self, row: usize) -> u32 {
        self.cost.get(row).unwrap_or_default() as u32
    }
}

/// Writes one row. Its cost counts every text and address whole, repeated or not, so that it does
/// not depend on which rows came before.
struct RowWriter<'a> {
    chunk: &'a mut Chunk,
    repeats: &'a mut Repeats,
    row: usize,
    column: usize,
    cost: u32,
}

impl<'a> RowWriter<'a> {
    fn new(chunk: &'a mut Chunk, repeats: &'a mut Repeats) -> Self {
        // A column takes a bit for each row, and two bytes for each 64.
        let cost = ROW_BASE + n_columns(chunk.kind) as u32 / 4;
        Self { row: chunk.len(), chunk, repeats, column: 0, cost }
    }

    fn finish(self, at: Origin) -> u32 {
        let Origin { node, item, offset, len } = at;
        let parts = [node.0.into(), item, offset, len.into()];
        self.chunk.at.iter_mut().zip(parts).for_each(|(to, part)| to.push(self.row, part));
        self.chunk.cost.push(self.row, self.cost.into());
        self.chunk.n_rows += 1;
        self.cost
    }

    fn set(&mut self, cell: u64, bytes: u32) {
        if let Some(column) = self.chunk.columns.get_mut(self.column) {
            column.push(self.row, cell);
            self.cost = self.cost.saturating_add(bytes);
        }
        self.column += 1;
    }

    fn cell(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Unset => self.column += 1,
            Cell::Bool(v) => self.set(u64::from(v), 1),
            Cell::Count(v) => self.set(v, 8),
            Cell::Int(v) => self.set(v.cast_unsigned(), 8),
            Cell::Time(v) => self.set(v.0.cast_unsigned(), 8),
            Cell::Interval(v) => self.set(v.0.cast_unsigned(), 8),
            Cell::String(v) => self.text(v),
            Cell::Addr(v) => self.addr(v),
            Cell::Port(v) => self.set(u64::from(v), 2),
            Cell::Strings(v) => self.texts(members(v)),
            Cell::Intervals(v) => self.spans(v.iter().copied()),
        }
    }

    fn view(&mut self, view: View<'_>) {
        match view {
            View::Unset => self.column += 1,
            View::Bool(v) => self.set(u64::from(v), 1),
            View::Count(v) => self.set(v, 8),
            View::Int(v) => self.set(v.cast_unsigned(), 8),
            View::Time(v) => self.set(v.0.cast_unsigned(), 8),
            View::Interval(v) => self.set(v.0.cast_unsigned(), 8),
            View::Text(v) => self.text(v),
            View::Addr(v) => self.addr(v),
            View::Port(v) => self.set(u64::from(v), 2),
            View::Texts(v) => self.texts(v.iter()),
            View::Intervals(v) => self.spans(v.iter()),
        }
    }

    fn text(&mut self, text: &str) {
        let (reference, len) = self.keep(text, MAX_CELL);
        self.set(reference, 6 + len as u32);
    }

    /// Puts a text into the chunk, cut at `limit` bytes; its reference and length.
    fn keep(&mut self, text: &str, limit: usize) -> (u64, usize) {
        let heap = &mut self.chunk.text;
        if text.len() > limit {
            let start = heap.len();
            heap.push_str(text.get(..text.floor_char_boundary(limit)).unwrap_or_default());
            heap.push_str(CUT);
            return (pack(start, heap.len() - start), heap.len() - start);
        }
        let slot = self.repeats.text(text);
        if heap.get(unpack(*slot)) != Some(text) {
            *slot = pack(heap.len(), text.len());
            heap.push_str(text);
        }
        (*slot, text.len())
    }

    fn addr(&mut self, addr: IpAddr) {
        let slot = self.repeats.addr(addr);
        if self.chunk.addrs.get(usize::from(*slot)) != Some(&addr) {
            *slot = u16::try_from(self.chunk.addrs.len()).unwrap_or(u16::MAX);
            self.chunk.addrs.push(addr);
        }
        let index = u64::from(*slot);
        self.set(index, 2 + size_of::<IpAddr>() as u32);
    }

    fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let (start, mut bytes) = (self.chunk.members.len(), 0);
        for (i, text) in texts.enumerate() {
            let is_last = i >= MAX_MEMBERS || bytes >= MAX_CELL;
            let (reference, len) = self.keep(if is_last { CUT } else { text }, MAX_CELL);
            self.chunk.members.push(reference);
            bytes += len;
            if is_last {
                break;
            }
        }
        let n = self.chunk.members.len() - start;
        self.set(pack(start, n), 6 + (8 * n + bytes) as u32);
    }

    fn spans(&mut self, spans: impl Iterator<Item = Interval>) {
        let start = self.chunk.members.len();
        self.chunk.members.extend(spans.take(MAX_MEMBERS).map(|s| s.0.cast_unsigned()));
        let n = self.chunk.members.len() - start;
        self.set(pack(start, n), 6 + 8 * n as u32);
    }

    fn also(&mut self, origins: impl Iterator<Item = Origin>) {
        let start = self.chunk.members.len();
        for o in origins.take(MAX_MEMBERS) {
            let ids = u64::from(o.node.0) << 32 | u64::from(o.len);
            self.chunk.members.extend([ids, o.item, o.offset]);
        }
        let n = self.chunk.members.len() - start;
        if n > 0 {
            self.chunk.also.push(self.row, pack(start, n));
            self.cost = self.cost.saturating_add(6 + 8 * n as u32);
        }
    }
}
