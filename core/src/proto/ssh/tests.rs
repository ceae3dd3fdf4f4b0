//! SSH connections made by hand, and their rows.

use super::*;
use crate::proto::testing::{Said, talk};

const MAX: usize = usize::MAX;

/// A packet with four bytes of padding.
fn packet(payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len() + 5).unwrap();
    [&len.to_be_bytes(), &[4][..], payload, &[0; 4]].concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn offers(lists: [&str; 8]) -> Vec<u8> {
    let lists = lists.map(|l| string(l.as_bytes())).concat();
    packet(&[&[message::KEXINIT][..], &[0; 16], &lists, &[0; 13]].concat())
}

/// Both sides up to the keys.
fn opening() -> [Vec<u8>; 2] {
    let client = offers(["k1,k2", "h", "c1,c2", "c1", "m", "m", "none", "none"]);
    let server = offers(["k2", "h", "c2", "c1", "m", "m", "none,zlib", "none"]);
    let key = [string(b"ssh-ed25519"), string(&[7; 32])].concat();
    let reply = packet(&[&[message::KEX_REPLY][..], &string(&key), &[0; 8]].concat());
    let keys = packet(&[message::NEWKEYS]);
    [
        [b"SSH-2.0-OpenSSH_9.6\r\n", &client[..], &keys].concat(),
        [b"Welcome\r\nSSH-2.0-dropbear\r\n", &server[..], &reply, &keys].concat(),
    ]
}

#[test]
fn banners_offers_and_host_key_in_any_cut() {
    let [client, server] = opening();
    let said = [Said::Data(Dir::Orig, &client), Said::Data(Dir::Resp, &server)];
    let whole = talk(&PROTOCOL, &said, MAX);
    assert_eq!(whole.len(), 1, "{whole:#?}");
    for part in [
        "version=2 auth_attempts=0 client=SSH-2.0-OpenSSH_9.6 server=SSH-2.0-dropbear",
        "cipher_alg=To server: c2, to client: c1 mac_alg=m compression_alg=none kex_alg=k2",
        "host_key_alg=h host_key_fingerprint=SHA256:",
    ] {
        assert!(whole[0].contains(part), "{}", whole[0]);
    }
    assert!(!whole[0].contains("auth_success"));
    for step in 1..40 {
        assert_eq!(talk(&PROTOCOL, &said, step), whole, "step {step}");
    }
}

#[test]
fn a_login_is_guessed_from_sizes_and_ends_the_reading() {
    let [client, server] = opening();
    let mut said = vec![Said::Data(Dir::Orig, &client), Said::Data(Dir::Resp, &server)];
    for size in [56, 56, 56, 40] {
        said.push(Said::Data(Dir::Orig, &[0; 48]));
        said.push(Said::Data(Dir::Resp, &[0; 64][..size]));
    }
    let got = talk(&PROTOCOL, &said, MAX);
    assert!(got[0].contains("auth_success=T auth_attempts=2"), "{}", got[0]);
    assert_eq!(got[1..], ["quit"]);
    // The sizes behind a gap tell nothing: what was seen goes out.
    said.insert(2, Said::Gap(Dir::Resp, 10));
    assert!(!talk(&PROTOCOL, &said, MAX)[0].contains("auth_success"));
}

#[test]
fn version_one_and_damage_leave_what_was_seen() {
    let old =
        [Said::Data(Dir::Resp, b"SSH-1.5-old\n"), Said::Data(Dir::Orig, b"SSH-1.5-client\nxxxx")];
    let got = talk(&PROTOCOL, &old, MAX);
    assert!(got[0].contains("version=1") && got[0].contains("client=SSH-1.5-client"), "{got:?}");
    assert_eq!(got[1], "quit");
    let damaged = talk(&PROTOCOL, &[Said::Data(Dir::Orig, b"SSH-2.0-x\n\xff\xff\xff\xff")], MAX);
    assert!(damaged[0].contains("ssh_invalid_packet"), "{damaged:?}");
    assert!(damaged[1].contains("client=SSH-2.0-x"));
}

#[test]
fn banners_are_bounded() {
    for (extra, n_weirds) in [(0, 0), (1, 1)] {
        let banner = format!("SSH-{}\n", "2".repeat(MAX_BANNER - 4 + extra));
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, banner.as_bytes())], 50);
        assert_eq!(got.iter().filter(|r| r.contains("ssh_banner_too_long")).count(), n_weirds);
    }
}

/// What tshark computes for the same captures.
#[test]
fn fingerprints_of_the_corpus_are_those_of_tshark() {
    use crate::proto::drive::{events, rows};
    const CASES: [(&str, &str, &str); 4] = [
        (
            "services/ja4__ssh.pcapng",
            "06046964c022c6407d15a27b12a6a4fb",
            "699519fdcc30cbcd093d5cd01e4b1d56",
        ),
        (
            "services/sv__ssh-hassh_input.pcap",
            "2dd6531c7e89d3c925db9214711be76a",
            "6832f1ce43d4397c2c0a3e2f8c94334e",
        ),
        (
            "services/zeek__ssh_ssh_kex_curve25519.pcap",
            "0df0d56bb50c6b2426d8d40234bf1826",
            "a95c22bf8e9b19ed0a5dc74bb2f9c613",
        ),
        (
            "services/mercury__ssh_frag.pcap",
            "78c05d999799066a2b4554ce7b1585a6",
            "41ff3ecd1458b0bf86e1b4891636213e",
        ),
    ];
    for (capture, hassh, hassh_server) in CASES {
        let Some(events) = events(capture) else { continue };
        let rows = rows(&events, Kind::Ssh);
        let is_it = |row: &&crate::proto::drive::Row| {
            row.get("hassh").is_some_and(|h| h == hassh)
                && row.get("hasshServer").is_some_and(|h| h == hassh_server)
        };
        assert_eq!(rows.iter().filter(is_it).count(), 1, "{capture}: {rows:#?}");
    }
}
