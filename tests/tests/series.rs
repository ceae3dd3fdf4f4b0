//! A capture that was cut into files between its packets gives the records of the whole, whatever
//! order the files are dropped in.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_core::event::KINDS;
use offwire_core::records::{ExportFormat, RowQuery, columns};
use offwire_tests::lcg::Lcg;
use offwire_tests::read::{How, Input, read};
use offwire_tests::repo::corpus_or_skip;

/// Columns that name a place in the files, or are made of one.
const PLACES: [&str; 2] = ["uid", "tunnel_parents"];

/// All rows of all kinds, sorted.
fn rows(inputs: &[Input]) -> Vec<String> {
    let session = read(inputs, &How::default());
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

/// Cuts a little-endian pcap file into `n` of about as many packets.
fn cut(bytes: &[u8], n: usize) -> Vec<Input> {
    let mut ends = Vec::new();
    let mut at = 24;
    while let Some(head) = bytes.get(at..at + 16) {
        at += 16 + u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        ends.push(at);
    }
    let each = ends.len().div_ceil(n);
    let mut start = 24;
    let parts = ends.chunks(each).enumerate().map(|(i, ends)| {
        let end = *ends.last().unwrap();
        let part = [&bytes[..24], &bytes[start..end]].concat();
        start = end;
        Input { name: format!("part-{}", 99 - i), bytes: part }
    });
    parts.collect()
}

#[test]
fn files_of_one_capture_are_one_in_any_order() {
    let Some(root) = corpus_or_skip("series") else { return };
    // Fragments that a cut parts; commands and their data connections; many short connections.
    for name in ["frag/pcpp__ip4_fragments.pcap", "ftp/lab_ftp_lab.pcap", "http/lab_http_lab.pcap"]
    {
        let bytes = std::fs::read(root.join(name)).unwrap();
        let whole = rows(&[Input { name: "whole".to_owned(), bytes: bytes.clone() }]);
        assert!(!whole.is_empty(), "{name}");
        for n in [2, 7, 50] {
            let mut parts = cut(&bytes, n);
            Lcg::new(n as u64).shuffle(&mut parts);
            let got = rows(&parts);
            let first = got.iter().zip(&whole).find(|(a, b)| a != b);
            assert!(got == whole, "{name} in {n}: {} of {}, {first:#?}", got.len(), whole.len());
        }
    }
}
