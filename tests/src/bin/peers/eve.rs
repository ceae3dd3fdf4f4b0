//! Suricata's expected events as the corpus has them: partial EVE records, read by our own reader.

use crate::folders;
use crate::ours::{self, Record};
use crate::zeek_log::Row;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Fields that our reader derives from others, which a partial record need not have; and the
/// position of a request, which EVE counts over both directions of some protocols.
const DERIVED: [&str; 10] = [
    "answered",
    "cert_names",
    "client_cert",
    "conn_state",
    "direction",
    "host_cert",
    "orig_flags",
    "refused",
    "resp_flags",
    "self_signed",
];

/// The files of expectations in a folder of expected output, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let tests = folders::inside(&folder.join("suricata"));
    let mut files: Vec<_> =
        tests.iter().flat_map(|test| folders::file(test, "eve-checks.json")).collect();
    files.sort();
    files
}

/// The expected records: what our reader makes of each expectation, without what it derives.
pub(crate) fn expected(checks: &Path) -> Vec<(&'static str, Row)> {
    let text = std::fs::read(checks).unwrap_or_default();
    let checks: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
    let is_met = |check: &&Value| check.get("count").and_then(Value::as_u64).unwrap_or(0) > 0;
    let mut out = Vec::new();
    for check in checks.iter().filter(is_met) {
        let Some(Value::Object(wanted)) = check.get("match") else { continue };
        let mut event = Map::new();
        for (path, value) in wanted {
            put(&mut event, path, value.clone());
        }
        // What tells the format, where the expectation leaves it out.
        event.entry("timestamp").or_insert_with(|| "2020-01-01T00:00:00.000000+0000".into());
        let line = Value::Object(event).to_string();
        out.extend(ours::read_bytes(line.as_bytes()).into_iter().map(row));
    }
    out
}

fn row(record: Record) -> (&'static str, Row) {
    let fields = record.fields.into_iter();
    let fields = fields.filter(|(name, _)| !DERIVED.contains(&name.as_str()));
    // A port of 0 is one that the expectation leaves out.
    let fields = fields.filter(|(name, value)| !(name.ends_with("_p") && value == "0"));
    (record.kind, fields.map(|(name, value)| (name, Some(value))).collect())
}

/// Puts a value at a path such as `dns.answers[0].rdata`.
fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(f, r)| (f, Some(r)));
    let (name, index) = match first.split_once('[') {
        Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
        None => (first, None),
    };
    let slot = object.entry(name).or_insert(Value::Null);
    let slot = match index {
        None => slot,
        Some(index) => {
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            let Value::Array(items) = slot else { return };
            // Expectations number a handful of elements.
            while items.len() <= index.min(1000) {
                items.push(Value::Null);
            }
            match items.get_mut(index) {
                Some(item) => item,
                None => return,
            }
        }
    };
    match rest {
        None => *slot = value,
        Some(rest) => {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(inner) = slot {
                put(inner, rest, value);
            }
        }
    }
}
