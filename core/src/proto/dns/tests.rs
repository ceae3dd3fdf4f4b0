//! The analyzer over whole captures against what Zeek says of them, over cuts, and at its limits.

use super::pairing::MAX_WAITING;
use super::*;
use crate::event::{Body, Dns, Event, Flow};
use crate::proto::PROTOCOLS;
use crate::proto::drive::{self, Feed, Row};
use crate::time::Time;
use std::net::IpAddr;

/// Fields in which we say more than Zeek, and why that is no contradiction.
fn explained(ours: &Row, zeek: &Row, name: &str) -> bool {
    let (a, b) = (ours.get(name), zeek.get(name).map(String::as_str));
    // Zeek dropped the query's packet for its wrong checksum, or saw none.
    let no_query = !zeek.contains_key("qtype");
    match name {
        "rtt" => b.is_none() && no_query,
        // Zeek's default for a query without reply; to us that is not known.
        "rejected" => b == Some("F") && a.is_none(),
        // Without the query Zeek does not look into the reply's question and flags.
        "qclass" | "qclass_name" | "qtype" | "qtype_name" => b.is_none(),
        "RD" | "Z" | "TC" => no_query,
        // Zeek logs these as a set without order.
        "auth" | "addl" => sorted(a) == sorted(zeek.get(name)),
        _ => false,
    }
}

fn sorted(list: Option<&String>) -> Vec<&str> {
    let mut parts: Vec<_> = list.map(|l| l.split(',').collect()).unwrap_or_default();
    parts.sort();
    parts.dedup();
    parts
}

#[test]
fn rows_are_those_of_zeek() {
    let cases = [
        ("dns/zeek__dns-spf.pcap", "scripts.base.protocols.dns.spf", 1),
        ("dns/zeek__dns-txt-multiple.pcap", "scripts.base.protocols.dns.multiple-txt-strings", 1),
        ("dns/zeek__dns53.pcap", "scripts.base.protocols.dns.flip", 1),
        ("dns/zeek__dns_dynamic-update.pcap", "scripts.base.protocols.dns.dynamic-update", 2),
        ("dns/zeek__dns_loc-29-trunc.pcap", "scripts.base.protocols.dns.loc", 1),
        ("dns/zeek__dns_sshfp-trunc.pcap", "scripts.base.protocols.dns.sshfp", 2),
        ("dns/zeek__dnssec_dnskey.pcap", "scripts.base.protocols.dns.dnskey", 1),
        ("dns/zeek__dnssec_ds.pcap", "scripts.base.protocols.dns.ds", 1),
        ("dns/zeek__dnssec_nsec.pcap", "scripts.base.protocols.dns.nsec", 2),
        ("dns/zeek__dnssec_nsec3.pcap", "scripts.base.protocols.dns.nsec3", 1),
        ("dns/zeek__dnssec_rrsig.pcap", "scripts.base.protocols.dns.rrsig", 4),
    ];
    for (capture, test, rows) in cases {
        let log = format!("{test}/dns.log");
        if let Some(n) = drive::same_as_zeek(capture, &log, Kind::Dns, &explained) {
            assert_eq!(n, rows, "{capture}");
        }
    }
}

#[test]
fn a_days_work_of_a_windows_host_is_that_of_zeek() {
    let capture = "realworld/apt29_day2_SCRANTON.pcap";
    let (Some(events), Some(log)) =
        (drive::events(capture), drive::corpus(&format!("{capture}.expected/zeek/dns.log")))
    else {
        return;
    };
    const FIELDS: [&str; 7] =
        ["trans_id", "query", "qtype_name", "rcode_name", "answers", "auth", "addl"];
    let mut ours: Vec<_> = drive::rows(&events, Kind::Dns)
        .iter()
        .map(|row| FIELDS.map(|f| row.get(f).map_or("-", String::as_str)).join(" "))
        .collect();
    let mut zeek: Vec<_> = std::fs::read_to_string(log)
        .unwrap()
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = |name| match &row[name] {
                serde_json::Value::Null => "-".into(),
                serde_json::Value::Array(list) => {
                    list.iter().map(|v| v.as_str().unwrap()).collect::<Vec<_>>().join(",")
                }
                serde_json::Value::String(s) => s.clone(),
                other => other.to_string(),
            };
            ["trans_id", "query", "qtype_name", "rcode_name", "answers", "auth", "addl"]
                .map(field)
                .join(" ")
        })
        .collect();
    ours.sort();
    zeek.sort();
    assert_eq!(ours, zeek);
}

