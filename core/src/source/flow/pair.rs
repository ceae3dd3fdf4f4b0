//! Pairs one-way flow records into connections: per exporter, over all its files.
//!
//! Records wait until every open file of the case is read ([`Pairing::settle`]), because the other
//! direction may be in another file, and because which end began is told by what else its port
//! did. So a result never depends on the order of files or rows.

use super::originator::{MANY_PEERS, Side, began, rank};
use crate::event::{Body, Conn, Endpoint, Event, Flow, Netflow, Origin, Transport};
use crate::net::community_id;
use crate::net::icmp::counterpart;
use crate::net::key::{Key, Tuple};
use crate::text::Text;
use crate::time::{Interval, Time};
use std::collections::BTreeMap;

/// Rows of one key further apart than this are two connections. Exporters close a flow after 15 s
/// of silence and cut long ones every minute to half an hour, so rows of one connection follow
/// each other closely; Zeek's own limit for UDP is the same minute.
const SAME_WITHIN: Interval = Interval::from_secs(60);

/// A TCP direction of this many packets had an answer: Linux sends at most seven SYNs.
const SURE_PKTS: u64 = 8;

/// Rows that one connection lists as its evidence; the rest are counted in it all the same.
const MAX_ALSO: usize = 64;

/// Who exported: the sensor and site of the file, as the analyst says.
pub(crate) type Exporter = (Text, Text);

/// Records that wait for their other direction.
#[derive(Debug)]
pub(crate) struct Pairing {
    waiting: BTreeMap<Exporter, Vec<Row>>,
    n_waiting: usize,
    max_waiting: usize,
}

/// What pairing needs of a record.
#[derive(Debug, Clone)]
struct Row {
    ts: Option<Time>,
    at: Origin,
    /// `None` when an address is not known: such a row stays alone.
    tuple: Option<Tuple>,
    transport: Option<Transport>,
    src: Endpoint,
    dst: Endpoint,
    netflow: Netflow,
}

impl Pairing {
    /// Holds at most `cap` bytes of records.
    pub(crate) fn new(cap: usize) -> Self {
        let max_waiting = (cap / size_of::<Row>()).max(1);
        Self { waiting: BTreeMap::new(), n_waiting: 0, max_waiting }
    }

    /// Takes an event, if it is a flow record. True when no more fit: time to settle.
    pub(crate) fn observe(&mut self, event: &Event, exporter: impl FnOnce() -> Exporter) -> bool {
        let Body::Netflow(netflow) = &event.body else { return false };
        let row = Row {
            ts: event.ts,
            at: event.at,
            tuple: tuple(&event.flow),
            transport: event.flow.transport,
            src: event.flow.orig,
            dst: event.flow.resp,
            netflow: netflow.clone(),
        };
        self.waiting.entry(exporter()).or_default().push(row);
        self.n_waiting += 1;
        self.n_waiting >= self.max_waiting
    }

    /// How many records wait.
    pub(crate) const fn n_waiting(&self) -> usize {
        self.n_waiting
    }

    /// The connections of everything that waits, in the order of their first rows.
    pub(crate) fn settle(&mut self) -> Vec<Event> {
        self.n_waiting = 0;
        let mut events = Vec::new();
        for (_, rows) in std::mem::take(&mut self.waiting) {
            pair(rows, &mut events);
        }
        events.sort_by_key(|e| (e.ts, e.at));
        events
    }
}

/// All connections of one exporter.
fn pair(mut rows: Vec<Row>, events: &mut Vec<Event>) {
    rows.sort_by_key(Row::order);
    let peers = Peers::of(&rows);
    let conns: Vec<Pair<'_>> = rows
        .chunk_by(|a, b| a.key().is_some() && a.key() == b.key())
        .flat_map(connections)
        .collect();
    let sees_both = sees_both(&conns);
    events.extend(conns.iter().map(|conn| conn.event(&peers, sees_both)));
}

/// Whether the exporter exports both directions: some were seen, and of those TCP directions that
/// must have had an answer at least as many have it as have not.
fn sees_both(conns: &[Pair<'_>]) -> bool {
    let n_both = conns.iter().filter(|c| !c.back.is_empty()).count();
    let is_sure = |c: &&Pair<'_>| {
        let is_tcp = c.first.transport == Some(Transport::Tcp);
        is_tcp && c.there.iter().any(|r| r.netflow.pkts >= Some(SURE_PKTS))
    };
    let n_lacking = conns.iter().filter(is_sure).filter(|c| c.back.is_empty()).count();
    n_both > 0 && n_both >= n_lacking
}

