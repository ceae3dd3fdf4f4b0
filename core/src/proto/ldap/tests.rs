//! LDAP: messages made by hand, and the corpus.

use super::*;
use crate::proto::drive::{corpus, events, rows};
use crate::proto::testing::{Said, talk};

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    [&[tag, value.len() as u8][..], &value].concat()
}

fn message(id: u8, op: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &[&[2, 1, id], &tlv(op, parts)])
}

fn outcome(id: u8, op: u8, code: u8, said: &[u8]) -> Vec<u8> {
    message(id, op, &[&[10, 1, code], &[4, 0], &tlv(4, &[said])])
}

#[test]
fn binds_and_searches_in_any_cut() {
    let asks = [
        message(1, 0x60, &[&[2, 1, 3], &tlv(4, &[b"cn=joe"]), &tlv(0x80, &[b"secret"])]),
        message(
            2,
            0x63,
            &[
                &tlv(4, &[b"dc=test"]),
                &[10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0],
                &tlv(0x87, &[b"cn"]),
                &[0x30, 0],
            ],
        ),
        message(3, 0x42, &[]),
    ]
    .concat();
    let answers = [
        outcome(1, 0x61, 49, b"no"),
        message(2, 0x64, &[&tlv(4, &[b"cn=a"]), &[0x30, 0]]),
        outcome(2, 0x65, 0, b""),
    ]
    .concat();
    let said = [Said::Data(Dir::Orig, &asks), Said::Data(Dir::Resp, &answers)];
    let whole = talk(&STREAM, &said, usize::MAX);
    let want = [
        "ldap message_id=3 opcode=unbind",
        "login service=ldap username=cn=joe password=<hidden> mechanism=simple action=bind \
         success=F reply=no",
        "ldap message_id=1 version=3 opcode=bind simple result=invalid credentials \
         diagnostic_message=no object=cn=joe argument=REDACTED",
        "ldap_search message_id=2 scope=tree deref_aliases=never base_object=dc=test \
         result_count=1 result=success filter=(cn=*)",
    ];
    assert_eq!(whole, want);
    (1..20).for_each(|step| assert_eq!(talk(&STREAM, &said, step), whole, "step {step}"));
}

#[test]
fn start_tls_hands_over_when_the_server_agrees() {
    let ask = message(1, 0x77, &[&tlv(0x80, &[START_TLS.as_bytes()])]);
    for (code, is_tls) in [(0, true), (2, false)] {
        let answer = outcome(1, 0x78, code, b"");
        let said = [Said::Data(Dir::Orig, &ask), Said::Data(Dir::Resp, &answer)];
        let got = talk(&STREAM, &said, usize::MAX);
        assert_eq!(got.last().is_some_and(|r| r == "become \"ssl\""), is_tls, "{got:?}");
        assert!(got[0].contains("object=1.3.6.1.4.1.1466.20037 (StartTLS)"), "{got:?}");
    }
}

#[test]
fn requests_that_wait_are_bounded_and_told() {
    for extra in [0, 1] {
        let n = MAX_PENDING + extra;
        let asks: Vec<u8> =
            (0..n).flat_map(|i| message((i % 128) as u8, 0x4a, &[b"cn=x"])).collect();
        let got = talk(&STREAM, &[Said::Data(Dir::Orig, &asks)], usize::MAX);
        assert_eq!(got.len(), n);
    }
}

#[test]
fn what_is_no_message_is_not_ldap() {
    let bind = message(1, 0x60, &[&[2, 1, 3], &[4, 0], &[0x80, 0]]);
    assert_eq!(probe(Dir::Orig, &bind), Probe::Yes);
    assert_eq!(probe(Dir::Orig, &bind[..4]), Probe::NeedMore);
    assert_eq!(probe(Dir::Orig, b"\x30\x80\0\0"), Probe::No);
    // SNMP begins alike.
    assert_eq!(probe(Dir::Orig, b"\x30\x0b\x02\x01\x01\x04\x06public"), Probe::No);
    assert_eq!(probe(Dir::Orig, b"GET / HTTP/1.1"), Probe::No);
}

#[test]
fn captures_give_their_binds_and_changes() {
    let path = "services/sv__ldap-modify_ldap.pcap";
    if corpus(path).is_none() {
        return;
    }
    let events = events(path).unwrap();
    let all = rows(&events, Kind::Ldap);
    assert!(all.iter().any(|r| r["opcode"] == "modify" && r.contains_key("result")), "{all:?}");
    let conns = rows(&events, Kind::Conn);
    assert!(conns.iter().any(|c| c.get("service").is_some_and(|s| s == "ldap_tcp")));
}
