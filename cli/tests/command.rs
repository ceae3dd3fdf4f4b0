//! The command as a shell sees it: what it prints, and its exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_core::report;
use offwire_core::session::{FileMeta, Session};
use offwire_core::settings::Settings;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn article() -> String {
    format!("{}/../tests/cases/article", env!("CARGO_MANIFEST_DIR"))
}

fn offwire(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_offwire")).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_report_is_the_core_s_own_byte_for_byte() {
    let file = format!("{}/dns.log", article());
    let bytes = std::fs::read(&file).unwrap();
    let mut session = Session::new(Settings::default());
    let name = "dns.log".to_owned();
    let size = Some(bytes.len() as u64);
    let node = session.open(FileMeta { name, size, ..FileMeta::default() });
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        rest = &rest[session.feed(node, rest)..];
    }
    session.close(node);
    let report = session.report();

    let text = offwire(&["report", &file]);
    assert_eq!((stdout(&text), text.status.code()), (report::text(&report), Some(0)));
    let json = offwire(&["report", "--format", "json", &file]);
    assert_eq!(stdout(&json), serde_json::to_string_pretty(&report).unwrap() + "\n");
}

#[test]
fn a_folder_is_the_files_in_it_in_any_order() {
    let article = article();
    let folder = offwire(&["report", &article]);
    let mut files: Vec<String> = std::fs::read_dir(&article)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file())
        .map(|p| p.display().to_string())
        .collect();
    files.sort();
    files.reverse();
    let mut args = vec!["report"];
    args.extend(files.iter().map(String::as_str));
    let single = offwire(&args);
    let findings = |output: &Output| {
        let text = stdout(output);
        let text = text.split("\nCoverage\n").next().unwrap().replace("article/", "");
        // Lines are wrapped by the names in them, which differ: only the words count.
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(findings(&folder).contains("c2.evil.org"));
    // The folder holds the expectations too, which are no evidence: only findings are compared.
    let listed = |output: &Output| findings(output).split_once(" Findings ").unwrap().1.to_owned();
    assert_eq!(listed(&folder), listed(&single));
}

#[test]
fn records_are_filtered_and_exported() {
    let file = format!("{}/dns.log", article());
    let all = stdout(&offwire(&["records", "dns", &file]));
    assert_eq!(all.lines().count(), 3);
    let none = offwire(&["records", "dns", &file, "--filter", "query == \"*.example\""]);
    assert_eq!((stdout(&none).as_str(), none.status.code()), ("", Some(0)));
    let csv = stdout(&offwire(&["records", "dns", &file, "--format", "csv", "--filter", "evil"]));
    assert!(csv.starts_with("ts,uid,id.orig_h,") && csv.lines().count() == 4);
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let file = format!("{}/dns.log", article());
    let missing = offwire(&["report", "/no/such/file", &file]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stdout(&missing).contains("c2.evil.org"), "the other file was read");
    assert_eq!(offwire(&["report"]).status.code(), Some(2));
    assert_eq!(offwire(&["records", "dns", &file, "--filter", "("]).status.code(), Some(2));
    assert_eq!(offwire(&["--help"]).status.code(), Some(0));
}

#[test]
fn standard_input_is_read_and_a_closed_output_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_offwire"))
        .args(["report", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = std::fs::read(Path::new(&article()).join("dns.log")).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(stdout(&output).contains("standard input:line 1"));

    let mut child = Command::new(env!("CARGO_BIN_EXE_offwire"))
        .arg("kinds")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &[][..]));
}

/// A pcap of raw IP: two datagrams and an answer, in little-endian order with microseconds.
fn capture() -> Vec<u8> {
    let mut out = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0".to_vec();
    for (secs, [from, to], [sport, dport], said) in [
        (1_u32, [1, 2], [5000_u16, 6000], b"the Password is"),
        (2, [1, 3], [5001, 6000], b"something else."),
        (3, [2, 1], [6000, 5000], b"wrong:, \x1b[31m\r\n"),
    ] {
        let len = 28 + said.len() as u8;
        let mut packet = vec![0x45, 0, 0, len, 0, secs as u8, 0, 0, 64, 17, 0, 0];
        packet.extend([10, 0, 0, from, 10, 0, 0, to]);
        packet.extend([sport, dport, u16::from(len) - 20, 0].map(u16::to_be_bytes).concat());
        packet.extend(said);
        let lens = packet.len() as u32;
        out.extend([1_700_000_000 + secs, 0, lens, lens].map(u32::to_le_bytes).concat());
        out.extend(packet);
    }
    out
}

