//! Captures of the corpus carved whole: read again they give the same connections, and tshark reads
//! them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_core::event::Kind;
use offwire_core::evidence::{Carve, Pursuit, Scope, connections};
use offwire_core::records::{ExportFormat, RowQuery};
use offwire_core::session::Session;
use offwire_core::settings::Settings;
use offwire_tests::read::{How, Input, Reading, read};
use offwire_tests::repo::{corpus_or_skip, skip};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Larger captures are left to other tests, so that this one takes seconds.
const MAX_FILE: u64 = 1 << 20;

/// Every capture below the corpus's folders that is not too large.
fn captures(root: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root).unwrap().flatten().map(|e| e.path());
    let files = folders.filter_map(|f| std::fs::read_dir(f).ok()).flatten().flatten();
    let mut out: Vec<PathBuf> = files
        .filter(|f| f.metadata().is_ok_and(|m| m.is_file() && m.len() <= MAX_FILE))
        .map(|f| f.path())
        .filter(|p| {
            p.extension().is_some_and(|e| ["pcap", "pcapng", "cap"].iter().any(|x| e == *x))
        })
        .collect();
    out.sort();
    out
}

/// The rows of `conn` without what rests on a packet's number.
fn conns(session: &Session) -> Vec<String> {
    let all = RowQuery::all(Kind::Conn);
    let mut export = session.records().export(&all, ExportFormat::ZeekJson).unwrap();
    let mut bytes = Vec::new();
    while let Some(block) = export.next_block(session.records()) {
        bytes.extend(block);
    }
    let text = String::from_utf8(bytes).unwrap();
    let mut rows: Vec<String> = text
        .lines()
        .map(|line| {
            let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
            row.as_object_mut().unwrap().remove("uid");
            row.to_string()
        })
        .collect();
    rows.sort();
    rows
}

/// A file of this name read with small blocks, so that a second pass has some to choose from.
fn case(bytes: &[u8]) -> Session {
    let settings = Settings { block_len: 16 << 10, ..Settings::default() };
    let how = How { settings, ..How::default() };
    read(&[Input { name: "capture".to_owned(), bytes: bytes.to_vec() }], &how)
}

/// The packets of all connections as a capture; with how many of them, and how many are missing.
fn carve(session: &mut Session, bytes: &[u8]) -> (Vec<u8>, u64, u64) {
    let scope = Scope::Connections(connections(session, "").unwrap());
    let mut pursuit = Pursuit::new(session, scope, Carve::default());
    while let Some(range) = pursuit.next_range() {
        let start = bytes.len().min(range.offset as usize);
        let end = bytes.len().min((range.offset + range.len) as usize);
        pursuit.feed(&bytes[start..end]);
    }
    let missing = pursuit.n_missing();
    let mut carve = pursuit.into_inner().unwrap();
    (carve.take_bytes(), carve.packets, missing)
}

#[test]
fn captures_carved_whole_give_the_same_connections() {
    let Some(root) = corpus_or_skip("captures_carved_whole") else { return };
    let (mut n, mut differ) = (0, Vec::new());
    for path in captures(&root) {
        let name = path.display().to_string();
        let _reading = Reading(&name);
        let bytes = std::fs::read(&path).unwrap();
        let mut session = case(&bytes);
        let want = conns(&session);
        // What was deciphered is not the same again: secrets are never written.
        let report = session.report();
        let mut counters = report.sources.iter().flat_map(|s| s.counters.keys());
        if want.is_empty() || counters.any(|name| name.starts_with("secrets: ")) {
            continue;
        }
        n += 1;
        let (carved, packets, missing) = carve(&mut session, &bytes);
        let got = conns(&case(&carved));
        if got != want || missing > 0 {
            let lost: Vec<_> = want.iter().filter(|row| !got.contains(row)).take(2).collect();
            differ.push(format!("{name}: {packets} packets, {missing} missing: {lost:#?}"));
        }
    }
    assert!(n > 100, "only {n} captures");
    assert!(differ.is_empty(), "{} of {n} differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn tshark_reads_what_was_carved() {
    let Some(root) = corpus_or_skip("tshark_reads") else { return };
    let folder = std::env::temp_dir().join(format!("offwire-carved-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut n = 0;
    // Some of all, since tshark takes a second to start.
    for path in captures(&root).iter().step_by(29) {
        let bytes = std::fs::read(path).unwrap();
        let mut session = case(&bytes);
        let (carved, packets, _) = carve(&mut session, &bytes);
        if packets == 0 {
            continue;
        }
        let file = folder.join("carved.pcapng");
        std::fs::write(&file, carved).unwrap();
        let mut run = Command::new("tshark");
        run.args(["-n", "-T", "fields", "-e", "frame.number", "-r"]);
        let output = match run.arg(&file).output() {
            Ok(output) => output,
            Err(error) => return skip("tshark_reads", &error.to_string()),
        };
        let lines = String::from_utf8_lossy(&output.stdout).lines().count() as u64;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", path.display());
        assert_eq!(lines, packets, "{}", path.display());
        n += 1;
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(n > 5, "only {n} captures");
}