/// A flow between two hosts, from a client port to port 53.
fn flow(orig: &str, resp: &str) -> Flow {
    let end = |addr: &str, port| crate::event::Endpoint {
        addr: Some(addr.parse::<IpAddr>().unwrap()),
        port: Some(port),
    };
    Flow { orig: end(orig, 49152), resp: end(resp, 53), ..Flow::default() }
}

/// A query for the A record of a name of one label.
fn query(id: u16, label: &str) -> Vec<u8> {
    let name = [&[label.len() as u8], label.as_bytes(), &[0]].concat();
    [
        &id.to_be_bytes(),
        b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".as_slice(),
        &name,
        b"\x00\x01\x00\x01",
    ]
    .concat()
}

/// The reply to it with one address.
fn reply(id: u16, label: &str) -> Vec<u8> {
    let mut message = query(id, label);
    message[2..8].copy_from_slice(b"\x85\x80\x00\x01\x00\x01");
    message.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01");
    message
}

fn prefixed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes(), message].concat()
}

fn feed(over: Over, flow: Flow) -> Feed {
    let protocol = PROTOCOLS.iter().find(|p| p.name == "dns" && p.over == over).unwrap();
    Feed::new(protocol, flow)
}

fn dns(events: &[Event]) -> Vec<(&Event, &Dns)> {
    fn pick(e: &Event) -> Option<(&Event, &Dns)> {
        match &e.body {
            Body::Dns(d) => Some((e, d)),
            _ => None,
        }
    }
    events.iter().filter_map(pick).collect()
}

/// Each row as id, query, answers, whether answered, and who asked.
fn short(events: &[Event]) -> Vec<String> {
    let row = |(e, d): (&Event, &Dns)| {
        let answered = d.answered.map_or("unknown".into(), |a| a.to_string());
        let name = d.query.as_deref().unwrap_or("-");
        format!(
            "{} {name} [{}] {answered} {}",
            d.trans_id.unwrap(),
            d.answers.join(","),
            e.flow.orig
        )
    };
    dns(events).into_iter().map(row).collect()
}

const CLIENT: &str = "10.0.0.1:49152";

#[test]
fn flags_and_time_of_a_reply_are_those_that_zeek_takes_from_its_answers() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
    feed.data(Dir::Orig, &query(1, "one"));
    feed.data(Dir::Orig, &query(2, "two"));
    feed.ts = Time(5_000_000);
    feed.data(Dir::Resp, &reply(1, "one"));
    let mut none = query(2, "two");
    none[2..4].copy_from_slice(b"\x85\x83");
    feed.data(Dir::Resp, &none);
    let events = feed.finish();
    let rows = dns(&events).into_iter().map(|(_, d)| (d.aa, d.ra, d.rtt.is_some(), d.rcode));
    let [yes, no] = [Some(true), Some(false)];
    assert_eq!(rows.collect::<Vec<_>>(), [(yes, yes, true, Some(0)), (no, no, false, Some(3))]);
}

