//! Records as a whole: what is kept, what it costs, and how it is read back.

use super::chunk::CHUNK_ROWS;
use super::*;
use crate::event::{Body, Conn, Dns, Flow, NodeId, Origin, StringSet, Transport, Uid, X509};
use crate::time::{Interval, Time};

fn settings(records: usize) -> Settings {
    let mut settings = Settings::default();
    settings.caps.records = records;
    settings
}

fn conn(i: u64) -> Event {
    let mut flow =
        Flow { uid: Some(Uid::Ours(i)), transport: Some(Transport::Tcp), ..Flow::default() };
    flow.orig.addr = Some(std::net::Ipv4Addr::from(0x0a00_0000 + (i % 1000) as u32).into());
    flow.orig.port = Some(i as u16);
    flow.resp.addr = Some("192.0.2.1".parse().unwrap());
    flow.resp.port = Some(443);
    let body = Conn {
        service: StringSet::from_iter(["ssl"]),
        duration: Some(Interval(i as i64 * 1_000_000)),
        orig_bytes: Some(i * 10),
        resp_bytes: Some(i * 100),
        conn_state: Some("SF"),
        local_orig: Some(true),
        history: Some("ShADadFf".into()),
        orig_pkts: Some(5),
        resp_pkts: Some(7),
        answered: Some(true),
        ..Conn::default()
    };
    let at = Origin { node: NodeId(0), item: i, offset: i * 100, len: 100 };
    let ts = Some(Time::from_secs(1_700_000_000 + i as i64));
    Event { ts, at, also: Vec::new(), flow, body: Body::Conn(body) }
}

fn dns(i: u64) -> Event {
    let body = Dns {
        query: Some(format!("host{}.example", i % 7).into()),
        answers: (0..i % 4).map(|n| format!("192.0.2.{n}").into()).collect(),
        ttls: (0..i % 4).map(|n| Interval::from_secs(n as i64)).collect(),
        ..Dns::default()
    };
    let ts = (!i.is_multiple_of(5)).then(|| Time::from_secs(1_700_000_000 + i as i64));
    let at = Origin { node: NodeId(1), item: i, offset: 0, len: 9 };
    Event { ts, at, also: Vec::new(), flow: Flow::default(), body: Body::Dns(body) }
}

fn filled(cap: usize, events: impl Iterator<Item = Event>) -> Records {
    let mut records = Records::new(&settings(cap));
    events.for_each(|e| records.push(&e));
    records.settle();
    records
}

/// Numbers below `n` in an order that has nothing to do with time.
fn shuffled(n: u64) -> impl Iterator<Item = u64> {
    (0..n).map(move |i| (i * 7919) % n)
}

#[test]
fn every_field_comes_back_as_it_was() {
    let mut event = conn(3);
    event.also = vec![Origin { node: NodeId(4), item: 1 << 40, offset: 1 << 50, len: u32::MAX }];
    let mut records = filled(1 << 20, [event.clone()].into_iter());
    let rows = records.rows(&RowQuery::all(Kind::Conn)).unwrap();
    assert_eq!((rows.matching, rows.kept, rows.seen, rows.len()), (1, 1, 1, 1));
    assert_eq!((rows.at[0], &rows.also), (event.at, &vec![(0, event.also[0])]));
    let cell = |name: &str| {
        let column = rows.columns.iter().find(|c| c.field.name == name).unwrap();
        let text = |a: u32, b: u32| rows.heap[a as usize..b as usize].to_owned();
        match (&column.cells, column.is_set[0]) {
            (_, 0) => "-".to_owned(),
            (Cells::Bools(v), _) => v[0].to_string(),
            (Cells::Counts(v), _) => v[0].to_string(),
            (Cells::Ints(v), _) => v[0].to_string(),
            (Cells::Texts(v), _) => text(v[0], v[1]),
            (Cells::TextLists { rows, bounds }, _) => (rows[0] as usize..rows[1] as usize)
                .map(|j| text(bounds[j], bounds[j + 1]))
                .collect::<Vec<_>>()
                .join("+"),
            (Cells::IntLists { rows, members }, _) => {
                format!("{:?}", &members[rows[0] as usize..rows[1] as usize])
            }
        }
    };
    for (name, want) in [
        ("ts", "1700000003000000000"),
        ("uid", "C30000000000"),
        ("id.orig_h", "10.0.0.3"),
        ("id.orig_p", "3"),
        ("proto", "tcp"),
        ("community_id", "-"),
        ("service", "ssl"),
        ("duration", "3000000"),
        ("resp_bytes", "300"),
        ("conn_state", "SF"),
        ("local_orig", "1"),
        ("local_resp", "-"),
    ] {
        assert_eq!(cell(name), want, "{name}");
    }
}

