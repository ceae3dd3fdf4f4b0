//! Rows as files that other tools read: Zeek's JSON and TSV, and CSV for spreadsheets.

mod csv;
mod json;
mod tsv;

use super::Records;
use super::filter::FilterError;
use super::rows::{RowQuery, chosen};
use super::table::RowRef;
use crate::event::{Field, Kind, Type};

/// Bytes after which a block is handed over: large enough to write at once, small enough to hold.
const BLOCK: usize = 256 << 10;

/// A file format for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object a line, as Zeek writes with `LogAscii::use_json`; unset fields are left out.
    ZeekJson,
    /// Tab-separated with Zeek's header.
    ZeekTsv,
    /// RFC 4180, times in RFC 3339; cells that a spreadsheet would run as a formula are defused.
    Csv,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::ZeekJson, Self::ZeekTsv, Self::Csv];

    /// Its name, as the command takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZeekJson => "zeek-json",
            Self::ZeekTsv => "zeek-tsv",
            Self::Csv => "csv",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// One column of an export: where its cells are, and what it is called and typed there.
#[derive(Debug, Clone, Copy)]
struct Out {
    column: usize,
    name: &'static str,
    ty: Type,
    /// True for a number of seconds that Zeek writes as a time.
    is_seconds: bool,
}

/// An export under way: gives one block after the other.
#[derive(Debug)]
pub struct Export {
    kind: Kind,
    format: ExportFormat,
    columns: Vec<Out>,
    rows: Vec<RowRef>,
    next: usize,
    is_begun: bool,
    version: u64,
}

impl Records {
    /// Begins an export of the rows that pass the query's filter, in its order, with its columns;
    /// offset and limit do not matter.
    pub fn export(&self, query: &RowQuery, format: ExportFormat) -> Result<Export, FilterError> {
        let columns = chosen(query).into_iter().map(|(column, f)| out(query.kind, column, f));
        Ok(Export {
            kind: query.kind,
            format,
            columns: columns.collect(),
            rows: self.ordered(query)?,
            next: 0,
            is_begun: false,
            version: self.version,
        })
    }
}

impl Export {
    /// How many rows it will write.
    pub const fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// How many rows are written.
    pub const fn n_written(&self) -> usize {
        self.next
    }

    /// True when events came since it began: its rows may have moved, and it gives no more blocks.
    pub const fn is_stale(&self, records: &Records) -> bool {
        self.version != records.version
    }

    /// The next block of the file; `None` after the last.
    pub fn next_block(&mut self, records: &Records) -> Option<Vec<u8>> {
        if self.is_stale(records) {
            return None;
        }
        let mut block = Vec::new();
        if !self.is_begun {
            self.is_begun = true;
            match self.format {
                ExportFormat::ZeekJson => {}
                ExportFormat::ZeekTsv => tsv::header(self.kind, &self.columns, &mut block),
                ExportFormat::Csv => csv::header(&self.columns, &mut block),
            }
        }
        let table = records.table(self.kind);
        while let (Some(row), Some(table)) = (self.rows.get(self.next), table) {
            let cells = self.columns.iter().map(|out| (out, table.view(out.column, *row)));
            match self.format {
                ExportFormat::ZeekJson => json::row(cells, &mut block),
                ExportFormat::ZeekTsv => tsv::row(cells, &mut block),
                ExportFormat::Csv => csv::row(cells, &mut block),
            }
            self.next += 1;
            if block.len() >= BLOCK {
                break;
            }
        }
        (!block.is_empty()).then_some(block)
    }
}

/// The column as Zeek's own log of that kind has it.
fn out(kind: Kind, column: usize, field: &'static Field) -> Out {
    let name = match (kind, field.name) {
        (Kind::KnownHost | Kind::KnownService, "id.resp_h") => "host",
        (Kind::KnownService, "id.resp_p") => "port_num",
        (Kind::KnownService, "proto") => "port_proto",
        (_, name) => name,
    };
    let is_seconds = kind == Kind::X509 && name.starts_with("certificate.not_valid_");
    let ty = if is_seconds { Type::Time } else { field.ty };
    Out { column, name, ty, is_seconds }
}

#[cfg(test)]
mod tests;