#[test]
fn queries_and_replies_are_paired_and_what_is_left_goes_out_at_the_end() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
    feed.data(Dir::Orig, &query(1, "one"));
    feed.data(Dir::Orig, &query(2, "two"));
    feed.ts = Time(5_000_000);
    feed.data(Dir::Resp, &reply(2, "TWO"));
    feed.data(Dir::Resp, &reply(3, "three"));
    feed.data(Dir::Resp, &reply(1, "other"));
    assert!(feed.service.contains("dns"));
    let events = feed.finish();
    let rows = dns(&events);
    assert_eq!(rows[0].1.rtt.unwrap().0, 5_000_000);
    assert_eq!(rows[0].0.also.len(), 1);
    assert_eq!(
        short(&events),
        [
            format!("2 two [192.0.2.1] true {CLIENT}"),
            format!("1 one [] false {CLIENT}"),
            format!("3 three [192.0.2.1] true {CLIENT}"),
            format!("1 other [192.0.2.1] true {CLIENT}"),
        ]
    );
}

#[test]
fn a_reply_in_front_of_its_query_is_still_its_reply() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
    feed.data(Dir::Resp, &reply(1, "one"));
    feed.data(Dir::Orig, &query(1, "one"));
    assert_eq!(short(&feed.finish()), [format!("1 one [192.0.2.1] true {CLIENT}")]);
}

#[test]
fn who_asked_is_the_originator_of_the_row() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
    feed.data(Dir::Resp, &query(1, "one"));
    feed.data(Dir::Orig, &reply(1, "one"));
    assert_eq!(short(&feed.finish()), ["1 one [192.0.2.1] true 10.0.0.2:53"]);
}

#[test]
fn what_goes_to_a_group_waits_for_nobody() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "224.0.0.251"));
    feed.data(Dir::Orig, &query(0, "one"));
    feed.data(Dir::Orig, &reply(0, "one"));
    assert_eq!(feed.out.events.len(), 2);
    assert_eq!(
        short(&feed.finish()),
        [format!("0 one [] unknown {CLIENT}"), format!("0 one [192.0.2.1] true {CLIENT}")]
    );
}

#[test]
fn the_table_of_waiting_queries_has_its_limit() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
    (0..MAX_WAITING as u16).for_each(|id| feed.data(Dir::Orig, &query(id, "q")));
    assert!(feed.out.events.is_empty());
    feed.data(Dir::Orig, &query(999, "q"));
    // The oldest goes out; whether it is answered is no longer known.
    assert_eq!(short(&feed.out.events), [format!("0 q [] unknown {CLIENT}")]);
    assert_eq!(feed.finish().len(), MAX_WAITING + 1);
}

#[test]
fn a_stream_gives_the_same_rows_however_it_is_cut() {
    let asked: Vec<u8> = (1..4).flat_map(|id| prefixed(&query(id, "abc"))).collect();
    let told: Vec<u8> = (1..4).flat_map(|id| prefixed(&reply(id, "abc"))).collect();
    let run = |step: usize| {
        let mut feed = feed(Over::Stream, flow("10.0.0.1", "10.0.0.2"));
        asked.chunks(step).for_each(|piece| feed.data(Dir::Orig, piece));
        told.chunks(step).for_each(|piece| feed.data(Dir::Resp, piece));
        feed.finish()
    };
    let whole = run(usize::MAX);
    assert_eq!(whole.len(), 3);
    for step in 1..80 {
        assert_eq!(run(step), whole, "pieces of {step}");
    }
}

#[test]
fn a_gap_in_a_stream_loses_only_its_own_messages() {
    let told: Vec<u8> = (1..6).flat_map(|id| prefixed(&reply(id, "abc"))).collect();
    let len = told.len() / 5;
    // Inside one message; at its end; over several, with a message's begin or a middle behind it.
    for (from, to, left) in [
        (len + 20, len + 25, "1 3 4 5"),
        (len + 1, 2 * len, "1 3 4 5"),
        (10, 3 * len, "4 5"),
        (3 * len, 4 * len + 5, "1 2 3"),
    ] {
        let mut feed = feed(Over::Stream, flow("10.0.0.1", "10.0.0.2"));
        feed.data(Dir::Orig, &prefixed(&query(9, "lost")));
        feed.data(Dir::Resp, &told[..from]);
        feed.gap(Dir::Resp, (to - from) as u64);
        feed.data(Dir::Resp, &told[to..]);
        let events = feed.finish();
        let (asked, replies): (Vec<_>, Vec<_>) =
            dns(&events).into_iter().partition(|(_, d)| d.trans_id == Some(9));
        let ids: Vec<_> = replies.iter().map(|(_, d)| d.trans_id.unwrap().to_string()).collect();
        assert_eq!(ids.join(" "), left, "gap {from} to {to}");
        // A reply could have been in the gap: nothing is said of it.
        assert_eq!(asked[0].1.answered, None);
    }
}