#[test]
fn lists_come_back_with_their_members() {
    let mut records = filled(1 << 20, (1..9).map(dns));
    let columns = Some(vec!["answers".to_owned(), "TTLs".to_owned()]);
    let rows = records.rows(&RowQuery { columns, ..RowQuery::all(Kind::Dns) }).unwrap();
    let Cells::TextLists { rows: at, bounds } = &rows.columns[0].cells else { panic!() };
    let Cells::IntLists { rows: spans, members } = &rows.columns[1].cells else { panic!() };
    assert_eq!(at, spans);
    for (i, origin) in rows.at.iter().enumerate() {
        let range = at[i] as usize..at[i + 1] as usize;
        assert_eq!(range.len() as u64, origin.item % 4);
        for (n, j) in range.enumerate() {
            let text = &rows.heap[bounds[j] as usize..bounds[j + 1] as usize];
            assert_eq!(text, format!("192.0.2.{n}"));
            assert_eq!(members[j], Interval::from_secs(n as i64).0);
        }
    }
}

#[test]
fn what_is_kept_is_the_earliest_in_any_order_of_events() {
    for cap in [0, 8, 1000, 100_000, 400_000] {
        let n = 3000;
        let up = (0..n).map(conn).chain((0..20).map(dns));
        let down = (0..20).rev().map(dns).chain((0..n).rev().map(conn));
        let mixed = shuffled(n).map(conn).chain(shuffled(20).map(dns));
        let mut all = [filled(cap, up), filled(cap, down), filled(cap, mixed)];
        let page = |r: &mut Records| r.rows(&RowQuery::all(Kind::Conn)).unwrap();
        let first = page(&mut all[0]);
        for records in &mut all {
            assert_eq!(page(records), first, "cap {cap}");
            assert_eq!((records.seen(Kind::Conn), records.seen(Kind::Dns)), (n, 20));
            assert!(records.stored <= cap as u64);
            if cap >= 100_000 {
                assert_eq!(records.kept(Kind::Dns), 20, "a flood of one kind drops no other");
            }
        }
        let items: Vec<_> = first.at.iter().map(|at| at.item).collect();
        assert!(items.iter().copied().eq(0..items.len() as u64), "cap {cap}");
        assert_eq!(items.is_empty(), cap < 1000, "cap {cap}");
        assert!(items.len() < n as usize);
    }
}

#[test]
fn rows_keep_their_cells_when_others_are_dropped() {
    let n = 30_000;
    let cells = |records: &Records| {
        let table = records.table(Kind::Conn).unwrap();
        let columns = columns(Kind::Conn).count();
        let row = |r| {
            let cells = (0..columns).map(|c| table.view(c, r).to_string());
            (table.origin(r).item, cells.collect::<Vec<_>>())
        };
        table.refs().map(row).collect::<std::collections::BTreeMap<_, _>>()
    };
    let all = cells(&filled(usize::MAX >> 8, (0..n).map(conn)));
    // In order whole chunks stay and whole chunks go; shuffled each is written anew.
    let orders: [Vec<u64>; 3] = [(0..n).collect(), (0..n).rev().collect(), shuffled(n).collect()];
    for order in orders {
        let kept = cells(&filled(3 << 20, order.into_iter().map(conn)));
        let n_kept = kept.len();
        assert!(n_kept > 2 * CHUNK_ROWS && n_kept < n as usize, "{n_kept}");
        kept.iter().for_each(|(item, cells)| assert_eq!(all.get(item), Some(cells)));
    }
}

