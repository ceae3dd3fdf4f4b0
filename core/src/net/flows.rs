//! Packets to connections: finds each packet's connection, keeps its account, and hands its bytes
//! to the protocols.

use super::conversation::Conversation;
use super::deliver::{At, FTP_DATA, account, read, take_datagram, take_segment};
use super::flow::{Direction, Flow};
use super::flow_table::FlowTable;
use super::key::Tuple;
use super::reassembly::{Budget, Mark};
use super::tcp::{self, Segment};
use super::{Decoded, L4, Packet, Packets, icmp, ports};
use crate::event::{NodeId, Origin};
use crate::note::{CAP_REACHED, Note};
use crate::proto::Shared;
use crate::settings::Settings;
use crate::source::Sink;
use crate::time::Time;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

/// IPv6's mark that nothing follows (RFC 8200, section 4.7): no connection.
const NO_NEXT_HEADER: u8 = 59;

/// Bytes of the largest IP packet that an Ethernet carries. A larger one was joined from several by
/// the network card or the kernel that received them, who had checked them: its checksum is that of
/// none of them.
const MAX_ON_WIRE: u32 = 1500;

/// The connections of one capture, or of a series of captures.
pub struct Flows {
    table: FlowTable,
    budget: Budget,
    shared: Rc<RefCell<Shared>>,
    /// Time of the packet before.
    now: Time,
    given_up: GivenUp,
    /// Captures in which a connection went on, each with one that held it before.
    gone_on: BTreeSet<(NodeId, NodeId)>,
}

/// What caps cost.
#[derive(Default)]
struct GivenUp {
    /// Where the first connection was cut short, and how many were.
    flows: Option<(Origin, u64)>,
    /// Where waiting stream data was given up first, and how often.
    streams: Option<(Origin, u64)>,
}

impl Flows {
    /// An empty table with the case's caps.
    pub fn new(settings: &Settings) -> Self {
        Self {
            table: FlowTable::new(settings.caps.flows, settings.seed),
            budget: Budget { used: 0, cap: settings.caps.streams },
            shared: Rc::default(),
            now: Time::default(),
            given_up: GivenUp::default(),
            gone_on: BTreeSet::new(),
        }
    }

    /// The slot of the packet's connection, begun if need be.
    fn slot(&mut self, tuple: &Tuple, d: &Decoded<'_>, mark: Mark, out: &mut dyn Sink) -> usize {
        let key = tuple.key();
        if let Some(slot) = self.table.find(&key) {
            let is_another = self.table.get_mut(slot).is_some_and(|flow| {
                let is_orig = flow.tuple.src == tuple.src;
                flow.is_over(mark.ts)
                    || flow.tcp.as_ref().is_some_and(|t| {
                        segment(d, is_orig, mark.ts).is_some_and(|s| t.tcp.is_reuse(&s))
                    })
            });
            if !is_another {
                return slot;
            }
            if let Some(flow) = self.table.remove(slot) {
                self.end(flow, None, out);
            }
        }
        let evicted = self.table.evict();
        if !evicted.is_empty() {
            let (_, n) = self.given_up.flows.get_or_insert((mark.at, 0));
            *n += evicted.len() as u64;
        }
        for flow in evicted {
            self.end(flow, Some(mark.ts), out);
        }
        let mut flow = begin(tuple, d, mark);
        self.join(&mut flow, mark);
        self.table.insert(flow)
    }

    /// A connection that another one announced is that one's, and not judged by its content.
    fn join(&self, flow: &mut Flow, mark: Mark) {
        let (src, dst) = (flow.tuple.src, flow.tuple.dst);
        let ends = (src.0, dst.0, dst.1);
        let is_tcp = flow.tcp.is_some();
        let transfer =
            is_tcp.then(|| self.shared.borrow_mut().expected.take(ends, mark.ts)).flatten();
        if let Some(transfer) = transfer {
            flow.service.insert(FTP_DATA);
            let conversation = Conversation::of_transfer(flow.identity(), transfer, &self.shared);
            flow.conversation = Some(Box::new(conversation));
        }
    }

