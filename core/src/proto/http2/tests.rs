//! Tests of HTTP/2: requests and replies by stream, in any cut, and every limit on both sides.

use super::*;
use crate::event::Flow;
use crate::proto::drive::Feed;
use crate::proto::testing::{Said, talk};

/// A frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that goes into no table.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut out = Vec::new();
        match text.len() {
            len @ ..127 => out.push(len as u8),
            len => {
                out.push(127);
                let mut left = len - 127;
                while left >= 128 {
                    out.push(left as u8 | 0x80);
                    left >>= 7;
                }
                out.push(left as u8);
            }
        }
        out.extend(text.as_bytes());
        out
    };
    [vec![0], text(name), text(value)].concat()
}

fn fields(of: &[(&str, &str)]) -> Vec<u8> {
    of.iter().flat_map(|(name, value)| field(name, value)).collect()
}

fn get(path: &str) -> Vec<u8> {
    fields(&[
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "h.example"),
        (":path", path),
    ])
}

const ALL: u8 = flag::END_HEADERS | flag::END_STREAM;

fn settings() -> Vec<u8> {
    frame(kind::SETTINGS, 0, 0, b"")
}

/// Two requests on one connection, answered in the other order.
fn exchange() -> [Vec<u8>; 2] {
    let user_agent = field("user-agent", "t/1");
    let post = fields(&[(":method", "POST"), (":path", "/b"), (":authority", "h.example")]);
    let client = [
        PREFACE.to_vec(),
        settings(),
        frame(kind::HEADERS, ALL, 1, &[get("/a"), user_agent].concat()),
        frame(kind::HEADERS, flag::END_HEADERS, 3, &post),
        frame(kind::DATA, flag::PADDED, 3, b"\x03hello, you..."),
        frame(kind::DATA, flag::END_STREAM, 3, b""),
    ];
    let ok = fields(&[(":status", "200"), ("server", "s/2")]);
    let (ok, rest) = ok.split_at(7);
    let server = [
        settings(),
        frame(kind::HEADERS, flag::END_HEADERS, 3, &field(":status", "404")),
        frame(kind::DATA, flag::END_STREAM, 3, b"<html>"),
        frame(kind::HEADERS, flag::PADDED, 1, &[b"\x02".as_slice(), ok, b"pp"].concat()),
        frame(kind::CONTINUATION, flag::END_HEADERS, 1, rest),
        frame(kind::DATA, 0, 1, &[b'x'; 50]),
        frame(kind::HEADERS, ALL, 1, &field("x-trailer", "1")),
    ];
    [client.concat(), server.concat()]
}

fn rows(said: &[Said<'_>], step: usize) -> Vec<String> {
    talk(&PROTOCOL, said, step)
}

#[test]
fn streams_pair_in_any_order_and_any_cut() {
    let [client, server] = exchange();
    let said = [Said::Data(Dir::Orig, &client), Said::Data(Dir::Resp, &server)];
    let whole = rows(&said, usize::MAX);
    assert_eq!(
        whole,
        [
            "http trans_depth=2 method=POST host=h.example uri=/b version=2 request_body_len=10 response_body_len=6 status_code=404 orig_mime_types=text/plain resp_mime_types=text/html",
            "http trans_depth=1 method=GET host=h.example uri=/a version=2 user_agent=t/1 request_body_len=0 response_body_len=50 status_code=200 resp_mime_types=text/plain server=s/2",
        ]
    );
    for step in (1..40).chain([64, 1000]) {
        assert_eq!(rows(&said, step), whole, "step {step}");
    }
}

#[test]
fn a_gzip_body_counts_as_its_trailer_states_if_its_stream_ended() {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut coder, &[b'x'; 5000]).unwrap();
    let gz = coder.finish().unwrap();
    let fields = [field(":status", "200"), field("content-encoding", "gzip")].concat();
    for (flags, n) in [(flag::END_STREAM, 5000), (0, gz.len())] {
        let head = frame(kind::HEADERS, flag::END_HEADERS, 1, &fields);
        let said = [head, frame(kind::DATA, flags, 1, &gz)].concat();
        for step in [1, usize::MAX] {
            let got = rows(&[Said::Data(Dir::Resp, &said)], step);
            assert!(got[0].contains(&format!("response_body_len={n} ")), "{got:?}");
        }
    }
}

#[test]
fn a_gap_in_a_body_costs_nothing_and_one_in_headers_ends_it() {
    let head = frame(kind::HEADERS, flag::END_HEADERS, 1, &field(":status", "200"));
    let data = frame(kind::DATA, flag::END_STREAM, 1, &[b'x'; 1000]);
    let (begin, _) = data.split_at(HEADER + 100);
    let next = frame(kind::HEADERS, ALL, 3, &field(":status", "204"));
    let got = rows(
        &[
            Said::Data(Dir::Resp, &[head, begin.to_vec()].concat()),
            Said::Gap(Dir::Resp, 900),
            Said::Data(Dir::Resp, &next),
        ],
        usize::MAX,
    );
    assert!(got[0].contains("response_body_len=1000"), "{got:?}");
    assert!(got[1].contains("status_code=204"), "{got:?}");
    let request = frame(kind::HEADERS, ALL, 1, &get("/a"));
    let mut lost = Feed::new(&PROTOCOL, Flow::default());
    lost.data(Dir::Orig, &request);
    lost.gap(Dir::Orig, 10);
    assert_eq!(lost.done, Some(Step::Quit));
    assert_eq!(lost.finish().len(), 1);
}

