//! The house rules that a compiler does not check: first lines, sizes, layering, tables, README.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_core::detect::RULES;
use offwire_core::event::KINDS;
use offwire_core::proto::PROTOCOLS;
use offwire_core::source::FORMATS;
use offwire_tests::cases::expect;
use offwire_tests::repo::{files, root};
use std::fs;

/// Most lines of a source file without its tests.
const MAX_FILE: usize = 400;
/// Most lines of a detector's file without its tests.
const MAX_DETECTOR: usize = 150;
/// Most lines of a function.
const MAX_FUNCTION: usize = 60;

/// Every Rust file of the repository, with its text.
fn sources() -> Vec<(String, String)> {
    let is_rust = |f: &String| f.ends_with(".rs");
    let all = files().unwrap().into_iter().filter(is_rust);
    let all: Vec<_> = all.map(|f| (fs::read_to_string(root().join(&f)).unwrap(), f)).collect();
    assert!(all.len() > 50, "the list of files is read");
    all.into_iter().map(|(text, name)| (name, text)).collect()
}

fn nothing(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The text above the tests at its foot.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default()
}

/// A detector's only file, or the main one of its folder.
fn is_detector(name: &str) -> bool {
    let path = name.strip_prefix("core/src/detect/").unwrap_or_default();
    !["corpus.rs", "mod.rs"].contains(&path)
        && (!path.contains('/') || path.ends_with("/mod.rs"))
        && !path.is_empty()
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs")
        || name == "core/src/detect/corpus.rs"
        || name.starts_with("tests/")
        || name.contains("/tests/")
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let bad = sources().into_iter().filter(|(_, text)| {
        let first = text.lines().next().unwrap_or_default();
        let words = first.strip_prefix("//! ").unwrap_or_default();
        words.split_whitespace().count() < 3
    });
    nothing(&bad.map(|(name, _)| name).collect::<Vec<_>>());
}

#[test]
fn files_and_functions_are_short() {
    let mut found = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| !is_test_file(name)) {
        let text = without_tests(text);
        let n_lines = text.lines().count();
        if n_lines > MAX_FILE {
            found.push(format!("{name} has {n_lines} lines; the limit is {MAX_FILE}"));
        }
        if is_detector(name) && n_lines > MAX_DETECTOR {
            found.push(format!("{name} has {n_lines} lines; a detector has {MAX_DETECTOR}"));
        }
        found.extend(long_functions(name, text));
    }
    nothing(&found);
}

/// Functions with more lines than they may have. The formatter closes a function in the column in
/// which it began.
fn long_functions(name: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let head = body.split('(').next().unwrap_or_default();
        // `fn` and a name: not the type of a function.
        let is_function = head.split_whitespace().rev().nth(1) == Some("fn") || {
            let generic = head.split('<').next().unwrap_or_default();
            generic.split_whitespace().rev().nth(1) == Some("fn")
        };
        if !is_function || body.starts_with("//") || body.ends_with(';') {
            continue;
        }
        let indent = " ".repeat(line.len() - body.len());
        let end = format!("{indent}}}");
        let n = lines.iter().skip(start).take_while(|l| **l != end).count() + 1;
        if n > MAX_FUNCTION && !body.ends_with('}') {
            found.push(format!("{name}:{}: {n} lines; the limit is {MAX_FUNCTION}", start + 1));
        }
    }
    found
}

/// What a folder's files may not name: nothing above the event line knows what is below it, and
/// the other way round.
const LAYERS: [(&str, &[&str]); 6] = [
    ("core/src/detect/", &["net", "proto", "source", "session", "records"]),
    ("core/src/event/", &["detect", "net", "proto", "records", "report", "session", "source"]),
    ("core/src/net/", &["detect", "records", "session"]),
    ("core/src/proto/", &["detect", "records", "session"]),
    ("core/src/records/", &["detect", "net", "proto", "session"]),
    ("core/src/source/", &["detect", "records", "session"]),
];

#[test]
fn layers_do_not_know_each_other() {
    let mut found = Vec::new();
    for (name, text) in sources() {
        for (folder, forbidden) in LAYERS {
            if !name.starts_with(folder) || is_test_file(&name) {
                continue;
            }
            for (i, line) in without_tests(&text).lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let names = |module: &&&str| {
                    let module = **module;
                    code.contains(&format!("crate::{module}::"))
                        || code.contains(&format!("crate::{module};"))
                };
                found.extend(
                    forbidden
                        .iter()
                        .filter(names)
                        .map(|module| format!("{name}:{}: names {module}", i + 1)),
                );
            }
        }
    }
    nothing(&found);
}

