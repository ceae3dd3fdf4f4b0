//! The analyzer over whole captures against Zeek, TShark and FoxIO, over cuts, gaps and odd bytes.

mod peers;

use super::*;
use crate::event::{Event, Flow};
use crate::proto::drive::{self, Feed, Row};

fn feed() -> Feed {
    let end = |port| crate::event::Endpoint { addr: Some([10, 0, 0, 1].into()), port: Some(port) };
    Feed::new(&TLS, Flow { orig: end(49152), resp: end(443), ..Flow::default() })
}

fn record(content: u8, body: &[u8]) -> Vec<u8> {
    [&[content, 3, 3], (body.len() as u16).to_be_bytes().as_slice(), body].concat()
}

fn message(ty: u8, body: &[u8]) -> Vec<u8> {
    [&[ty], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

/// A ClientHello of one cipher suite with these extensions.
fn client_hello(extensions: &[u8]) -> Vec<u8> {
    let fixed = [b"\x03\x03".as_slice(), &[7; 32], b"\x00\x00\x02\xc0\x2f\x01\x00"].concat();
    let len = (extensions.len() as u16).to_be_bytes();
    record(22, &message(1, &[fixed.as_slice(), &len, extensions].concat()))
}

/// A ServerHello that chooses it, with these extensions.
fn server_hello(extensions: &[u8]) -> Vec<u8> {
    let fixed = [b"\x03\x03".as_slice(), &[8; 32], b"\x00\xc0\x2f\x00"].concat();
    let len = (extensions.len() as u16).to_be_bytes();
    record(22, &message(2, &[fixed.as_slice(), &len, extensions].concat()))
}

const CHANGE: &[u8] = b"\x14\x03\x03\x00\x01\x01";

fn ssl(events: &[Event]) -> Row {
    let rows = drive::rows(events, Kind::Ssl);
    assert_eq!(rows.len(), 1);
    rows[0].clone()
}

#[test]
fn after_the_handshake_nothing_more_is_wanted() {
    let mut feed = feed();
    feed.data(Dir::Orig, &client_hello(b""));
    feed.data(Dir::Resp, &server_hello(b""));
    feed.data(Dir::Orig, &[CHANGE, &record(22, &[9; 40])].concat());
    assert!(feed.done.is_none() && feed.out.events.is_empty());
    feed.data(Dir::Resp, &[CHANGE, &record(22, &[9; 40])].concat());
    assert_eq!(feed.done, Some(Step::Quit));
    let row = ssl(&feed.finish());
    assert_eq!((row["established"].as_str(), row["version"].as_str()), ("T", "TLSv12"));
    assert_eq!(row["cipher"], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
}

#[test]
fn any_cut_of_the_stream_gives_the_same_rows() {
    let Some(path) = drive::corpus("certs/x509__self_signed_sha256.der") else { return };
    let der = std::fs::read(path).unwrap();
    let three = |n: usize| (n as u32).to_be_bytes()[1..].to_vec();
    let chain = [three(der.len() + 3), three(der.len()), der].concat();
    // The chain goes over three records.
    let chain = message(11, &chain);
    let records: Vec<u8> = chain.chunks(400).flat_map(|part| record(22, part)).collect();
    let said = [
        (Dir::Orig, client_hello(b"\x00\x10\x00\x05\x00\x03\x02h2")),
        (Dir::Resp, [server_hello(b""), records].concat()),
        (Dir::Orig, [CHANGE, &record(22, &[9; 40])].concat()),
        (Dir::Resp, [CHANGE, &record(22, &[9; 40]), &record(23, &[9; 99])].concat()),
    ];
    let run = |step: usize| {
        let mut feed = feed();
        for (dir, bytes) in &said {
            bytes.chunks(step).for_each(|piece| feed.data(*dir, piece));
        }
        feed.finish()
    };
    let whole = run(usize::MAX);
    assert_eq!((drive::rows(&whole, Kind::X509).len(), whole.len()), (1, 2));
    assert_eq!(ssl(&whole)["established"], "T");
    for step in (1..20).chain([63, 400, 405, 1000]) {
        assert_eq!(run(step), whole, "pieces of {step}");
    }
}

#[test]
fn an_alert_in_the_clear_is_kept_and_the_handshake_failed() {
    let mut feed = feed();
    feed.data(Dir::Orig, &client_hello(b""));
    feed.data(Dir::Resp, &record(21, &[2, 40]));
    let row = ssl(&feed.finish());
    assert_eq!(
        (row["last_alert"].as_str(), row["established"].as_str()),
        ("handshake_failure", "F")
    );
    assert!(!row.contains_key("version"));
}

#[test]
fn what_the_capture_lacks_is_not_known() {
    // One direction only.
    let mut one = feed();
    one.data(Dir::Orig, &client_hello(b""));
    assert!(!ssl(&one.finish()).contains_key("established"));
    // A gap in the handshake; the records behind it are found again.
    let mut gap = feed();
    gap.data(Dir::Orig, &client_hello(b""));
    gap.data(Dir::Resp, &server_hello(b""));
    gap.gap(Dir::Resp, 3000);
    gap.data(Dir::Resp, &record(22, &message(14, b"")));
    assert!(!ssl(&gap.finish()).contains_key("established"));
    // Data behind it show that the handshake was completed.
    let mut gap = feed();
    gap.data(Dir::Orig, &client_hello(b""));
    gap.data(Dir::Resp, &server_hello(b""));
    gap.gap(Dir::Resp, 3000);
    gap.data(Dir::Resp, &record(23, b"secret"));
    assert_eq!(gap.done, Some(Step::Quit));
    assert_eq!(ssl(&gap.finish())["established"], "T");
    // A gap inside data that nobody reads takes nothing away.
    let mut skipped = feed();
    skipped.data(Dir::Orig, &client_hello(b""));
    skipped.data(Dir::Resp, &server_hello(b"\x00\x2b\x00\x02\x03\x04"));
    skipped.data(Dir::Resp, &record(23, &[9; 500])[..100]);
    skipped.gap(Dir::Resp, 405);
    skipped.data(Dir::Resp, &record(23, &[9; 5]));
    skipped.data(Dir::Orig, &record(23, &[9; 53]));
    let row = ssl(&skipped.finish());
    assert_eq!((row["established"].as_str(), row["version"].as_str()), ("T", "TLSv13"));
}

#[test]
fn tls_may_begin_in_the_middle_of_another_protocol() {
    let mut feed = feed();
    feed.service.insert("ftp");
    feed.data(Dir::Orig, &client_hello(b""));
    assert!(feed.service.contains("ssl"));
    assert_eq!(ssl(&feed.finish())["starttls"], "ftp");
}

#[test]
fn an_encrypted_hello_is_marked() {
    let mut feed = feed();
    feed.data(
        Dir::Orig,
        &client_hello(b"\x00\x00\x00\x0a\x00\x08\x00\x00\x05a.org\xfe\x0d\x00\x01\x00"),
    );
    let row = ssl(&feed.finish());
    assert_eq!((row["ech"].as_str(), row["server_name"].as_str()), ("T", "a.org"));
}

#[test]
fn the_length_of_a_chain_has_its_limit() {
    let chain = |n: usize| {
        let list = b"\x00\x00\x03abc".repeat(n);
        let mut feed = feed();
        feed.data(Dir::Orig, &client_hello(b""));
        feed.data(
            Dir::Resp,
            &record(22, &message(11, &[&(list.len() as u32).to_be_bytes()[1..], &list].concat())),
        );
        let events = feed.finish();
        let weird = drive::rows(&events, Kind::Weird);
        let too_long = weird.iter().any(|w| w["name"] == "SSL_chain_too_long");
        (drive::rows(&events, Kind::X509).len(), too_long)
    };
    assert_eq!(chain(session::MAX_CHAIN), (session::MAX_CHAIN, false));
    assert_eq!(chain(session::MAX_CHAIN + 1), (session::MAX_CHAIN, true));
}

#[test]
fn the_number_of_offered_protocols_has_its_limit() {
    let offered = |n: usize| {
        let list = b"\x02h2".repeat(n);
        let inner = [&(list.len() as u16).to_be_bytes(), list.as_slice()].concat();
        let extension = [&[0, 16], (inner.len() as u16).to_be_bytes().as_slice(), &inner].concat();
        let mut feed = feed();
        feed.data(Dir::Orig, &client_hello(&extension));
        ssl(&feed.finish())["client_alpns"].split(',').count()
    };
    assert_eq!(offered(session::MAX_PROTOCOLS), session::MAX_PROTOCOLS);
    assert_eq!(offered(session::MAX_PROTOCOLS + 1), session::MAX_PROTOCOLS);
}

#[test]
fn bytes_that_are_no_tls_end_it() {
    let mut feed = feed();
    feed.data(Dir::Orig, &client_hello(b""));
    feed.data(Dir::Resp, b"HTTP/1.1 400 Bad Request\r\n");
    assert_eq!(feed.done, Some(Step::Quit));
    assert_eq!(drive::rows(&feed.finish(), Kind::Weird)[0]["name"], "SSL_bad_record");
}

#[test]
fn no_bytes_stop_the_analyzer() {
    let whole = [client_hello(b"\x00\x10\x00\x05\x00\x03\x02h2"), server_hello(b"")].concat();
    for at in 0..whole.len() {
        for bit in [0x01, 0x80, 0xff] {
            let mut bad = whole.clone();
            bad[at] ^= bit;
            let mut feed = feed();
            feed.data(Dir::Orig, &bad);
            feed.data(Dir::Resp, &bad[at..]);
            feed.gap(Dir::Orig, at as u64);
            feed.data(Dir::Orig, &bad);
            assert!(drive::rows(&feed.finish(), Kind::Ssl).len() <= 1);
        }
    }
}

#[test]
fn content_tells_and_not_the_port() {
    let hello = client_hello(b"");
    for cut in 0..9 {
        assert_eq!(probe(&hello[..cut]), Probe::NeedMore, "{cut}");
    }
    assert_eq!(probe(&hello), Probe::Yes);
    assert_eq!(probe(&server_hello(b"")), Probe::Yes);
    assert_eq!(probe(&record(22, &message(11, b"abc"))), Probe::Maybe);
    assert_eq!(probe(&record(23, b"secret")), Probe::No);
    assert_eq!(probe(b"GET / HTTP/1.1\r\n"), Probe::No);
    assert_eq!(probe(b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00"), Probe::Yes);
    assert_eq!(probe(b"\x80\x2e\x01"), Probe::NeedMore);
    assert_eq!(probe(b"\x80\x2e\x01\x03\x01\x00\x14\x00\x00"), Probe::No);
    assert_eq!(probe(&[0xff; 64]), Probe::No);
}
