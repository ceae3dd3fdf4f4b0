//! A capture that was cut into files between its packets gives the records, findings and
//! carved packets of the whole, whatever order the files are dropped in.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use offwire_core::event::KINDS;
use offwire_core::evidence::{Carve, Pursuit, Scope, connections};
use offwire_core::records::{ExportFormat, RowQuery, columns};
use offwire_core::session::Session;
use offwire_tests::lcg::Lcg;
use offwire_tests::read::{How, Input, read};
use offwire_tests::repo::corpus_or_skip;
use std::io::Write;

/// Columns that name a place in the files, or are made of one.
const PLACES: [&str; 2] = ["uid", "tunnel_parents"];

/// All rows of all kinds, sorted.
fn rows(session: &Session) -> Vec<String> {
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
fn findings(session: &Session) -> Vec<String> {
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
fn carved(session: &mut Session, inputs: &[Input]) -> Vec<(u64, Vec<u8>)> {
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
fn packets(bytes: &[u8]) -> (usize, Vec<usize>) {
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

/// Cuts a little-endian capture into `n` of about as many packets. Some are compressed, and no name
/// says anything about the order.
fn cut(bytes: &[u8], n: usize) -> Vec<Input> {
    let (head, ends) = packets(bytes);
    let each = ends.len().div_ceil(n);
    let mut start = head;
    let parts = ends.chunks(each).enumerate().map(|(i, ends)| {
        let end = *ends.last().unwrap();
        let part = [&bytes[..head], &bytes[start..end]].concat();
        start = end;
        let bytes = if i % 3 == 1 { zipped(&part) } else { part };
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        let name = [letter(i * 7), letter(i * 11 + i / 26), letter(i / 26), '.', letter(i)];
        Input { name: name.iter().collect(), bytes }
    });
    parts.collect()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

#[test]
fn files_of_one_capture_are_one_in_any_order() {
    let Some(root) = corpus_or_skip("series") else { return };
    // Fragments that a cut parts; commands and their data connections; many short connections; a
    // scan; blocks of pcapng; tunnels.
    for name in [
        "frag/pcpp__ip4_fragments.pcap",
        "ftp/lab_ftp_lab.pcap",
        "http/lab_http_lab.pcap",
        "detect-fronting/lab_fronting_lab_dsb.pcapng",
        "tls/ja4__tls-handshake.pcapng",
        "tunnel/arkime__gtp-iphone.pcap",
    ] {
        let bytes = std::fs::read(root.join(name)).unwrap();
        let whole = [Input { name: "whole".to_owned(), bytes: bytes.clone() }];
        let mut session = read(&whole, &How::default());
        let want = (rows(&session), findings(&session), carved(&mut session, &whole));
        assert!(!want.0.is_empty() && !want.2.is_empty(), "{name}");
        for n in [2, 7, 50] {
            let mut parts = cut(&bytes, n);
            Lcg::new(n as u64).shuffle(&mut parts);
            let mut session = read(&parts, &How::default());
            let got = rows(&session);
            let first = got.iter().zip(&want.0).find(|(a, b)| a != b);
            let counts = (got.len(), want.0.len());
            assert!(got == want.0, "{name} in {n}: {counts:?}, {first:#?}");
            assert_eq!(findings(&session), want.1, "{name} in {n}");
            assert!(carved(&mut session, &parts) == want.2, "{name} in {n}: carved");
        }
    }
}