#[test]
fn untimed_rows_come_first_and_then_time_and_place_decide() {
    let mut records = filled(1 << 20, shuffled(20).map(dns));
    let rows = records.rows(&RowQuery::all(Kind::Dns)).unwrap();
    let items: Vec<_> = rows.at.iter().map(|at| at.item).collect();
    assert_eq!(items[..6], [0, 5, 10, 15, 1, 2]);
}

#[test]
fn sorted_by_a_column_with_unset_last_and_paged() {
    let mut records = filled(1 << 20, shuffled(50).map(dns).chain(shuffled(50).map(conn)));
    let mut query = RowQuery::all(Kind::Conn);
    query.sort = Some(("orig_bytes".to_owned(), true));
    (query.offset, query.limit) = (10, 3);
    let items = |rows: &Rows| rows.at.iter().map(|at| at.item).collect::<Vec<_>>();
    let rows = records.rows(&query).unwrap();
    assert_eq!((items(&rows), rows.matching), (vec![39, 38, 37], 50));
    query.filter = "orig_bytes < 100".to_owned();
    query.offset = 9;
    assert_eq!(items(&records.rows(&query).unwrap()), [0]);
    for is_descending in [false, true] {
        let sort = Some(("answers".to_owned(), is_descending));
        let rows = records.rows(&RowQuery { sort, ..RowQuery::all(Kind::Dns) }).unwrap();
        assert!(rows.at.last().unwrap().item.is_multiple_of(4));
    }
}

#[test]
fn a_remembered_order_is_forgotten_when_rows_come() {
    let mut records = filled(1 << 20, (0..3).map(conn));
    let query = RowQuery::all(Kind::Conn);
    assert_eq!(records.rows(&query).unwrap().len(), 3);
    records.push(&conn(9));
    assert_eq!(records.rows(&query).unwrap().len(), 4);
}

#[test]
fn values_are_counted_with_members_of_lists_each() {
    let records = filled(1 << 20, shuffled(28).map(dns));
    let values = records.top(Kind::Dns, "", "query", 3).unwrap();
    assert_eq!((values.n_distinct, values.n_rows, values.n_unset), (7, 28, 0));
    let top: Vec<_> = values.top.iter().map(|v| (v.value.as_str(), v.count)).collect();
    assert_eq!(top, [("host0.example", 4), ("host1.example", 4), ("host2.example", 4)]);
    let again = records.top(Kind::Dns, &values.top[0].filter, "query", 3).unwrap();
    assert_eq!(again.n_rows, 4);
    let answers = records.top(Kind::Dns, "", "answers", 9).unwrap();
    let top: Vec<_> = answers.top.iter().map(|v| (v.value.as_str(), v.count)).collect();
    assert_eq!(top, [("192.0.2.0", 21), ("192.0.2.1", 14), ("192.0.2.2", 7)]);
    assert_eq!(answers.n_unset, 7);
}

#[test]
fn long_and_many_texts_are_cut_and_marked_and_cost_the_same_when_moved() {
    let long = "ä".repeat(100_000);
    let body = X509 {
        subject: Some(long.as_str().into()),
        san_dns: (0..5000).map(|i| format!("{i}").into()).collect(),
        ..X509::default()
    };
    let event = |i| Event { body: Body::X509(body.clone()), ..conn(i) };
    let mut records = filled(3 << 20, shuffled(60).map(event));
    assert!(records.kept(Kind::X509) > 5 && records.kept(Kind::X509) < 60);
    let rows = records.rows(&RowQuery::all(Kind::X509)).unwrap();
    assert!(rows.at.iter().map(|at| at.item).eq(0..rows.at.len() as u64));
    let n_cut = rows.heap.matches('…').count();
    assert_eq!(n_cut, 2 * rows.len());
}

/// Bytes that a table really holds must stay below what its rows are said to cost.
#[test]
fn rows_take_no_more_memory_than_they_cost() {
    let n = 50_000;
    let records = filled(usize::MAX >> 8, shuffled(n).map(conn));
    let table = records.table(Kind::Conn).unwrap();
    assert!(
        table.memory() as u64 <= table.stored() + (1 << 20),
        "{} bytes held, {} said",
        table.memory(),
        table.stored()
    );
    assert!(table.stored() / n < 300, "a row of conn costs {} bytes", table.stored() / n);
}
