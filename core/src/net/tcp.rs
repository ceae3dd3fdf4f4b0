//! A TCP connection's state, sequence space and history, judged as Zeek judges them.

use super::history::{History, Scaled};
use crate::time::{Interval, Time};

/// FIN, SYN, RST and ACK of RFC 9293's flag octet.
pub(crate) const FIN: u8 = 0x01;
/// See [`FIN`].
pub(crate) const SYN: u8 = 0x02;
/// See [`FIN`].
pub(crate) const RST: u8 = 0x04;
/// See [`FIN`].
pub(crate) const ACK: u8 = 0x10;

/// A jump in sequence numbers that a SYN or RST is not believed: 1 MiB, as Zeek's.
const LARGE_JUMP: i32 = 1 << 20;
/// After this a SYN without any answer is an attempt of its own: Zeek's `tcp_attempt_delay`.
const ATTEMPT: Interval = Interval::from_secs(5);
/// How long packets still belong to a connection that both sides closed: `tcp_close_delay`.
const CLOSE: Interval = Interval::from_secs(5);
/// Silence after which a half-closed or reset connection is over: `tcp_connection_linger`; it is
/// looked for first after [`FIRST_LOOK`] and then every [`LOOK`].
const LINGER: Interval = Interval::from_secs(5);
/// `tcp_SYN_timeout`.
const FIRST_LOOK: Interval = Interval::from_secs(5);
/// `tcp_session_timer`.
const LOOK: i64 = Interval::from_secs(6).0;
/// Silence that ends a connection before its handshake, and after it.
const SILENCE_BEFORE: Interval = Interval::from_secs(60);
/// `tcp_inactivity_timeout`.
const SILENCE: Interval = Interval::from_secs(300);
/// Interactive protocols are silent for long: Zeek's inactivity script.
const SILENCE_INTERACTIVE: Interval = Interval::from_secs(3600);
/// Server ports of those: FTP, SSH, Telnet, rlogin.
const INTERACTIVE: [u16; 4] = [21, 22, 23, 513];

/// What was seen of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// Nothing.
    #[default]
    Inactive,
    /// A SYN.
    SynSent,
    /// A SYN-ACK, without the other side's SYN.
    SynAckSent,
    /// Something, but no SYN.
    Partial,
    /// The handshake.
    Established,
    /// A FIN.
    Closed,
    /// An RST.
    Reset,
}

/// One side.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub(crate) state: State,
    before: State,
    /// Sequence number of the SYN, or of where it would have been.
    start: u32,
    /// One past the highest sequence number sent, and how often it wrapped.
    last: u32,
    last_wraps: u32,
    /// The highest acknowledgement received, and how often it wrapped.
    acked: u32,
    acked_wraps: u32,
    n_fin: u32,
    /// Relative sequence number one past the FIN.
    fin_at: u64,
    pub(crate) did_close: bool,
    /// Where the last SYN, FIN and RST were, to tell a repeated one from another.
    hist_syn: u64,
    hist_fin: u64,
    hist_rst: u64,
    retransmissions: Scaled,
    zero_windows: Scaled,
    gaps: Scaled,
}

/// The fields of one segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) is_orig: bool,
    pub(crate) ts: Time,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) window: u16,
    pub(crate) len: u32,
}

impl Segment {
    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What a segment did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Verdict {
    /// Relative sequence number of the payload's first byte; `None` when it is not of the stream.
    pub(crate) data_at: Option<u64>,
    /// How far this segment acknowledges the other side's stream.
    pub(crate) acked: Option<u64>,
    /// This side has closed now.
    pub(crate) closes: bool,
    /// The sides must change places before anything else is done with the segment.
    pub(crate) flips: bool,
    /// Something odd, by Zeek's name.
    pub(crate) weird: Option<&'static str>,
}

/// Both sides of a connection: originator, responder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tcp {
    pub(crate) orig: Side,
    pub(crate) resp: Side,
    /// True when the start was not seen.
    pub(crate) is_partial: bool,
    saw_orig: bool,
    saw_resp: bool,
    /// When an attempt began.
    attempt: Option<Time>,
    /// When both sides had closed, or one reset.
    closed: Option<Time>,
    /// When one side closed first.
    half_closed: Option<Time>,
    is_past_handshake: bool,
}

