//! What may be inside the page, and how the source is written: licences, formatting, lints, types.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_tests::repo::{files, root, skip};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn cargo(args: &[&str]) -> Output {
    Command::new(env!("CARGO")).args(args).current_dir(root()).output().unwrap()
}

/// The licences that `scripts/licences.mjs` allows: one list for what is built and what is tested.
fn allowed() -> BTreeSet<String> {
    let script = read("scripts/licences.mjs");
    let (_, list) = script.split_once("const ALLOWED = new Set([").unwrap();
    let (list, _) = list.split_once("]);").unwrap();
    let names = list.split(',').map(|name| name.trim().trim_matches('"').to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// True when one choice of a licence expression is made of allowed licences alone.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(|l| allowed.contains(l.trim())))
}

/// Crates that the linker sees, each with its licence, as `name version: licence`.
fn crates(args: &[&str]) -> BTreeSet<(String, String)> {
    let edges = ["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"];
    let out = cargo(&[&edges, args, &["--format", "{p};{l};"]].concat());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let row = |line: &str| {
        let mut cells = line.split(';').map(str::to_owned);
        Some((cells.next()?, cells.next()?))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn what_is_inside_has_an_allowed_licence() {
    let allowed = allowed();
    let page = crates(&["-p", "offwire-wasm", "--target", "wasm32-unknown-unknown"]);
    let command = crates(&["-p", "offwire"]);
    for inside in [&page, &command] {
        assert!(inside.iter().any(|c| c.0.starts_with("flate2 ")), "the list is read: {inside:?}");
    }
    let refused: Vec<_> =
        page.union(&command).filter(|(_, licence)| !is_allowed(licence, &allowed)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    // The page's own packages: those that its lock file does not mark as tools.
    let lock: Value = serde_json::from_str(&read("www/package-lock.json")).unwrap();
    let mut n_inside = 0;
    for (path, package) in lock["packages"].as_object().unwrap() {
        let is_tool = package["dev"] == true || package["devOptional"] == true;
        if !path.is_empty() && !is_tool {
            n_inside += 1;
            let licence = package["license"].as_str().unwrap_or_default();
            assert!(is_allowed(licence, &allowed), "{path}: {licence}");
        }
    }
    assert!(n_inside > 0, "the lock file is read");
}

#[test]
fn a_licence_that_binds_the_whole_is_refused() {
    let allowed = allowed();
    for ok in ["MIT", "MIT/Apache-2.0", "(MIT OR GPL-2.0-only)", "Apache-2.0 AND BSD-3-Clause"] {
        assert!(is_allowed(ok, &allowed), "{ok}");
    }
    for no in ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "AGPL-3.0", "LGPL-2.1", "MPL-2.0"] {
        assert!(!is_allowed(no, &allowed), "{no}");
    }
}

#[test]
fn the_source_is_formatted() {
    if !cargo(&["fmt", "--version"]).status.success() {
        return skip("the_source_is_formatted", "no rustfmt; rust-toolchain.toml names it");
    }
    let out = cargo(&["fmt", "--all", "--check", "--", "--color=never"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}

/// Lints that hostile input and confidential evidence ask for: none may be taken from the workspace.
const LINTS: [&str; 10] = [
    "expect_used",
    "indexing_slicing",
    "missing_docs",
    "panic",
    "print_stderr",
    "print_stdout",
    "todo",
    "unreachable",
    "unsafe_code",
    "unwrap_used",
];

#[test]
fn every_crate_is_held_to_the_workspace_s_lints() {
    let workspace = read("Cargo.toml");
    for lint in LINTS {
        let is_on = |line: &str| {
            let value = line.strip_prefix(lint).and_then(|rest| rest.strip_prefix(" = "));
            value.is_some_and(|level| matches!(level, "\"warn\"" | "\"deny\"" | "\"forbid\""))
        };
        assert!(workspace.lines().any(is_on), "Cargo.toml: {lint}");
    }
    let crates: Vec<_> =
        files().unwrap().into_iter().filter(|f| f.ends_with("/Cargo.toml")).collect();
    assert!(crates.len() >= 4, "the list is read: {crates:?}");
    for name in crates {
        assert!(read(&name).contains("\n[lints]\nworkspace = true\n"), "{name}");
    }
}

#[test]
fn x_check_runs_every_tool_and_stops_at_the_first_that_fails() {
    let x = read("x");
    assert!(x.lines().any(|line| line == "set -euo pipefail"));
    let (_, check) = x.split_once("\ncheck() {\n").unwrap();
    let (check, _) = check.split_once("\n}\n").unwrap();
    let commands: Vec<&str> = check.lines().map(str::trim).collect();
    for (begin, end) in [
        ("cargo fmt --all --check", ""),
        ("cargo clippy ", "--exclude offwire-wasm --all-targets -- -D warnings"),
        ("cargo clippy ", "-p offwire-wasm --target \"$WASM_TARGET\" --all-targets -- -D warnings"),
        ("tsc -p www/tsconfig.page.json", ""),
        ("tsc -p www/tsconfig.worker.json", ""),
        ("biome ci ", "--error-on-warnings ."),
        ("node scripts/licences.mjs", ""),
    ] {
        let is_run = |c: &&str| c.starts_with(begin) && c.ends_with(end) && !c.contains("||");
        assert!(commands.iter().any(is_run), "./x check does not run {begin}… {end}");
    }
    let types: Value = serde_json::from_str(&read("www/tsconfig.json")).unwrap();
    for option in ["strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes"] {
        assert_eq!(types["compilerOptions"][option], true, "www/tsconfig.json: {option}");
    }
}
