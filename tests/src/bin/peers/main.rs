//! Compares our records with those of Zeek for every capture of the corpus that has its logs, with
//! what Suricata's tests expect of EVE, which our own reader of EVE reads, and with the JA3, JA3S,
//! server names and certificates that TShark found.
//!
//! `peers [-v] [LOG] [PART-OF-A-PATH]`: prints, per log and field, how many values agree, and lists
//! each difference that neither a rule (`meaning.rs`, for any capture) nor a row of
//! `tests/peers-explained.tsv` explains. An explained difference never counts as equal. *Apart* is
//! what cannot be compared: the peer's own test makes it say something else, as its row tells. Ends
//! with status 1 when an explanation is out of date.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is text")]

mod compare;
mod eve;
mod explained;
mod meaning;
mod ours;
mod tshark;
mod zeek_log;

use compare::{Difference, Tally};
use explained::Explained;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The logs that are compared, and the fields that tell their rows apart.
const LOGS: &[(&str, &[&str])] = &[
    ("conn", &[]),
    ("dhcp", &["mac"]),
    ("dns", &["trans_id", "query", "qtype"]),
    ("ftp", &["command", "arg"]),
    ("http", &["trans_depth"]),
    ("kerberos", &["request_type", "service"]),
    ("ldap", &["message_id"]),
    ("ldap_search", &["message_id"]),
    ("mysql", &["cmd", "arg"]),
    ("ntlm", &["username"]),
    ("ntp", &["mode", "xmt_time"]),
    ("postgresql", &["frontend", "frontend_arg"]),
    ("radius", &[]),
    ("rdp", &[]),
    ("sip", &["method", "seq", "status_code"]),
    ("smtp", &["trans_depth"]),
    ("snmp", &[]),
    ("socks", &[]),
    ("ssh", &[]),
    ("ssl", &[]),
    ("syslog", &["message"]),
    ("x509", &["fingerprint"]),
];

/// Kinds, and what their tables are called.
type Logs = &'static [(&'static str, &'static str)];