impl Side {
    fn set(&mut self, state: State) {
        if self.state != state {
            self.before = self.state;
            self.state = state;
        }
    }

    fn init(&mut self, start: u32, last: u32) {
        (self.start, self.acked, self.last) = (start, start, last);
    }

    const fn full(number: u32, wraps: u32) -> i64 {
        ((wraps as i64) << 32) + number as i64
    }

    /// Payload bytes by sequence numbers, SYN and FIN left out.
    pub(crate) fn size(&self, peer: &Self) -> u64 {
        let half_open = self.before == State::SynSent && self.state == State::Reset;
        if half_open && peer.state == State::Inactive && !self.is_nothing_acked() {
            return 0;
        }
        let last = Self::full(self.last, self.last_wraps);
        let acked = Self::full(self.acked, self.acked_wraps);
        let sent = last.max(acked).saturating_sub(i64::from(self.start));
        let sent = u64::try_from(sent).unwrap_or(0).saturating_sub(1);
        if self.n_fin > 0 { sent.saturating_sub(1) } else { sent }
    }

    /// True when the other side acknowledged nothing but perhaps the SYN.
    pub(crate) const fn is_nothing_acked(&self) -> bool {
        let acked = Self::full(self.acked, self.acked_wraps) - self.start as i64;
        acked == 0 || acked == 1
    }

    /// Relative sequence number one past the highest sent.
    pub(crate) const fn sent(&self) -> i64 {
        Self::full(self.last, self.last_wraps) - self.start as i64
    }

    /// An acknowledgement without the FIN's place in sequence space.
    pub(crate) const fn without_fin(&self, acked: u64) -> u64 {
        if self.n_fin > 0 && acked >= self.fin_at { self.fin_at.saturating_sub(1) } else { acked }
    }

    /// True when this side will send no more.
    pub(crate) const fn is_ending(&self) -> bool {
        self.n_fin > 0 || matches!(self.state, State::Closed | State::Reset)
    }

    /// A gap in this side's stream, for the history.
    pub(crate) fn gap(&mut self, is_orig: bool, history: &mut History) {
        history.scaled(is_orig, b'G', &mut self.gaps);
    }

    fn is_clean(&self) -> bool {
        self.state == State::Established
            || (self.state == State::Closed && self.before == State::Established)
    }

    /// Relative place of `number`, which is near `near`; `None` when before the start.
    fn relative(&self, number: u32, near: u32, wraps: u32) -> Option<u64> {
        let delta = difference(number, near);
        let wraps = if delta < 0 && wraps > 0 && number > near {
            wraps - 1
        } else if delta > 0 && number < near {
            wraps.saturating_add(1)
        } else {
            wraps
        };
        if wraps == 0 {
            return u64::try_from(difference(number, self.start)).ok();
        }
        u64::try_from(Self::full(number, wraps) - i64::from(self.start)).ok()
    }

    fn advance_last(&mut self, to: u32) {
        self.last_wraps = self.last_wraps.saturating_add(u32::from(to < self.last));
        self.last = to;
    }

    fn advance_acked(&mut self, to: u32) {
        let delta = difference(to, self.acked);
        // An acknowledgement of 0 far from here is a broken one, not a large connection.
        if delta > 0 && !(to == 0 && delta > LARGE_JUMP) {
            self.acked_wraps = self.acked_wraps.saturating_add(u32::from(to < self.acked));
            self.acked = to;
        }
    }
}

