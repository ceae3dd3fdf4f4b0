//! Copies of one capture in other containers, links, tunnels and fragments give its records.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_core::event::{KINDS, Kind};
use offwire_core::records::{ExportFormat, RowQuery, columns};
use offwire_tests::read::{How, Input, Reading, read};
use offwire_tests::repo::corpus_or_skip;
use std::path::Path;

/// Columns that name a place in the file or what is around the connection.
const AROUND: [&str; 4] = ["uid", "tunnel_parents", "vlan", "inner_vlan"];

/// What of the base a copy must give.
#[derive(Clone, Copy, PartialEq)]
enum Gives {
    /// Every row, and no other.
    All,
    /// Every row, and those of the tunnel itself.
    Inside,
    /// Every row of a protocol; the packets themselves differ.
    Protocols,
}

fn rule(name: &str) -> Option<Gives> {
    let starts = |all: &[&str]| all.iter().any(|p| name.starts_with(p));
    if ["link_ipv4_228.pcap", "link_ipv6_229.pcap"].contains(&name) {
        // Half of the base each.
        None
    } else if ["ng_four_interfaces_resolutions.pcapng", "ng_spb_only.pcapng"].contains(&name) {
        // Other times, or none: without them rows are not the same.
        None
    } else if starts(&["link_", "ng_", "pcap_", "dup_"]) {
        Some(Gives::All)
    } else if starts(&["tunnel_"]) {
        Some(Gives::Inside)
    } else if starts(&["frag_"]) {
        Some(Gives::Protocols)
    } else {
        None
    }
}

/// Rows of all kinds, sorted; of connections only where they are to be the same.
fn rows(path: &Path, gives: Gives) -> Vec<String> {
    let name = path.display().to_string();
    let session = read(&[Input { name, bytes: std::fs::read(path).unwrap() }], &How::default());
    let records = session.records();
    let mut out = Vec::new();
    let is_asked =
        |kind: &Kind| gives != Gives::Protocols || ![Kind::Conn, Kind::Weird].contains(kind);
    for kind in KINDS.iter().filter(|k| is_asked(k) && **k != Kind::KnownHost) {
        let names = columns(*kind).map(|f| f.name).filter(|n| !AROUND.contains(n));
        let names: Vec<String> = match gives {
            // A packet's time is that of its last fragment.
            Gives::Protocols => names
                .filter(|n| !["ts", "rtt", "duration"].contains(n))
                .map(str::to_owned)
                .collect(),
            // Both directions of these tunnels have one sender: the path changes, and the letter X
            // of the history says so.
            Gives::Inside => names.filter(|n| *n != "history").map(str::to_owned).collect(),
            Gives::All => names.map(str::to_owned).collect(),
        };
        let query = RowQuery { columns: Some(names), ..RowQuery::all(*kind) };
        let mut export = records.export(&query, ExportFormat::ZeekJson).unwrap();
        while let Some(block) = export.next_block(records) {
            let text = String::from_utf8(block).unwrap();
            out.extend(text.lines().map(|line| format!("{} {line}", kind.path())));
        }
    }
    out.sort();
    out
}

#[test]
fn copies_of_a_capture_give_its_records() {
    let Some(root) = corpus_or_skip("copies_of_a_capture") else { return };
    let folder = root.join("derived");
    let base = folder.join("00_base.pcap");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".expected"))
        .collect();
    names.sort();
    let (mut n, mut wrong) = (0, Vec::new());
    for name in names {
        let Some(gives) = rule(&name) else { continue };
        let _reading = Reading(&name);
        let (want, mut got) = (rows(&base, gives), rows(&folder.join(&name), gives));
        assert!(want.len() > 10, "{} rows", want.len());
        n += 1;
        let mut missing = Vec::new();
        for row in &want {
            match got.binary_search(row) {
                Ok(at) => drop(got.remove(at)),
                Err(_) => missing.push(row),
            }
        }
        if !missing.is_empty() || (gives != Gives::Inside && !got.is_empty()) {
            wrong.push(format!(
                "{name}: {} missing, {} more\n  {:?}\n  {:?}",
                missing.len(),
                got.len(),
                missing.first(),
                got.first()
            ));
        }
    }
    assert!(n >= 45, "only {n}");
    assert!(wrong.is_empty(), "{} of {n}:\n{}", wrong.len(), wrong.join("\n"));
}
