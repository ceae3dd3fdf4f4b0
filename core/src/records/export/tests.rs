//! Exports held against the formats' rules, hostile text included.

use super::*;
use crate::event::{Body, Dns, Event, Flow, KnownService, Origin, StringSet, Transport, X509};
use crate::settings::Settings;
use crate::time::{Interval, Time};

fn exported(events: &[Event], kind: Kind, columns: &[&str], format: ExportFormat) -> String {
    let mut records = Records::new(&Settings::default());
    events.iter().for_each(|e| records.push(e));
    let columns = Some(columns.iter().map(|c| (*c).to_owned()).collect());
    let query = RowQuery { columns, ..RowQuery::all(kind) };
    let mut export = records.export(&query, format).unwrap();
    let mut bytes = Vec::new();
    while let Some(block) = export.next_block(&records) {
        assert!(block.len() < 2 * BLOCK);
        bytes.extend(block);
    }
    assert_eq!(export.n_written(), events.len());
    String::from_utf8(bytes).unwrap()
}

fn event(body: Body) -> Event {
    let ts = Some(Time(1_698_101_872_187_273_001));
    Event { ts, at: Origin::default(), also: Vec::new(), flow: Flow::default(), body }
}

fn dns(query: &str) -> Event {
    event(Body::Dns(Dns {
        query: Some(query.into()),
        rtt: Some(Interval(-20_000_000)),
        rd: Some(true),
        answers: vec!["a,b".into(), "c".into()],
        ttls: vec![Interval::from_secs(58)],
        ..Dns::default()
    }))
}

const COLUMNS: [&str; 7] = ["ts", "query", "rtt", "rcode", "RD", "answers", "TTLs"];

#[test]
fn json_has_exact_times_and_leaves_out_what_is_unset() {
    let got = exported(&[dns("a\"\u{1}b")], Kind::Dns, &COLUMNS, ExportFormat::ZeekJson);
    assert_eq!(
        got,
        "{\"ts\":1698101872.187273001,\"query\":\"a\\\"\\u0001b\",\"rtt\":-0.020000,\"RD\":true,\
         \"answers\":[\"a,b\",\"c\"],\"TTLs\":[58.000000]}\n"
    );
    assert_eq!(exported(&[dns("a")], Kind::Dns, &["rcode"], ExportFormat::ZeekJson), "{}\n");
}

#[test]
fn tsv_has_the_header_and_escapes_what_the_format_needs() {
    let got = exported(&[dns("a\tb\\\n")], Kind::Dns, &COLUMNS, ExportFormat::ZeekTsv);
    assert_eq!(
        got,
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
         #fields\tts\tquery\trtt\trcode\tRD\tanswers\tTTLs\n\
         #types\ttime\tstring\tinterval\tcount\tbool\tvector[string]\tvector[interval]\n\
         1698101872.187273001\ta\\x09b\\\\\\x0a\t-0.020000\t-\tT\ta\\x2cb,c\t58.000000\n"
    );
    for (query, cell) in
        [("-", "\\x2d"), ("(empty)", "\\x28empty)"), ("", "(empty)"), ("#fields", "\\x23fields")]
    {
        let got = exported(&[dns(query)], Kind::Dns, &["query"], ExportFormat::ZeekTsv);
        assert_eq!(got.lines().last(), Some(cell));
    }
}

#[test]
fn csv_defuses_formulas_and_leaves_numbers_alone() {
    for (query, cell) in [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-2+3", "'-2+3"),
        ("+a", "'+a"),
        ("\t=a", "\"'\t=a\""),
        ("\r=a", "\"'\r=a\""),
        ("＝a", "'＝a"),
        ("a=b", "a=b"),
        ("say \"x\", y", "\"say \"\"x\"\", y\""),
        (" x", "\" x\""),
    ] {
        let got = exported(&[dns(query)], Kind::Dns, &["query", "rtt"], ExportFormat::Csv);
        assert_eq!(got, format!("query,rtt\r\n{cell},-0.020000\r\n"));
    }
}

#[test]
fn kinds_have_the_columns_of_zeeks_own_logs() {
    let mut service =
        event(Body::KnownService(KnownService { service: StringSet::from_iter(["ssh"]) }));
    service.flow.resp.addr = Some("192.0.2.1".parse().unwrap());
    service.flow.resp.port = Some(22);
    service.flow.transport = Some(Transport::Tcp);
    let columns = ["id.resp_h", "id.resp_p", "proto", "service"];
    assert_eq!(
        exported(&[service], Kind::KnownService, &columns, ExportFormat::ZeekJson),
        "{\"host\":\"192.0.2.1\",\"port_num\":22,\"port_proto\":\"tcp\",\"service\":[\"ssh\"]}\n"
    );
    let cert = event(Body::X509(X509 { not_valid_before: Some(1_680_393_600), ..X509::default() }));
    let columns = ["certificate.not_valid_before"];
    let got = exported(std::slice::from_ref(&cert), Kind::X509, &columns, ExportFormat::ZeekTsv);
    assert!(got.ends_with("#types\ttime\n1680393600.000000\n"));
    let got = exported(&[cert], Kind::X509, &columns, ExportFormat::Csv);
    assert!(got.ends_with("\r\n2023-04-02T00:00:00Z\r\n"));
}

#[test]
fn long_exports_come_in_blocks_and_end_when_rows_change() {
    let many: Vec<Event> = (0..20_000).map(|i| dns(&format!("{i}.example"))).collect();
    let got = exported(&many, Kind::Dns, &COLUMNS, ExportFormat::ZeekJson);
    assert_eq!(got.lines().count(), many.len());
    assert!(got.len() > 4 * BLOCK);

    let mut records = Records::new(&Settings::default());
    many.iter().for_each(|e| records.push(e));
    let mut export = records.export(&RowQuery::all(Kind::Dns), ExportFormat::Csv).unwrap();
    assert!(export.next_block(&records).is_some());
    records.push(&many[0]);
    assert!(export.is_stale(&records) && export.next_block(&records).is_none());
}
