//! The analyzer over whole captures against TShark, FoxIO and nDPI, and over odd datagrams.

use super::*;
use crate::event::{Endpoint, Flow};
use crate::proto::drive::{self, Feed, Row};

/// Captures of QUIC: drafts, versions 1 and 2, hellos in several packets and in any order, Retry.
const CAPTURES: &[&str] = &[
    "arkime__quicietf.pcap",
    "ja4__quic-tls-handshake.pcapng",
    "mercury__quic_init.capture2.pcap",
    "ndpi__quic-24.pcap",
    "ndpi__quic-27.pcap",
    "ndpi__quic-28.pcap",
    "ndpi__quic-mvfst-27.pcapng",
    "ndpi__quic-mvfst-exp.pcap",
    "ndpi__quic_frags_ch_in_multiple_packets.pcapng",
    "ndpi__quic_frags_ch_out_of_order_same_packet_craziness.pcapng",
    "sv__quic-frag-middle-gap_input.pcap",
    "sv__quic-frag-unordered_input.pcap",
    "sv__quic-frag-wait_input.pcap",
    "sv__quic-retry-multiple_input.pcap",
    "sv__quic-retry_input.pcap",
    "sv__quic-v2-ja3_input.pcap",
];

#[test]
fn hellos_are_those_that_tshark_opens() {
    let mut n = 0;
    for capture in CAPTURES {
        let capture = format!("tls/{capture}");
        let Some((events, theirs)) = drive::beside_tshark(&capture) else { continue };
        let hello = |(row, ja3): (&Row, &str)| {
            let name = row.get("tls.handshake.extensions_server_name");
            format!("{} {ja3}", name.map_or("", String::as_str))
        };
        let mut want: Vec<_> =
            drive::first_hellos(&theirs, "udp.stream").into_iter().map(hello).collect();
        want.sort();
        let line = |row: &Row| {
            format!("{} {}", row.get("server_name").map_or("", String::as_str), row["ja3"])
        };
        let mut ours: Vec<_> = drive::rows(&events, event::Kind::Ssl).iter().map(line).collect();
        ours.sort();
        assert_eq!(ours, want, "{capture}");
        n += want.len();
    }
    assert!(n == 0 || n > 120, "{n} compared");
}

#[test]
fn ja4_is_that_of_ndpi_and_foxio() {
    let mut n = 0;
    for capture in CAPTURES {
        let capture = format!("tls/{capture}");
        let outputs = ["ndpi.out", "ja4/rust.snap"].map(|o| format!("{capture}.expected/{o}"));
        let texts: Vec<_> = outputs
            .iter()
            .filter(|o| drive::corpus(o).is_some())
            .map(|o| std::fs::read_to_string(drive::corpus(o).unwrap()).unwrap())
            .collect();
        let Some(events) = drive::events(&capture).filter(|_| !texts.is_empty()) else { continue };
        for row in drive::rows(&events, event::Kind::Ssl) {
            // nDPI shortens protocols such as `h3-29` otherwise than the specification says, and
            // marks a name where there is none.
            let (head, tail) = (&row["ja4"][..3], &row["ja4"][10..]);
            let has = |t: &String| t.contains(head) && t.contains(tail);
            assert!(texts.iter().any(has), "{capture} {row:?}");
            n += 1;
        }
    }
    assert!(n == 0 || n > 110, "{n} compared");
}

fn feed() -> Feed {
    let end = |port| Endpoint { addr: Some([10, 0, 0, 1].into()), port: Some(port) };
    Feed::new(&PROTOCOL, Flow { orig: end(49152), resp: end(443), ..Flow::default() })
}

#[test]
fn the_servers_choice_and_the_end_are_seen() {
    let Some(events) = drive::events("tls/sv__quic-v2-ja3_input.pcap") else { return };
    let rows = drive::rows(&events, event::Kind::Ssl);
    let field = |name: &str| rows[0].get(name).map(String::as_str);
    assert_eq!(field("version"), Some("TLSv13"));
    assert_eq!(field("cipher"), Some("TLS_AES_128_GCM_SHA256"));
    assert_eq!(field("established"), Some("T"));
    // One packet of the client alone: nothing is known of the server.
    let Some(events) = drive::events("tls/ja4__quic-tls-handshake.pcapng") else { return };
    let rows = drive::rows(&events, event::Kind::Ssl);
    assert!(!rows[0].contains_key("established") && !rows[0].contains_key("version"));
}

/// An Initial packet of version 1 with a payload that no key opens.
fn closed_packet() -> Vec<u8> {
    [b"\xc0\x00\x00\x00\x01\x08ABCDEFGH\x00\x00\x40\x40".as_slice(), &[7; 64]].concat()
}

#[test]
fn packets_that_do_not_open_are_tried_a_few_times() {
    let mut feed = feed();
    for _ in 1..MAX_FAILURES {
        feed.data(Dir::Orig, &closed_packet());
    }
    assert_eq!(feed.done, None);
    feed.data(Dir::Orig, &closed_packet());
    assert_eq!(feed.done, Some(Step::Quit));
    assert!(feed.finish().is_empty());
}

#[test]
fn content_tells() {
    assert_eq!(probe(&closed_packet()), Probe::Yes);
    assert_eq!(probe(&closed_packet()[..40]), Probe::Maybe);
    // A version that is not known yet, and a short header.
    assert_eq!(probe(b"\xc0\x1a\x2a\x3a\x4a\x08ABCDEFGH\x00"), Probe::Maybe);
    assert_eq!(probe(b"\x40ABCDEFGH"), Probe::No);
    assert_eq!(probe(b"\x00\x01\x00\x08\x21\x12\xa4\x42"), Probe::No);
}

#[test]
fn no_bytes_stop_the_analyzer() {
    let whole = [closed_packet(), b"\x40short".to_vec()].concat();
    for at in 0..whole.len() {
        for bit in [0x01, 0x80, 0xff] {
            let mut bad = whole.clone();
            bad[at] ^= bit;
            let mut feed = feed();
            feed.data(Dir::Orig, &bad);
            feed.data(Dir::Resp, &bad[..at]);
            assert!(feed.finish().is_empty());
        }
    }
}
