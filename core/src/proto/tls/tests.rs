//! The analyzer over whole captures against Zeek, TShark and FoxIO, over cuts, gaps and odd bytes.

use super::*;
use crate::event::{Event, Flow};
use crate::proto::drive::{self, Feed, Row};
use std::collections::BTreeMap;

#[test]
fn handshakes_are_those_of_zeek() {
    let base = "scripts.base.protocols";
    let cases = [
        ("tls/zeek__tls_dhe.pcap", format!("{base}.ssl.dhe"), 1),
        ("tls/zeek__tls_ecdhe.pcap", format!("{base}.ssl.ecdhe"), 1),
        ("tls/zeek__tls_ecdsa-cert.pcap", format!("{base}.ssl.ecdsa"), 1),
        (
            "tls/zeek__tls_google-duplicate.pcap",
            "scripts.policy.protocols.ssl.known-certs".into(),
            2,
        ),
        (
            "tls/zeek__tls_ocsp-stapling.pcap",
            "scripts.policy.protocols.ssl.validate-ocsp".into(),
            1,
        ),
        ("tls/zeek__tls_tls-conn-with-extensions.pcap", format!("{base}.ssl.basic"), 1),
        (
            "tls/zeek__tls_tls13_wolfssl.pcap",
            format!("{base}.ssl.tls13_encrypted_handshake_events"),
            1,
        ),
        (
            "tls/zeek__tls_tls13draft23-chrome67.0.3368.0-canary.pcap",
            format!("{base}.ssl.tls13-version"),
            1,
        ),
        ("tls/zeek__tls_tls1_1.pcap", format!("{base}.ssl.tls1_1"), 1),
    ];
    for (capture, test, rows) in cases {
        let same =
            drive::same_as_zeek(capture, &format!("{test}/ssl.log"), Kind::Ssl, &|_, _, _| false);
        assert!(same.is_none_or(|n| n == rows), "{capture}");
    }
}

#[test]
fn certificates_are_those_of_zeek() {
    let cases = [
        ("tls/zeek__tls_ecdsa-cert.pcap", "scripts.base.protocols.ssl.ecdsa", 2),
        ("tls/zeek__tls_tls1_1.pcap", "scripts.base.protocols.ssl.tls1_1", 3),
        ("tls/zeek__tls_tls-conn-with-extensions.pcap", "scripts.base.protocols.ssl.basic", 2),
        ("tls/zeek__tls_certificate-with-sct.pcap", "scripts.base.files.x509.tbs_sig_alg", 3),
        ("tls/zeek__tls_ecdhe.pcap", "scripts.base.protocols.ssl.ecdhe", 3),
        ("tls/zeek__tls_google-duplicate.pcap", "scripts.base.files.x509.event-caching", 6),
    ];
    for (capture, test, rows) in cases {
        let same =
            drive::same_as_zeek(capture, &format!("{test}/x509.log"), Kind::X509, &|_, _, _| false);
        assert!(same.is_none_or(|n| n == rows), "{capture}");
    }
}

/// Captures whose TLS is over plain TCP: what TShark and FoxIO list must be found.
const CAPTURES: &[&str] = &["arkime__badcurveball.pcap"];

fn by_client(events: &[Event], field: &str) -> Vec<String> {
    let pick = |row: &Row| Some(format!("{} {}", row["id.orig_h"], row.get(field)?));
    let mut out: Vec<_> = drive::rows(events, Kind::Ssl).iter().filter_map(pick).collect();
    out.sort();
    out
}

#[test]
fn ja3_is_that_of_tshark() {
    let mut n = 0;
    for capture in CAPTURES {
        let capture = format!("tls/{capture}");
        let (Some(events), Some(rows)) =
            (drive::events(&capture), drive::table(&format!("{capture}.expected/tshark/tls.tsv")))
        else {
            continue;
        };
        let mut first = BTreeMap::new();
        for row in &rows {
            if let (Some(stream), Some(ja3)) = (row.get("tcp.stream"), row.get("tls.handshake.ja3"))
            {
                let ja3 = ja3.split(' ').next().unwrap();
                first.entry(stream).or_insert_with(|| format!("{} {ja3}", row["ip.src"]));
            }
        }
        let mut want: Vec<_> = first.into_values().collect();
        want.sort();
        assert_eq!(by_client(&events, "ja3"), want, "{capture}");
        n += want.len();
    }
    println!("{n} compared");
}
