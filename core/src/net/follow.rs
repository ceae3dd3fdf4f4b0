//! Both streams of one connection put in order for a person who follows it.

use super::history::History;
use super::reassembly::{Budget, Mark, Payload, Piece, Stream};
use super::tcp::{Segment, Tcp};
use super::{Decoded, L4, Packet};
use crate::time::Time;

/// Where the pieces of a stream go: true for the originator's.
type Out<'a> = &'a mut dyn FnMut(bool, Piece<'_>);

/// The two directions of a connection.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    tcp: Tcp,
    history: History,
    orig: Stream,
    resp: Stream,
    /// True when the TCP account has found the sides to be the other way round than they are here.
    is_swapped: bool,
}

impl Streams {
    /// Takes the connection's next packet and gives out what is next in order. What has no streams
    /// gives its payload as it comes.
    pub(crate) fn packet(
        &mut self,
        packet: &Packet<'_>,
        d: &Decoded<'_>,
        is_orig: bool,
        budget: &mut Budget,
        out: Out<'_>,
    ) {
        let mark = Mark { ts: packet.ts.unwrap_or_default(), at: packet.at };
        let (data, wire) = match d.l4 {
            L4::Tcp { .. } => return self.segment(d, (mark, is_orig), budget, out),
            L4::Udp { payload, payload_len, .. }
            | L4::Sctp { payload, payload_len, .. }
            | L4::Other { payload, payload_len } => (payload, payload_len),
            L4::Icmp { rest, payload_len, .. } => (rest, payload_len.saturating_add(4)),
        };
        if !data.is_empty() {
            out(is_orig, Piece::Data(data, mark));
        }
        let missing = u64::from(wire).saturating_sub(data.len() as u64);
        if missing > 0 {
            out(is_orig, Piece::Gap(missing));
        }
    }

    fn segment(
        &mut self,
        d: &Decoded<'_>,
        (mark, is_orig): (Mark, bool),
        budget: &mut Budget,
        out: Out<'_>,
    ) {
        let L4::Tcp { seq, ack, flags, window, payload, payload_len, .. } = d.l4 else { return };
        let ts: Time = mark.ts;
        let side = is_orig != self.is_swapped;
        let s = Segment { is_orig: side, ts, seq, ack, flags, window, len: payload_len };
        let verdict = self.tcp.segment(&s, &mut self.history);
        self.is_swapped ^= verdict.flips;
        let side = is_orig != self.is_swapped;
        let (mine, theirs) = match is_orig {
            true => (&mut self.orig, &mut self.resp),
            false => (&mut self.resp, &mut self.orig),
        };
        if let Some(acked) = verdict.acked {
            let acked = self.tcp.pair(!side).0.without_fin(acked);
            let is_partial = self.tcp.is_partial;
            theirs.acknowledged(acked, is_partial, budget, &mut |piece| out(!is_orig, piece));
        }
        if let (Some(seq), false) = (verdict.data_at, payload.is_empty()) {
            let is_cut = (payload.len() as u64) < u64::from(payload_len);
            let p = Payload { seq, data: payload, is_cut, mark };
            mine.segment(p, true, budget, &mut |piece| out(is_orig, piece));
            if self.tcp.pair(side).0.is_nothing_acked() {
                mine.one_sided(budget, &mut |piece| out(is_orig, piece));
            }
        }
    }

    /// The connection is over: what waits for a gap goes out behind it.
    pub(crate) fn finish(&mut self, budget: &mut Budget, out: Out<'_>) {
        self.orig.finish(budget, &mut |piece| out(true, piece));
        self.resp.finish(budget, &mut |piece| out(false, piece));
    }
}
