//! Zeek's logs as the corpus has them: TSV with a header, or one JSON object a line.

use crate::folders;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// A row: its fields as text; unset ones are there as `None`.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// The folders of Zeek's logs in a folder of expected output, sorted.
pub(crate) fn folders(expected: &Path) -> Vec<PathBuf> {
    let zeek = expected.join("zeek");
    let mut found = folders::inside(&zeek);
    if !folders::file(&zeek, "conn.log").is_empty() {
        found.push(zeek);
    }
    found.sort();
    found
}

/// The files of a test that hold the log `name` of this capture: `conn.log`, and such as
/// `conn-1.log` where the test's script says that they are of this trace.
pub(crate) fn files(test: &Path, name: &str, capture: &str) -> Vec<PathBuf> {
    let script = std::fs::read_to_string(test.join("TEST_SCRIPT.zeek")).unwrap_or_default();
    let entries = std::fs::read_dir(test).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|e| e.path())
        .filter(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let is_variant = || {
                file.starts_with(name)
                    && file.contains(".log")
                    && !name_goes_on(&file, name)
                    && trace_of(&script, &file).is_some_and(|trace| capture.ends_with(&trace))
            };
            file == format!("{name}.log") || is_variant()
        })
        .collect();
    files.sort();
    files
}

/// True for `dns_state.log` when `dns` is asked for.
fn name_goes_on(file: &str, name: &str) -> bool {
    file.get(name.len()..).is_some_and(|rest| rest.starts_with('_'))
}

/// The trace that a test's script makes a file of: the last one read before the file is named,
/// in the way the corpus writes it.
fn trace_of(script: &str, file: &str) -> Option<String> {
    // A file that several traces are added to belongs to none of them.
    if [">> ", ">>"].iter().any(|append| script.contains(&format!("{append}{file}"))) {
        return None;
    }
    let end = script.lines().position(|line| line.contains(file))?;
    let read = script.lines().take(end + 1).filter_map(|line| line.split_once("$TRACES/"));
    let (_, path) = read.last()?;
    Some(format!("zeek__{}", path.split_whitespace().next()?.replace('/', "_")))
}

/// The rows of a log.
pub(crate) fn read(path: &Path) -> Vec<Row> {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut names: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(fields) = line.strip_prefix("#fields\t") {
            names = fields.split('\t').map(str::to_owned).collect();
        } else if line.starts_with('{') {
            rows.extend(json(line));
        } else if !line.starts_with('#') && !line.is_empty() {
            if names.is_empty() {
                // A baseline cut down to columns has their names as its first line.
                names = line.split('\t').map(str::to_owned).collect();
                if !names.iter().any(|n| n == "uid" || n == "id.orig_h") {
                    return Vec::new();
                }
            } else {
                rows.push(names.iter().cloned().zip(line.split('\t').map(cell)).collect());
            }
        }
    }
    rows
}

fn cell(text: &str) -> Option<String> {
    match text {
        "-" => None,
        "(empty)" => Some(String::new()),
        text => Some(text.to_owned()),
    }
}

fn json(line: &str) -> Option<Row> {
    let serde_json::Value::Object(object) = serde_json::from_str(line).ok()? else { return None };
    let field = |(name, value): (String, serde_json::Value)| {
        let name = name.strip_prefix("id_").map_or_else(|| name.clone(), |n| format!("id.{n}"));
        (name, Some(plain(&value)))
    };
    Some(object.into_iter().map(field).collect())
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(b) => if *b { "T" } else { "F" }.to_owned(),
        serde_json::Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The two addresses of each connection and tunnel that the test's logs name, by uid.
pub(crate) fn connections(test: &Path) -> BTreeMap<String, BTreeSet<IpAddr>> {
    let mut found = BTreeMap::new();
    for log in ["conn.log", "tunnel.log"] {
        for row in read(&test.join(log)) {
            let get = |name: &str| row.get(name).cloned().flatten();
            let ends = [get("id.orig_h"), get("id.resp_h")];
            let ends = ends.into_iter().flatten().filter_map(|a| a.parse().ok()).collect();
            if let Some(uid) = get("uid") {
                found.insert(uid, ends);
            }
        }
    }
    found
}