#[test]
fn replies_are_interim_pushed_or_reset() {
    let server = [
        frame(kind::HEADERS, flag::END_HEADERS, 1, &field(":status", "103")),
        frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &[&[0, 0, 0, 2][..], &get("/p")].concat()),
        frame(kind::HEADERS, ALL, 2, &field(":status", "200")),
        frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]),
    ];
    let request = frame(kind::HEADERS, ALL, 1, &get("/a"));
    let said = [Said::Data(Dir::Orig, &request), Said::Data(Dir::Resp, &server.concat())];
    let got = rows(&said, usize::MAX);
    assert!(got[0].contains("status_code=200") && !got[0].contains("uri="), "{got:?}");
    assert!(got[1].contains("uri=/a") && got[1].contains("status_code=103"), "{got:?}");
}

#[test]
fn what_is_no_http2_ends_it() {
    for bad in [
        // Another protocol, a block inside another, data on no stream.
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        [frame(kind::HEADERS, 0, 1, b""), settings()].concat(),
        frame(kind::DATA, 0, 0, b"x"),
        frame(kind::CONTINUATION, ALL, 1, b""),
        frame(kind::HEADERS, ALL, 1, b"\xff\xff\xff\xff\xff\xff"),
        frame(kind::HEADERS, ALL | flag::PADDED, 1, b"\x09"),
    ] {
        let got = rows(&[Said::Data(Dir::Resp, &bad)], usize::MAX);
        assert!(got[0].starts_with("weird"), "{got:?}");
        assert_eq!(got.last().map(String::as_str), Some("quit"));
    }
}

#[test]
fn streams_blocks_frames_and_fields_are_bounded() {
    let open = |n: usize| {
        let request = |i| frame(kind::HEADERS, ALL, 2 * i as u32 + 1, &get("/"));
        let client: Vec<u8> = (0..n).flat_map(request).collect();
        let got = rows(&[Said::Data(Dir::Orig, &client)], usize::MAX);
        assert_eq!(got.iter().filter(|row| row.starts_with("http ")).count(), n);
        got.iter().any(|row| row.contains("http2_too_many_streams"))
    };
    assert!(!open(streams::MAX_STREAMS) && open(streams::MAX_STREAMS + 1));
    let quits = |bytes: &[u8]| {
        rows(&[Said::Data(Dir::Orig, bytes)], usize::MAX).last().is_some_and(|row| row == "quit")
    };
    let head = |len: usize| frame(kind::HEADERS, ALL, 1, &vec![0x82; len]);
    assert!(!quits(&head(MAX_FRAME)) && quits(&head(MAX_FRAME + 1)));
    let block = |last: usize| {
        let more = frame(kind::CONTINUATION, 0, 1, &[0x82; MAX_FRAME]);
        let last = frame(kind::CONTINUATION, flag::END_HEADERS, 1, &vec![0x82; last]);
        [frame(kind::HEADERS, 0, 1, b""), more, last].concat()
    };
    assert!(!quits(&block(MAX_BLOCK - MAX_FRAME)) && quits(&block(MAX_BLOCK - MAX_FRAME + 1)));
    let late = |n: u32| {
        let many = field("a", "b").repeat(n as usize);
        let block = [get("/"), many, field("user-agent", "late")].concat();
        let request = frame(kind::HEADERS, ALL, 1, &block);
        rows(&[Said::Data(Dir::Orig, &request)], usize::MAX)[0].contains("late")
    };
    assert!(late(MAX_FIELDS - 5) && !late(MAX_FIELDS - 4));
}

#[test]
fn a_preface_or_settings_tell() {
    for cut in 0..PREFACE.len() {
        assert_eq!(probe(Dir::Orig, &PREFACE[..cut]), Probe::NeedMore, "{cut}");
    }
    assert_eq!(probe(Dir::Orig, PREFACE), Probe::Yes);
    assert_eq!(probe(Dir::Orig, b"PRI * HTTP/1.1\r\n"), Probe::No);
    assert_eq!(probe(Dir::Resp, &frame(kind::SETTINGS, 0, 0, &[0; 12])), Probe::Yes);
    assert_eq!(probe(Dir::Resp, &settings()[..5]), Probe::NeedMore);
    assert_eq!(probe(Dir::Resp, b"HTTP/1.1 200"), Probe::No);
    assert_eq!(probe(Dir::Resp, &[0; 64]), Probe::No);
}

#[test]
fn no_bytes_stop_the_analyzer() {
    let [client, server] = exchange();
    for at in 0..client.len() {
        for bit in [0x01, 0x80, 0xff] {
            let mut bad = client.clone();
            bad[at] ^= bit;
            let said = [
                Said::Data(Dir::Orig, &bad),
                Said::Data(Dir::Resp, &server[at.min(server.len())..]),
            ];
            assert!(rows(&said, 99).len() < 20);
        }
    }
}