/// How far `a` is ahead of `b` in sequence space (RFC 9293, section 3.4).
const fn difference(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

impl Tcp {
    fn sides(&mut self, is_orig: bool) -> (&mut Side, &mut Side) {
        if is_orig { (&mut self.orig, &mut self.resp) } else { (&mut self.resp, &mut self.orig) }
    }

    /// The side that sends, and the other.
    pub(crate) const fn pair(&self, is_orig: bool) -> (&Side, &Side) {
        if is_orig { (&self.orig, &self.resp) } else { (&self.resp, &self.orig) }
    }

    /// The sending side, to change it.
    pub(crate) fn side_mut(&mut self, is_orig: bool) -> &mut Side {
        self.sides(is_orig).0
    }

    /// True when gaps can be believed: both sides are established or closed in order.
    pub(crate) fn is_clean(&self) -> bool {
        self.orig.is_clean() && self.resp.is_clean()
    }

    /// True when both sides have closed.
    pub(crate) const fn is_closed(&self) -> bool {
        self.orig.did_close && self.resp.did_close
    }

    /// Takes a segment.
    pub(crate) fn segment(&mut self, s: &Segment, history: &mut History) -> Verdict {
        self.note_partial(s);
        let (me, peer) = self.sides(s.is_orig);
        let reset_only = if s.has(RST) { 0 } else { s.len };
        let seg_len = reset_only + u32::from(s.has(SYN)) + u32::from(s.has(FIN));
        let past = s.seq.wrapping_add(seg_len);
        let mut verdict = Verdict { weird: init_side(me, peer, s, past), ..Verdict::default() };
        let relative = me.relative(s.seq, me.last, me.last_wraps);
        let rel = relative.unwrap_or(0);
        if relative.is_none() && !s.has(RST) {
            verdict.weird = Some("TCP_seq_underflow_or_misorder");
        }
        write_history(me, s, rel, history);
        if s.window == 0 && !s.has(RST) && peer.state != State::Closed && me.state != State::Reset {
            history.scaled(s.is_orig, b'W', &mut me.zero_windows);
        }
        if s.has(FIN) {
            me.n_fin = me.n_fin.saturating_add(1);
            me.fin_at = rel.saturating_add(u64::from(seg_len));
        }
        if s.has(ACK) {
            verdict.acked = acknowledge(peer, s);
        }
        update_last(me, s, past, history);
        self.step(s, history, &mut verdict);
        if relative.is_some() && s.len > 0 && !s.has(RST) {
            verdict.data_at = Some(rel + u64::from(s.has(SYN)));
        }
        if s.is_orig != verdict.flips {
            self.saw_orig = true;
        } else {
            self.saw_resp = true;
        }
        verdict
    }

    /// This side has closed; it is done with when nothing of it waits to be read.
    pub(crate) fn close(&mut self, is_orig: bool, last: Time) {
        let (me, peer) = self.sides(is_orig);
        if me.did_close {
            return;
        }
        me.did_close = true;
        let is_over = me.state == State::Reset || peer.did_close || peer.state == State::Inactive;
        if is_over {
            self.closed = self.closed.or(Some(last));
        } else {
            self.half_closed = self.half_closed.or(Some(last));
        }
    }

    /// True when a segment at `ts` finds the connection over: `first` and `last` are the times of
    /// its first and last packet. Only its own packets count.
    pub(crate) fn is_over(&self, first: Time, last: Time, resp_port: u16, ts: Time) -> bool {
        let attempt = matches!(self.orig.state, State::SynSent | State::SynAckSent)
            && self.resp.state == State::Inactive;
        if attempt && self.attempt.is_some_and(|t| ts >= t.plus(ATTEMPT)) {
            return true;
        }
        if let Some(closed) = self.closed {
            return ts >= closed.plus(CLOSE);
        }
        ts >= last.plus(self.silence(resp_port)) || self.is_lingering(first, last, ts)
    }

    /// The silence that ends it.
    pub(crate) fn silence(&self, resp_port: u16) -> Interval {
        match self.is_past_handshake {
            _ if INTERACTIVE.contains(&resp_port) => SILENCE_INTERACTIVE,
            true => SILENCE,
            false => SILENCE_BEFORE,
        }
    }

    fn is_lingering(&self, first: Time, last: Time, ts: Time) -> bool {
        let half = self.orig.did_close || self.resp.did_close;
        let states = [self.orig.state, self.resp.state];
        let is_ended =
            self.is_closed() || states.contains(&State::Reset) || states.contains(&State::Inactive);
        if !(half && is_ended) {
            return false;
        }
        let quiet = last.plus(LINGER);
        let looked = |from: Time| {
            let looks = quiet.since(from).0.max(0) / LOOK;
            let next = from.plus(Interval(looks.saturating_add(1).saturating_mul(LOOK)));
            let next = if quiet < from { from } else { next };
            next <= ts
        };
        looked(first.plus(FIRST_LOOK))
            || self.half_closed.is_some_and(|t| looked(t.plus(Interval(LOOK))))
    }

    /// True when a SYN begins another connection between the same ports.
    pub(crate) fn is_reuse(&self, s: &Segment) -> bool {
        if !s.has(SYN) || (s.has(ACK) && self.orig.state != State::Inactive) {
            return false;
        }
        let begun = if s.has(ACK) { &self.resp } else { &self.orig };
        if self.is_closed() {
            return true;
        }
        let is_swapped = !s.has(ACK)
            && begun.state == State::SynAckSent
            && self.resp.state == State::Inactive
            && s.seq == self.resp.start;
        s.seq != begun.start && !is_swapped
    }

    /// True when all so far was a SYN-ACK of the supposed originator, and this segment shows that
    /// it was an answer: to a stealth scan's SYN-ACK comes a reset or nothing.
    pub(crate) fn shows_answer(&self, s: &Segment) -> bool {
        self.orig.state == State::SynAckSent
            && self.resp.state == State::Inactive
            && !s.has(SYN | FIN | RST)
            && (s.has(ACK) || s.len > 0)
    }

    /// Makes the supposed originator of a SYN-ACK the responder that it is.
    pub(crate) fn take_as_answer(&mut self) {
        self.flip();
        self.resp.set(State::Established);
        self.is_past_handshake = true;
    }

    /// The sides change places.
    pub(crate) fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
        std::mem::swap(&mut self.saw_orig, &mut self.saw_resp);
        self.is_partial = false;
    }

    fn note_partial(&mut self, s: &Segment) {
        if s.is_orig && !self.saw_orig {
            self.is_partial = !s.has(SYN) || s.has(ACK);
        } else if !s.is_orig && !self.saw_resp && !self.is_partial {
            self.is_partial = !s.has(SYN);
        }
    }

    fn step(&mut self, s: &Segment, _history: &mut History, verdict: &mut Verdict) {
        let was_handshake = is_handshake(self.orig.state) && is_handshake(self.resp.state);
        match self.pair(s.is_orig).0.state {
            State::Inactive => self.step_inactive(s, verdict),
            State::SynSent | State::SynAckSent => self.step_syn_sent(s, verdict),
            State::Established | State::Partial => self.step_established(s, verdict),
            State::Closed => self.step_closed(s, verdict),
            State::Reset => step_reset(s, verdict),
        }
        let is_handshake = is_handshake(self.orig.state) && is_handshake(self.resp.state);
        self.is_past_handshake |= was_handshake && !is_handshake;
    }

    fn step_inactive(&mut self, s: &Segment, verdict: &mut Verdict) {
        if s.has(SYN) {
            self.first_syn(s, verdict);
        }
        // After a flip the sender is the originator: go by who sent it.
        let is_orig = s.is_orig != verdict.flips;
        let (me, peer) = self.sides(is_orig);
        if s.has(FIN) {
            me.set(State::Closed);
            verdict.closes = true;
            if peer.state != State::Partial && !s.has(SYN) {
                verdict.weird = Some("spontaneous_FIN");
            }
        }
        if s.has(RST) {
            me.set(State::Reset);
            verdict.closes = true;
            if peer.state == State::Inactive {
                verdict.weird = Some("spontaneous_RST");
            }
        }
        if me.state == State::Inactive {
            let is_early_ack = !s.is_orig && s.len == 0 && peer.state == State::SynSent;
            if is_early_ack {
                return;
            }
            if s.has(ACK) && peer.state == State::Established {
                // The SYN was missed; the SYN-ACK was not.
                me.set(State::Established);
                self.is_partial = false;
            } else {
                me.set(State::Partial);
            }
        }
    }

    fn first_syn(&mut self, s: &Segment, verdict: &mut Verdict) {
        let (me, peer) = self.sides(s.is_orig);
        if s.is_orig {
            if s.has(ACK) {
                verdict.weird = Some("connection_originator_SYN_ack");
            }
            me.set(if s.has(ACK) { State::SynAckSent } else { State::SynSent });
            self.attempt = Some(s.ts);
            return;
        }
        if s.has(ACK) {
            let unknown = matches!(peer.state, State::Inactive | State::Partial);
            if !unknown && !is_between(s.ack, peer.start, peer.last) {
                verdict.weird = Some("bad_SYN_ack");
            }
        } else if peer.state == State::SynAckSent && s.seq == me.start {
            // The SYN-ACK was captured before its SYN.
            verdict.flips = true;
            peer.set(State::Established);
        } else {
            verdict.weird = Some("simultaneous_open");
        }
        match peer.state {
            State::SynSent => peer.set(State::Established),
            State::Inactive => verdict.weird = Some("unsolicited_SYN_response"),
            _ => {}
        }
        me.set(State::Established);
        if verdict.flips {
            self.flip();
        }
    }

    fn step_syn_sent(&mut self, s: &Segment, verdict: &mut Verdict) {
        let (me, peer) = self.sides(s.is_orig);
        if s.has(SYN)
            && s.is_orig
            && s.has(ACK)
            && !s.has(FIN | RST)
            && me.state != State::SynAckSent
        {
            verdict.weird = Some("repeated_SYN_with_ack");
        }
        if s.has(FIN) {
            if matches!(peer.state, State::Inactive | State::SynSent) {
                verdict.weird = Some("inappropriate_FIN");
            }
            me.set(State::Closed);
            verdict.closes = true;
        }
        if s.has(RST) {
            me.set(State::Reset);
            verdict.closes = true;
        } else if s.len > 0 {
            verdict.weird = Some("data_before_established");
        }
    }

    fn step_established(&mut self, s: &Segment, verdict: &mut Verdict) {
        let (me, peer) = self.sides(s.is_orig);
        let is_after_partial =
            me.state == State::Partial && peer.state == State::Inactive && !s.has(ACK);
        if s.has(SYN) && is_after_partial {
            verdict.weird = Some("SYN_after_partial");
            me.set(State::SynSent);
        }
        if s.has(FIN) && !s.has(RST) {
            me.set(State::Closed);
            if peer.state == State::Reset && peer.before == State::Closed {
                // The other side's RST followed its own FIN: a normal end after all.
                peer.set(State::Closed);
            }
            verdict.closes = true;
        }
        if s.has(RST) {
            me.set(State::Reset);
            verdict.closes = true;
        }
    }

    fn step_closed(&mut self, s: &Segment, verdict: &mut Verdict) {
        let (me, peer) = self.sides(s.is_orig);
        if s.has(SYN) {
            verdict.weird = Some("SYN_after_close");
        }
        if s.has(RST) && peer.state != State::Closed {
            me.set(State::Reset);
            verdict.closes |= !me.did_close;
        }
    }

    /// Zeek's summary of the connection.
    pub(crate) fn conn_state(&self, history: &History) -> &'static str {
        use State::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
        let (o, r) = (self.orig.state, self.resp.state);
        let is_unseen = |s| matches!(s, Inactive | Partial);
        let sizes = (self.orig.size(&self.resp), self.resp.size(&self.orig));
        match (o, r) {
            (SynSent | SynAckSent, Reset) => "REJ",
            (Reset, Reset) if sizes == (0, 0) => "REJ",
            (o, Reset) if is_unseen(o) => "RSTRH",
            (_, Reset) => "RSTR",
            (Reset, r) if is_unseen(r) && history.is_syn_then_reset() => "RSTOS0",
            (Reset, r) if is_unseen(r) => "OTH",
            (Reset, _) => "RSTO",
            (Closed, Closed) => "SF",
            (Closed, r) => {
                if is_unseen(r) {
                    "SH"
                } else {
                    "S2"
                }
            }
            (o, Closed) => {
                if is_unseen(o) {
                    "SHR"
                } else {
                    "S3"
                }
            }
            (SynSent, Inactive) => "S0",
            (Established, Established) => "S1",
            _ => "OTH",
        }
    }
}

