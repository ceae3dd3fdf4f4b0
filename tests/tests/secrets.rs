//! Secrets open what a capture holds, whatever way and order they come in, and are never told.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_core::event::Kind;
use offwire_core::records::{ExportFormat, RowQuery};
use offwire_core::report::{Report, text};
use offwire_core::session::{FileMeta, Session};
use offwire_core::settings::Settings;
use offwire_tests::read::{How, Input, read};
use offwire_tests::repo::root;
use std::collections::BTreeMap;

fn input(name: &str) -> Input {
    let path = root().join("tests/cases/tls-with-secrets/input").join(name);
    Input { name: name.to_owned(), bytes: std::fs::read(path).unwrap() }
}

/// The packets of a little-endian pcap file, each with its record's header.
fn packets(pcap: &[u8]) -> Vec<&[u8]> {
    let (mut out, mut at) = (Vec::new(), 24);
    while let Some(head) = pcap.get(at..at + 16) {
        let len = 16 + u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        out.push(&pcap[at..at + len]);
        at += len;
    }
    out
}

/// The capture as pcapng, with the key log in a block at packet `at`.
fn with_block(pcap: &[u8], log: &[u8], at: usize) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = [body, &vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
        let len = (padded.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &len, &padded, &len].concat()
    };
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    let mut out = [block(0x0a0d_0d0a, &section), block(1, &[1, 0, 0, 0, 0, 0, 0, 0])].concat();
    let secrets =
        [&0x544c_534b_u32.to_le_bytes()[..], &(log.len() as u32).to_le_bytes(), log].concat();
    for (n, packet) in packets(pcap).into_iter().enumerate() {
        if n == at {
            out.extend(block(10, &secrets));
        }
        let word = |i: usize| u64::from(u32::from_le_bytes(packet[i..i + 4].try_into().unwrap()));
        let ticks = word(0) * 1_000_000 + word(4);
        let head = [0, (ticks >> 32) as u32, ticks as u32, word(8) as u32, word(12) as u32];
        let head: Vec<u8> = head.iter().flat_map(|n| n.to_le_bytes()).collect();
        out.extend(block(6, &[&head, &packet[16..]].concat()));
    }
    if at == usize::MAX {
        out.extend(block(10, &secrets));
    }
    out
}

fn rows(inputs: &[Input], kind: Kind, columns: &[&str]) -> Vec<String> {
    let session = read(inputs, &How::default());
    let columns = Some(columns.iter().map(ToString::to_string).collect());
    let query = RowQuery { columns, ..RowQuery::all(kind) };
    let mut export = session.records().export(&query, ExportFormat::Csv).unwrap();
    let mut bytes = Vec::new();
    while let Some(block) = export.next_block(session.records()) {
        bytes.extend(block);
    }
    let mut rows: Vec<_> =
        String::from_utf8(bytes).unwrap().lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    rows
}

fn requests(inputs: &[Input]) -> Vec<String> {
    rows(inputs, Kind::Http, &["uri", "host", "version", "status_code", "response_body_len"])
}

/// What curl asked and node answered.
const REQUESTS: [&str; 8] = [
    "/chacha,www.front.example.com,1.1,200,5006",
    "/clear,www.front.example.com,2,200,5006",
    "/fronted-13,hidden.example.org,1.1,200,5006",
    "/fronted-h2,hidden.example.org,2,200,5006",
    "/gcm128,www.front.example.com,1.1,200,5006",
    "/none,www.front.example.com,2,404,5006",
    "/plain,www.front.example.com,2,200,5006",
    "/rsa-gcm256,www.front.example.com,1.1,200,5006",
];

fn counters(report: &Report) -> BTreeMap<String, u64> {
    let all = report.sources.iter().flat_map(|s| s.counters.clone());
    all.filter(|(name, _)| name.contains("TLS sessions")).collect()
}

fn name_of_port(rows: Vec<String>) -> Vec<String> {
    rows.into_iter().map(|row| row.replace(":8443", "").replace(":8080", "")).collect()
}

