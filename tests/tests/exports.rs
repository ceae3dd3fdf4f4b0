//! What is exported as a Zeek log is read back as the same rows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_core::event::{KINDS, Kind};
use offwire_core::records::{ExportFormat, RowQuery, columns};
use offwire_core::session::Session;
use offwire_tests::cases::{Case, cases};
use offwire_tests::read::{How, Input, Reading, read};

/// Kinds that Zeek has no log of.
const NOT_ZEEKS: [Kind; 3] = [Kind::Arp, Kind::Login, Kind::Netflow];

/// Columns that are no field of Zeek's: a reader of logs fills them by its own rules, or not at all.
const OURS: [&str; 11] = [
    "answered",
    "direction",
    "icmp_errors",
    "orig_flags",
    "partial",
    "path",
    "refused",
    "resp_flags",
    "self_signed",
    "session",
    "trans_depth",
];

fn exported(session: &Session, query: &RowQuery, format: ExportFormat) -> String {
    let records = session.records();
    let mut export = records.export(query, format).unwrap();
    let mut bytes = Vec::new();
    while let Some(block) = export.next_block(records) {
        bytes.extend(block);
    }
    String::from_utf8(bytes).unwrap()
}

/// All rows of a kind with Zeek's columns.
fn query(kind: Kind) -> RowQuery {
    let names = columns(kind).map(|f| f.name).filter(|n| !OURS.contains(n));
    RowQuery { columns: Some(names.map(str::to_owned).collect()), ..RowQuery::all(kind) }
}

/// The first line in which two exports differ.
fn difference(name: &str, want: &str, got: &str) -> Option<String> {
    let (mut want, mut got) = (want.lines(), got.lines());
    loop {
        match (want.next(), got.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => return Some(format!("{name}\n  want {a:?}\n  got  {b:?}")),
        }
    }
}

#[test]
fn zeek_logs_go_both_ways() {
    let (mut n_rows, mut wrong) = (0, Vec::new());
    for Case { id: name, inputs, .. } in cases().unwrap() {
        let _reading = Reading(&name);
        let first = read(&inputs, &How::default());
        for kind in KINDS.iter().filter(|k| !NOT_ZEEKS.contains(k)) {
            let n = first.records().kept(*kind);
            if n == 0 {
                continue;
            }
            n_rows += n;
            let json = exported(&first, &query(*kind), ExportFormat::ZeekJson);
            for format in [ExportFormat::ZeekJson, ExportFormat::ZeekTsv] {
                let bytes = exported(&first, &query(*kind), format).into_bytes();
                let name = format!("{name}: {} as {}", kind.path(), format.name());
                let again = read(&[Input { name: name.clone(), bytes }], &How::default());
                let got = exported(&again, &query(*kind), ExportFormat::ZeekJson);
                wrong.extend(difference(&name, &json, &got));
            }
        }
    }
    assert!(n_rows > 0, "no case has rows of Zeek's kinds");
    let shown: Vec<_> = wrong.iter().take(20).cloned().collect();
    assert!(wrong.is_empty(), "{} differ; the first:\n{}", wrong.len(), shown.join("\n"));
}