fn step_reset(s: &Segment, verdict: &mut Verdict) {
    if s.has(SYN) {
        verdict.weird = Some("SYN_after_reset");
    } else if s.has(FIN) {
        verdict.weird = Some("FIN_after_reset");
    } else if s.len > 0 && !s.has(RST) {
        verdict.weird = Some("data_after_reset");
    }
}

/// Before the handshake is through.
const fn is_handshake(state: State) -> bool {
    matches!(state, State::Inactive | State::SynSent | State::SynAckSent)
}

const fn is_between(n: u32, low: u32, high: u32) -> bool {
    difference(n, low) >= 0 && difference(high, n) >= 0
}

/// Sets up or repairs a side's sequence space from a segment of it.
fn init_side(me: &mut Side, peer: &Side, s: &Segment, past: u32) -> Option<&'static str> {
    match me.state {
        State::Inactive if s.has(SYN) => me.init(s.seq, past),
        // As though there had been a SYN before it, and so that this is no repetition.
        State::Inactive => me.init(s.seq.wrapping_sub(1), s.seq),
        State::SynSent | State::SynAckSent if s.has(SYN) && s.seq != me.start => {
            me.init(s.seq, past);
            return Some("SYN_seq_jump");
        }
        State::Established | State::Partial if s.has(SYN) => {
            let had_data = me.size(peer) > 0;
            let jumps = s.seq != me.start;
            me.init(s.seq, past);
            return match (jumps, had_data) {
                (true, _) => Some("SYN_seq_jump"),
                (false, true) => Some("SYN_inside_connection"),
                _ => None,
            };
        }
        State::Reset if s.has(SYN) && me.before == State::Inactive => me.init(s.seq, past),
        _ => {}
    }
    None
}

