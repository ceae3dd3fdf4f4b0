//! Zeek's own logs, in both their forms: tab-separated and JSON.

mod derive;
mod json;
mod log;
mod told;
mod tsv;

pub use json::ZEEK_JSON;
pub use tsv::ZEEK_TSV;

use super::Sink;
use crate::event::{Event, KINDS, Kind, Origin};
use crate::note::{LOG_UNREAD, Note};
use crate::time::Clock;
use std::collections::BTreeSet;

/// Any kind: a record's names are Zeek's, so its log can be read as soon as the kind exists.
const EMITS: &[Kind] = KINDS;

/// How many different logs that are not read one file notes; the rest are only counted.
const MAX_UNREAD: usize = 100;

/// Longest name of a log that is told whole; Zeek's own have at most 30 characters.
const MAX_PATH: usize = 100;

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

/// Counts a row of a log that is not read, and notes the first of each.
fn count_unread(seen: &mut BTreeSet<Box<str>>, path: &str, at: Origin, out: &mut dyn Sink) {
    let path = path.char_indices().nth(MAX_PATH).and_then(|(i, _)| path.get(..i)).unwrap_or(path);
    let is_new = seen.len() < MAX_UNREAD && seen.insert(path.into());
    if is_new {
        let detail = format!("a Zeek log that is not read: {path}");
        out.note(Note { at, kind: &LOG_UNREAD, detail });
    }
    let name = if seen.contains(path) { path } else { "others" };
    out.node(at.node).count(&format!("rows not read: log {name}"), 1);
}
