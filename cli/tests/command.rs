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
