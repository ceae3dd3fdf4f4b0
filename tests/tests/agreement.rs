//! One traffic in several forms of evidence gives the same findings: a capture, its logs of Zeek,
//! its EVE log. What a form cannot show is named here, by rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use offwire_core::event::{KINDS, Kind};
use offwire_core::records::{ExportFormat, RowQuery};
use offwire_core::session::Session;
use offwire_tests::cases::{evidence, load};
use offwire_tests::read::{How, Input, Reading, read};
use offwire_tests::repo::corpus_or_skip;
use std::collections::BTreeSet;
use std::path::Path;

/// Kinds that Zeek has no log of.
const NOT_ZEEKS: [Kind; 3] = [Kind::Arp, Kind::Login, Kind::Netflow];

/// Findings that rest on rows of a kind that Zeek has no log of.
const OF_OTHER_KINDS: &[(&str, Kind)] = &[
    ("arp-sweep", Kind::Arp),
    ("password-guessing", Kind::Login),
    ("plaintext-credentials", Kind::Login),
    ("port-scan", Kind::Netflow),
];

/// Rules that find more without the errors that ICMP sends, which are in no log of Zeek's: what was
/// answered and refused looks like a service.
const MORE_WITHOUT_ICMP: &[&str] = &["service-inventory"];

/// What is found: the rule, and the identity of the cause within it.
fn found(session: &Session) -> BTreeSet<(&'static str, String)> {
    session.report().findings.into_iter().map(|f| (f.rule, f.key)).collect()
}

/// Every log that Zeek has, as the session would write it.
fn logs(session: &Session) -> Vec<Input> {
    let records = session.records();
    let kinds = KINDS.iter().filter(|k| !NOT_ZEEKS.contains(k) && records.kept(**k) > 0);
    let log = |kind: &Kind| {
        let mut export = records.export(&RowQuery::all(*kind), ExportFormat::ZeekTsv).unwrap();
        let mut bytes = Vec::new();
        while let Some(block) = export.next_block(records) {
            bytes.extend(block);
        }
        Input { name: format!("{}.log", kind.path()), bytes }
    };
    kinds.map(log).collect()
}

/// What one has and the other lacks, without what the first form alone can show.
fn lacking(
    name: &str,
    have: &BTreeSet<(&'static str, String)>,
    other: &BTreeSet<(&'static str, String)>,
    blind: &[&str],
) -> Vec<String> {
    let lack = have.difference(other).filter(|(rule, _)| !blind.contains(rule));
    lack.map(|(rule, key)| format!("{name}: {rule} {key}")).collect()
}

#[test]
fn logs_of_a_capture_give_its_findings() {
    let (mut n, mut wrong) = (0, Vec::new());
    for (name, inputs) in evidence("logs_of_a_capture_give_its_findings").unwrap() {
        let _reading = Reading(&name);
        let session = read(&inputs, &How::default());
        let want = found(&session);
        if want.is_empty() {
            continue;
        }
        let got = found(&read(&logs(&session), &How::default()));
        n += want.len();
        let has = |kind: &Kind| session.records().kept(*kind) > 0;
        let blind = OF_OTHER_KINDS.iter().filter(|(_, kind)| has(kind)).map(|(rule, _)| *rule);
        let blind: Vec<_> = blind.collect();
        wrong.extend(lacking(&format!("logs lack {name}"), &want, &got, &blind));
        wrong.extend(lacking(&format!("logs add {name}"), &got, &want, MORE_WITHOUT_ICMP));
    }
    assert!(n > 0, "no case has findings");
    assert!(wrong.is_empty(), "{} of {n} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_day_of_look_ups_is_the_same_in_four_forms() {
    let Some(corpus) = corpus_or_skip("a_day_of_look_ups_is_the_same_in_four_forms") else {
        return;
    };
    let of = |file: &str| {
        let path = corpus.join("detect-fastflux").join(format!("synth__fastflux_day.{file}"));
        let rule = "fast-flux";
        let all = found(&read(&[load(&path).unwrap()], &How::default()));
        all.into_iter().filter(|(r, _)| *r == rule).collect::<BTreeSet<_>>()
    };
    let capture = of("pcap");
    assert!(!capture.is_empty());
    for form in ["zeek.dns.log", "zeek.dns.json.log.gz", "eve.json.gz"] {
        assert_eq!(of(form), capture, "{form}");
    }
}

#[test]
fn zeeks_own_logs_of_a_capture_give_its_findings() {
    let Some(corpus) = corpus_or_skip("zeeks_own_logs_of_a_capture_give_its_findings") else {
        return;
    };
    let capture = corpus.join("realworld/apt29_day2_SCRANTON.pcap");
    let folder = corpus.join("realworld/apt29_day2_SCRANTON.pcap.expected/zeek");
    let load_all = |folder: &Path| {
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files.iter().map(|p| load(p).unwrap()).collect::<Vec<_>>()
    };
    let want = found(&read(&[load(&capture).unwrap()], &How::default()));
    let got = found(&read(&load_all(&folder), &How::default()));
    let mut wrong = lacking("logs lack", &want, &got, &[]);
    wrong.extend(lacking("logs add", &got, &want, &[]));
    assert!(!want.is_empty());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
