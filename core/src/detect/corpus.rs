//! Whole files through a session: the verdicts of the samples and of the corpus, hits and look-alikes.
//!
//! The files lie beside the repository (`../shared`, or where `OFFWIRE_CORPUS` says) and are not
//! part of it; without them the test says so and checks nothing.

#![expect(clippy::print_stdout, reason = "a test that skips says so")]

use crate::report::{Report, Severity};
use crate::session::{FileMeta, Session};
use crate::settings::Settings;
use std::path::PathBuf;

/// File, and what must be found at `Low` or above: starts of titles. No title: it must stay quiet.
const VERDICTS: &[(&str, &[&str])] = &[
    (
        "detect-accounts/lab_accounts_ftp_brute.pcap",
        &["Password guessing: 16 failed logins of 10.40.7.21 for webadmin, then success"],
    ),
    (
        "detect-accounts/lab_accounts_http_basic.pcap",
        &["Password guessing: 40 failed logins of 10.40.8.21 for svc, then success"],
    ),
    ("detect-fastflux/synth__fastflux_day.pcap", FLUX_DAY),
    ("detect-fastflux/synth__fastflux_day.zeek.dns.json.log.gz", FLUX_DAY),
    ("detect-fastflux/synth__fastflux_day.zeek.dns.log", FLUX_DAY),
    ("detect-scan/lab_scan_benign.pcap", &[]),
    ("detect-scan/lab_scan_syn.pcap", &["Port scan: 10.40.5.21 asked 1000 ports of 10.40.5.5"]),
    ("detect-scan/lab_scan_udp.pcap", &["Port scan: 10.40.5.21 asked 70 ports of 10.40.5.5"]),
    ("detect-scan/lab_scan_xmas.pcap", &["Port scan: 10.40.5.21 asked 200 ports of 10.40.5.5"]),
    (
        "detect-scan/simplescan__445_scan.pcap",
        &["Port scan: 176.192.150.3 asked port 445/tcp of 9 hosts"],
    ),
    (
        "detect-scan/simplescan__port_scan.pcap",
        &["Port scan: 192.168.2.154 asked 10 ports of 192.168.2.22"],
    ),
    (
        "detect-webrecon/csec_apache-http-probing_apache-http-probing.log",
        &["Web reconnaissance: 172.17.0.1 asked for 67 missing paths"],
    ),
    ("detect-webrecon/csec_http-bf-wordpress-bf_http-bf-wordpress-bf.log", &[]),
    ("detect-webrecon/csec_nginx-bad-user-agent_nginx-bad-user-agent.log", &[]),
    (
        "detect-webrecon/csec_nginx-http-path-traversal_nginx-http-path-traversal.log",
        &["Web reconnaissance: 127.0.0.1"],
    ),
    (
        "detect-webrecon/csec_nginx-http-sqli-probing_nginx-http-sqli-probing.log",
        &["Web reconnaissance: 127.0.0.1"],
    ),
    ("detect-webrecon/lab_http_recon_lab_access.log", &["Web reconnaissance: 10.40.3.66"]),
    (
        "ftp/zeek__ftp_bruteforce.pcap",
        &["Password guessing: 30 failed logins of 192.168.56.1 for bro"],
    ),
    ("iisftp/synth__u_ex250913.log", &[]),
    (
        "iisftp/synth__u_ex250914.log",
        &["Password guessing: 60 failed logins of 45.160.146.84 for administrator"],
    ),
    (
        "iisftp/synth__u_ex250915.log",
        &["Password guessing: 25 failed logins of 185.46.97.89 for logistics01, then success"],
    ),
    (
        "iisftp/synth__u_ex250916.log",
        &["Password guessing: 15 failed logins of 146.9.94.176 for 15 accounts"],
    ),
    ("iisftp/synth__u_ex250917.log", &["Account edi_partner from 7 addresses"]),
    ("realworld/apt29_day2_SCRANTON.pcap", &[]),
    ("weblogs/csec_apache2-logs_apache2-logs.log", &[]),
    ("weblogs/lab_http_lab_access.log", &[]),
    ("weblogs/plaso_apache_access.log", &[]),
    (
        "../mission/samples/access.log",
        &["Web reconnaissance: 123.150.207.231 asked for 16 missing paths"],
    ),
    (
        "../mission/samples/dns.log",
        &["Fast flux pattern: c2.evil.org, 3 addresses in 3 unrelated networks"],
    ),
    (
        "../mission/samples/ftp-iis-syslog.log",
        &["Account FTP01\\hawkeye from 2 addresses: RETR archive.7z refused, then done"],
    ),
    ("../mission/samples/known_services.log", &[]),
    (
        "../mission/samples/nfdump-line.txt",
        &["Port scan: 123.150.207.231 asked 11 ports of 98.252.16.36"],
    ),
    ("../mission/samples/x509.json", &[]),
];

const FLUX_DAY: &[&str] = &[
    "Fast flux pattern: www.giropenico-gamufi14.invalid",
    "Fast flux pattern: www.rotedu-gumolili5.test",
    "Fast flux pattern: www.tudepalude-reradorace85.invalid",
];

fn corpus() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let dir = std::env::var_os("OFFWIRE_CORPUS").map_or(beside, PathBuf::from);
    dir.is_dir().then_some(dir)
}

/// True when the readers of this build know nfdump's text: the flow sample waits for them.
fn reads_nfdump() -> bool {
    crate::source::FORMATS.iter().any(|f| f.name.contains("nfdump"))
}

fn report(files: &[PathBuf]) -> Report {
    let mut session = Session::new(Settings::default());
    for path in files {
        let bytes = std::fs::read(path).unwrap();
        let node =
            session.open(FileMeta { name: path.display().to_string(), ..FileMeta::default() });
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let n = session.feed(node, rest);
            rest = &rest[n..];
        }
        session.close(node);
    }
    session.report()
}

#[test]
fn files_get_their_verdicts() {
    let Some(dir) = corpus() else {
        println!("SKIPPED {} verdicts: no corpus", VERDICTS.len());
        return;
    };
    let mut wrong = Vec::new();
    for (file, want) in VERDICTS {
        if file.contains("nfdump") && !reads_nfdump() {
            println!("SKIPPED {file}: no reader");
            continue;
        }
        let report = report(&[dir.join(file)]);
        let mut got: Vec<&str> = report
            .findings
            .iter()
            .filter(|f| f.severity > Severity::Info)
            .map(|f| f.title.as_str())
            .collect();
        got.sort_unstable();
        report.findings.iter().for_each(super::lint::check);
        if got.len() != want.len() || !got.iter().zip(*want).all(|(g, w)| g.starts_with(w)) {
            wrong.push(format!("{file}\n  want {want:?}\n  got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_samples_together_make_one_actor() {
    let Some(dir) = corpus().filter(|_| reads_nfdump()) else {
        println!("SKIPPED the samples together: no corpus or no reader of flows");
        return;
    };
    let names = [
        "access.log",
        "dns.log",
        "ftp-iis-syslog.log",
        "known_services.log",
        "nfdump-line.txt",
        "x509.json",
    ];
    let files: Vec<PathBuf> =
        names.iter().map(|n| dir.join("../mission/samples").join(n)).collect();
    let report = report(&files);
    let actors: Vec<(&str, usize)> =
        report.actors.iter().map(|a| (a.value.as_str(), a.n_sources)).collect();
    assert_eq!(actors, [("123.150.207.231", 2)]);
    let caveats = report.actors[0].caveats.join(" ");
    assert!(
        caveats.contains("name no zone") && caveats.contains("same target is not shown"),
        "{caveats}"
    );
}
