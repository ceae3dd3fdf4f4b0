//! Compares our records with those of others for every capture of the corpus: Zeek's logs, what
//! Suricata's tests expect of EVE, which our own reader of EVE reads, TShark's tables, Arkime's
//! sessions, nDPI's flows and FoxIO's fingerprints.
//!
//! `peers [-v] [LOG] [PART-OF-A-PATH]`: prints, per log and field, how many values agree, and lists
//! each difference that neither a rule (`meaning.rs`, for any capture) nor a row of
//! `tests/peers-explained.tsv` explains. An explained difference never counts as equal. *Apart* is
//! what cannot be compared: the peer's own test makes it say something else, as its row tells. Ends
//! with status 1 when an explanation is out of date, or an aim (`aims.rs`) is missed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is text")]

mod aims;
mod arkime;
mod compare;
mod derived;
mod ends;
mod eve;
mod explained;
mod folders;
mod foxio;
mod index;
mod meaning;
mod ndpi;
mod ours;
mod sources;
mod tshark;
mod zeek_log;

use compare::{Difference, Tally};
use explained::Explained;
use index::Index;
use ours::Record;
use sources::{SOURCES, Source, ZEEK};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let is_verbose = args.iter().any(|a| a == "-v");
    let mut words = args.iter().filter(|a| *a != "-v");
    let first = words.next().map(String::as_str);
    let is_log = |word: &&str| {
        let others = SOURCES.iter().flat_map(|source| source.logs).map(|(_, name)| name);
        ZEEK.iter().map(|(name, _)| name).chain(others).any(|name| name == word)
    };
    let log = first.filter(is_log);
    let part = if log.is_some() { words.next().map(String::as_str) } else { first };
    let corpus = std::env::var_os("OFFWIRE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    );
    if !corpus.is_dir() {
        eprintln!("peers: no corpus at {} (set OFFWIRE_CORPUS)", corpus.display());
        return std::process::ExitCode::from(2);
    }
    let mut run = Run {
        explained: Explained::load(include_str!("../../../peers-explained.tsv")),
        tallies: BTreeMap::new(),
        only: log,
        is_verbose,
    };
    for (folder, capture) in folders::expected(&corpus) {
        if part.is_none_or(|p| folder.display().to_string().contains(p)) {
            let mut test = Test { corpus: &corpus, folder: &folder, records: Lazy::new(&capture) };
            run.zeek(&mut test);
            for source in SOURCES {
                run.source(source, &mut test);
            }
        }
    }
    for (name, tally) in &run.tallies {
        println!("\n{name}\n{tally}");
    }
    let mut wrong = Vec::new();
    if part.is_none() && log.is_none() {
        let stale = run.explained.stale();
        wrong.extend(stale.iter().map(|row| format!("explanation out of date: {row}")));
        wrong.extend(aims::missed(&run.tallies).iter().map(|aim| format!("missed: {aim}")));
    }
    wrong.iter().for_each(|line| println!("{line}"));
    std::process::ExitCode::from(u8::from(!wrong.is_empty()))
}

/// What is expected of one capture.
struct Test<'a> {
    corpus: &'a Path,
    folder: &'a Path,
    records: Lazy<'a>,
}

impl Test<'_> {
    /// A path of the corpus as it is shown.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.corpus).unwrap_or(path).display().to_string()
    }
}

/// The records of a capture, read when something asks for them.
struct Lazy<'a> {
    capture: &'a Path,
    records: Option<Vec<Record>>,
}

impl<'a> Lazy<'a> {
    fn new(capture: &'a Path) -> Self {
        Self { capture, records: None }
    }

    fn get(&mut self) -> &[Record] {
        self.records.get_or_insert_with(|| {
            let mut records = ours::read(self.capture);
            let derived = derived::flows(&records);
            records.push(derived::services(&records));
            records.extend(derived);
            records
        })
    }
}

/// One run of the program.
struct Run<'a> {
    explained: Explained,
    tallies: BTreeMap<&'static str, Tally>,
    only: Option<&'a str>,
    is_verbose: bool,
}

impl Run<'_> {
    /// Compares Zeek's logs of a capture with what we make of it.
    fn zeek(&mut self, test: &mut Test<'_>) {
        for folder in zeek_log::folders(test.folder) {
            let shown = test.shown(&folder);
            let Some((capture, _)) = shown.split_once(".expected/") else { continue };
            for &(log, keys) in ZEEK {
                if self.only.is_some_and(|o| o != log) {
                    continue;
                }
                for path in zeek_log::files(&folder, log, capture) {
                    let theirs = zeek_log::read(&path);
                    if theirs.is_empty() {
                        continue;
                    }
                    let is_logged = |e: &&Record| log != "ftp" || has_command(&theirs, e);
                    let records = test.records.get().iter();
                    let ours: Vec<_> =
                        records.filter(|e| e.kind == log).filter(is_logged).collect();
                    let parents = zeek_log::connections(&folder);
                    let tally = self.tallies.entry(log).or_default();
                    let differences = compare::logs(&theirs, &ours, keys, &parents, tally);
                    self.tell(&shown, log, &differences);
                }
            }
        }
    }

    /// Compares what a file expects with what we make of its capture.
    fn source(&mut self, source: &Source, test: &mut Test<'_>) {
        for file in (source.files)(test.folder) {
            let expected = (source.expected)(&file);
            let shown = test.shown(file.parent().unwrap_or(&file));
            for &(kind, log) in source.logs {
                let rows = expected.iter().filter(|(k, _)| *k == kind).map(|(_, row)| row);
                let rows: Vec<_> = rows.collect();
                if rows.is_empty() || self.only.is_some_and(|o| o != log) {
                    continue;
                }
                let index = Index::new(kind, test.records.get());
                for row in rows {
                    let tally = self.tallies.entry(log).or_default();
                    let differences = compare::part(source.peer, row, &index, tally);
                    self.tell(&shown, log, &differences);
                }
            }
        }
    }

    /// Counts and shows what differs.
    fn tell(&mut self, test: &str, log: &'static str, differences: &[Difference]) {
        let tally = self.tallies.entry(log).or_default();
        for difference in differences {
            let by_rule = difference.cause.map(|(known, cause)| (known, cause.to_owned()));
            let cause = self.explained.cause(test, log, difference).or(by_rule);
            if let Some((known, _)) = &cause {
                tally.explain(difference, *known);
            }
            if cause.is_none() || self.is_verbose {
                let cause = cause.map(|(_, c)| format!("  ({c})")).unwrap_or_default();
                println!("{test} {log} {difference}{cause}");
            }
        }
    }
}

/// True when Zeek's log of FTP has rows of that command: it logs a choice of them, we all.
fn has_command(theirs: &[zeek_log::Row], ours: &Record) -> bool {
    let command = ours.fields.get("command").map(String::as_str);
    theirs.iter().any(|row| row.get("command").and_then(Option::as_deref) == command)
}
