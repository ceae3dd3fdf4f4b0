//! A packet's bytes on their way through its connection: account, stream, protocol.

use super::Decoded;
use super::conversation::Conversation;
use super::flow::{Direction, Flow, TcpFlow};
use super::reassembly::{Budget, Mark, Payload, Piece, Seen};
use super::tcp::Segment;
use crate::event::{Body, Event, Weird};
use crate::proto::{Dir, Over, Shared};
use crate::source::Sink;
use crate::time::Time;
use std::cell::RefCell;
use std::rc::Rc;

/// Zeek's `tcp_max_initial_window`: more than this sent and nothing acknowledged means that the
/// other direction is not captured.
const MAX_INITIAL_WINDOW: u64 = 16_384;

/// Zeek's name for the data connections of FTP.
pub(super) const FTP_DATA: &str = "ftp-data";

/// What is the same for everything a packet does.
pub(super) struct At<'a> {
    pub(super) mark: Mark,
    pub(super) is_orig: bool,
    /// The start of the TCP connection was not seen.
    pub(super) is_partial: bool,
    pub(super) shared: &'a Rc<RefCell<Shared>>,
    pub(super) out: &'a mut dyn Sink,
}

impl At<'_> {
    const fn dir(&self) -> Dir {
        if self.is_orig { Dir::Orig } else { Dir::Resp }
    }
}

/// Keeps the account of a packet that has no stream.
pub(super) fn account(flow: &mut Flow, is_orig: bool, ts: Time, payload_len: u32) {
    flow.last = ts;
    let count = flow.count(is_orig);
    count.payload += u64::from(payload_len);
    count.is_active = true;
}

/// Takes a datagram; true when its protocol had to be given up for lack of room.
pub(super) fn take_datagram(
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
    let mut conversation = conversation(flow, Over::Datagrams, at);
    let before = conversation.held();
    conversation.datagram(at.dir(), payload, at.mark, at.out);
    keep(flow, conversation, before, budget)
}

/// The connection's conversation, begun if need be.
fn conversation(flow: &mut Flow, over: Over, at: &At<'_>) -> Box<Conversation> {
    let conversation = flow.conversation.take();
    conversation.unwrap_or_else(|| {
        let new = Conversation::new(flow.identity(), over, at.shared);
        Box::new(new.begins_partial(at.is_partial))
    })
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
    let (_, service) = conversation.into_parts();
    service.iter().for_each(|name| flow.service.insert(name));
    flow.is_read = false;
    is_full
}

/// Runs `f` with a place for what comes out of a stream of this connection; true when there was no
/// room for it.
pub(super) fn read(
    flow: &mut Flow,
    at: &mut At<'_>,
    budget: &mut Budget,
    f: impl FnOnce(&mut Budget, &mut dyn FnMut(Piece<'_>)),
) -> bool {
    if !flow.is_read {
        f(budget, &mut |_| ());
        return false;
    }
    let mut conversation = conversation(flow, Over::Stream, at);
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
pub(super) fn take_segment(
    flow: &mut Flow,
    s: Segment,
    payload: &[u8],
    payload_len: u32,
    budget: &mut Budget,
    at: &mut At<'_>,
) -> bool {
    let Some(mut t) = flow.tcp.take() else { return false };
    if !t.tcp.is_closed() {
        flow.last = s.ts;
    }
    let mut s = s;
    if t.tcp.shows_answer(&s) {
        t.tcp.take_as_answer();
        flow.history.flip_from_start();
        change_places(flow, &mut t, at);
        s.is_orig = at.is_orig;
    }
    let verdict = t.tcp.segment(&s, &mut flow.history);
    at.is_partial = t.tcp.is_partial;
    if verdict.flips {
        flow.history.flip();
        change_places(flow, &mut t, at);
    }
    let mut is_full = false;
    if let Some(acked) = verdict.acked {
        is_full |= acknowledge(flow, &mut t, acked, budget, at);
    }
    let mut oddities = [verdict.weird, None, None];
    if let (Some(seq), false) = (verdict.data_at, payload.is_empty()) {
        let is_cut = (payload.len() as u64) < u64::from(payload_len);
        let p = Payload { seq, data: payload, is_cut, mark: at.mark };
        let (full, odd) = put(flow, &mut t, p, budget, at);
        is_full |= full;
        oddities = [verdict.weird, odd[0], odd[1]];
    }
    if !flow.is_read {
        t.orig.forget_data(budget);
        t.resp.forget_data(budget);
    }
    t.check_end(at.is_orig, flow.last);
    if verdict.closes {
        t.close(at.is_orig, flow.last);
    }
    for name in oddities.into_iter().flatten().filter(|name| t.is_new_oddity(name)) {
        tell(flow, name, at);
    }
    flow.tcp = Some(t);
    is_full
}

/// The sender acknowledges the other side's stream: what is missing there is missing for good.
fn acknowledge(
    flow: &mut Flow,
    t: &mut TcpFlow,
    acked: u64,
    budget: &mut Budget,
    at: &mut At<'_>,
) -> bool {
    let me = at.is_orig;
    let acked = t.tcp.pair(!me).0.without_fin(acked);
    let is_partial = t.tcp.is_partial;
    let mut seen = Seen::default();
    let mut is_full = false;
    if t.stream(!me).is_news(acked) {
        at.is_orig = !me;
        is_full = read(flow, at, budget, |budget, deliver| {
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
    is_full
}

/// Puts a segment's payload into the sender's stream; says whether room ran out, and what was odd.
fn put(
    flow: &mut Flow,
    t: &mut TcpFlow,
    p: Payload<'_>,
    budget: &mut Budget,
    at: &mut At<'_>,
) -> (bool, [Option<&'static str>; 2]) {
    let (me, is_read) = (at.is_orig, flow.is_read);
    let (side, peer) = t.tcp.pair(me);
    let is_deaf = side.is_nothing_acked();
    let is_large = side.size(peer) > MAX_INITIAL_WINDOW;
    let mut seen = Seen::default();
    let is_full = read(flow, at, budget, |budget, deliver| {
        let stream = t.stream(me);
        seen = stream.segment(p, is_read, budget, deliver);
        seen.is_one_sided = is_deaf && stream.one_sided(budget, deliver);
        if is_deaf && is_large {
            stream.trim_delivered();
        }
    });
    let odd = [
        seen.is_conflict.then_some("rexmit_inconsistency"),
        seen.is_one_sided.then_some("above_hole_data_without_any_acks"),
    ];
    (is_full || seen.is_full, odd)
}

/// Sends an oddity of a connection.
fn tell(flow: &Flow, name: &'static str, at: &mut At<'_>) {
    let weird = Weird { name: Some(name.into()), addl: None, source: Some("TCP".into()) };
    let ts = flow.is_timed.then_some(at.mark.ts);
    let (flow, body) = (flow.identity(), Body::Weird(weird));
    at.out.event(Event { ts, at: at.mark.at, also: Vec::new(), flow, body });
}

/// Originator and responder of a connection change places, once its packets have shown who is who.
fn change_places(flow: &mut Flow, t: &mut TcpFlow, at: &mut At<'_>) {
    flow.flip();
    std::mem::swap(&mut t.orig, &mut t.resp);
    t.did_end.reverse();
    at.is_orig = !at.is_orig;
    // A data connection is nothing else, whoever began it.
    flow.is_read &= !flow.service.contains(FTP_DATA);
    flow.conversation = None;
    flow.direction = Direction::Observed;
}
