//! Packets to connections: finds each packet's connection, keeps its account, and hands its bytes
//! to the protocols.

use super::conversation::Conversation;
use super::flow::{Direction, Flow, TcpFlow};
use super::flow_table::FlowTable;
use super::key::Tuple;
use super::reassembly::{Budget, Mark, Payload, Piece};
use super::tcp::{self, Segment};
use super::{Decoded, L4, Packet, Packets, icmp, ports, quoted};
use crate::event::{Body, Event, Origin, Weird};
use crate::note::{CAP_REACHED, Note};
use crate::proto::{Dir, Over};
use crate::settings::Settings;
use crate::source::Sink;
use crate::time::Time;
use std::net::IpAddr;

/// IPv6's mark that nothing follows (RFC 8200, section 4.7): no connection.
const NO_NEXT_HEADER: u8 = 59;

/// The connections of one capture, or of a series of captures.
pub struct Flows {
    table: FlowTable,
    budget: Budget,
    /// Time of the packet before.
    now: Time,
    given_up: GivenUp,
}

/// What caps cost.
#[derive(Default)]
struct GivenUp {
    /// Where the first connection was cut short, and how many were.
    flows: Option<(Origin, u64)>,
    /// Where waiting stream data was given up first, and how often.
    streams: Option<(Origin, u64)>,
}

/// What is the same for everything a packet does.
struct At<'a> {
    mark: Mark,
    is_orig: bool,
    out: &'a mut dyn Sink,
}

impl At<'_> {
    const fn dir(&self) -> Dir {
        if self.is_orig { Dir::Orig } else { Dir::Resp }
    }
}

