//! Rows as CSV by RFC 4180, for spreadsheets: what would run as a formula is defused.

use super::Out;
use crate::records::view::{Seconds, View};
use crate::time::{Interval, Time};
use std::io::Write;

/// Beginnings that a spreadsheet takes for a formula, the full-width forms among them, and white
/// space before which some skip.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The names of the columns.
pub(super) fn header(columns: &[Out], to: &mut Vec<u8>) {
    line(columns.iter().map(|out| out.name.to_owned()), to);
}

/// One row.
pub(super) fn row<'a>(cells: impl Iterator<Item = (&'a Out, View<'a>)>, to: &mut Vec<u8>) {
    line(cells.map(|(out, cell)| value(out, &cell)), to);
}

fn line(cells: impl Iterator<Item = String>, to: &mut Vec<u8>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            to.push(b',');
        }
        if cell.contains([',', '"', '\r', '\n', '\t']) || cell.starts_with(' ') {
            let _ = write!(to, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            to.extend_from_slice(cell.as_bytes());
        }
    }
    to.extend_from_slice(b"\r\n");
}

/// The cell's text. Only text can be a formula: a negative number is a number.
fn value(out: &Out, cell: &View<'_>) -> String {
    match cell {
        View::Int(v) if out.is_seconds => Time::from_secs(*v).to_string(),
        View::Interval(Interval(nanos)) => Seconds(*nanos).to_string(),
        View::Text(_) | View::Texts(_) => {
            let text = cell.to_string();
            if text.starts_with(FORMULA) { format!("'{text}") } else { text }
        }
        _ => cell.to_string(),
    }
}