#[test]
fn tables_are_in_alphabetical_order_without_repetition() {
    assert!(FORMATS.is_sorted_by(|a, b| a.name < b.name));
    assert!(KINDS.is_sorted_by(|a, b| a.path() < b.path()));
    assert!(PROTOCOLS.is_sorted_by(|a, b| a.name <= b.name));
    assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
}

/// Words that a finished repository does not hold: places on one machine, work left over. Each is
/// put together here so that this file does not hold it either.
const FORBIDDEN: [&str; 7] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tmp", "/bash"),
    concat!("/ TO", "DO"),
    concat!("/ FIX", "ME"),
    concat!("cla", "ude"),
    concat!("anthro", "pic"),
];

#[test]
fn nothing_names_a_machine_or_work_left_over() {
    let mut found = Vec::new();
    for name in files().unwrap() {
        // Evidence is what it is, and lock files are not written by hand.
        if name.starts_with("tests/cases/")
            || name.contains("lock")
            || name.starts_with("core/data/")
        {
            continue;
        }
        let text = fs::read(root().join(&name)).unwrap();
        let text = String::from_utf8_lossy(&text);
        for (i, line) in text.lines().enumerate() {
            let words = FORBIDDEN.iter().filter(|w| line.contains(**w));
            found.extend(words.map(|w| format!("{name}:{}: {w}", i + 1)));
        }
    }
    nothing(&found);
}

/// README's tables are written from the core's own; `UPDATE_EXPECT=1` writes them anew.
#[test]
fn readme_lists_the_formats_and_rules_that_there_are() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let with_formats = between(&readme, "formats", &formats());
    let current = between(&with_formats, "rules", &rules());
    expect(&path, &current).unwrap();
}

fn formats() -> String {
    let mut table = "| Format | Gives |\n|---|---|\n".to_owned();
    for format in FORMATS {
        let kinds: Vec<String> = format.emits.iter().map(|k| format!("`{}`", k.path())).collect();
        let gives = match format.name {
            "tls-key-log" => "what TLS sessions of captures hold".to_owned(),
            "mmdb" | "networks-csv" => "terms of findings: whose networks".to_owned(),
            _ if kinds.is_empty() => "what is inside".to_owned(),
            _ => kinds.join(" "),
        };
        table += &format!("| {} | {gives} |\n", format.title);
    }
    table
}

fn rules() -> String {
    let mut table = "| Rule | What it looks for | Reads |\n|---|---|---|\n".to_owned();
    for rule in RULES {
        let kinds: Vec<String> = rule.reads.iter().map(|k| format!("`{}`", k.path())).collect();
        let about = rule.about.split_whitespace().collect::<Vec<_>>().join(" ");
        table += &format!("| {} | {about} | {} |\n", rule.title, kinds.join(" "));
    }
    table
}

/// `text` with what stands between a pair of marks replaced.
fn between(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let (head, rest) = text.split_once(&begin).unwrap();
    let (_, tail) = rest.split_once(&end).unwrap();
    format!("{head}{begin}{table}{end}{tail}")
}

/// `tests/scope.tsv` says of each thing an issue asks for which case or test shows it, or why it is
/// not done. What it names must exist.
#[test]
fn scope_names_cases_and_tests_that_exist() {
    let scope = fs::read_to_string(root().join("tests/scope.tsv")).unwrap();
    let mut lines = scope.lines();
    assert_eq!(lines.next(), Some("issue\titem\tnoun\tshown by"));
    let mut found = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let shown = match cells.as_slice() {
            [issue, item, noun, by] if issue.parse::<u32>().is_ok() => {
                !item.is_empty() && !noun.is_empty() && is_shown(by)
            }
            _ => false,
        };
        if !shown {
            found.push(line.to_owned());
        }
    }
    nothing(&found);
}

/// True when the case or test is there, or a reason is given.
fn is_shown(by: &str) -> bool {
    if let Some(why) = by.strip_prefix("not done: ") {
        return why.split_whitespace().count() >= 3;
    }
    if let Some(case) = by.strip_prefix("case ") {
        return root().join("tests/cases").join(case).join("expect.txt").is_file();
    }
    let Some((file, name)) = by.strip_prefix("test ").and_then(|t| t.split_once("::")) else {
        return false;
    };
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    // Browser tests are named by the beginning of their sentence.
    text.contains(&format!("fn {name}("))
        || ["\"", "`"].iter().any(|q| text.contains(&format!("test({q}{name}")))
}
