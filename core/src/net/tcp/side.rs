//! One side of a TCP connection: its sequence space, its size, its letters in the history.

use super::super::history::{History, Scaled};
use super::{ACK, FIN, RST, SYN, Segment, State};

/// A jump in sequence numbers that a SYN or RST is not believed: 1 MiB, as Zeek's.
const LARGE_JUMP: i32 = 1 << 20;

/// One side.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub(crate) state: State,
    pub(super) before: State,
    /// Sequence number of the SYN, or of where it would have been.
    pub(super) start: u32,
    /// One past the highest sequence number sent, and how often it wrapped.
    pub(super) last: u32,
    pub(super) last_wraps: u32,
    /// The highest acknowledgement received, and how often it wrapped.
    acked: u32,
    acked_wraps: u32,
    pub(super) n_fin: u32,
    /// Relative sequence number one past the FIN.
    pub(super) fin_at: u64,
    pub(crate) did_close: bool,
    /// Where the last SYN, FIN and RST were, to tell a repeated one from another.
    hist_syn: u64,
    hist_fin: u64,
    hist_rst: u64,
    retransmissions: Scaled,
    pub(super) zero_windows: Scaled,
    gaps: Scaled,
}

impl Side {
    pub(super) fn set(&mut self, state: State) {
        if self.state != state {
            self.before = self.state;
            self.state = state;
        }
    }

    pub(super) fn init(&mut self, start: u32, last: u32) {
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

    /// True when the other side acknowledged this side's SYN: a SYN that comes later, with whatever
    /// number, changes nothing (RFC 9293, section 3.10.7.4). Servers that answer one SYN from two
    /// places do that.
    pub(super) const fn is_agreed(&self) -> bool {
        let acked = Self::full(self.acked, self.acked_wraps) - self.start as i64;
        matches!(self.state, State::Established) && acked > 0
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

    pub(super) fn is_clean(&self) -> bool {
        self.state == State::Established
            || (self.state == State::Closed && self.before == State::Established)
    }

    /// Relative place of `number`, which is near `near`; `None` when before the start.
    pub(super) fn relative(&self, number: u32, near: u32, wraps: u32) -> Option<u64> {
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
pub(super) const fn difference(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

/// Sets up or repairs a side's sequence space from a segment of it.
pub(super) fn init_side(
    me: &mut Side,
    peer: &Side,
    s: &Segment,
    past: u32,
) -> Option<&'static str> {
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
            if !me.is_agreed() {
                me.init(s.seq, past);
            }
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
pub(super) fn acknowledge(peer: &mut Side, s: &Segment) -> Option<u64> {
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

pub(super) fn update_last(me: &mut Side, s: &Segment, past: u32, history: &mut History) {
    let delta = difference(past, me.last);
    if s.has(SYN | RST) && !(-LARGE_JUMP..=LARGE_JUMP).contains(&delta) {
        return;
    }
    // Nothing but the SYN was seen: the FIN tells the size, however far it is.
    let is_whole_story = s.has(FIN) && me.last == me.start.wrapping_add(1);
    if is_whole_story || (me.state != State::Reset && delta > 0) {
        me.advance_last(past);
    } else if me.state != State::Reset && s.len > 0 {
        history.scaled(s.is_orig, b'T', &mut me.retransmissions);
    }
}

pub(super) fn write_history(me: &mut Side, s: &Segment, rel: u64, history: &mut History) {
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