/// Reads the records that a file expects.
type Expected = fn(&Path) -> Vec<(&'static str, zeek_log::Row)>;

/// The kinds that are compared with EVE, and what their tables are called.
const EVE_LOGS: Logs = &[
    ("conn", "eve-conn"),
    ("dhcp", "eve-dhcp"),
    ("dns", "eve-dns"),
    ("ftp", "eve-ftp"),
    ("http", "eve-http"),
    ("kerberos", "eve-kerberos"),
    ("ntlm", "eve-ntlm"),
    ("rdp", "eve-rdp"),
    ("sip", "eve-sip"),
    ("smtp", "eve-smtp"),
    ("snmp", "eve-snmp"),
    ("ssh", "eve-ssh"),
    ("ssl", "eve-ssl"),
    ("x509", "eve-x509"),
];

/// The same for TShark's tables.
const TSHARK_LOGS: Logs = &[("ssl", "tshark-ssl"), ("x509", "tshark-x509")];

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let is_verbose = args.iter().any(|a| a == "-v");
    let mut words = args.iter().filter(|a| *a != "-v");
    let first = words.next().map(String::as_str);
    let is_log = |w: &&str| {
        let partial = EVE_LOGS.iter().chain(TSHARK_LOGS);
        LOGS.iter().any(|(name, _)| name == w) || partial.map(|(_, name)| name).any(|n| n == w)
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
    let mut explained = Explained::load(include_str!("../../../peers-explained.tsv"));
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for test in zeek_log::find(&corpus) {
        if part.is_some_and(|p| !test.display().to_string().contains(p)) {
            continue;
        }
        compare_test(&corpus, &test, log, &mut explained, &mut tallies, is_verbose);
    }
    let both: [(Logs, Vec<_>, Expected); 2] = [
        (EVE_LOGS, eve::find(&corpus), eve::expected),
        (TSHARK_LOGS, tshark::find(&corpus), tshark::expected),
    ];
    for (logs, tests, expected) in both {
        for (file, capture) in tests {
            if part.is_none_or(|p| file.display().to_string().contains(p)) {
                let test = Test { corpus: &corpus, file: &file, capture: &capture, logs };
                test.compare(expected(&file), log, &mut explained, &mut tallies, is_verbose);
            }
        }
    }
    for (name, tally) in &tallies {
        println!("\n{name}\n{tally}");
    }
    let stale = if part.is_none() && log.is_none() { explained.stale() } else { Vec::new() };
    for row in &stale {
        println!("explanation out of date: {row}");
    }
    std::process::ExitCode::from(u8::from(!stale.is_empty()))
}

/// Compares the logs of one test of Zeek's with what we make of its capture.
fn compare_test(
    corpus: &Path,
    test: &Path,
    only: Option<&str>,
    explained: &mut Explained,
    tallies: &mut BTreeMap<&str, Tally>,
    is_verbose: bool,
) {
    let shown = test.strip_prefix(corpus).unwrap_or(test).display().to_string();
    let Some((capture, _)) = shown.split_once(".expected/") else { return };
    let mut events = None;
    for &(log, keys) in LOGS {
        if only.is_some_and(|o| o != log) {
            continue;
        }
        for path in zeek_log::files(test, log, capture) {
            let theirs = zeek_log::read(&path);
            if theirs.is_empty() {
                continue;
            }
            let events = events.get_or_insert_with(|| ours::read(&corpus.join(capture)));
            let is_logged = |e: &&ours::Record| log != "ftp" || has_command(&theirs, e);
            let ours: Vec<_> = events.iter().filter(|e| e.kind == log).filter(is_logged).collect();
            let parents = zeek_log::connections(test);
            let tally = tallies.entry(log).or_default();
            for difference in compare::logs(&theirs, &ours, keys, &parents, tally) {
                tell(&shown, log, &difference, explained, tally, is_verbose);
            }
        }
    }
}

/// True when Zeek's log of FTP has rows of that command: it logs a choice of them, we all.
fn has_command(theirs: &[zeek_log::Row], ours: &ours::Record) -> bool {
    let command = ours.fields.get("command").map(String::as_str);
    theirs.iter().any(|row| row.get("command").and_then(Option::as_deref) == command)
}

/// A file that expects some fields of some records of a capture.
struct Test<'a> {
    corpus: &'a Path,
    file: &'a Path,
    capture: &'a Path,
    logs: Logs,
}

impl Test<'_> {
    /// Compares what is expected with what we make of the capture.
    fn compare(
        &self,
        expected: Vec<(&'static str, zeek_log::Row)>,
        only: Option<&str>,
        explained: &mut Explained,
        tallies: &mut BTreeMap<&str, Tally>,
        is_verbose: bool,
    ) {
        let test = self.file.parent().unwrap_or(self.file);
        let shown = test.strip_prefix(self.corpus).unwrap_or(test).display().to_string();
        let mut events = None;
        for (kind, row) in expected {
            let Some((kind, log)) = self.logs.iter().find(|(k, _)| *k == kind) else { continue };
            if only.is_some_and(|o| o != *log && o != *kind) {
                continue;
            }
            let events = events.get_or_insert_with(|| ours::read(self.capture));
            let ours: Vec<_> = events.iter().filter(|e| e.kind == *kind).collect();
            let tally = tallies.entry(log).or_default();
            for difference in compare::part(&row, &ours, tally) {
                tell(&shown, log, &difference, explained, tally, is_verbose);
            }
        }
    }
}

fn tell(
    test: &str,
    log: &str,
    difference: &Difference,
    explained: &mut Explained,
    tally: &mut Tally,
    is_verbose: bool,
) {
    let by_rule = difference.cause.map(|(known, cause)| (known, cause.to_owned()));
    let cause = explained.cause(test, log, difference).or(by_rule);
    if let Some((known, _)) = &cause {
        tally.explain(difference, *known);
    }
    if cause.is_none() || is_verbose {
        let cause = cause.map(|(_, c)| format!("  ({c})")).unwrap_or_default();
        println!("{test} {log} {difference}{cause}");
    }
}
