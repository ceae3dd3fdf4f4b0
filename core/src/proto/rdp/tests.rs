//! RDP: first packets made by hand, and the corpus.

use super::*;
use crate::proto::drive::{corpus, events, rows};
use crate::proto::testing::{Said, talk};

fn tpkt(body: &[u8]) -> Vec<u8> {
    [&[3, 0][..], &(body.len() as u16 + 4).to_be_bytes(), body].concat()
}

fn connect(kind: u8, rest: &[u8]) -> Vec<u8> {
    tpkt(&[&[6 + rest.len() as u8, kind, 0, 0, 0, 0, 0][..], rest].concat())
}

const OFFER: &[u8] = b"Cookie: mstshash=joe\r\n\x01\0\x08\0\x03\0\0\0";

#[test]
fn a_cookie_and_the_turn_to_tls_in_any_cut() {
    let (ask, choice) = (connect(0xe0, OFFER), connect(0xd0, b"\x02\0\x08\0\x02\0\0\0"));
    let said = [Said::Data(Dir::Orig, &ask), Said::Data(Dir::Resp, &choice)];
    let want = [
        "login service=rdp username=joe action=connect",
        "rdp cookie=joe result=encrypted security_protocol=HYBRID cert_count=0",
        "become \"ssl\"",
    ];
    for step in [1, 3, 7, usize::MAX] {
        assert_eq!(talk(&PROTOCOL, &said, step), want, "step {step}");
    }
}

#[test]
fn a_refusal_is_told() {
    let (ask, refusal) = (connect(0xe0, OFFER), connect(0xd0, b"\x03\0\x08\0\x05\0\0\0"));
    let said = [Said::Data(Dir::Orig, &ask), Said::Data(Dir::Resp, &refusal)];
    let got = talk(&PROTOCOL, &said, usize::MAX);
    assert!(got[1].contains("result=HYBRID_REQUIRED_BY_SERVER"), "{got:?}");
}

#[test]
fn settings_tell_of_client_and_server() {
    let mut core = vec![4, 0, 8, 0, 0x00, 5, 0x20, 3, 1, 0xca, 3, 0xaa];
    core.extend(1033_u32.to_le_bytes());
    core.extend(2600_u32.to_le_bytes());
    let mut name = b"P\0C\0".to_vec();
    name.resize(32, 0);
    core.extend(&name);
    core.resize(core.len() + 12 + 64 + 8, 0);
    core.extend([24, 0, 7, 0, 1, 0]);
    core.extend(b"7\0");
    core.resize(core.len() + 62, 0);
    let block = |kind: u16, body: &[u8]| {
        [&kind.to_le_bytes()[..], &(body.len() as u16 + 4).to_le_bytes(), body].concat()
    };
    let net = [&1_u32.to_le_bytes()[..], b"rdpdr\0\0\0", &[0; 4]].concat();
    let blocks = [block(0xc001, &core), block(0xc003, &net)].concat();
    let gcc = [b"Duca\x81\x00", &blocks[..]].concat();
    let mcs = [&[2, 0xf0, 0x80, 0x7f, 0x65, 0x82, 1, 0x94][..], &gcc].concat();
    let security = block(0x0c02, &[2, 0, 0, 0, 2, 0, 0, 0]);
    let answer =
        [&[2, 0xf0, 0x80, 0x7f, 0x66, 0x10, 0, 0, 1, 0xc0, 0][..], b"McDn\x0c", &security].concat();
    let (ask, ok) = (connect(0xe0, b""), connect(0xd0, b""));
    let (mcs, answer) = (tpkt(&mcs), tpkt(&answer));
    let said = [
        Said::Data(Dir::Orig, &ask),
        Said::Data(Dir::Resp, &ok),
        Said::Data(Dir::Orig, &mcs),
        Said::Data(Dir::Resp, &answer),
        Said::Data(Dir::Orig, &ask),
    ];
    let got = talk(&PROTOCOL, &said, usize::MAX);
    assert_eq!(
        got,
        ["rdp result=Success client_channels=rdpdr keyboard_layout=English - United States \
          client_build=RDP 5.1 client_name=PC client_dig_product_id=7 desktop_width=1280 \
          desktop_height=800 requested_color_depth=24bit cert_count=0 \
          encryption_level=Client compatible encryption_method=128bit"]
    );
}

#[test]
fn certificates_of_its_own_encryption_are_counted_and_read() {
    let seen = |certificate: &[u8]| {
        let random =
            [&32_u32.to_le_bytes()[..], &(certificate.len() as u32).to_le_bytes()].concat();
        let body = [&[2, 0, 0, 0, 2, 0, 0, 0][..], &random, &[7; 32], certificate].concat();
        let block =
            [&0x0c02_u16.to_le_bytes()[..], &(body.len() as u16 + 4).to_le_bytes(), &body].concat();
        let head = [2, 0xf0, 0x80, 0x7f, 0x66, 0x10, 0, 0, 1, 0xc0, 0];
        let answer = tpkt(&[&head[..], b"McDn\x84\0", &block].concat());
        let (ask, ok) = (connect(0xe0, b""), connect(0xd0, b""));
        let said = [
            Said::Data(Dir::Orig, &ask),
            Said::Data(Dir::Resp, &ok),
            Said::Data(Dir::Resp, &answer),
        ];
        talk(&PROTOCOL, &said, usize::MAX)
    };
    let own = seen(&[1, 0, 0, 0, 9, 9]);
    assert!(own[0].contains("cert_type=RSA cert_count=1 cert_permanent=T"), "{own:?}");
    let (a, b) = (b"no certificate", b"nor this");
    let mut chain = vec![2, 0, 0, 0x80, 2, 0, 0, 0];
    for der in [&a[..], b] {
        chain.extend((der.len() as u32).to_le_bytes());
        chain.extend(der);
    }
    let seen_chain = seen(&chain);
    let kinds: Vec<&str> = seen_chain.iter().filter_map(|r| r.split(' ').next()).collect();
    assert_eq!(kinds, ["x509", "weird", "x509", "weird", "rdp"]);
    assert!(seen_chain[0].contains("host_cert=T") && seen_chain[2].contains("host_cert=F"));
    assert!(
        seen_chain[4].contains("cert_type=X.509 cert_count=2 cert_permanent=F"),
        "{seen_chain:?}"
    );
    // A cut chain gives what is there, another version nothing.
    assert!(seen(&chain[..chain.len() - 1]).last().unwrap().contains("cert_count=1"));
    assert!(!seen(&[3, 0, 0, 0]).last().unwrap().contains("cert_type"));
}

#[test]
fn only_a_cookie_or_an_offer_is_sure() {
    let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
    assert_eq!(probe(&connect(0xe0, OFFER)), Probe::Yes);
    assert_eq!(probe(&connect(0xe0, b"")), Probe::Maybe);
    assert_eq!(probe(b"\x03\0\0"), Probe::NeedMore);
    assert_eq!(probe(b"\x03\0\0\x13\x0e\xf0"), Probe::No);
}

#[test]
fn a_capture_is_known_by_its_content() {
    let path = "services/ndpi__rdp3.pcap";
    if corpus(path).is_none() {
        return;
    }
    let events = events(path).unwrap();
    assert!(rows(&events, Kind::Conn).iter().any(|c| c["service"].contains("rdp")));
    assert_eq!(rows(&events, Kind::Rdp).len(), 1);
}
