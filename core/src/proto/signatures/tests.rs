//! A sample of each signature, what looks like one and is none, and much that is nothing.

use super::*;
use crate::proto::{Dir, PROTOCOLS};

/// A port that no protocol has.
const PORT: u16 = 47_111;

/// Bytes of a text such as `05 64 '<stream' 00*3`.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let (word, n) = word.split_once('*').map_or((word, 1), |(w, n)| (w, n.parse().unwrap()));
        for _ in 0..n {
            out.push(u8::from_str_radix(word, 16).unwrap());
        }
    }
    out
}

struct Sample {
    name: &'static str,
    over: Over,
    port: u16,
    orig: Vec<u8>,
    resp: Vec<u8>,
}

fn sample(
    name: &'static str,
    over: Over,
    orig: impl AsRef<[u8]>,
    resp: impl AsRef<[u8]>,
) -> Sample {
    let (orig, resp) = (orig.as_ref().to_vec(), resp.as_ref().to_vec());
    let port = SIGNATURES.iter().filter(|s| (s.name, s.over) == (name, over));
    let port = port.flat_map(|s| s.ports).next().copied().unwrap_or(PORT);
    Sample { name, over, port, orig, resp }
}

impl Sample {
    fn told(&self, port: u16) -> Told {
        tell(self.over, [&self.orig, &self.resp], [PORT, port], true)
    }
}

