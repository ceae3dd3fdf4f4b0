//! A page of rows in the form that crosses to a host: typed columns and one heap of text.

use super::Records;
use super::columns::{columns, position};
use super::filter::{Filter, FilterError};
use super::table::{RowRef, Table};
use super::view::View;
use crate::event::{Field, Kind, Origin, Type};

/// Most rows in one page; a host that wants more asks again.
pub const MAX_PAGE: usize = 10_000;

/// Text bytes after which a page ends early, so that repeated long texts do not make it huge.
const PAGE_TEXT: usize = 16 << 20;

/// Orders that are remembered: the table on screen, and a few to go back to.
const MAX_ORDERS: usize = 4;

/// Which rows of a kind, in which order, and which part of them.
#[derive(Debug, Clone)]
pub struct RowQuery {
    /// The kind.
    pub kind: Kind,
    /// A filter; empty lets everything through.
    pub filter: String,
    /// A column to sort by, and true for the largest first. Without one, or if the kind has no such
    /// column, by time and place. Rows without the field come last either way.
    pub sort: Option<(String, bool)>,
    /// How many rows to step over.
    pub offset: usize,
    /// How many rows to return, at most [`MAX_PAGE`].
    pub limit: usize,
    /// The columns to return, in this order; `None` for all. Names that the kind does not have are
    /// left out.
    pub columns: Option<Vec<String>>,
}

impl RowQuery {
    /// All rows and columns of a kind by time, from the first.
    pub const fn all(kind: Kind) -> Self {
        let filter = String::new();
        Self { kind, filter, sort: None, offset: 0, limit: MAX_PAGE, columns: None }
    }
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The columns, each with a cell for every row of the page.
    pub columns: Vec<ColumnCells>,
    /// The text of all cells; columns hold places in it, in bytes of UTF-8.
    pub heap: String,
    /// Where each row came from.
    pub at: Vec<Origin>,
    /// Further places that rows came from: the row's index in the page, and the place.
    pub also: Vec<(u32, Origin)>,
    /// Rows that pass the filter.
    pub matching: u64,
    /// Rows kept of this kind.
    pub kept: u64,
    /// Events of this kind, kept or not.
    pub seen: u64,
}

/// One column of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnCells {
    /// Name, type and meaning.
    pub field: Field,
    /// For each row 1 if the source had the field, else 0.
    pub is_set: Vec<u8>,
    /// The cells; where the field is unset, 0 or empty.
    pub cells: Cells,
}

/// Cells by how they cross to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells {
    /// 0 or 1.
    Bools(Vec<u8>),
    /// Counts and ports.
    Counts(Vec<u64>),
    /// Numbers with sign; times and spans in nanoseconds.
    Ints(Vec<i64>),
    /// Text and addresses. Row `i` is `heap[bounds[i]..bounds[i + 1]]`.
    Texts(Vec<u32>),
    /// Lists of texts. Row `i` has the members `rows[i]..rows[i + 1]`, member `j` is
    /// `heap[bounds[j]..bounds[j + 1]]`.
    TextLists {
        /// Bounds of rows among the members.
        rows: Vec<u32>,
        /// Bounds of members in the heap.
        bounds: Vec<u32>,
    },
    /// Lists of spans in nanoseconds. Row `i` has `members[rows[i]..rows[i + 1]]`.
    IntLists {
        /// Bounds of rows among the members.
        rows: Vec<u32>,
        /// All members.
        members: Vec<i64>,
    },
}

/// The rows that pass a filter, in order.
#[derive(Debug)]
pub(super) struct Order {
    kind: Kind,
    filter: String,
    sort: Option<(usize, bool)>,
    version: u64,
    pub(super) rows: Vec<RowRef>,
}

impl Records {
    /// A page of rows.
    pub fn rows(&mut self, query: &RowQuery) -> Result<Rows, FilterError> {
        self.remember(query)?;
        let none = Vec::new();
        let order = self.orders.last().map_or(&none, |o| &o.rows);
        let fields = chosen(query);
        let mut rows = Rows {
            columns: fields.iter().map(|(_, f)| ColumnCells::new(**f)).collect(),
            heap: String::new(),
            at: Vec::new(),
            also: Vec::new(),
            matching: order.len() as u64,
            kept: self.kept(query.kind),
            seen: self.seen(query.kind),
        };
        if let Some(table) = self.table(query.kind) {
            let page = order.iter().skip(query.offset).take(query.limit.min(MAX_PAGE));
            rows.fill(table, page.copied(), &fields);
        }
        Ok(rows)
    }

    /// Makes sure that the last remembered order is the query's.
    fn remember(&mut self, query: &RowQuery) -> Result<(), FilterError> {
        let sort = sort_column(query);
        let version = self.version;
        self.orders.retain(|o| o.version == version);
        let is_it = |o: &Order| o.kind == query.kind && o.filter == query.filter && o.sort == sort;
        let order = match self.orders.iter().position(is_it) {
            Some(i) => self.orders.remove(i),
            None => {
                let rows = self.ordered(query)?;
                Order { kind: query.kind, filter: query.filter.clone(), sort, version, rows }
            }
        };
        if self.orders.len() >= MAX_ORDERS {
            self.orders.remove(0);
        }
        self.orders.push(order);
        Ok(())
    }

