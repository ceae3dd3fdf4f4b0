//! Connections of the corpus: Community IDs as published, and the same events whatever the caps,
//! the hash seed and the cut of the bytes.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests count as tests; a skip is told"
)]

use offwire_core::event::{Body, Event, NodeId};
use offwire_core::note::Note;
use offwire_core::settings::Settings;
use offwire_core::source::{Node, Opened, Reader, Sink};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The corpus of captures, or nothing, said aloud.
fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let path = std::env::var_os("OFFWIRE_CORPUS").map_or(default, PathBuf::from);
    if !path.is_dir() {
        println!("SKIPPED: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

#[derive(Default)]
struct Events {
    all: Vec<Event>,
    notes: Vec<Note>,
    node: Node,
}

impl Sink for Events {
    fn event(&mut self, event: Event) {
        self.all.push(event);
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn child(&mut self, _: NodeId, _: &str) -> NodeId {
        NodeId(0)
    }
    fn node(&mut self, _: NodeId) -> &mut Node {
        &mut self.node
    }
}

fn read(bytes: &[u8], step: usize, settings: &Settings) -> Events {
    let mut out = Events::default();
    let mut file = Opened::new(NodeId(0), 0, settings);
    for chunk in bytes.chunks(step) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let used = file.feed(rest, &mut out);
            rest = &rest[used..];
        }
    }
    file.finish(&mut out);
    out
}

fn captures(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|e| e.path());
    let mut all: Vec<PathBuf> = entries
        .filter(|p| p.file_name().unwrap().to_string_lossy().starts_with(prefix))
        .filter(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
        .collect();
    all.sort();
    all
}

#[test]
fn community_ids_are_those_of_the_specification() {
    let Some(corpus) = corpus() else { return };
    let flows = corpus.join("flows");
    let baseline = std::fs::read(flows.join("cid_baseline/baseline_deflt.json")).unwrap();
    let baseline: serde_json::Value = serde_json::from_slice(&baseline).unwrap();
    let want: BTreeSet<String> = baseline
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["communityid"].as_str().unwrap().to_owned())
        .collect();
    let mut got = BTreeSet::new();
    for capture in captures(&flows, "cid__") {
        let events = read(&std::fs::read(capture).unwrap(), usize::MAX, &Settings::default());
        let conns = events.all.iter().filter(|e| matches!(e.body, Body::Conn(_)));
        got.extend(conns.filter_map(|e| e.flow.community_id).map(|id| id.to_string()));
    }
    assert!(want.len() > 5);
    assert_eq!(got, want);
}

#[test]
fn neither_seed_nor_cut_changes_an_event() {
    let Some(corpus) = corpus() else { return };
    for dir in ["flows", "ftp", "http", "tunnel"] {
        for capture in captures(&corpus.join(dir), "zeek__") {
            let bytes = std::fs::read(&capture).unwrap();
            let whole = read(&bytes, usize::MAX, &Settings::default());
            let cut = read(&bytes, 997, &Settings { seed: 7, ..Settings::default() });
            assert!(whole.all == cut.all, "{}", capture.display());
        }
    }
}

#[test]
fn a_table_of_eight_connections_loses_no_packet() {
    let Some(corpus) = corpus() else { return };
    let capture = corpus.join("realworld/apt29_day2_SCRANTON.pcap");
    let bytes = std::fs::read(capture).unwrap();
    let mut settings = Settings::default();
    let packets = |events: &Events| -> u64 {
        let conns = events.all.iter().filter_map(|e| match &e.body {
            Body::Conn(c) => Some(c.orig_pkts.unwrap() + c.resp_pkts.unwrap()),
            _ => None,
        });
        conns.sum()
    };
    let whole = read(&bytes, usize::MAX, &settings);
    settings.caps.flows = 8;
    settings.caps.streams = 8;
    let small = read(&bytes, usize::MAX, &settings);
    assert_eq!(packets(&small), packets(&whole));
    assert!(small.notes.iter().any(|n| n.kind.code == "cap-reached"));
    assert!(whole.notes.iter().all(|n| n.kind.code != "cap-reached"));
}

#[test]
fn every_capture_is_read_and_no_two_connections_share_a_uid() {
    let Some(corpus) = corpus() else { return };
    let kinds = std::fs::read_dir(&corpus).unwrap().flatten().map(|e| e.path());
    let mut n = 0;
    for dir in kinds.filter(|p| p.is_dir()) {
        for capture in captures(&dir, "") {
            let events = read(&std::fs::read(&capture).unwrap(), usize::MAX, &Settings::default());
            let conns = events.all.iter().filter(|e| matches!(e.body, Body::Conn(_)));
            let uids: Vec<String> =
                conns.filter_map(|e| e.flow.uid.as_ref()).map(ToString::to_string).collect();
            let distinct: BTreeSet<&String> = uids.iter().collect();
            assert_eq!(distinct.len(), uids.len(), "{}", capture.display());
            n += 1;
        }
    }
    assert!(n > 100, "{n}");
}
