//! A TCP connection's state, sequence space and history, judged as Zeek judges them.

mod ending;
mod side;
mod steps;

pub(crate) use side::Side;

use super::history::History;
use crate::time::Time;
use side::{acknowledge, init_side, update_last, write_history};

/// FIN, SYN, RST and ACK of RFC 9293's flag octet.
pub(crate) const FIN: u8 = 0x01;
/// See [`FIN`].
pub(crate) const SYN: u8 = 0x02;
/// See [`FIN`].
pub(crate) const RST: u8 = 0x04;
/// See [`FIN`].
pub(crate) const ACK: u8 = 0x10;

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
        let is_stray = s.has(SYN) && s.seq != me.start && me.is_agreed();
        let relative = me.relative(s.seq, me.last, me.last_wraps).filter(|_| !is_stray);
        let rel = relative.unwrap_or(0);
        if relative.is_none() && !is_stray && !s.has(RST) {
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
        if !is_stray {
            update_last(me, s, past, history);
        }
        self.step(s, &mut verdict);
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
