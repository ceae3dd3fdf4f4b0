//! TShark's tables as the corpus has them: a row a packet, repeated fields with ` | ` between.

pub(crate) mod dns;
pub(crate) mod flows;
pub(crate) mod ftp;
pub(crate) mod http;
pub(crate) mod services;
pub(crate) mod tls;

use crate::zeek_log::Row;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A line of a table: what its fields hold, by name.
struct Line(BTreeMap<String, String>);

impl Line {
    /// The field, where it is set.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// All values of a field.
    fn all(&self, name: &str) -> Vec<&str> {
        self.get(name).map(|cell| cell.split(REPEATED).collect()).unwrap_or_default()
    }

    /// The address of that side (`src`, `dst`): the innermost one. Which of two families is inside
    /// the other the table does not say.
    fn addr(&self, side: &str) -> Option<&str> {
        let [v4, v6] = ["ip", "ipv6"].map(|ip| self.all(&format!("{ip}.{side}")).pop());
        v4.xor(v6)
    }
}

const REPEATED: &str = " | ";

/// The lines of a table, compressed or not.
fn lines(table: &Path) -> Vec<Line> {
    let bytes = std::fs::read(table).unwrap_or_default();
    let mut text = Vec::new();
    let is_gzip = table.extension().is_some_and(|e| e == "gz");
    if !is_gzip
        || flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).is_err()
    {
        text = bytes;
    }
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let line = |line: &str| {
        let cells = line.split('\t').map(str::to_owned);
        Line(names.iter().map(|n| (*n).to_owned()).zip(cells).collect())
    };
    lines.map(line).collect()
}

/// A row of the fields that are set.
fn row<'a>(fields: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Row {
    let set = fields.into_iter().filter(|(_, value)| value.is_some());
    set.map(|(name, value)| (name.to_owned(), value)).collect()
}