/// Written by hand after the documents that the functions name.
fn samples() -> Vec<Sample> {
    let open = bytes("ff*16 00 1d 01 04 fd e8 00 b4 0a 00 00 01 00");
    let torrent = b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05";
    let rpc = |program: &str| {
        bytes(&format!("12 34 56 78 00*4 00*3 02 00 01 86 {program} 00*3 02 00*3 03 00*16"))
    };
    let framed = |call: Vec<u8>| [bytes("80 00 00 28"), call].concat();
    let reset = bytes("38 01 02 03 04 05 06 07 08 00*5");
    let signed = bytes("38 01*8 aa*20 00 00 00 01 65 00 00 00 00*5");
    vec![
        sample("bacnet", Datagrams, bytes("81 0b 00 0c 01 20 ff ff 00 ff 10 08"), ""),
        sample("bacnet", Datagrams, bytes("81 04 00 0f 0a 00 00 01 ba c0 01 20 ff 10 08"), ""),
        sample("bgp", Stream, &open, bytes("ff*16 00 13 04")),
        sample("bgp", Stream, &open, ""),
        sample("bittorrent", Stream, torrent, torrent),
        sample("bittorrent", Stream, "", torrent),
        sample("bittorrent-dht", Datagrams, "d1:ad2:id20:abcdefghij0123456789e1:q4:pinge", ""),
        // GET /a?b with a token; an answer with content.
        sample("coap", Datagrams, bytes("42 01 12 34 aa bb b1 61 41 62"), ""),
        sample("coap", Datagrams, "", bytes("60 45 12 34 c0 ff 68 69")),
        sample("dhcpv6", Datagrams, bytes("01 10 08 74 00 01 00 02 aa bb 00 06 00 02 00 17"), ""),
        sample("dnp3_tcp", Stream, bytes("05 64 05 c0 01 00 00 04 e9 21"), bytes("05")),
        sample("dnp3_udp", Datagrams, "", bytes("05 64 05 c0 01 00 00 04 e9 21")),
        sample("finger", Stream, "/W ann\r\n", "Login: ann\r\n"),
        sample("ident", Stream, "6193, 23\r\n", "6193, 23 : USERID : UNIX : ann\r\n"),
        sample("ident", Stream, "6195,23\r\n", "6195,23:ERROR:NO-USER\r\n"),
        sample(
            "irc",
            Stream,
            "NICK ann\r\n",
            ":irc.test NOTICE * :hi\r\n:irc.test 001 ann :hi\r\n",
        ),
        sample("irc", Stream, "cap LS 302\r\n", ":irc.test 433 * ann :in use\r\n"),
        sample("isakmp", Datagrams, bytes("01*8 00*8 21 20 22 08 00*4 00 00 00 1e 00 00"), ""),
        sample("isakmp", Datagrams, bytes("00*4 01*8 00*8 01 10 02 00 00*4 00 00 00 1c"), ""),
        sample(
            "modbus",
            Stream,
            bytes("00 07 00 00 00 06 01 03 00 01 00 02"),
            bytes("00 07 00 00 00 07 01 03 04 00 01 00 02"),
        ),
        sample(
            "modbus",
            Stream,
            bytes("00 07 00 00 00 06 01 03 00 01 00 02"),
            bytes("00 07 00 00 00 03 01 83 02"),
        ),
        sample(
            "mongodb",
            Stream,
            bytes("20 00 00 00 07 00 00 00 00*4 dd 07 00 00 00*16"),
            bytes("20 00 00 00 01 00 00 00 07 00 00 00 dd 07 00 00 00*16"),
        ),
        sample("mqtt", Stream, b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a", b"\x20\x02\0\0"),
        sample("mqtt", Stream, b"\x10\x8d\x01\0\x06MQIsdp\x03\x02\0\x3c\0\x01a", ""),
        sample("nfs", Datagrams, rpc("a3"), ""),
        sample("nfs", Stream, framed(rpc("a3")), ""),
        sample("nntp", Stream, "MODE READER\r\n", "200 news.test ready\r\n"),
        sample("openvpn", Datagrams, &reset, ""),
        sample("openvpn", Datagrams, &signed, ""),
        sample("openvpn", Datagrams, bytes("38 01*8 00 00 00 01 65 00 00 00 aa*37"), ""),
        sample("openvpn", Stream, [&[0, 14][..], &reset].concat(), ""),
        sample("redis", Stream, "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"),
        sample("redis", Stream, "PING\r\n", "+PONG\r\n"),
        sample("rfb", Stream, "RFB 003.003\n", "RFB 003.008\n"),
        sample("rlogin", Stream, "\0ann\0bob\0vt100/9600\0", "\0"),
        sample("rpc", Datagrams, rpc("a0"), ""),
        sample("rpc", Stream, framed(rpc("a5")), ""),
        sample("rsync", Stream, "@RSYNCD: 31.0\n", "@RSYNCD: 30.0\n"),
        sample(
            "rtcp",
            Datagrams,
            bytes("80 c8 00 06 01*24 81 ca 00 02 00 00 00 07 01 02 61 62"),
            "",
        ),
        sample(
            "rtcp",
            Datagrams,
            "",
            bytes("80 c9 00 01 01*4 81 ca 00 02 00 00 00 07 01 02 61 62"),
        ),
        sample("ssdp", Datagrams, "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n", ""),
        sample("ssdp", Datagrams, "NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\n\r\n", ""),
        sample(
            "ssdp",
            Datagrams,
            "HTTP/1.1 200 OK\r\nServer: x\r\nst: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n",
            "",
        ),
        sample(
            "stun",
            Datagrams,
            bytes("00 01 00 08 21 12 a4 42 aa*12 80 22 00 04 61 62 63 64"),
            "",
        ),
        sample("stun", Datagrams, "", bytes("01 01 00 00 21 12 a4 42 aa*12")),
        sample(
            "tds",
            Stream,
            bytes("12 01 00 0b 00 00 00 00 00 00 1a"),
            bytes("04 01 00 2b 00 00 01 00 00 00 1a"),
        ),
        sample(
            "tds",
            Stream,
            bytes("02 00 00 0a 00 00 00 00 61 61 02 01 00 09 00 00 00 00 61"),
            bytes("04 00 00 2b 00 00 01 00 00 00 1a"),
        ),
        sample("tftp", Datagrams, "\0\x01rfc1350.txt\0octet\0", ""),
        sample("tftp", Datagrams, "\0\x02a b\0NetASCII\0blksize\x00512\0", ""),
        sample("wireguard", Datagrams, bytes("01 00*3 5a*144"), ""),
        sample("wireguard", Datagrams, "", bytes("02 00*3 5a*88")),
        sample(
            "x11",
            Stream,
            bytes("6c 00 0b 00 00 00 01 00 02 00 00 00 61*8"),
            bytes("01 00 0b 00 00 00"),
        ),
        sample("x11", Stream, bytes("42 00 00 0b 00 00 00 00 00 00 00 00"), ""),
    ]
}

/// What comes close, and is not.
fn near() -> Vec<Sample> {
    let open = bytes("ff*16 00 1d 01 04 fd e8 00 b4 0a 00 00 01 00");
    vec![
        sample("bacnet", Datagrams, bytes("81 0b 00 0d 01 20 ff ff 00 ff 10 08"), ""),
        sample("bacnet", Datagrams, bytes("81 0b 00 0c 02 20 ff ff 00 ff 10 08"), ""),
        sample("bgp", Stream, bytes("ff*16 00 12 01"), ""),
        sample("bgp", Stream, bytes("ff*16 00 13 06"), ""),
        sample("bgp", Stream, &open, "HTTP/1.1"),
        sample("bittorrent", Stream, "\x13BitTorrent protocoL", ""),
        sample("bittorrent-dht", Datagrams, "d1:ad2:ie20:abcdefghij", ""),
        sample("coap", Datagrams, bytes("82 01 12 34 aa bb b1 61 41 62"), ""),
        sample("coap", Datagrams, bytes("42 08 12 34 aa bb b1 61 41 62"), ""),
        sample("coap", Datagrams, bytes("49 01 12 34 aa*9 b1 61"), ""),
        sample("coap", Datagrams, bytes("42 01 12 34 aa bb b2 61"), ""),
        sample("coap", Datagrams, bytes("42 01 12 34 aa bb bf 61"), ""),
        sample("coap", Datagrams, bytes("42 01 12 34 aa bb e0 ff ff"), ""),
        sample("coap", Datagrams, bytes("60 45 12 34 c0 ff"), ""),
        sample("dhcpv6", Datagrams, bytes("01 10 08 74 00 01 00 03 aa bb"), ""),
        sample("dhcpv6", Datagrams, bytes("01 10 08 74"), ""),
        sample("dhcpv6", Datagrams, bytes("0e 10 08 74 00 01 00 02 aa bb"), ""),
        sample("dnp3_tcp", Stream, bytes("05 64 05 c0 01 00 00 04 e9 22"), bytes("05")),
        sample("finger", Stream, "ann\r\nbob\r\n", "Login: ann\r\n"),
        sample("ident", Stream, "6193, 23\r\n", "6193, 23 : HELLO\r\n"),
        sample("ident", Stream, "6193, 23x\r\n", "6193, 23 : USERID : UNIX : ann\r\n"),
        sample("irc", Stream, "NICK ann\r\n", "220 mail.test\r\n"),
        sample("irc", Stream, "NICK ann\r\n", ":irc.test NOTICE * :hi\r\n"),
        sample("irc", Stream, "HELO ann\r\n", ":irc.test 001 ann :hi\r\n"),
        sample("isakmp", Datagrams, bytes("01*8 00*8 21 20 22 08 00*4 00 00 00 1f 00 00"), ""),
        sample("isakmp", Datagrams, bytes("00*16 21 20 22 08 00*4 00 00 00 1e 00 00"), ""),
        sample("isakmp", Datagrams, bytes("01*8 00*8 21 30 22 08 00*4 00 00 00 1e 00 00"), ""),
        sample(
            "modbus",
            Stream,
            bytes("00 07 00 00 00 06 01 03 00 01 00 02"),
            bytes("00 08 00 00 00 07 01 03 04 00 01 00 02"),
        ),
        sample("modbus", Stream, bytes("00 07 00 00 00 06 01 03 00 01 00 02"), ""),
        sample(
            "mongodb",
            Stream,
            bytes("20 00 00 00 07 00 00 00 00*4 dd 07 00 00 00*16"),
            bytes("20 00 00 00 01 00 00 00 08 00 00 00 dd 07 00 00 00*16"),
        ),
        sample("mqtt", Stream, b"\x10\x0d\0\x04MQTT\x06\x02\0\x3c\0\x01a", b"\x20\x02\0\0"),
        sample("mqtt", Stream, b"\x10\x8d\x81\x81\x81\0\x04MQTT\x04", ""),
        sample("nntp", Stream, "MODE READER\r\n", "220 news.test\r\n"),
        sample("openvpn", Datagrams, bytes("38 00*13"), ""),
        sample("openvpn", Datagrams, bytes("38 01*8 aa*20 00 00 00 02 65 00 00 00 00*5"), ""),
        sample("openvpn", Datagrams, bytes("38 01*8 00 00 00 01 65 00 00 00 aa*36"), ""),
        sample("openvpn", Stream, bytes("00 0f 38 01*8 00*5"), ""),
        sample("redis", Stream, "*1\r\n:4\r\n", "+PONG\r\n"),
        sample("redis", Stream, "*1\r\n$4\r\nPING\r\n", "220 hello\r\n"),
        sample("rfb", Stream, "", "RFB 003.008\n"),
        sample("rfb", Stream, "RFB 003.00x\n", "RFB 003.008\n"),
        sample("rlogin", Stream, "\0ann\0bob\0vt100\0", "\0"),
        sample("rlogin", Stream, "\0ann\0bob\0vt100/9600\0", "x"),
        sample("rpc", Datagrams, bytes("01*4 00*4 00*3 03 00 01 86 a0 00*3 02 00*3 03 00*16"), ""),
        sample("rpc", Datagrams, bytes("01*4 00*4 00*3 02 00 00 86 a0 00*3 02 00*3 03 00*16"), ""),
        sample("rsync", Stream, "@RSYNCD: 31.0\n", "@ERROR\n"),
        sample("rtcp", Datagrams, bytes("80 c8 00 06 01*24"), ""),
        sample(
            "rtcp",
            Datagrams,
            bytes("81 c9 00 01 01*4 81 ca 00 02 00 00 00 07 01 02 61 62"),
            "",
        ),
        sample("ssdp", Datagrams, "NOTIFY sip:a SIP/2.0\r\nUSN: 1\r\nST: 1\r\n\r\n", ""),
        sample("ssdp", Datagrams, "HTTP/1.1 200 OK\r\nServer: x\r\nST: a\r\n\r\n", ""),
        sample("ssdp", Datagrams, "M-SEARCH / HTTP/1.1\r\nST: a\r\n\r\n", ""),
        sample("stun", Datagrams, bytes("00 01 00 04 21 12 a4 42 aa*12"), ""),
        sample("stun", Datagrams, bytes("40 01 00 00 21 12 a4 42 aa*12"), ""),
        sample(
            "tds",
            Stream,
            bytes("12 01 00 0a 00 00 00 00 00"),
            bytes("04 01 00 2b 00 00 01 00"),
        ),
        sample(
            "tds",
            Stream,
            bytes("12 01 00 09 00 00 00 00 00"),
            bytes("05 01 00 2b 00 00 01 00"),
        ),
        sample("tftp", Datagrams, "\0\x01rfc1350.txt\0octets\0", ""),
        sample("tftp", Datagrams, "\0\x01\0octet\0", ""),
        sample("wireguard", Datagrams, bytes("01 00*3 5a*143"), ""),
        sample("wireguard", Datagrams, bytes("01 00 00 01 5a*144"), ""),
        sample("x11", Stream, bytes("6c 00 0b 00 00 00 01 00 02 00 00 00 61*9"), ""),
        sample("x11", Stream, bytes("42 00 00 0b 00 00 00 00 00 00 00 00"), "HTTP/1.1"),
    ]
}

#[test]
fn every_signature_has_a_sample_that_it_alone_fits() {
    let samples = samples();
    for s in SIGNATURES {
        assert!(samples.iter().any(|x| (x.name, x.over) == (s.name, s.over)), "{}", s.name);
    }
    for s in &samples {
        assert_eq!(s.told(s.port), Told::Name(s.name));
        let fits = |x: &&Signature| x.over == s.over && (x.probe)(&s.orig, &s.resp) == Yes;
        assert!(SIGNATURES.iter().filter(fits).all(|x| x.name == s.name), "{}", s.name);
    }
}

#[test]
fn what_comes_close_is_none() {
    for s in near() {
        assert_eq!(s.told(s.port), Told::Nothing, "{}: {:02x?} {:02x?}", s.name, s.orig, s.resp);
    }
}

#[test]
fn a_weak_one_counts_on_its_port_alone() {
    for s in SIGNATURES.iter().filter(|s| !s.ports.is_empty()) {
        let samples = samples();
        let weak = samples.iter().find(|x| x.name == s.name && x.told(PORT) == Told::Nothing);
        assert!(weak.is_some_and(|x| x.told(x.port) == Told::Name(s.name)), "{}", s.name);
    }
}

#[test]
fn no_analyzer_s_protocol_is_told_here_and_the_other_way_round() {
    for s in samples() {
        for (dir, side) in [(Dir::Orig, &s.orig), (Dir::Resp, &s.resp)] {
            let found = PROTOCOLS.iter().find(|p| p.over == s.over && (p.probe)(dir, side) == Yes);
            assert!(found.is_none(), "{}: {found:?}", s.name);
        }
    }
    let names = SIGNATURES.iter().map(|s| s.name);
    assert!(names.clone().is_sorted(), "in alphabetical order");
    for name in names {
        assert!(PROTOCOLS.iter().all(|p| p.name != name), "{name}");
    }
}

#[test]
fn the_rest_of_a_start_is_waited_for() {
    for s in samples().iter().filter(|s| s.over == Stream && !s.orig.is_empty()) {
        for cut in 0..s.orig.len() {
            let told = tell(Stream, [&s.orig[..cut], &[]], [PORT, PORT], false);
            assert!(told == Told::Wait || told == Told::Nothing || told == Told::Name(s.name));
        }
    }
    let irc = [&b"NICK ann\r\n"[..], b":irc.test NOTICE * :hi\r\n:ir"];
    assert_eq!(tell(Stream, irc, [PORT, PORT], false), Told::Wait);
}

/// Pseudo-random numbers (Knuth's MMIX constants), the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn bytes(&mut self, of: impl Fn(u64) -> u8) -> Vec<u8> {
        let n = self.next() % 160;
        (0..n).map(|_| of(self.next())).collect()
    }
}

#[test]
fn a_hundred_thousand_random_starts_have_no_name() {
    let mut random = Random(1);
    for n in 0..100_000 {
        let of = |x: u64| match n % 4 {
            // Any bytes; small numbers, as headers have; text; lines and words.
            0 => x as u8,
            1 => (x % 5) as u8,
            2 => b' ' + (x % 95) as u8,
            _ => *b"ab 01:*$+\r\n".get(x as usize % 11).unwrap_or(&0),
        };
        let sides = [random.bytes(of), random.bytes(of)];
        for over in [Stream, Datagrams] {
            let told = tell(over, [&sides[0], &sides[1]], [PORT, PORT], true);
            assert_eq!(told, Told::Nothing, "{over:?} {sides:02x?}");
        }
    }
}