impl Row {
    fn key(&self) -> Option<Key> {
        self.tuple.as_ref().map(Tuple::key)
    }

    fn order(&self) -> impl Ord + use<> {
        (self.key(), self.ts, self.at, self.src)
    }

    fn end(&self) -> Option<Time> {
        self.ts.map(|ts| ts.plus(self.netflow.duration.unwrap_or_default()))
    }

    fn has_flag(&self, flag: char) -> bool {
        self.netflow.tcp_flags.as_ref().is_some_and(|f| f.contains(flag))
    }
}

/// The tuple of a record. ICMP rows carry type and code; the counterpart's type takes the code's
/// place, so that a request and its reply have one key.
fn tuple(flow: &Flow) -> Option<Tuple> {
    let transport = flow.transport?;
    let (src, dst) = (flow.orig, flow.resp);
    let (mut sport, mut dport) = (src.port.unwrap_or(0), dst.port.unwrap_or(0));
    let mut is_one_way = false;
    if transport == Transport::Icmp {
        let (kind, code) = (u8::try_from(sport).ok()?, u8::try_from(dport).ok()?);
        let (port, one_way) = counterpart(src.addr?.is_ipv6(), kind, code);
        (sport, dport, is_one_way) = (kind.into(), port.into(), one_way);
    }
    let has_ports = src.port.is_some() && dst.port.is_some();
    let (src, dst) = ((src.addr?, sport), (dst.addr?, dport));
    Some(Tuple { transport, src, dst, is_one_way, has_ports })
}

/// How many peers each endpoint had, and how many of those on servers' ports.
struct Peers(BTreeMap<(Option<Transport>, Endpoint), (usize, usize)>);

impl Peers {
    fn of(rows: &[Row]) -> Self {
        let both = |r: &Row| [(r.transport, r.src, r.dst), (r.transport, r.dst, r.src)];
        let mut pairs: Vec<_> = rows.iter().flat_map(both).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut peers = BTreeMap::new();
        for (transport, end, peer) in pairs {
            let (n, n_servers): &mut (usize, usize) = peers.entry((transport, end)).or_default();
            *n += 1;
            let is_server = peer.port.zip(transport).is_some_and(|(p, t)| rank(p, t) == 0);
            *n_servers += usize::from(is_server);
        }
        // Only endpoints with several peers tell anything.
        peers.retain(|_, (n, _)| *n >= MANY_PEERS);
        Self(peers)
    }

    fn side(&self, transport: Option<Transport>, end: Endpoint, rows: &[&Row]) -> Side {
        let (n_peers, n_server_ports) = self.0.get(&(transport, end)).copied().unwrap_or_default();
        let has_flags = rows.iter().any(|r| r.netflow.tcp_flags.is_some());
        let has = |flag| rows.iter().any(|r| r.has_flag(flag));
        Side {
            end,
            syn_ack: has_flags.then(|| (has('S'), has('A'))),
            first: rows.first().and_then(|r| r.ts),
            n_peers,
            n_server_ports,
        }
    }
}

/// One connection: the rows of each direction, in time order.
struct Pair<'a> {
    first: &'a Row,
    /// Those in the direction of the first row, that one included.
    there: Vec<&'a Row>,
    back: Vec<&'a Row>,
    /// What each of them has had so far: asked of every row, so not looked for in all before it.
    marks_there: Marks,
    marks_back: Marks,
}

/// Flags of one direction that tell where a connection begins and ends.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    has_syn: bool,
    has_end: bool,
}

impl Marks {
    fn add(&mut self, row: &Row) {
        self.has_syn |= row.has_flag('S');
        self.has_end |= row.has_flag('F') || row.has_flag('R');
    }
}

/// The connections among the rows of one key, in time order.
fn connections(rows: &[Row]) -> Vec<Pair<'_>> {
    let mut conns: Vec<Pair<'_>> = Vec::new();
    let mut end: Option<Time> = None;
    for row in rows {
        match conns.last_mut().filter(|c| c.takes(row, end)) {
            Some(conn) => {
                conn.add(row);
                end = end.max(row.end());
            }
            None => {
                let mut conn = Pair {
                    first: row,
                    there: Vec::new(),
                    back: Vec::new(),
                    marks_there: Marks::default(),
                    marks_back: Marks::default(),
                };
                conn.add(row);
                conns.push(conn);
                end = row.end();
            }
        }
    }
    conns
}

