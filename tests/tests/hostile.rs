//! The hostile part of the corpus ends in clear notes: no panic, no hang, nothing unsaid.

use offwire_core::report;
use offwire_core::text::is_deceptive;
use offwire_tests::cases::load;
use offwire_tests::read::{How, Reading, read};
use offwire_tests::repo::corpus_or_skip;
use std::time::{Duration, Instant};

/// Time for one file, and for each of its megabytes: forty times what an unoptimised build needs,
/// for machines that are busy; a loop without end or a quadratic one is far beyond.
const BASE: Duration = Duration::from_secs(10);
const PER_MEGABYTE: Duration = Duration::from_secs(10);

#[test]
fn every_hostile_file_is_read_in_time_and_told_in_plain_text() {
    let Some(corpus) = corpus_or_skip("hostile") else { return };
    let list = std::fs::read_to_string(corpus.join("HOSTILE.tsv")).unwrap();
    let mut n_files = 0;
    for name in list.lines().skip(1).filter_map(|line| line.split('\t').next()) {
        let _reading = Reading(name);
        let input = load(&corpus.join(name)).unwrap();
        let limit = BASE + PER_MEGABYTE * (input.bytes.len() >> 20) as u32;
        let start = Instant::now();
        let report = read(&[input], &How::default()).report();
        let text = report::text(&report);
        assert!(start.elapsed() < limit, "{name} took {:?}", start.elapsed());
        assert!(text.chars().all(|c| c == '\n' || !is_deceptive(c)), "{name}");
        let n_events: u64 = report.records.values().map(|n| n.seen).sum();
        let n_packets: u64 = report.sources.iter().flat_map(|s| s.counters.values()).sum();
        assert!(
            n_events + n_packets > 0 || !report.notes.is_empty(),
            "{name} gave nothing, and no note says why"
        );
        n_files += 1;
    }
    assert!(n_files > 0, "HOSTILE.tsv lists no file");
}
