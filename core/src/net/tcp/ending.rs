//! When a TCP connection is over: Zeek's timers, as questions asked of its own next packet.

use super::{State, Tcp};
use crate::time::{Interval, Time};

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

impl Tcp {
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
        // The shortest silence first: nearly every segment comes before it.
        let is_silent = ts >= last.plus(SILENCE_BEFORE) && ts >= last.plus(self.silence(resp_port));
        is_silent || self.is_lingering(first, last, ts)
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
        let quiet = last.plus(LINGER);
        // No look that is due before finds it quiet.
        if ts < quiet {
            return false;
        }
        let half = self.orig.did_close || self.resp.did_close;
        let states = [self.orig.state, self.resp.state];
        let is_ended =
            self.is_closed() || states.contains(&State::Reset) || states.contains(&State::Inactive);
        if !(half && is_ended) {
            return false;
        }
        let looked = |from: Time| {
            let looks = quiet.since(from).0.max(0) / LOOK;
            let next = from.plus(Interval(looks.saturating_add(1).saturating_mul(LOOK)));
            let next = if quiet < from { from } else { next };
            next <= ts
        };
        looked(first.plus(FIRST_LOOK))
            || self.half_closed.is_some_and(|t| looked(t.plus(Interval(LOOK))))
    }
}