#[test]
fn packets_are_carved_followed_and_searched() {
    let folder = std::env::temp_dir().join(format!("offwire-evidence-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let (from, to) = (path("from.pcap"), path("to.pcapng"));
    std::fs::write(&from, capture()).unwrap();

    let carve = ["carve", &from, "--filter", "id.orig_p == 5000", "-o", &to];
    let carved = offwire(&carve);
    assert_eq!(stdout(&carved), format!("{to}: 2 packets of 1 connections\n"));
    let rows = offwire(&["records", "conn", &to, "--format", "csv"]);
    assert_eq!(stdout(&rows).lines().filter(|l| l.contains("6000")).count(), 1);
    // Evidence is never overwritten.
    let again = offwire(&carve);
    assert_eq!((again.status.code(), stdout(&again)), (Some(1), String::new()));

    let found = offwire(&["search", &from, "--text", "password"]);
    assert_eq!(stdout(&found), "from.pcap\tpacket 1\tbyte 32\ttext\n");
    let hex = ["search", &from, "--hex", "656c 7365", "--filter", "id.orig_p == 5001"];
    assert!(stdout(&offwire(&hex)).contains(" orig byte 10\tbytes\n"));

    let rows = stdout(&offwire(&["records", "conn", &to]));
    let uid = rows.split("\"uid\":\"").nth(1).and_then(|r| r.split('"').next()).unwrap();
    let followed = stdout(&offwire(&["follow", &to, "--uid", uid]));
    assert!(followed.contains("> the Password is\n"), "{followed}");
    assert!(followed.contains("< wrong:, \\x1b[31m\n"), "{followed}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn members_of_an_archive_are_files_and_one_from_a_pipe_says_to_extract_it() {
    let archive = format!("{}/../archives/input/evidence.zip", article());
    let report = stdout(&offwire(&["report", &archive]));
    assert!(report.contains("evidence.zip/tap/a.pcap:packet 1"), "{report}");
    assert!(report.contains("secret.log is encrypted: extract it first"), "{report}");
    let found = stdout(&offwire(&["search", &archive, "--hex", "07 65 78 61 6d 70 6c 65"]));
    assert!(found.starts_with("evidence.zip/tap/a.pcap\tpacket 1\t"), "{found}");

    let child = Command::new(env!("CARGO_BIN_EXE_offwire"))
        .args(["report", "-"])
        .stdin(std::fs::File::open(&archive).unwrap())
        .output();
    let report = stdout(&child.unwrap());
    assert!(report.contains("archive-unopened in standard input: 1"), "{report}");
}

#[test]
fn captures_are_joined_and_split_as_said() {
    let folder = std::env::temp_dir().join(format!("offwire-series-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let bytes = capture();
    let (a, b) = (path("a.pcap"), path("b.pcap"));
    // The two datagrams, then the answer to the first of them.
    let cut = bytes.len() - 16 - 43;
    std::fs::write(&a, &bytes[..cut]).unwrap();
    std::fs::write(&b, [&bytes[..24], &bytes[cut..]].concat()).unwrap();
    let n_conns = |args: &[&str]| {
        let output = offwire(&[&["records", "conn"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        stdout(&output).lines().count()
    };
    assert_eq!(n_conns(&[&a, &b]), 2);
    assert_eq!(n_conns(&["--split", &a, &b]), 3);
    assert_eq!(n_conns(&["--split", &a, "--by-time", &b]), 3);
    assert_eq!(n_conns(&["--series", "ring", &b, &a]), 2);
    assert_eq!(n_conns(&["--series", "ring", &b, "--series", "other", &a]), 3);
    let report = stdout(&offwire(&["report", &b, &a]));
    let words = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("goes on where a.pcap ended: a connection goes on in it"), "{report}");
    assert!(!stdout(&offwire(&["report", "--split", &b, &a])).contains("goes on where"));
    std::fs::remove_dir_all(&folder).unwrap();
}
