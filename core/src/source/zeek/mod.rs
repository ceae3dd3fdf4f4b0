//! Zeek's own logs, in both their forms: tab-separated and JSON.

mod derive;
mod json;
mod log;
mod tsv;

pub use json::ZEEK_JSON;
pub use tsv::ZEEK_TSV;

use super::Sink;
use crate::event::{Event, KINDS, Kind, Origin, Raw};
use crate::note::{LINE_LENIENT, LOG_UNREAD, Note};
use crate::report::{Item, ItemField};
use crate::text::visible;
use crate::time::Clock;
use std::collections::BTreeSet;
use std::ops::Range;

/// Any kind: a record's names are Zeek's, so its log can be read as soon as the kind exists.
const EMITS: &[Kind] = KINDS;

/// How many different logs that are not read one file notes; the rest are only counted.
const MAX_UNREAD: usize = 100;

/// Longest value that a note repeats.
const VALUE_SHOWN: usize = 60;

/// Sends an event whose values are in.
fn emit(mut event: Event, out: &mut dyn Sink) {
    if log::is_blank(&event) {
        let detail = "none of its values could be used".to_owned();
        return out.note(Note { at: event.at, kind: &crate::note::RECORD_MALFORMED, detail });
    }
    if event.ts.is_some() {
        out.node(event.at.node).clock = Clock::Utc;
    }
    log::finish(&mut event);
    out.event(event);
}

/// Notes a value that is not of its field's type.
fn misfit(at: Origin, name: &str, value: &Raw<'_>, out: &mut dyn Sink) {
    let shown: String = value.show().chars().take(VALUE_SHOWN).collect();
    let detail = format!("{name}: \"{}\" does not fit and was left unset", visible(&shown));
    out.note(Note { at, kind: &LINE_LENIENT, detail });
}

/// Counts a row of a log that is not read, and notes the first of each.
fn count_unread(seen: &mut BTreeSet<Box<str>>, path: &str, at: Origin, out: &mut dyn Sink) {
    let is_new = seen.len() < MAX_UNREAD && seen.insert(path.into());
    if is_new {
        let detail = format!("a Zeek log that is not read: {path}");
        out.note(Note { at, kind: &LOG_UNREAD, detail });
    }
    let name = if seen.contains(path) { path } else { "others" };
    out.node(at.node).count(&format!("rows not read: log {name}"), 1);
}

/// One row for a person: its line, and each field with its place in it.
fn show_fields<'a>(
    at: Origin,
    bytes: &[u8],
    fields: impl Iterator<Item = (&'a str, String, Range<usize>)>,
) -> Item {
    let fields = fields
        .map(|(name, value, range)| ItemField {
            depth: 0,
            name: name.to_owned(),
            value,
            start: u32::try_from(range.start).unwrap_or(u32::MAX),
            len: u32::try_from(range.len()).unwrap_or(u32::MAX),
        })
        .collect();
    Item { at, title: format!("line {}", at.item), is_text: true, bytes: bytes.to_vec(), fields }
}

/// A field that says something about the row instead of being in it.
fn remark(name: &str, value: String, at: usize) -> ItemField {
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    ItemField { depth: 0, name: name.to_owned(), value, start, len: 0 }
}