    /// The rows that pass the query's filter, in its order.
    pub(super) fn ordered(&self, query: &RowQuery) -> Result<Vec<RowRef>, FilterError> {
        let filter = Filter::parse(&query.filter)?.bind(query.kind);
        let Some(table) = self.table(query.kind) else { return Ok(Vec::new()) };
        let mut rows: Vec<RowRef> = table.refs().filter(|r| filter.passes(table, *r)).collect();
        rows.sort_by_key(|row| table.key(*row));
        if let Some((column, is_descending)) = sort_column(query) {
            sort(&mut rows, table, column, is_descending);
        }
        Ok(rows)
    }
}

/// Sorts by a column, rows without the field last; of equal ones the earlier stay first.
fn sort(rows: &mut Vec<RowRef>, table: &Table, column: usize, is_descending: bool) {
    let view = |row: &RowRef| table.view(column, *row);
    let (set, unset): (Vec<RowRef>, Vec<RowRef>) =
        rows.iter().partition(|row| !view(row).is_unset());
    let mut set: Vec<(u64, RowRef)> = set.iter().map(|row| (view(row).prefix(), *row)).collect();
    set.sort_by(|(a, row_a), (b, row_b)| {
        let order = a.cmp(b).then_with(|| view(row_a).order(&view(row_b)));
        if is_descending { order.reverse() } else { order }
    });
    rows.clear();
    rows.extend(set.into_iter().map(|(_, row)| row).chain(unset));
}

fn sort_column(query: &RowQuery) -> Option<(usize, bool)> {
    let (name, is_descending) = query.sort.as_ref()?;
    Some((position(query.kind, name)?, *is_descending))
}

/// The columns that the query asks for, with their positions.
pub(super) fn chosen(query: &RowQuery) -> Vec<(usize, &'static Field)> {
    let all = columns(query.kind).enumerate();
    match &query.columns {
        None => all.collect(),
        Some(names) => {
            let all: Vec<_> = all.collect();
            names.iter().filter_map(|n| all.iter().find(|(_, f)| f.name == n).copied()).collect()
        }
    }
}

impl Rows {
    /// How many rows the page has.
    pub const fn len(&self) -> usize {
        self.at.len()
    }

    /// True when the page has no rows.
    pub const fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    fn fill(
        &mut self,
        table: &Table,
        page: impl Iterator<Item = RowRef>,
        fields: &[(usize, &'static Field)],
    ) {
        let mut page_rows = Vec::new();
        let mut n_text = 0;
        for row in page {
            page_rows.push(row);
            self.also.extend(table.also(row).map(|at| (self.at.len() as u32, at)));
            self.at.push(table.origin(row));
            n_text += fields.iter().map(|(i, _)| text_len(&table.view(*i, row))).sum::<usize>();
            if n_text >= PAGE_TEXT {
                break;
            }
        }
        for (column, (i, _)) in self.columns.iter_mut().zip(fields) {
            column.cells.begin(self.heap.len());
            for row in &page_rows {
                column.push(&table.view(*i, *row), &mut self.heap);
            }
        }
    }
}

/// How much text a cell adds to the heap.
fn text_len(cell: &View<'_>) -> usize {
    match cell {
        View::Text(text) => text.len(),
        View::Texts(texts) => texts.iter().map(str::len).sum(),
        _ => 0,
    }
}

impl ColumnCells {
    const fn new(field: Field) -> Self {
        let cells = match field.ty {
            Type::Bool => Cells::Bools(Vec::new()),
            Type::Count | Type::Port => Cells::Counts(Vec::new()),
            Type::Int | Type::Time | Type::Interval => Cells::Ints(Vec::new()),
            Type::String | Type::Addr => Cells::Texts(Vec::new()),
            Type::Strings | Type::StringSet => {
                Cells::TextLists { rows: Vec::new(), bounds: Vec::new() }
            }
            Type::Intervals => Cells::IntLists { rows: Vec::new(), members: Vec::new() },
        };
        Self { field, is_set: Vec::new(), cells }
    }

    fn push(&mut self, cell: &View<'_>, heap: &mut String) {
        self.is_set.push(u8::from(!cell.is_unset()));
        match &mut self.cells {
            Cells::Bools(out) => out.push(u8::from(matches!(cell, View::Bool(true)))),
            Cells::Counts(out) => out.push(match cell {
                View::Count(v) => *v,
                View::Port(v) => u64::from(*v),
                _ => 0,
            }),
            Cells::Ints(out) => out.push(match cell {
                View::Int(v) => *v,
                View::Time(v) => v.0,
                View::Interval(v) => v.0,
                _ => 0,
            }),
            Cells::Texts(bounds) => {
                match cell {
                    View::Text(text) => heap.push_str(text),
                    View::Addr(addr) => heap.push_str(&addr.to_string()),
                    _ => {}
                }
                bounds.push(heap.len() as u32);
            }
            Cells::TextLists { rows, bounds } => {
                if let View::Texts(texts) = cell {
                    for text in texts.iter() {
                        heap.push_str(text);
                        bounds.push(heap.len() as u32);
                    }
                }
                rows.push(bounds.len() as u32 - 1);
            }
            Cells::IntLists { rows, members } => {
                if let View::Intervals(spans) = cell {
                    members.extend(spans.iter().map(|s| s.0));
                }
                rows.push(members.len() as u32);
            }
        }
    }
}

impl Cells {
    /// Writes the bounds that come before the first row.
    fn begin(&mut self, heap: usize) {
        match self {
            Self::Texts(bounds) => bounds.push(heap as u32),
            Self::TextLists { rows, bounds } => {
                rows.push(0);
                bounds.push(heap as u32);
            }
            Self::IntLists { rows, .. } => rows.push(0),
            Self::Bools(_) | Self::Counts(_) | Self::Ints(_) => {}
        }
    }
}
