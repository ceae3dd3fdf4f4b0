//! What Zeek, TShark and FoxIO say of the same captures.

use super::*;

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
const CAPTURES: &[&str] = &[
    "arkime__badcurveball.pcap",
    "arkime__curl-enabled-tls13.pcap",
    "arkime__https-generalizedtime.pcap",
    "arkime__openssl-tls1.pcap",
    "arkime__openssl-tls1_2-tls1.pcap",
    "arkime__openssl-tls1_2.pcap",
    "arkime__postgres-no-sslrequest.pcap",
    "arkime__ssl-selfsign.pcap",
    "arkime__tls-client-sessionid.pcap",
    "arkime__tls-split-client-hello.pcap",
    "ja4__badcurveball.pcap",
    "ja4__browsers-x509.pcapng",
    "ja4__https-connect.pcap",
    "ja4__latest.pcapng",
    "ja4__tls-handshake.pcapng",
    "ja4__tls-sni.pcapng",
    "ja4__tls12.pcap",
    "lab_tlslab_tls10_rsa.pcap",
    "lab_tlslab_tls12_chain_clientauth.pcap",
    "lab_tlslab_tls12_ecdsa.pcap",
    "lab_tlslab_tls12_resume.pcap",
    "lab_tlslab_tls12_sni_cert_mismatch.pcap",
    "lab_tlslab_tls13_basic.pcap",
    "mercury__tlsv1_3.pcap",
    "ndpi__443-safari.pcap",
    "ndpi__google_ssl.pcap",
    "ndpi__long_tls_certificate.pcap",
    "sv__bug-2646-01_input.pcap",
    "sv__bug-2646-02_input.pcap",
    "sv__bug-5713-01_TLSv1-Extracted-MaliciousC2.pcap",
    "sv__bug-5758_input.pcap",
    "sv__bug-7264-tcp-3whs-ack-data-tls-01_input.pcap",
    "sv__community-id-ipv4_input.pcap",
    "sv__ethernet-eve_test.pcap",
    "sv__tcp-fastopen-10-syn-data-ignore_input.pcap",
    "sv__tls_tls-client-hello-frag-01_dump_mtu300.pcap",
    "sv__tls_tls13-draft14_tls13_draft14.pcap",
    "sv__tls_tls13-draft18_tls13_draft18.pcap",
    "sv__tls_tls13-draft23_tls13_draft23.pcap",
    "sv__tls_tls13-draft28_tls13_draft28.pcap",
    "zeek__tls_cert-no-cn.pcap",
    "zeek__tls_certificate-with-sct.pcap",
    "zeek__tls_chrome-34-google.pcap",
    "zeek__tls_client-certificate.pcap",
    "zeek__tls_dhe.pcap",
    "zeek__tls_ecdhe.pcap",
    "zeek__tls_ecdsa-cert.pcap",
    "zeek__tls_google-duplicate.pcap",
    "zeek__tls_hrr.pcap",
    "zeek__tls_ocsp-stapling.pcap",
    "zeek__tls_ssl.v3.pcap",
    "zeek__tls_tls-conn-with-extensions.pcap",
    "zeek__tls_tls1.2.pcap",
    "zeek__tls_tls12-decryption.pcap",
    "zeek__tls_tls13_wolfssl.pcap",
    "zeek__tls_tls13draft16-chrome55.0.2879.0-canary.pcap",
    "zeek__tls_tls13draft23-chrome67.0.3368.0-canary.pcap",
    "zeek__tls_tls1_1.pcap",
];

fn by_client(events: &[Event], field: &str) -> Vec<String> {
    // Those over QUIC are compared elsewhere.
    let is_stream = |row: &&Row| !row.get("ja4").is_some_and(|ja4| ja4.starts_with('q'));
    let pick = |row: &Row| Some(format!("{} {}", row["id.orig_h"], row.get(field)?));
    let mut out: Vec<_> =
        drive::rows(events, Kind::Ssl).iter().filter(is_stream).filter_map(pick).collect();
    out.sort();
    out
}

#[test]
fn ja3_is_that_of_tshark() {
    let mut n = 0;
    for capture in CAPTURES {
        let capture = format!("tls/{capture}");
        let Some((events, theirs)) = drive::beside_tshark(&capture) else { continue };
        // A packet with a wrong checksum is not used, as Zeek does; TShark uses it.
        let bad = |row: &Row| row.get("history").is_some_and(|h| h.contains(['c', 'C']));
        if drive::rows(&events, Kind::Conn).iter().any(bad) {
            continue;
        }
        let ours = by_client(&events, "ja3");
        for (row, ja3) in drive::first_hellos(&theirs, "tcp.stream") {
            let want = format!("{} {ja3}", row.get("ip.src").map_or("::1", String::as_str));
            assert!(ours.contains(&want), "{capture}: {want} is not in {ours:?}");
            n += 1;
        }
    }
    assert!(n == 0 || n > 100, "{n} compared");
}

/// FoxIO's own output: JSON objects, as a list or one behind the other.
fn foxio(path: &str) -> Option<Vec<serde_json::Value>> {
    let text = std::fs::read_to_string(drive::corpus(path)?).unwrap();
    let parts = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
    Some(parts.flat_map(|v| v.map(|v| v.as_array().cloned().unwrap_or(vec![v])).unwrap()).collect())
}

#[test]
fn ja4_is_that_of_foxio() {
    let mut n = 0;
    let lab = [
        "tls10_rsa",
        "tls12_chain_clientauth",
        "tls12_ecdsa",
        "tls12_resume",
        "tls12_sni_cert_mismatch",
        "tls13_basic",
    ];
    let lab = lab.map(|case| (format!("tls/lab_tlslab_{case}.pcap"), "truth/ja4_foxio.jsonl"));
    let own = [
        "badcurveball.pcap",
        "latest.pcapng",
        "tls-handshake.pcapng",
        "tls-sni.pcapng",
        "tls12.pcap",
        "browsers-x509.pcapng",
    ];
    let own = own.map(|name| (format!("tls/ja4__{name}"), "ja4/python.json"));
    for (capture, output) in lab.into_iter().chain(own) {
        let (Some(events), Some(list)) =
            (drive::events(&capture), foxio(&format!("{capture}.expected/{output}")))
        else {
            continue;
        };
        let rows = drive::rows(&events, Kind::Ssl);
        for want in &list {
            let Some(ja4) = want["JA4.1"].as_str().or(want["JA4"].as_str()) else { continue };
            if ja4.starts_with('q') {
                continue;
            }
            let text = |key: &str| want[key].as_str().unwrap_or_default().to_owned();
            let is_same = |row: &&Row| {
                (row["id.orig_h"].as_str(), row["id.orig_p"].as_str())
                    == (text("src").as_str(), text("srcport").as_str())
            };
            let row = rows.iter().find(is_same).unwrap_or_else(|| panic!("{capture} {want}"));
            assert_eq!(row["ja4"], ja4, "{capture}");
            n += 1;
        }
    }
    assert!(n == 0 || n > 120, "{n} compared");
}

#[test]
fn handshakes_inside_ftp_are_those_of_zeek() {
    let log = "scripts.base.protocols.ftp.ftp-auth-tls/ssl.log";
    let capture = "ftp/zeek__ftp_ftp-auth-tls.pcap";
    let same = drive::same_as_zeek(capture, log, Kind::Ssl, &|_, _, _| false);
    assert!(same.is_none_or(|n| n > 0));
}