    /// A connection is over: its last bytes, its protocols' last words, its record.
    fn end(&mut self, mut flow: Flow, end: Option<Time>, out: &mut dyn Sink) {
        let mark = Mark { ts: flow.last, at: flow.last_at };
        if let Some(mut t) = flow.tcp.take() {
            for is_orig in [true, false] {
                if !t.stream(is_orig).is_waiting() {
                    continue;
                }
                let shared = &self.shared;
                let mut at = At { mark, is_orig, is_partial: false, shared, out };
                let budget = &mut self.budget;
                read(&mut flow, &mut at, budget, |budget, deliver| {
                    t.stream(is_orig).finish(budget, deliver);
                });
            }
            flow.tcp = Some(t);
        }
        if let Some(conversation) = &mut flow.conversation {
            self.budget.used = self.budget.used.saturating_sub(conversation.held());
            conversation.finish(mark, out);
        }
        out.event(flow.into_event(end));
    }

    /// Takes a packet of a connection.
    fn take(
        &mut self,
        slot: usize,
        tuple: &Tuple,
        d: &Decoded<'_>,
        mark: Mark,
        out: &mut dyn Sink,
    ) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        let is_orig = flow.tuple.src == tuple.src;
        let count = flow.count(is_orig);
        count.packets += 1;
        count.ip_bytes += u64::from(d.told_len);
        if flow.last_at.node != mark.at.node {
            self.gone_on.insert((mark.at.node, flow.last_at.node));
        }
        flow.last_at = mark.at;
        if !d.tunnels.is_empty() || flow.tunnels.is_some() {
            let is_too_much = flow.tunnels.get_or_insert_default().packet(d.tunnels, is_orig);
            if is_too_much {
                flow.history.once(true, b'X');
            }
        }
        let mut at = At { mark, is_orig, is_partial: false, shared: &self.shared, out };
        if let L4::Tcp { is_checksum_ok, payload, payload_len, .. } = d.l4 {
            let is_whole = payload.len() as u64 == u64::from(payload_len);
            let is_joined = d.ip_len > MAX_ON_WIRE;
            if !is_joined && is_damaged(flow, is_orig, is_checksum_ok, is_whole) {
                return;
            }
        }
        let budget = &mut self.budget;
        let is_full = match d.l4 {
            L4::Tcp { payload, payload_len, .. } => {
                let Some(s) = segment(d, is_orig, mark.ts) else { return };
                take_segment(flow, s, payload, payload_len, budget, &mut at)
            }
            L4::Udp { payload, payload_len, .. } => {
                take_datagram(flow, d, payload, payload_len, budget, &mut at)
            }
            L4::Icmp { payload_len, .. }
            | L4::Sctp { payload_len, .. }
            | L4::Other { payload_len, .. } => {
                account(flow, is_orig, mark.ts, payload_len);
                false
            }
        };
        if is_full {
            let (_, n) = self.given_up.streams.get_or_insert((mark.at, 0));
            *n += 1;
        }
    }

    /// An ICMP error is written to the connection it speaks of.
    fn attach_error(&mut self, d: &Decoded<'_>) {
        let Some((name, tuple)) = icmp::error_about(d) else { return };
        let slot = self.table.find(&tuple.key());
        if let Some(flow) = slot.and_then(|slot| self.table.get_mut(slot)) {
            flow.icmp_errors.get_or_insert_default().insert(name);
        }
    }
}

impl Packets for Flows {
    fn packet(&mut self, packet: &Packet<'_>, d: Decoded<'_>, out: &mut dyn Sink) {
        if d.protocol == NO_NEXT_HEADER {
            return;
        }
        let tuple = Tuple::of(&d);
        let mark = Mark { ts: packet.ts.unwrap_or(self.now), at: packet.at };
        self.now = mark.ts;
        let slot = self.slot(&tuple, &d, mark, out);
        if let (None, Some(flow)) = (packet.ts, self.table.get_mut(slot)) {
            flow.is_timed = false;
        }
        self.take(slot, &tuple, &d, mark, out);
        self.attach_error(&d);
        for flow in self.table.tick(mark.ts) {
            self.end(flow, None, out);
        }
    }

