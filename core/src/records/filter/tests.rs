//! The filter language held against rows, and against any text at all.

use super::*;
use crate::event::{Body, Dns, Event, Flow, Http, Origin, StringSet};
use crate::time::{Interval, Time};

fn event(body: Body) -> Event {
    let mut flow = Flow::default();
    flow.orig.addr = Some("10.1.2.3".parse().unwrap());
    flow.orig.port = Some(50_000);
    flow.resp.addr = Some("2001:db8::53".parse().unwrap());
    flow.resp.port = Some(53);
    let at = Origin { item: 7, ..Origin::default() };
    Event { ts: Some(Time::from_secs(1_680_393_600)), at, also: Vec::new(), flow, body }
}

fn dns() -> Event {
    event(Body::Dns(Dns {
        query: Some("c2.evil.org".into()),
        rd: Some(true),
        rtt: Some(Interval(20_000_000)),
        answers: vec!["192.0.2.1".into(), "a*b".into()],
        ttls: vec![Interval::from_secs(58), Interval::from_secs(18)],
        ..Dns::default()
    }))
}

fn passes(event: &Event, filter: &str) -> bool {
    let kind = event.body.kind();
    let mut table = Table::new(kind, 1);
    table.push(event);
    let filter = Filter::parse(filter).unwrap_or_else(|e| panic!("{filter}: {e}"));
    filter.bind(kind).passes(&table, 0)
}

#[test]
fn comparisons_by_type() {
    for (filter, want) in [
        ("", true),
        ("query == c2.evil.org", true),
        ("query == \"*.evil.org\"", true),
        ("query == *.EVIL.org", false),
        ("query ~ *.EVIL.org", true),
        ("query contains EVIL", true),
        ("query >= c", true),
        ("query != x", true),
        ("RD == T", true),
        ("RD != true", false),
        ("rtt >= 20ms and rtt < 0.021", true),
        ("rtt == 20ms", true),
        ("answers == 192.0.2.1", true),
        ("answers in 192.0.2.0/24", true),
        ("answers in (198.51.100.0/24, 10.0.0.0/8)", false),
        (r"answers == a\*b", true),
        ("TTLs < 20s", true),
        ("TTLs > 1min", false),
        ("id.orig_h == 10.0.0.0/8", true),
        ("id.orig_h in (10.1.2.3)", true),
        ("id.orig_h != 10.0.0.0/8", false),
        ("id.orig_h > 10.1.2.2", true),
        ("id.orig_h contains 1.2", true),
        ("id.resp_h == 2001:db8::/32", true),
        ("id.resp_p == 53 and id.orig_p >= 1024", true),
        ("id.resp_p in (53, 5353)", true),
        ("addr == 2001:db8::53", true),
        ("port == 50000", true),
        ("ts == 2023-04-02", true),
        ("ts > 2023-04-02", false),
        ("ts >= 2023-04-02T00:00:00Z and ts < 2023-04-03", true),
        ("_path == dns and _item == 7 and _source == 0", true),
    ] {
        assert_eq!(passes(&dns(), filter), want, "{filter}");
    }
}

#[test]
fn unset_passes_nothing_but_what_asks_for_it() {
    for (filter, want) in [
        ("rcode == 0", false),
        ("rcode != 0", false),
        ("not rcode == 0", true),
        ("rcode is unset", true),
        ("rcode is set", false),
        ("rtt is set", true),
        // Columns that this kind does not have.
        ("status_code == 404", false),
        ("status_code is unset", true),
        ("not status_code == 404", true),
    ] {
        assert_eq!(passes(&dns(), filter), want, "{filter}");
    }
}

#[test]
fn words_are_looked_for_everywhere() {
    let http = event(Body::Http(Http {
        uri: Some("/a?b=10.9.9.9&c=Hawkeye".into()),
        status_code: Some(404),
        tags: StringSet::from_iter(["ODD"]),
        ..Http::default()
    }));
    for (word, want) in [
        ("hawkeye", true),
        ("HAWKEYE odd", true),
        ("10.9.9.9", true),
        ("10.0.0.0/8", true),
        ("10.1.2.3", true),
        ("10.1.2.4", false),
        ("404", true),
        ("40", false),
        ("2023-04-02", true),
        ("2023-04-03", false),
        ("\"b=10\"", true),
        ("not nothing", true),
    ] {
        assert_eq!(passes(&http, word), want, "{word}");
    }
}

#[test]
fn errors_point_at_the_value_or_the_field() {
    for (filter, at, len, what) in [
        ("id.orig_h == banana", 13, 6, "an address"),
        ("RD == maybe", 6, 5, "`T` or `F`"),
        ("status_code == 4x4", 15, 3, "whole number"),
        ("ts > yesterday", 5, 9, "a time"),
        ("rtt > 5 parsecs", 8, 7, ""),
        ("orig_h == 1.2.3.4", 0, 6, "id.orig_h"),
        ("ip.src == 1.2.3.4", 0, 6, "no kind has"),
    ] {
        match Filter::parse(filter) {
            Err(e) => {
                assert_eq!((e.at, e.len), (at, len), "{filter}");
                assert!(e.message.contains(what), "{filter}: {}", e.message);
            }
            Ok(_) => assert!(what.is_empty(), "{filter} was read"),
        }
    }
}

#[test]
fn a_quoted_value_finds_exactly_itself() {
    for value in ["a*b", r"a\*b", r"\", r#"say "x" \"#, "", "ünï", r"C:\\*.exe", "'"] {
        let mut event = dns();
        let Body::Dns(dns) = &mut event.body else { panic!() };
        dns.query = Some(value.into());
        assert!(passes(&event, &equals("query", value)), "{}", quote(value));
        assert!(!passes(&event, &equals("query", &format!("{value}x"))));
    }
}

/// Texts made of pieces that mean something to the language, by a fixed generator of numbers.
#[test]
fn no_text_makes_it_panic() {
    const PIECES: [&str; 24] = [
        "query",
        "==",
        "!=",
        "<",
        "~",
        "(",
        ")",
        "and",
        "or",
        "not",
        "in",
        "contains",
        "is",
        "set",
        "\"",
        "'",
        "\\",
        "*",
        "10.0.0.0/8",
        "5s",
        "2023-04-02T",
        "é\u{202e}",
        ",",
        " ",
    ];
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    let (mut n_read, row) = (0, dns());
    for _ in 0..20_000 {
        let text: String = (0..next() % 12).map(|_| PIECES[next() % PIECES.len()]).collect();
        match Filter::parse(&text) {
            Ok(_) => {
                n_read += 1;
                passes(&row, &text);
            }
            Err(e) => assert!(e.at + e.len <= text.len() && text.is_char_boundary(e.at)),
        }
    }
    assert!(n_read > 1000, "only {n_read} texts were filters");
}
