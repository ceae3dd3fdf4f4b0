//! TShark's fingerprints, server names and certificates.

use super::lines;
use crate::zeek_log::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Handshake messages, RFC 8446 section 4.
const CLIENT_HELLO: &str = "1";
const SERVER_HELLO: &str = "2";
/// RFC 6066 section 8.
const CERTIFICATE_STATUS: &str = "22";

/// What it says: of each connection the first hello of either side, and each certificate once.
pub(crate) fn expected(table: &Path) -> Vec<(&'static str, Row)> {
    let mut hellos: BTreeMap<(String, &str), Row> = BTreeMap::new();
    let mut serials = BTreeSet::new();
    for line in lines(table) {
        let get = |name: &str| line.get(name);
        let first = |name: &str| get(name).and_then(|cell| cell.split(" | ").next());
        let kinds: Vec<&str> = get("tls.handshake.type").unwrap_or_default().split(" | ").collect();
        let stream = format!("{:?} {:?}", get("tcp.stream"), get("udp.stream"));
        let sides = [
            (CLIENT_HELLO, "ip.src", [("ja3", "tls.handshake.ja3"), SERVER_NAME]),
            (SERVER_HELLO, "ip.dst", [("ja3s", "tls.handshake.ja3s"); 2]),
        ];
        for (kind, client, fields) in sides {
            if !kinds.contains(&kind) {
                continue;
            }
            let ours = fields.into_iter().filter_map(|(ours, theirs)| Some((ours, first(theirs)?)));
            let fields: Vec<_> = ours.chain(Some("id.orig_h").zip(get(client))).collect();
            if fields.iter().any(|(name, _)| name.starts_with("ja3")) {
                let row = fields.iter().map(|(n, v)| ((*n).to_owned(), Some((*v).to_owned())));
                hellos.entry((stream.clone(), kind)).or_insert_with(|| row.collect());
            }
        }
        // The column has the numbers in a stapled OCSP answer too, which are no certificates sent.
        if !kinds.contains(&CERTIFICATE_STATUS) {
            let all = get("x509af.serialNumber").unwrap_or_default().split(" | ");
            serials.extend(all.filter(|s| !s.is_empty()).map(serial));
        }
    }
    let certificate = |serial: String| {
        let row: Row = [("certificate.serial".to_owned(), Some(serial))].into();
        ("x509", row)
    };
    let hellos = hellos.into_values().map(|row| ("ssl", row));
    hellos.chain(serials.into_iter().map(certificate)).collect()
}

const SERVER_NAME: (&str, &str) = ("server_name", "tls.handshake.extensions_server_name");

/// A serial number as OpenSSL writes it: without the octet that only says that it is positive.
fn serial(hex: &str) -> String {
    let digits = hex.strip_prefix("00").filter(|rest| !rest.is_empty()).unwrap_or(hex);
    digits.to_ascii_uppercase()
}