    fn take_gone_on(&mut self, node: NodeId) -> Vec<NodeId> {
        let its = (node, NodeId(0))..=(node, NodeId(u32::MAX));
        let pairs: Vec<_> = self.gone_on.range(its).copied().collect();
        self.gone_on.retain(|(here, _)| *here != node);
        pairs.into_iter().map(|(_, before)| before).collect()
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let end = self.now;
        for flow in self.table.drain() {
            self.end(flow, Some(end), out);
        }
        let mut shared = self.shared.borrow_mut();
        shared.finish(out);
        if let Some((at, n)) = shared.expected.given_up.take() {
            let detail = format!("{n} announced FTP data connections were not waited for");
            out.note(Note { at, kind: &CAP_REACHED, detail });
        }
        drop(shared);
        let given_up = std::mem::take(&mut self.given_up);
        if let Some((at, n)) = given_up.flows {
            let detail = format!(
                "{n} connections were recorded before their end, since too many were open; those that told least went first"
            );
            out.note(Note { at, kind: &CAP_REACHED, detail });
        }
        if let Some((at, n)) = given_up.streams {
            let detail = format!(
                "stream data waiting for missing packets was given up {n} times, since too much waited"
            );
            out.note(Note { at, kind: &CAP_REACHED, detail });
        }
    }
}

/// A connection from its first packet.
fn begin(tuple: &Tuple, d: &Decoded<'_>, mark: Mark) -> Flow {
    let (is_flipped, direction) = direction(tuple, d);
    let mut flow = Flow::new(*tuple, mark, d.vlans);
    flow.direction = direction;
    if matches!(d.l4, L4::Tcp { .. }) {
        flow.tcp = Some(Box::default());
    }
    if is_flipped && tuple.dst.0 != IpAddr::V4(std::net::Ipv4Addr::BROADCAST) {
        flow.history.flip();
        flow.flip();
    }
    flow
}

/// Whether the first packet's receiver is the originator, by Zeek's rules.
fn direction(tuple: &Tuple, d: &Decoded<'_>) -> (bool, Direction) {
    let (src, dst) = (tuple.src.1, tuple.dst.1);
    match d.l4 {
        L4::Tcp { flags, .. } if flags & (tcp::SYN | tcp::ACK) != tcp::SYN => {
            let is_syn_ack = flags & tcp::SYN != 0;
            let servers = (ports::is_tcp_server(src), ports::is_tcp_server(dst));
            let flips = match servers {
                // Of two likely servers the lower port is; a SYN-ACK may be a stealth scan's.
                (true, true) => !is_syn_ack && src < dst,
                (true, false) => true,
                _ => false,
            };
            let known = servers.0 || servers.1;
            (flips, if known { Direction::Inferred } else { Direction::Assumed })
        }
        L4::Udp { .. } if ports::is_udp_server(src) && !ports::is_udp_server(dst) => {
            (true, Direction::Inferred)
        }
        _ => (false, Direction::Observed),
    }
}

/// The TCP segment of a packet.
fn segment(d: &Decoded<'_>, is_orig: bool, ts: Time) -> Option<Segment> {
    let L4::Tcp { seq, ack, flags, window, payload_len, .. } = d.l4 else { return None };
    Some(Segment { is_orig, ts, seq, ack, flags, window, len: payload_len })
}