#[test]
fn odd_messages_are_said_once_and_the_rest_is_used() {
    let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
    let whole = reply(1, "one");
    for _ in 0..3 {
        feed.data(Dir::Resp, b"short");
        feed.data(Dir::Resp, &whole[..whole.len() - 1]);
    }
    let events = feed.finish();
    let weird = |e: &Event| match &e.body {
        Body::Weird(w) => w.name.clone(),
        _ => None,
    };
    let names: Vec<_> = events.iter().filter_map(weird).collect();
    assert_eq!(*names[0], *"DNS_truncated_len_lt_hdr_len");
    assert_eq!(*names[1], *"DNS_truncated_RR_rdlength_lt_len");
    assert_eq!(names.len(), 2);
    assert_eq!(short(&events)[0], format!("1 one [] true {CLIENT}"));
}

#[test]
fn content_and_not_the_port_tells() {
    let datagram = |bytes: &[u8]| (DATAGRAMS.probe)(Dir::Orig, bytes);
    assert_eq!(datagram(&query(1, "one")), Probe::Yes);
    assert_eq!(datagram(&reply(1, "one")), Probe::Yes);
    assert_eq!(datagram(&query(1, "one")[..15]), Probe::No);
    assert_eq!(datagram(&reply(1, "one")[..30]), Probe::Maybe);
    assert_eq!(datagram(&[0; 40]), Probe::No);
    assert_eq!(datagram(b"GET / HTTP/1.1\r\n\r\n"), Probe::No);
    let stream = |bytes: &[u8]| (STREAM.probe)(Dir::Orig, bytes);
    let message = prefixed(&reply(1, "one"));
    for cut in 0..message.len() {
        let want = if cut < 23 { Probe::NeedMore } else { Probe::Yes };
        assert_eq!(stream(&message[..cut]), want, "{cut}");
    }
    assert_eq!(stream(&message), Probe::Yes);
    assert_eq!(stream(b"GET / HTTP/1.1\r\n\r\n"), Probe::No);
}

#[test]
fn a_message_of_many_records_is_cut_to_a_row() {
    // Pointers to a name of 250 bytes: 12 bytes each in the message, 250 each in a row.
    let label = [&[62], [b'a'; 62].as_slice()].concat();
    let name = [label.repeat(4), vec![0]].concat();
    let record = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x00\x00\x02\xc0\x0c";
    let message = |n: u16| {
        let counts = [&[0, 1], n.to_be_bytes().as_slice(), &[0; 4]].concat();
        [
            b"\x00\x01\x80\x00".as_slice(),
            &counts,
            &name,
            b"\x00\x05\x00\x01",
            &record.repeat(n.into()),
        ]
        .concat()
    };
    let rows = |n| {
        let mut feed = feed(Over::Datagrams, flow("10.0.0.1", "10.0.0.2"));
        feed.data(Dir::Resp, &message(n));
        let events = feed.finish();
        let weirds = events.iter().filter(|e| matches!(e.body, Body::Weird(_))).count();
        (dns(&events)[0].1.answers.len(), weirds)
    };
    let fits = row::MAX_SECTION_TEXT / 251;
    assert_eq!(rows(fits as u16), (fits, 0));
    assert_eq!(rows(fits as u16 + 1), (fits, 1));
}
