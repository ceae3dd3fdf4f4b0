//! Every log of the corpus: rows read and rows accounted for, against what is expected of it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_core::report::Report;
use offwire_core::session::{FileMeta, Session};
use offwire_core::settings::Settings;
use offwire_tests::repo::corpus_or_skip;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Reads one file as a case of its own.
fn read(path: &Path) -> Report {
    let mut session = Session::new(Settings::default());
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let id = session.open(FileMeta { name, ..FileMeta::default() });
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let used = session.feed(id, rest);
        rest = &rest[used..];
    }
    session.close(id);
    session.report()
}

/// The files of a folder that are no captures.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file() && !p.to_string_lossy().contains(".pcap"))
        .collect();
    files.sort();
    files
}

fn n_events(report: &Report) -> u64 {
    report.sources.iter().flat_map(|s| s.events.values()).map(|span| span.count).sum()
}

/// Rows counted as belonging to a log of a kind that is not read.
fn n_unread(report: &Report) -> u64 {
    let counters = report.sources.iter().flat_map(|s| &s.counters);
    counters.filter(|(name, _)| name.starts_with("rows not read")).map(|(_, n)| n).sum()
}

/// What `summary.json` says a log holds: rows of Zeek, of a W3C log, of an access log.
fn expected(path: &Path) -> Option<u64> {
    let folder = format!("{}.expected/summary.json", path.display());
    let text = std::fs::read_to_string(folder).ok()?;
    let summary: Value = serde_json::from_str(&text).unwrap();
    let is_zeek = path.to_string_lossy().contains("zeek");
    let key = match summary.get("format")?.as_str()? {
        "w3c" => "data_rows",
        "access-like" => "lines_matching_common_log",
        "zeek-tsv" => "records",
        "json-lines" if is_zeek => "records",
        _ => return None,
    };
    summary.get(key)?.as_u64()
}

#[test]
fn every_row_of_every_log_is_an_event_or_accounted_for() {
    let Some(corpus) = corpus_or_skip("every_row_of_every_log_is_an_event_or_accounted_for") else {
        return;
    };
    let mut n_checked = 0;
    for folder in [
        "zeeklogs",
        "weblogs",
        "iisftp",
        "eve",
        "detect-fastflux",
        "detect-webrecon",
        "detect-accounts",
        "detect-scan",
    ] {
        for path in logs(&corpus.join(folder)) {
            let report = read(&path);
            let Some(expected) = expected(&path) else { continue };
            let n_rows = n_events(&report) + n_unread(&report);
            assert_eq!(n_rows, expected, "{}", path.display());
            n_checked += 1;
        }
    }
    assert!(n_checked > 60, "only {n_checked} logs of the corpus could be checked");
}

#[test]
fn hostile_logs_end_in_notes() {
    let Some(corpus) = corpus_or_skip("hostile_logs_end_in_notes") else { return };
    for path in logs(&corpus.join("hostile")) {
        let report = read(&path);
        assert!(report.sources.iter().all(|s| s.is_done), "{}", path.display());
        let is_valid = path.ends_with("made_zeek_odd_separator.log");
        assert!(is_valid || !report.notes.is_empty(), "{}", path.display());
    }
}

#[test]
fn flow_records_printed_by_nfdump_are_all_read() {
    let Some(corpus) = corpus_or_skip("flow_records_printed_by_nfdump_are_all_read") else {
        return;
    };
    let mut n_checked = 0;
    for file in std::fs::read_dir(corpus.join("nfdump")).unwrap().map(|e| e.unwrap().path()) {
        if !file.to_string_lossy().ends_with(".expected") {
            continue;
        }
        for path in logs(&file).iter().filter(|p| p.to_string_lossy().ends_with("-csv.csv")) {
            let report = read(path);
            let text = std::fs::read_to_string(path).unwrap();
            let n_rows =
                text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit())).count();
            let events = &report.sources[0].events;
            assert_eq!(
                events.get("netflow").map(|s| s.count),
                Some(n_rows as u64),
                "{}",
                path.display()
            );
            n_checked += 1;
        }
    }
    assert!(n_checked > 5, "only {n_checked} outputs of nfdump could be checked");
}

/// The article's own flow records: eleven ports asked and one reply without its request.
#[test]
fn the_articles_flow_records_make_twelve_connections() {
    let report = read(&offwire_tests::repo::root().join("tests/cases/article/nfdump-line.txt"));
    let events = &report.sources[0].events;
    assert_eq!((events["netflow"].count, events["conn"].count), (14, 12));
}