impl<'a> Pair<'a> {
    fn add(&mut self, row: &'a Row) {
        let (side, marks) = match self.first.src == row.src {
            true => (&mut self.there, &mut self.marks_there),
            false => (&mut self.back, &mut self.marks_back),
        };
        side.push(row);
        marks.add(row);
    }

    /// Whether a row belongs to it, which so far ends at `end`: it follows closely, and is not a
    /// new connection from the same port.
    fn takes(&self, row: &Row, end: Option<Time>) -> bool {
        let is_close = match (row.ts, end) {
            (Some(ts), Some(end)) => ts.since(end) <= SAME_WITHIN,
            _ => true,
        };
        let marks = if self.first.src == row.src { self.marks_there } else { self.marks_back };
        let is_over = marks.has_syn && marks.has_end;
        is_close && !(is_over && row.has_flag('S'))
    }

    fn event(&self, peers: &Peers, sees_both: bool) -> Event {
        let first = self.first;
        // The tuple's ends: for ICMP the counterpart's type stands where the row has the code.
        let ends = first.tuple.as_ref().map_or((first.src, first.dst), Tuple::endpoints);
        let a = peers.side(first.transport, ends.0, &self.there);
        let b = peers.side(first.transport, ends.1, &self.back);
        let is_one_way = first.tuple.as_ref().is_some_and(|t| t.is_one_way);
        let began = first.transport.filter(|_| !is_one_way).and_then(|t| began(&a, &b, t));
        let is_flipped = began.is_some_and(|b| !b.is_first);
        let (orig, resp) =
            if is_flipped { (&self.back, &self.there) } else { (&self.there, &self.back) };
        let sides = if is_flipped { (ends.1, ends.0) } else { ends };
        let mut rows: Vec<&Row> = self.there.iter().chain(&self.back).copied().collect();
        rows.sort_by_key(|r| (r.ts, r.at));
        let mut places: Vec<Origin> = rows.iter().map(|r| r.at).collect();
        // Both directions of a bidirectional row are one row.
        places.dedup();
        Event {
            ts: first.ts,
            at: places.first().copied().unwrap_or_default(),
            also: places.into_iter().skip(1).take(MAX_ALSO).collect(),
            flow: Flow {
                uid: None,
                community_id: first
                    .tuple
                    .as_ref()
                    .filter(|t| t.has_ports)
                    .and_then(community_id::of),
                transport: first.transport,
                orig: sides.0,
                resp: sides.1,
                ..Flow::default()
            },
            body: Body::Conn(Conn {
                duration: duration(&rows),
                answered: answered(resp, began.is_some(), sees_both),
                refused: refused(orig, resp),
                direction: began.map(|b| b.by),
                orig_pkts: sum(orig, sees_both, |n| n.pkts),
                orig_ip_bytes: sum(orig, sees_both, |n| n.bytes),
                resp_pkts: sum(resp, sees_both, |n| n.pkts),
                resp_ip_bytes: sum(resp, sees_both, |n| n.bytes),
                orig_flags: flags(orig),
                resp_flags: flags(resp),
                ..Conn::default()
            }),
        }
    }
}

/// A row back is an answer; no row back is none only where the exporter would have shown it, and
/// where it is known which way back is.
fn answered(resp: &[&Row], is_direction_known: bool, sees_both: bool) -> Option<bool> {
    if !resp.is_empty() && is_direction_known {
        return Some(true);
    }
    (sees_both && is_direction_known).then_some(false)
}

/// A reset without a SYN, to a SYN, refuses; a SYN with an ACK accepts.
fn refused(orig: &[&Row], resp: &[&Row]) -> Option<bool> {
    let has = |rows: &[&Row], flag| rows.iter().any(|r| r.has_flag(flag));
    match (has(resp, 'S'), has(resp, 'R')) {
        (true, _) => Some(false),
        (false, true) if has(orig, 'S') => Some(true),
        _ => None,
    }
}

fn duration(rows: &[&Row]) -> Option<Interval> {
    let first = rows.iter().filter_map(|r| r.ts).min()?;
    let last = rows.iter().filter_map(|r| r.end()).max()?;
    Some(last.since(first))
}

