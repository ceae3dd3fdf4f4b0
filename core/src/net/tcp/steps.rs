//! The states of a TCP connection's sides, and how a segment changes them.

use super::side::difference;
use super::{ACK, FIN, RST, SYN, Segment, State, Tcp, Verdict};

impl Tcp {
    pub(super) fn step(&mut self, s: &Segment, verdict: &mut Verdict) {
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