/// Takes the acknowledgement of `peer`'s stream; returns its relative place.
fn acknowledge(peer: &mut Side, s: &Segment) -> Option<u64> {
    if peer.state == State::Inactive {
        let start = s.ack.wrapping_sub(1);
        peer.init(start, start);
        return Some(1);
    }
    let acked = peer.relative(s.ack, peer.acked, peer.acked_wraps)?;
    if !s.has(RST) {
        peer.advance_acked(s.ack);
    }
    Some(acked)
}

fn update_last(me: &mut Side, s: &Segment, past: u32, history: &mut History) {
    let delta = difference(past, me.last);
    let is_wild = s.has(SYN | RST) && (delta > LARGE_JUMP || delta < -LARGE_JUMP);
    if is_wild {
    } else if s.has(FIN) && me.last == me.start.wrapping_add(1) {
        // Nothing but the SYN was seen: the FIN tells the size, however far it is.
        me.advance_last(past);
    } else if me.state == State::Reset {
    } else if delta > 0 {
        me.advance_last(past);
    } else if s.len > 0 {
        history.scaled(s.is_orig, b'T', &mut me.retransmissions);
    }
}

fn write_history(me: &mut Side, s: &Segment, rel: u64, history: &mut History) {
    let orig = s.is_orig;
    match (s.has(SYN), s.has(FIN), s.has(RST)) {
        (_, true, true) => history.once(orig, b'I'),
        (true, true, false) | (true, false, true) => history.once(orig, b'Q'),
        (true, false, false) => {
            // `S` and `H` share one "seen before" in Zeek.
            let letter = if s.has(ACK) { b'H' } else { b'S' };
            repeat(history, orig, letter, b'S', &mut me.hist_syn, rel);
        }
        (false, true, false) => {
            let at = rel.saturating_add(u64::from(s.len));
            repeat(history, orig, b'F', b'F', &mut me.hist_fin, at);
        }
        (false, false, true) => repeat(history, orig, b'R', b'R', &mut me.hist_rst, rel),
        _ if s.len > 0 => history.once(orig, b'D'),
        _ if s.has(ACK) => history.once(orig, b'A'),
        _ => {}
    }
}

/// Writes a letter at its first place and at every other than the last.
fn repeat(history: &mut History, orig: bool, letter: u8, class: u8, last: &mut u64, at: u64) {
    if !history.mark(orig, class) || at != *last {
        history.push(orig, letter);
    }
    *last = at;
}