/// The sum of a direction's rows; of none, nothing is known unless the exporter sees both.
fn sum(rows: &[&Row], sees_both: bool, what: impl Fn(&Netflow) -> Option<u64>) -> Option<u64> {
    if rows.is_empty() {
        return sees_both.then_some(0);
    }
    let values = rows.iter().map(|r| what(&r.netflow));
    values.fold(None, |sum, v| match (sum, v) {
        (Some(sum), Some(v)) => Some(u64::saturating_add(sum, v)),
        (sum, v) => sum.or(v),
    })
}

/// The union of a direction's flags, in nfdump's order.
fn flags(rows: &[&Row]) -> Option<Text> {
    let has = |c: &char| rows.iter().any(|r| r.has_flag(*c));
    let letters: String = "UAPRSF".chars().filter(has).collect();
    (!letters.is_empty()).then(|| letters.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{line, read_by};

    /// The article's nfdump-line.txt, in part, and its reply without a request.
    const LINE: &str = "Date first seen       Duration   Proto   Src IP Addr:Port     Dst IP Addr:Port  Packets  Bytes Flows
2023-08-29 13:58:55.809   00:00:00.000 TCP  123.150.207.231:38553 ->   98.252.16.36:3306     1    44   1
2023-08-29 13:58:56.217   00:00:00.000 TCP  123.150.207.231:38553 ->   98.252.16.36:587     1    44   1
2023-08-29 13:58:57.037   00:00:00.010 TCP  123.150.207.231:38553 ->   98.252.16.36:443     2    84   1
2023-08-29 13:58:57.045   00:00:00.000 TCP    98.252.16.36:443  -> 123.150.207.231:38553    1    44   1
2023-08-29 13:59:00.261   00:00:00.000 TCP    98.252.16.36:3389 -> 123.150.207.231:38553    1    44   1
";

    fn conns(text: &str) -> Vec<String> {
        conns_of(&read_by(text.as_bytes(), text.len()).events)
    }

    #[test]
    fn many_rows_of_one_connection_cost_only_themselves() {
        let head = LINE.lines().next().unwrap();
        let row = "2023-08-29 13:58:55.809   00:00:00.000 TCP  10.0.0.9:38553 ->   192.0.2.1:3306 ....S.    1    44   1\n";
        let head = head.replace("  Packets", " Flags  Packets");
        let events = read_by(format!("{head}\n{}", row.repeat(100_000)).as_bytes(), 1 << 20).events;
        let mut pairing = Pairing::new(1 << 30);
        let start = std::time::Instant::now();
        for e in &events {
            assert!(!pairing.observe(e, Exporter::default));
        }
        assert_eq!((events.len(), pairing.settle().len()), (100_000, 1));
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }

    fn conns_of(events: &[Event]) -> Vec<String> {
        let mut pairing = Pairing::new(1 << 20);
        for e in events {
            assert!(!pairing.observe(e, Exporter::default));
        }
        let found = pairing.settle();
        assert_eq!(pairing.n_waiting(), 0);
        found.iter().map(|e| format!("{} also={}", line(e), e.also.len())).collect()
    }

    fn long(rows: &[&str]) -> String {
        let header = "Date first seen Duration Proto Src IP Addr:Port Dst IP Addr:Port Flags Tos Packets Bytes Flows\n";
        rows.iter().fold(header.to_owned(), |text, row| text + "2026-01-01 " + row + "\n")
    }

    #[test]
    fn a_scan_with_a_reply_that_lacks_its_request() {
        let by = "direction=inferred: one port asks many services";
        assert_eq!(
            conns(LINE),
            [
                format!(
                    "2 2023-08-29T13:58:55.809Z conn 123.150.207.231:38553 > 98.252.16.36:3306 tcp duration=0 µs orig_pkts=1 orig_ip_bytes=44 resp_pkts=0 resp_ip_bytes=0 answered=false {by} also=0"
                ),
                format!(
                    "3 2023-08-29T13:58:56.217Z conn 123.150.207.231:38553 > 98.252.16.36:587 tcp duration=0 µs orig_pkts=1 orig_ip_bytes=44 resp_pkts=0 resp_ip_bytes=0 answered=false {by} also=0"
                ),
                format!(
                    "4 2023-08-29T13:58:57.037Z conn 123.150.207.231:38553 > 98.252.16.36:443 tcp duration=10 ms orig_pkts=2 orig_ip_bytes=84 resp_pkts=1 resp_ip_bytes=44 answered=true {by} also=1"
                ),
                format!(
                    "6 2023-08-29T13:59:00.261Z conn 123.150.207.231:38553 > 98.252.16.36:3389 tcp duration=0 µs orig_pkts=0 orig_ip_bytes=0 resp_pkts=1 resp_ip_bytes=44 answered=true {by} also=0"
                ),
            ]
        );
    }

    #[test]
    fn any_order_of_records_gives_the_same() {
        let mut events = read_by(LINE.as_bytes(), 4096).events;
        let whole = conns_of(&events);
        events.reverse();
        assert_eq!(conns_of(&events), whole);
    }

    #[test]
    fn without_any_answer_nothing_is_known_of_answers() {
        let text = long(&["10:00:00.0 0.1 TCP 10.0.0.1:40000 -> 10.0.0.2:22 ......S. 0 1 44 1"]);
        assert_eq!(
            conns(&text),
            [
                "2 2026-01-01T10:00:00Z conn 10.0.0.1:40000 > 10.0.0.2:22 tcp duration=100 ms orig_pkts=1 orig_ip_bytes=44 orig_flags=S direction=inferred: TCP flags also=0"
            ]
        );
    }

    #[test]
    fn an_exporter_that_lacks_answers_that_must_have_been_does_not_see_both() {
        let pair = "10:00:00.0 0.1 TCP 10.0.0.1:40000 -> 10.0.0.2:22 ...A.RS. 0 3 144 1";
        let back = "10:00:00.1 0.1 TCP 10.0.0.2:22 -> 10.0.0.1:40000 ...A..S. 0 3 144 1";
        let probe = "10:00:01.0 0.1 TCP 10.0.0.1:40001 -> 10.0.0.3:22 ......S. 0 1 44 1";
        let lone = |n: u64, pkts: u64| {
            format!("10:00:02.0 0.1 TCP 10.0.0.1:4010{n} -> 10.0.0.9:80 ...APRSF 0 {pkts} 999 1")
        };
        let (a, b, c) = (lone(1, SURE_PKTS), lone(2, SURE_PKTS), lone(2, SURE_PKTS - 1));
        let answered = |rows: &[&str]| {
            let all = conns(&long(rows));
            all.iter().find(|l| l.contains("10.0.0.3")).unwrap().contains("answered=false")
        };
        assert!(answered(&[pair, back, probe, &a]));
        assert!(answered(&[pair, back, probe, &a, &c]));
        assert!(!answered(&[pair, back, probe, &a, &b]));
    }

    #[test]
    fn long_connections_are_joined_and_reused_ports_split() {
        let row = |at: &str, flags: &str| {
            format!("{at} 1.0 TCP 10.0.0.1:40000 -> 10.0.0.2:22 {flags} 0 9 900 1")
        };
        let n =
            |rows: &[String]| conns(&long(&rows.iter().map(|r| &**r).collect::<Vec<_>>())).len();
        let first = row("10:00:00.0", "......S.");
        assert_eq!(n(&[first.clone(), row("10:01:01.0", "...AP...")]), 1);
        assert_eq!(n(&[first.clone(), row("10:01:01.001", "...AP...")]), 2);
        assert_eq!(
            n(&[first.clone(), row("10:00:02.0", "...A...F"), row("10:00:04.0", "......S.")]),
            2
        );
        assert_eq!(n(&[first, row("10:00:02.0", "...A....")]), 1);
    }

    #[test]
    fn pings_pair_by_type_and_errors_stay_alone() {
        let text = long(&[
            "10:00:00.0 0.1 ICMP 10.0.0.1:0 -> 10.0.0.2:8.0 ........ 0 1 84 1",
            "10:00:00.1 0.1 ICMP 10.0.0.2:0 -> 10.0.0.1:0.0 ........ 0 1 84 1",
            "10:00:01.0 0.1 ICMP 10.0.0.2:0 -> 10.0.0.1:3.13 ........ 0 1 84 1",
        ]);
        let found = conns(&text);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].contains("conn 10.0.0.1:8 > 10.0.0.2:0 icmp")
                && found[0].contains("answered=true")
        );
        assert!(
            found[1].contains("conn 10.0.0.2:3 > 10.0.0.1:13 icmp")
                && !found[1].contains("direction")
        );
    }

    #[test]
    fn a_full_table_says_so() {
        let events = read_by(LINE.as_bytes(), 4096).events;
        let mut pairing = Pairing::new(2 * size_of::<Row>());
        assert!(!pairing.observe(&events[0], Exporter::default));
        assert!(pairing.observe(&events[1], Exporter::default));
    }
}