#[test]
fn requests_inside_are_read_and_what_stays_closed_is_counted() {
    let inputs = [input("web.pcap"), input("zz-keys.log")];
    assert_eq!(name_of_port(requests(&inputs)), REQUESTS);
    let report = read(&inputs, &How::default()).report();
    let want = [
        ("TLS sessions decrypted", 6),
        ("TLS sessions not decrypted: no secrets", 1),
        ("TLS sessions not decrypted: version or cipher suite not supported", 1),
    ];
    assert_eq!(counters(&report), want.map(|(name, n)| (name.to_owned(), n)).into());
    let without = read(&inputs[..1], &How::default()).report();
    assert_eq!(counters(&without)["TLS sessions not decrypted: no secrets"], 8);
    assert_eq!(name_of_port(requests(&inputs[..1])), REQUESTS[1..2]);
}

#[test]
fn the_certificate_of_tls_1_3_is_seen() {
    let inputs = [input("web.pcap"), input("zz-keys.log")];
    let columns = ["version", "subject", "next_protocol", "sni_matches_cert"];
    let got = rows(&inputs, Kind::Ssl, &columns);
    let opened = "TLSv13,CN=www.front.example.com,h2,T";
    assert_eq!(got.iter().filter(|row| *row == opened).count(), 2, "{got:#?}");
    // The one without secrets.
    assert_eq!(got.iter().filter(|row| row.starts_with("TLSv13,,")).count(), 1, "{got:#?}");
}

#[test]
fn secrets_in_the_capture_itself_are_the_same_wherever_they_stand() {
    let (pcap, log) = (input("web.pcap"), input("zz-keys.log"));
    for at in [0, 70, usize::MAX] {
        let bytes = with_block(&pcap.bytes, &log.bytes, at);
        let inputs = [Input { name: "web.pcapng".to_owned(), bytes }];
        assert_eq!(name_of_port(requests(&inputs)), REQUESTS, "block at {at}");
    }
}

#[test]
fn a_key_log_of_a_later_drop_makes_the_case_stale_until_it_is_read_again() {
    let mut session = Session::new(Settings::default());
    let open = |session: &mut Session, input: &Input| {
        let node = session.open(FileMeta { name: input.name.clone(), ..FileMeta::default() });
        let mut rest = input.bytes.as_slice();
        while !rest.is_empty() {
            rest = &rest[session.feed(node, rest)..];
        }
        session.close(node);
    };
    let (pcap, log) = (input("web.pcap"), input("zz-keys.log"));
    open(&mut session, &pcap);
    assert!(!session.is_stale());
    open(&mut session, &log);
    assert!(session.is_stale());
    session.renew();
    open(&mut session, &log);
    open(&mut session, &pcap);
    assert!(!session.is_stale());
    assert_eq!(counters(&session.report())["TLS sessions decrypted"], 6);
}

#[test]
fn a_lost_packet_costs_no_more_than_its_own_bytes() {
    let (pcap, log) = (input("web.pcap"), input("zz-keys.log"));
    let all = packets(&pcap.bytes);
    for lost in 0..all.len() {
        let kept = all.iter().enumerate().filter(|(n, _)| *n != lost).map(|(_, p)| *p);
        let kept = kept.collect::<Vec<_>>().concat();
        let bytes = [&pcap.bytes[..24], &kept].concat();
        let got = name_of_port(requests(&[Input { name: "cut".into(), bytes }, log.clone()]));
        let same = got.iter().filter(|row| REQUESTS.contains(&row.as_str())).count();
        // A hello, or a header block of HTTP/2, takes its whole connection with it.
        assert!(same + 2 >= REQUESTS.len(), "without packet {lost}: {got:#?}");
    }
}

#[test]
fn a_secret_is_never_told() {
    let (pcap, log) = (input("web.pcap"), input("zz-keys.log"));
    let damaged =
        String::from_utf8(log.bytes.clone()).unwrap().replacen("CLIENT_RANDOM ", "CLIENT_RAND ", 1);
    let log = Input { name: log.name, bytes: damaged.clone().into_bytes() };
    let report = read(&[pcap, log], &How::default()).report();
    let told = [text(&report), serde_json::to_string(&report).unwrap()].concat();
    for line in damaged.lines().filter(|line| !line.starts_with('#')) {
        let secret = line.rsplit(' ').next().unwrap();
        assert!(secret.len() >= 64 && !told.contains(&secret[..16]));
    }
}