/// True for a segment that its receiver threw away: its checksum is wrong, and the sender can do
/// better. A sender whose every checksum is wrong has them filled in by its network card, after
/// the capture; its packets are good. Datagrams are used in any case: none stands for another.
fn is_damaged(flow: &mut Flow, is_orig: bool, is_checksum_ok: bool, is_whole: bool) -> bool {
    let count = if is_orig { &mut flow.orig } else { &mut flow.resp };
    // Of a cut packet nobody knows.
    count.has_good_checksum |= is_checksum_ok && is_whole;
    if is_checksum_ok || !count.has_good_checksum {
        return false;
    }
    flow.history.scaled(is_orig, b'C', &mut count.bad_checksums);
    true
}

#[cfg(test)]
mod tests {
    use super::super::tcp::{ACK, FIN, RST, SYN};
    use super::*;
    use crate::event::{Body, Conn, Event, NodeId};
    use crate::source::Node;
    use crate::time::NANOS;

    const DAY: i64 = 86_400 * NANOS;

    /// A capture made of packets between `a` (port 1000) and `b` (port 7777).
    struct Capture {
        flows: Flows,
        out: Events,
        item: u64,
    }

    #[derive(Default)]
    struct Events {
        all: Vec<Event>,
        notes: Vec<Note>,
        node: Node,
    }

    impl Sink for Events {
        fn event(&mut self, event: Event) {
            self.all.push(event);
        }
        fn note(&mut self, note: Note) {
            self.notes.push(note);
        }
        fn child(&mut self, _: NodeId, _: &str) -> NodeId {
            NodeId(0)
        }
        fn node(&mut self, _: NodeId) -> &mut Node {
            &mut self.node
        }
    }

    fn capture() -> Capture {
        let flows = Flows::new(&Settings::default());
        Capture { flows, out: Events::default(), item: 0 }
    }

    impl Capture {
        fn put(&mut self, ts: i64, is_back: bool, protocol: u8, l4: L4<'_>) -> &mut Self {
            self.item += 1;
            let at = Origin { item: self.item, ..Origin::default() };
            let ts = Some(Time(ts));
            let packet = Packet { ts, at, link_type: 1, interface: 0, wire_len: 0, data: &[] };
            let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([8, 8, 8, 8]));
            let (src, dst) = if is_back { (b, a) } else { (a, b) };
            let decoded = Decoded {
                src,
                dst,
                protocol,
                ip_len: match l4 {
                    L4::Tcp { payload_len, .. } => 40 + payload_len,
                    _ => 40,
                },
                told_len: match l4 {
                    L4::Tcp { payload_len, .. } => 40 + payload_len,
                    _ => 40,
                },
                ttl: 64,
                vlans: [None; 2],
                tunnels: &[],
                carries: None,
                fragments: &[],
                l4,
            };
            self.flows.packet(&packet, decoded, &mut self.out);
            self
        }

        fn tcp(
            &mut self,
            ts: i64,
            is_back: bool,
            flags: u8,
            seq: u32,
            ack: u32,
            data: &str,
        ) -> &mut Self {
            self.summed(ts, is_back, flags, seq, ack, data, true)
        }

        #[expect(clippy::too_many_arguments, reason = "a packet has many fields")]
        fn summed(
            &mut self,
            ts: i64,
            is_back: bool,
            flags: u8,
            seq: u32,
            ack: u32,
            data: &str,
            is_checksum_ok: bool,
        ) -> &mut Self {
            let (src, dst) = if is_back { (7777, 1000) } else { (1000, 7777) };
            let payload = data.as_bytes();
            let payload_len = data.len() as u32;
            let window = 512;
            let l4 =
                L4::Tcp { src, dst, seq, ack, flags, window, payload, payload_len, is_checksum_ok };
            self.put(ts, is_back, 6, l4)
        }

        fn udp(&mut self, ts: i64, is_back: bool, src: u16) -> &mut Self {
            let (src, dst) = if is_back { (7777, src) } else { (src, 7777) };
            let l4 = L4::Udp { src, dst, payload: b"?", payload_len: 1, is_checksum_ok: true };
            self.put(ts, is_back, 17, l4)
        }