impl Flows {
    /// An empty table with the case's caps.
    pub fn new(settings: &Settings) -> Self {
        Self {
            table: FlowTable::new(settings.caps.flows, settings.seed),
            budget: Budget { used: 0, cap: settings.caps.streams },
            now: Time::default(),
            given_up: GivenUp::default(),
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
        self.table.insert(begin(tuple, d, mark))
    }

    /// A connection is over: its last bytes, its protocols' last words, its record.
    fn end(&mut self, mut flow: Flow, end: Option<Time>, out: &mut dyn Sink) {
        let mark = Mark { ts: flow.last, at: flow.last_at };
        if let Some(mut t) = flow.tcp.take() {
            for is_orig in [true, false] {
                let mut at = At { mark, is_orig, out };
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
        count.ip_bytes += u64::from(d.ip_len);
        flow.last_at = mark.at;
        if !d.tunnels.is_empty() || flow.tunnels.is_some() {
            let is_too_much = flow.tunnels.get_or_insert_default().packet(d.tunnels, is_orig);
            if is_too_much {
                flow.history.once(true, b'X');
            }
        }
        let mut at = At { mark, is_orig, out };
        if let L4::Tcp { is_checksum_ok, payload, payload_len, .. } = d.l4 {
            let is_whole = payload.len() as u64 == u64::from(payload_len);
            if is_damaged(flow, is_orig, is_checksum_ok, is_whole) {
                return;
            }
        }
        let budget = &mut self.budget;
        let is_full = match d.l4 {
            L4::Tcp { payload, payload_len, .. } => {
                let Some(s) = segment(d, is_orig, mark.ts) else { return };
                take_segment(flow, &s, payload, payload_len, budget, &mut at)
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
        let L4::Icmp { is_v6, kind, code, rest, .. } = d.l4 else { return };
        let Some(name) = icmp::error_name(is_v6, kind, code) else { return };
        let tuple = quoted(is_v6, kind, rest).and_then(|q| icmp::tuple_of(&q));
        let slot = tuple.and_then(|t| self.table.find(&t.key()));
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
        if packet.ts.is_none() {
            if let Some(flow) = self.table.get_mut(slot) {
                flow.is_timed = false;
            }
        }
        self.take(slot, &tuple, &d, mark, out);
        self.attach_error(&d);
        for flow in self.table.tick(mark.ts) {
            self.end(flow, None, out);
        }
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let end = self.now;
        for flow in self.table.drain() {
            self.end(flow, Some(end), out);
        }
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

/// Keeps the account of a packet that has no stream.
fn account(flow: &mut Flow, is_orig: bool, ts: Time, payload_len: u32) {
    flow.last = ts;
    let count = flow.count(is_orig);
    count.payload += u64::from(payload_len);
    count.is_active = true;
}

/// Takes a datagram; true when its protocol had to be given up for lack of room.
fn take_datagram(
    flow: &mut Flow,
    d: &Decoded<'_>,
    payload: &[u8],
    payload_len: u32,
    budget: &mut Budget,
    at: &mut At<'_>,
) -> bool {
    account(flow, at.is_orig, at.mark.ts, payload_len);
    flow.history.once(at.is_orig, b'D');
    if let Some(tunnel) = d.carries {
        flow.service.insert(tunnel.name());
        return false;
    }
    if !flow.is_read || payload.is_empty() {
        return false;
    }
    let mut conversation = conversation(flow, Over::Datagrams);
    let before = conversation.held();
    conversation.datagram(at.dir(), payload, at.mark, at.out);
    keep(flow, conversation, before, budget)
}

/// The connection's conversation, begun if need be.
fn conversation(flow: &mut Flow, over: Over) -> Box<Conversation> {
    let conversation = flow.conversation.take();
    conversation.unwrap_or_else(|| Box::new(Conversation::new(flow.identity(), over)))
}

/// Puts a conversation back unless it is over; true when there was no room for what it holds.
fn keep(
    flow: &mut Flow,
    conversation: Box<Conversation>,
    before: usize,
    budget: &mut Budget,
) -> bool {
    let held = conversation.held();
    budget.used = (budget.used + held).saturating_sub(before);
    let is_full = held > before && budget.used > budget.cap;
    if !conversation.is_over() && !is_full {
        flow.conversation = Some(conversation);
        return false;
    }
    budget.used = budget.used.saturating_sub(held);
    let service = conversation.into_service();
    service.iter().for_each(|name| flow.service.insert(name));
    flow.is_read = false;
    is_full
}

/// Runs `f` with a place for what comes out of a stream of this connection; true when there was no
/// room for it.
fn read(
    flow: &mut Flow,
    at: &mut At<'_>,
    budget: &mut Budget,
    f: impl FnOnce(&mut Budget, &mut dyn FnMut(Piece<'_>)),
) -> bool {
    if !flow.is_read {
        f(budget, &mut |_| ());
        return false;
    }
    let mut conversation = conversation(flow, Over::Stream);
    let before = conversation.held();
    let (dir, mark) = (at.dir(), at.mark);
    let out = &mut *at.out;
    f(budget, &mut |piece| match piece {
        Piece::Data(bytes, from) => conversation.data(dir, bytes, from, out),
        Piece::Gap(len) => conversation.gap(dir, len, mark, out),
    });
    keep(flow, conversation, before, budget)
}

/// Takes a TCP segment; true when stream data had to be given up for lack of room.
fn take_segment(
    flow: &mut Flow,
    s: &Segment,
    payload: &[u8],
    payload_len: u32,
    budget: &mut Budget,
    at: &mut At<'_>,
) -> bool {
    let Some(mut t) = flow.tcp.take() else { return false };
    if !t.tcp.is_closed() {
        flow.last = s.ts;
    }
    let mut s = *s;
    if t.tcp.shows_answer(&s) {
        t.tcp.take_as_answer();
        flow.history.flip_from_start();
        change_places(flow, &mut t, at);
        s.is_orig = at.is_orig;
    }
    let verdict = t.tcp.segment(&s, &mut flow.history);
    if verdict.flips {
        flow.history.flip();
        change_places(flow, &mut t, at);
    }
    let me = at.is_orig;
    let mut is_full = false;
    let mut oddities = [verdict.weird, None, None];
    if let Some(acked) = verdict.acked {
        let acked = t.tcp.pair(!me).0.without_fin(acked);
        let is_partial = t.tcp.is_partial;
        let mut seen = super::reassembly::Seen::default();
        if t.stream(!me).is_news(acked) {
            at.is_orig = !me;
            is_full |= read(flow, at, budget, |budget, deliver| {
                seen = t.stream(!me).acknowledged(acked, is_partial, budget, deliver);
            });
            at.is_orig = me;
        }
        if t.tcp.is_clean() {
            t.missed += seen.missed;
            let side = t.tcp.side_mut(!me);
            (0..seen.gaps).for_each(|_| side.gap(!me, &mut flow.history));
        }
        t.check_end(!me, flow.last);
    }
    if let (Some(seq), false) = (verdict.data_at, payload.is_empty()) {
        let is_cut = (payload.len() as u64) < u64::from(payload_len);
        let p = Payload { seq, data: payload, is_cut, mark: at.mark };
        let is_read = flow.is_read;
        let (side, peer) = t.tcp.pair(me);
        let is_deaf = side.is_nothing_acked();
        let is_large = side.size(peer) > MAX_INITIAL_WINDOW;
        is_full |= read(flow, at, budget, |budget, deliver| {
            let stream = t.stream(me);
            let seen = stream.segment(p, is_read, budget, deliver);
            if seen.is_conflict {
                oddities[1] = Some("rexmit_inconsistency");
            }
            if is_deaf && stream.one_sided(budget, deliver) {
                oddities[2] = Some("above_hole_data_without_any_acks");
            }
            if is_deaf && is_large {
                stream.trim_delivered();
            }
        });
        if is_read && !flow.is_read {
            t.orig.forget_data(budget);
            t.resp.forget_data(budget);
        }
    }
    t.check_end(me, flow.last);
    if verdict.closes {
        t.close(me, flow.last);
    }
    for name in oddities.into_iter().flatten() {
        if t.is_new_oddity(name) {
            let body = Body::Weird(Weird {
                name: Some(name.into()),
                addl: None,
                source: Some("TCP".into()),
            });
            let flow = flow.identity();
            at.out.event(Event { ts: Some(s.ts), at: at.mark.at, also: Vec::new(), flow, body });
        }
    }
    flow.tcp = Some(t);
    is_full
}

/// Originator and responder of a connection change places, once its packets have shown who is who.
fn change_places(flow: &mut Flow, t: &mut TcpFlow, at: &mut At<'_>) {
    flow.flip();
    std::mem::swap(&mut t.orig, &mut t.resp);
    t.did_end.reverse();
    at.is_orig = !at.is_orig;
    flow.conversation = None;
    flow.direction = Direction::Observed;
}

/// Zeek's `tcp_max_initial_window`: more than this sent and nothing acknowledged means that the
/// other direction is not captured.
const MAX_INITIAL_WINDOW: u64 = 16_384;
