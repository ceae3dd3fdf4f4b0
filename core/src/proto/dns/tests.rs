//! The analyzer over whole captures against what Zeek says of them, over cuts, and at its limits.

use super::pairing::MAX_WAITING;
use super::*;
use crate::event::{Body, Dns, Event, Flow};
use crate::proto::PROTOCOLS;
use crate::proto::drive::{self, Feed};
use crate::time::Time;
use std::net::IpAddr;

fn dns(body: &Body) -> Option<&Dns> {
    match body {
        Body::Dns(d) => Some(d),
        _ => None,
    }
}

/// A field as Zeek's log writes it; `-` when it is not known.
fn zeek_field(event: &Event, d: &Dns, name: &str) -> String {
    let flag = |f: Option<bool>| f.map(|f| if f { "T".into() } else { "F".into() });
    let text = |t: &Option<crate::text::Text>| t.as_ref().map(ToString::to_string);
    let list = |t: &[crate::text::Text]| Some(t.join(",")).filter(|t| !t.is_empty());
    let set = |t: &[crate::text::Text]| {
        let mut t = t.to_vec();
        t.sort();
        t.dedup();
        list(&t)
    };
    let value = match name {
        "id.orig_h" => event.flow.orig.addr.map(|a| a.to_string()),
        "id.orig_p" => event.flow.orig.port.map(|p| p.to_string()),
        "id.resp_h" => event.flow.resp.addr.map(|a| a.to_string()),
        "id.resp_p" => event.flow.resp.port.map(|p| p.to_string()),
        "trans_id" => d.trans_id.map(|n| n.to_string()),
        "rtt" => d.rtt.map(|r| format!("{:.6}", r.secs_f64())),
        "query" => text(&d.query),
        "qclass" => d.qclass.map(|n| n.to_string()),
        "qclass_name" => text(&d.qclass_name),
        "qtype" => d.qtype.map(|n| n.to_string()),
        "qtype_name" => text(&d.qtype_name),
        "rcode" => d.rcode.map(|n| n.to_string()),
        "rcode_name" => text(&d.rcode_name),
        "AA" => flag(d.aa),
        "TC" => flag(d.tc),
        "RD" => flag(d.rd),
        "RA" => flag(d.ra),
        "Z" => d.z.map(|n| n.to_string()),
        "answers" => list(&d.answers),
        "TTLs" => Some(
            d.ttls.iter().map(|t| format!("{:.6}", t.secs_f64())).collect::<Vec<_>>().join(","),
        )
        .filter(|t| !t.is_empty()),
        "rejected" => flag(d.rejected),
        "opcode" => d.opcode.map(|n| n.to_string()),
        "opcode_name" => text(&d.opcode_name),
        "auth" => set(&d.auth),
        "addl" => set(&d.addl),
        _ => Some("(not compared)".into()),
    };
    value.unwrap_or_else(|| "-".into())
}

/// Fields in which we say more than Zeek, and why that is no contradiction.
/// `no_query`: Zeek dropped the query's packet for its wrong checksum, or saw none.
fn says_more(d: &Dns, name: &str, ours: &str, zeek: &str, no_query: bool) -> bool {
    match name {
        // Zeek takes these from answer records only; we take them from the reply's header.
        "AA" | "RA" => zeek == "F" && (d.answers.is_empty() || ours == "-"),
        "rtt" => zeek == "-" && (d.answers.is_empty() || no_query),
        // Zeek's default for a query without reply; to us that is not known.
        "rejected" => zeek == "F" && ours == "-",
        // Without the query Zeek does not look into the reply's question and flags.
        "qclass" | "qclass_name" | "qtype" | "qtype_name" => zeek == "-",
        "RD" | "Z" | "TC" => no_query,
        "auth" | "addl" => ours.split(',').all(|part| zeek.contains(part)),
        _ => name == "ts" || name == "uid" || name == "proto",
    }
}

/// Compares the rows of a capture with those of a Zeek log in TSV, in any order; gives their number.
fn same_as_zeek(capture: &str, log: &str) -> Option<usize> {
    let events = drive::events(capture)?;
    let mut rows = drive::only(&events, dns);
    let text = std::fs::read_to_string(drive::corpus(log)?).unwrap();
    let fields: Vec<_> =
        text.lines().find(|l| l.starts_with("#fields")).unwrap().split('\t').skip(1).collect();
    let mut compared = 0;
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let zeek: Vec<_> = fields.iter().copied().zip(line.split('\t')).collect();
        let no_query = zeek.contains(&("qtype", "-"));
        let fits = |(event, d): &(&Event, &Dns)| {
            zeek.iter().find_map(|(name, want)| {
                let ours = zeek_field(event, d, name);
                (ours != *want && !says_more(d, name, &ours, want, no_query))
                    .then(|| format!("{name}: {ours}, Zeek {want}"))
            })
        };
        let differences: Vec<_> = rows.iter().map(fits).collect();
        let found = differences.iter().position(Option::is_none);
        let Some(found) = found else { panic!("{capture}\n{line}\nno row fits: {differences:#?}") };
        rows.remove(found);
        compared += 1;
    }
    assert!(rows.is_empty(), "{capture}: rows that Zeek has not: {rows:#?}");
    Some(compared)
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
        let log = format!("{capture}.expected/zeek/{test}/dns.log");
        if let Some(n) = same_as_zeek(capture, &log) {
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
    let mut ours: Vec<_> = drive::only(&events, dns)
        .into_iter()
        .map(|(e, d)| {
            let field = |name| zeek_field(e, d, name);
            ["trans_id", "query", "qtype_name", "rcode_name", "answers", "auth", "addl"]
                .map(field)
                .join(" ")
        })
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

/// Each row as id, query, answers, whether answered, and who asked.
fn short(events: &[Event]) -> Vec<String> {
    let row = |(e, d): (&Event, &Dns)| {
        let answered = d.answered.map_or("unknown".into(), |a| a.to_string());
        let name = zeek_field(e, d, "query");
        format!(
            "{} {name} [{}] {answered} {}",
            d.trans_id.unwrap(),
            d.answers.join(","),
            e.flow.orig
        )
    };
    drive::only(events, dns).into_iter().map(row).collect()
}

const CLIENT: &str = "10.0.0.1:49152";

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
    let rows = drive::only(&events, dns);
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
            drive::only(&events, dns).into_iter().partition(|(_, d)| d.trans_id == Some(9));
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
        (drive::only(&events, dns)[0].1.answers.len(), weirds)
    };
    let fits = row::MAX_SECTION_TEXT / 251;
    assert_eq!(rows(fits as u16), (fits, 0));
    assert_eq!(rows(fits as u16 + 1), (fits, 1));
}