        /// SYN, SYN-ACK, ACK at `ts`, from sequence numbers 100 and 500.
        fn handshake(&mut self, ts: i64) -> &mut Self {
            self.tcp(ts, false, SYN, 100, 0, "");
            self.tcp(ts + 1, true, SYN | ACK, 500, 101, "");
            self.tcp(ts + 2, false, ACK, 101, 501, "")
        }

        fn conns(&mut self) -> Vec<Conn> {
            self.flows.finish(&mut self.out);
            let conns = self.out.all.drain(..).filter_map(|e| match e.body {
                Body::Conn(c) => Some(c),
                _ => None,
            });
            conns.collect()
        }

        /// State, history and packets of each connection.
        fn told(&mut self) -> Vec<String> {
            let line = |c: &Conn| {
                let history = c.history.as_deref().unwrap_or("-");
                let (orig, resp) = (c.orig_pkts.unwrap(), c.resp_pkts.unwrap());
                format!("{} {history} {orig} {resp}", c.conn_state.unwrap())
            };
            self.conns().iter().map(line).collect()
        }
    }

    #[test]
    fn an_exchange_of_datagrams_ends_after_a_minute_of_silence() {
        let second = |s: i64| s * NANOS;
        let mut c = capture();
        c.udp(0, false, 5000).udp(second(59), true, 5000).udp(second(118), false, 5000);
        assert_eq!(c.told(), ["SF Dd 2 1"]);
        let mut c = capture();
        c.udp(0, false, 5000).udp(second(60), true, 5000);
        assert_eq!(c.told(), ["S0 D 1 0", "S0 D 1 0"]);
    }

    #[test]
    fn one_packet_of_another_century_ends_nobody() {
        let mut c = capture();
        c.udp(DAY, false, 5000);
        (0..5000).for_each(|i| {
            let ts = if i == 2000 { i64::MAX } else { DAY + i64::from(i) };
            c.udp(ts, false, 6000);
        });
        c.udp(DAY + NANOS, true, 5000);
        let told = c.told();
        assert!(told.contains(&"SF Dd 1 1".to_owned()), "{told:?}");
    }

    #[test]
    fn what_is_long_over_is_freed_and_told_at_once() {
        let mut c = capture();
        (0..40_000i64).for_each(|i| {
            c.udp(i * NANOS, false, (i % 50_000) as u16);
        });
        let early = c.out.all.len();
        assert!(early > 30_000, "{early}");
        assert_eq!(c.told().len(), 40_000);
    }

    #[test]
    fn a_repeated_syn_is_one_attempt_for_five_seconds() {
        let mut c = capture();
        c.tcp(0, false, SYN, 100, 0, "").tcp(NANOS, false, SYN, 100, 0, "");
        c.tcp(5 * NANOS, false, SYN, 100, 0, "");
        assert_eq!(c.told(), ["S0 S 2 0", "S0 S 1 0"]);
    }

    #[test]
    fn a_refused_attempt_is_told_from_an_unanswered_one() {
        let mut c = capture();
        c.tcp(0, false, SYN, 100, 0, "").tcp(1, true, RST | ACK, 0, 101, "");
        let refused = c.conns();
        assert_eq!(refused[0].conn_state, Some("REJ"));
        assert_eq!((refused[0].answered, refused[0].refused), (Some(true), Some(true)));
        let mut c = capture();
        c.tcp(0, false, SYN, 100, 0, "");
        let silent = c.conns();
        assert_eq!((silent[0].answered, silent[0].refused), (Some(false), Some(false)));
        let mut c = capture();
        c.tcp(0, false, ACK, 100, 1, "");
        assert_eq!(c.conns()[0].answered, None);
    }

    #[test]
    fn duration_ends_where_both_sides_closed_and_sizes_leave_syn_and_fin_out() {
        let mut c = capture();
        c.handshake(0).tcp(10, false, ACK, 101, 501, "hello").tcp(11, true, ACK, 501, 106, "");
        c.tcp(12, false, FIN | ACK, 106, 501, "").tcp(13, true, FIN | ACK, 501, 107, "");
        c.tcp(99, false, ACK, 107, 502, "");
        let conn = c.conns().remove(0);
        assert_eq!((conn.conn_state, conn.history.as_deref()), (Some("SF"), Some("ShADaFf")));
        assert_eq!(conn.duration.map(|d| d.0), Some(13));
        assert_eq!(
            (conn.orig_bytes, conn.resp_bytes, conn.missed_bytes),
            (Some(5), Some(0), Some(0))
        );
        assert_eq!(conn.partial, Some(false));
    }

    #[test]
    fn retransmissions_and_keep_alives_add_nothing_to_what_was_said() {
        let mut c = capture();
        c.handshake(0)
            .tcp(10, false, ACK, 101, 501, "hello")
            .tcp(11, false, ACK, 101, 501, "hello");
        c.tcp(12, true, ACK, 501, 106, "");
        // Kept alive by an old sequence number, without a byte and with one.
        c.tcp(NANOS, false, ACK, 105, 501, "").tcp(NANOS + 1, true, ACK, 501, 106, "");
        c.tcp(2 * NANOS, false, ACK, 105, 501, "o").tcp(2 * NANOS + 1, true, ACK, 501, 106, "");
        let conn = c.conns().remove(0);
        let bytes = (conn.orig_bytes, conn.resp_bytes, conn.missed_bytes);
        assert_eq!(bytes, (Some(5), Some(0), Some(0)));
        assert_eq!((conn.conn_state, conn.history.as_deref()), (Some("S1"), Some("ShADTa")));
    }

    #[test]
    fn a_closed_window_shows_in_the_history() {
        let mut c = capture();
        c.handshake(0).tcp(10, false, ACK, 101, 501, "hello");
        let (payload, is_checksum_ok) = (&b""[..], true);
        let (src, dst, seq, ack, flags, window) = (7777, 1000, 501, 106, ACK, 0);
        let full =
            L4::Tcp { src, dst, seq, ack, flags, window, payload, payload_len: 0, is_checksum_ok };
        c.put(11, true, 6, full);
        assert_eq!(c.told(), ["S1 ShADaw 3 2"]);
    }

    #[test]
    fn a_connection_whose_beginning_is_missing_is_read_from_its_middle() {
        let mut c = capture();
        c.tcp(0, false, ACK, 9000, 7000, "in the middle").tcp(1, true, ACK, 7000, 9013, "yes");
        let conn = c.conns().remove(0);
        assert_eq!((conn.conn_state, conn.history.as_deref()), (Some("OTH"), Some("Dd")));
        assert_eq!((conn.orig_bytes, conn.resp_bytes), (Some(13), Some(3)));
        assert_eq!(conn.partial, Some(true));
    }

    #[test]
    fn a_gap_shows_once_it_is_acknowledged() {
        let mut c = capture();
        c.handshake(0).tcp(10, false, ACK, 106, 501, "world");
        c.tcp(11, true, ACK, 501, 111, "");
        let conn = c.conns().remove(0);
        assert_eq!((conn.history.as_deref(), conn.missed_bytes), (Some("ShADaG"), Some(5)));
        assert_eq!((conn.conn_state, conn.partial), (Some("S1"), Some(true)));
    }

    #[test]
    fn what_a_network_card_joined_is_no_damage() {
        let told = |len: u32| {
            let mut c = capture();
            c.handshake(0);
            let data = "x".repeat(len as usize);
            c.summed(3, true, ACK, 501, 101, &data, false);
            c.tcp(4, false, ACK, 101, 501 + len, "");
            c.told()
        };
        assert_eq!(told(MAX_ON_WIRE - 40), ["S1 ShAcg 3 2"]);
        assert_eq!(told(MAX_ON_WIRE - 39), ["S1 ShAd 3 2"]);
    }

    #[test]
    fn damage_is_left_out_but_not_a_sender_without_checksums() {
        let mut c = capture();
        c.handshake(0).summed(10, false, ACK, 101, 501, "junk", false);
        assert_eq!(c.told(), ["S1 ShAC 3 1"]);
        let mut c = capture();
        c.summed(0, false, SYN, 100, 0, "", false).tcp(1, true, SYN | ACK, 500, 101, "");
        c.summed(2, false, ACK, 101, 501, "good", false);
        assert_eq!(c.told(), ["S1 ShD 2 1"]);
    }

    #[test]
    fn a_second_answer_to_the_syn_changes_nothing_once_one_was_acknowledged() {
        const OTHER: u32 = 3_000_000_000;
        let run = |acknowledged: bool, seq: u32| {
            let mut c = capture();
            c.tcp(0, false, SYN, 100, 0, "").tcp(1, true, SYN | ACK, 500, 101, "");
            if acknowledged {
                c.tcp(2, false, ACK, 101, 501, "hello");
            }
            c.tcp(3, true, SYN | ACK, seq, 101, "");
            c.tcp(4, false, ACK, 101, if acknowledged { 501 } else { seq + 1 }, "hello");
            let begin = if acknowledged { 501 } else { seq + 1 };
            c.tcp(5, true, ACK, begin, 106, "answer").tcp(6, false, ACK, 106, begin + 6, "");
            let conn = c.conns().remove(0);
            (conn.orig_bytes, conn.resp_bytes, conn.missed_bytes)
        };
        let want = (Some(5), Some(6), Some(0));
        for seq in [500, 700, OTHER] {
            assert_eq!(run(true, seq), want, "{seq}");
            assert_eq!(run(false, seq), want, "{seq}");
        }
    }

    #[test]
    fn sequence_numbers_may_wrap() {
        let mut c = capture();
        let start = u32::MAX - 2;
        c.tcp(0, false, SYN, start, 0, "").tcp(1, true, SYN | ACK, 500, start + 1, "");
        c.tcp(2, false, ACK, start + 1, 501, "abcdef").tcp(3, true, ACK, 501, 4, "");
        let conn = c.conns().remove(0);
        assert_eq!((conn.orig_bytes, conn.history.as_deref()), (Some(6), Some("ShDa")));
    }

    #[test]
    fn an_icmp_error_is_written_to_the_connection_it_quotes() {
        let quote: Vec<u8> = [
            &[0, 0, 0, 0, 0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0][..],
            &[10, 0, 0, 1, 8, 8, 8, 8],
            &5000u16.to_be_bytes(),
            &7777u16.to_be_bytes(),
            &[0, 9, 0, 0, b'?'],
        ]
        .concat();
        let mut c = capture();
        c.udp(0, false, 5000);
        let l4 = L4::Icmp { is_v6: false, kind: 3, code: 3, rest: &quote, payload_len: 29 };
        c.put(1, true, 1, l4);
        let conns = c.conns();
        assert!(conns[0].icmp_errors.contains("port-unreachable"));
        assert_eq!((conns[0].answered, conns[0].refused), (Some(true), Some(true)));
        assert_eq!((conns[1].conn_state, conns[1].orig_pkts), (Some("OTH"), Some(1)));
    }

    #[test]
    fn a_full_table_gives_up_what_tells_least_and_says_so() {
        let mut settings = Settings::default();
        settings.caps.flows = 0;
        let mut c = capture();
        c.flows = Flows::new(&settings);
        c.handshake(0).tcp(10, false, ACK, 101, 501, "hello");
        (0..100).for_each(|port| {
            c.udp(20, false, port);
        });
        assert!(c.out.all.iter().all(|e| e.flow.transport == Some(crate::event::Transport::Udp)));
        assert_eq!(c.told().len(), 101);
        assert_eq!(c.out.notes.len(), 1);
        assert_eq!(c.out.notes[0].kind.code, "cap-reached");
    }
}
