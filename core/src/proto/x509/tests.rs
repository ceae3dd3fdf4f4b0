//! Certificates against what OpenSSL and the makers of the lab's certificates say of them.

use super::*;
use crate::proto::drive;
use crate::time::Time;
use std::path::Path;

/// The DER form of a file in either form.
fn der(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|e| e == "der") {
        return bytes;
    }
    x509_parser::pem::parse_x509_pem(&bytes).unwrap().1.contents
}

/// What follows `label` on its line of OpenSSL's text.
fn field<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim)
}

/// OpenSSL's one-line form: first part first, blanks around the sign.
fn one_line(name: &str) -> String {
    let mut parts: Vec<_> = name.split(',').map(|part| part.replacen('=', " = ", 1)).collect();
    parts.reverse();
    parts.join(", ")
}

fn date(secs: i64) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (y, mo, d, h, mi, s, _) = Time::from_secs(secs).civil();
    let month = &MONTHS[(mo as usize - 1) * 3..mo as usize * 3];
    format!("{month} {d:2} {h:02}:{mi:02}:{s:02} {y} GMT")
}

#[test]
fn fields_are_those_of_openssl() {
    let Some(folder) = drive::corpus("certs") else { return };
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) =
            std::fs::read_to_string(path.with_added_extension("expected").join("openssl.txt"))
        else {
            continue;
        };
        let row = read(&der(&path)).row;
        let file = path.display();
        assert_eq!(
            row.subject.map(|n| one_line(&n)).as_deref(),
            field(&text, "Subject:"),
            "{file}"
        );
        assert_eq!(row.issuer.map(|n| one_line(&n)).as_deref(), field(&text, "Issuer:"), "{file}");
        assert_eq!(row.sig_alg.as_deref(), field(&text, "Signature Algorithm:"), "{file}");
        assert_eq!(row.key_alg.as_deref(), field(&text, "Public Key Algorithm:"), "{file}");
        assert_eq!(
            row.not_valid_before.map(date).as_deref(),
            field(&text, "Not Before:"),
            "{file}"
        );
        assert_eq!(row.not_valid_after.map(date).as_deref(), field(&text, "Not After :"), "{file}");
        assert_eq!(row.curve.as_deref(), field(&text, "ASN1 OID:"), "{file}");
        let bits = field(&text, "Public-Key: (").and_then(|b| b.split(' ').next());
        assert_eq!(row.key_length.map(|n| n.to_string()).as_deref(), bits, "{file}");
        let exponent = field(&text, "Exponent:").and_then(|e| e.split(' ').next());
        assert_eq!(row.exponent.as_deref(), exponent, "{file}");
        let ca = text.contains("CA:TRUE").then_some(true);
        assert_eq!(row.ca.filter(|ca| *ca), ca, "{file}");
        compared += 1;
    }
    assert_eq!(compared, 14);
}

#[test]
fn fields_are_those_their_makers_meant() {
    for case in ["tls10_rsa", "tls12_chain_clientauth", "tls12_ecdsa", "tls12_sni_cert_mismatch"] {
        let folder = format!("tls/lab_tlslab_{case}.pcap.expected/truth");
        let Some(folder) = drive::corpus(&folder) else { return };
        let truth = std::fs::read_to_string(folder.join("truth.json")).unwrap();
        let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
        let chain = truth["server_chain"].as_array().unwrap();
        for (n, want) in chain.iter().enumerate() {
            let row =
                read(&std::fs::read(folder.join(format!("server_cert_{n}.der"))).unwrap()).row;
            let text = |key: &str| want[key].as_str().unwrap().to_owned();
            assert_eq!(*row.fingerprint.unwrap(), text("sha256"));
            assert_eq!(*row.sha1.unwrap(), text("sha1"));
            assert_eq!(row.serial.unwrap().trim_start_matches('0'), text("serial_hex"));
            assert_eq!(*row.subject.unwrap(), text("subject"));
            assert_eq!(*row.issuer.unwrap(), text("issuer"));
            assert_eq!(*row.sig_alg.unwrap(), text("sig_alg"));
            assert_eq!(
                Time::from_secs(row.not_valid_before.unwrap()).to_string(),
                text("not_before")
            );
            assert_eq!(
                Time::from_secs(row.not_valid_after.unwrap()).to_string(),
                text("not_after")
            );
            assert_eq!(row.key_length, want["key_bits"].as_u64());
            let mut names = [row.san_dns, row.san_ip, row.san_email, row.san_uri].concat();
            let mut wanted: Vec<Text> = want["san"]
                .as_array()
                .map(|list| list.iter().map(|v| v.as_str().unwrap().into()).collect())
                .unwrap_or_default();
            names.sort();
            wanted.sort();
            assert_eq!(names, wanted);
        }
        assert!(!chain.is_empty());
    }
}

#[test]
fn serial_numbers_are_written_as_openssl_writes_them() {
    assert_eq!(&*serial(&[0, 0xe8, 1]), "E801");
    assert_eq!(&*serial(&[2, 0x3a, 0x69]), "023A69");
    assert_eq!(&*serial(&[0]), "00");
    assert_eq!(&*serial(&[0xff]), "-01");
    assert_eq!(&*serial(&[0x80, 0]), "-8000");
    assert_eq!(&*serial(&[]), "");
}

#[test]
fn what_is_no_certificate_still_has_its_fingerprints() {
    let read = read(b"abc");
    assert_eq!(&*read.row.sha1.unwrap(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(read.row.subject, None);
    assert_eq!(read.flaw, Some("x509_unparsable_certificate"));
}

#[test]
fn no_cut_and_no_flipped_bit_stops_the_reader() {
    let Some(path) = drive::corpus("certs/x509__lets-encrypt-x3-cross-signed.der") else { return };
    let whole = std::fs::read(path).unwrap();
    for at in 0..whole.len() {
        assert_eq!(read(&whole[..at]).row.subject, None);
        let mut bad = whole.clone();
        bad[at] ^= 0x81;
        assert!(read(&bad).row.fingerprint.is_some());
    }
    let long = [whole.as_slice(), b"x"].concat();
    assert_eq!(read(&long).flaw, Some("x509_trailing_data"));
}

#[test]
fn a_curve_that_is_spelled_out_has_no_name() {
    // The forged authority of CVE-2020-0601 gives its curve by parameters of its own.
    let Some(events) = drive::events("tls/arkime__badcurveball.pcap") else { return };
    let rows = drive::rows(&events, event::Kind::X509);
    let curves: Vec<_> = rows.iter().map(|row| row.get("certificate.curve")).collect();
    assert_eq!(curves, [Some(&"secp384r1".to_owned()), None]);
}

#[test]
fn the_number_of_names_has_its_limit() {
    let names = |n| vec![GeneralName::DNSName("a"); n];
    let mut row = event::X509::default();
    assert_eq!(alternative_names(&mut row, &names(MAX_NAMES)), None);
    assert_eq!(alternative_names(&mut row, &names(MAX_NAMES + 1)), Some("x509_too_many_names"));
    assert_eq!(row.san_dns.len(), 2 * MAX_NAMES);
}
