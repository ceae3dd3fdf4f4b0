//! What tests of captures in parts share: rows and packets without their places, and the parts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use crate::read::Input;
use flate2::Compression;
use flate2::write::GzEncoder;
use offwire_core::event::KINDS;
use offwire_core::evidence::{Carve, Pursuit, Scope, connections};
use offwire_core::records::{ExportFormat, RowQuery, columns};
use offwire_core::session::Session;
use std::io::Write;

/// Columns that name a place in the files, or are made of one.
const PLACES: [&str; 2] = ["uid", "tunnel_parents"];

/// All rows of all kinds, sorted.
pub fn rows(session: &Session) -> Vec<String> {
    let records = session.records();
    let mut out = Vec::new();
    for kind in KINDS {
        let names = columns(*kind).map(|f| f.name).filter(|n| !PLACES.contains(n));
        let columns = Some(names.map(str::to_owned).collect());
        let query = RowQuery { columns, ..RowQuery::all(*kind) };
        let mut export = records.export(&query, ExportFormat::ZeekJson).unwrap();
        let mut bytes = Vec::new();
        while let Some(block) = export.next_block(records) {
            bytes.extend(block);
        }
        let text = String::from_utf8(bytes).unwrap();
        out.extend(text.lines().map(|line| format!("{} {line}", kind.path())));
    }
    out.sort();
    out
}

/// What is found, without the places in files that it rests on.
pub fn findings(session: &Session) -> Vec<String> {
    let report = session.report();
    let mut out: Vec<String> = report
        .findings
        .iter()
        .map(|f| {
            let facts: Vec<_> = f.facts.iter().map(|f| (f.name, &f.value)).collect();
            format!(
                "{} {} {} {:?} {:?} {facts:?}",
                f.rule, f.key, f.title, f.severity, f.confidence
            )
        })
        .collect();
    out.sort();
    out
}

/// The packets of all connections carved, in the order of the new capture: time and bytes.
pub fn carved(session: &mut Session, inputs: &[Input]) -> Vec<(u64, Vec<u8>)> {
    let scope = Scope::Connections(connections(session, "").unwrap());
    let mut pursuit = Pursuit::new(session, scope, Carve::default());
    while let Some(range) = pursuit.next_range() {
        let name = session.name(range.file);
        let bytes = &inputs.iter().find(|i| i.name == name).unwrap().bytes;
        let start = bytes.len().min(range.offset as usize);
        let end = bytes.len().min((range.offset + range.len) as usize);
        pursuit.feed(&bytes[start..end]);
    }
    assert_eq!(pursuit.n_missing(), 0);
    let bytes = pursuit.into_inner().unwrap().take_bytes();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut at, mut out) = (0, Vec::new());
    while at < bytes.len() {
        // An enhanced packet block.
        if word(at) == 6 {
            let ticks = u64::from(word(at + 12)) << 32 | u64::from(word(at + 16));
            out.push((ticks, bytes[at + 28..at + 28 + word(at + 20) as usize].to_vec()));
        }
        at += word(at + 4) as usize;
    }
    out
}

/// Where the packets of a little-endian capture begin, and where each of them ends.
pub fn packets(bytes: &[u8]) -> (usize, Vec<usize>) {
    let word = |at: usize| {
        bytes.get(at..at + 4).map(|b| u32::from_le_bytes(b.try_into().unwrap()) as usize)
    };
    let (mut at, mut start, mut ends) = (24, 24, Vec::new());
    if word(0) == Some(0x0a0d_0d0a) {
        (at, start) = (0, 0);
        while let (Some(kind), Some(len)) = (word(at), word(at + 4)) {
            at += len;
            match kind {
                6 => ends.push(at),
                _ if ends.is_empty() => start = at,
                // What stands between packets goes with the one before.
                _ => *ends.last_mut().unwrap() = at,
            }
        }
    } else {
        while let Some(len) = word(at + 8) {
            at += 16 + len;
            ends.push(at);
        }
    }
    (start, ends)
}

/// Bytes as gzip has them.
pub fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}
