//! The streams of connections, as a person follows them.

use super::{Found, Take};
use crate::event::Origin;
use crate::net::{Budget, Piece, Streams};
use crate::time::Time;
use std::collections::BTreeMap;

/// Bytes kept of all followed streams together unless the host says otherwise.
pub const MAX_BYTES: usize = 16 << 20;

/// Parts kept; each takes some 64 bytes, and a stream of one-byte segments would have millions.
const MAX_PARTS: usize = 200_000;

/// A part of a followed connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes of one packet.
    Data {
        /// True for the originator's.
        is_orig: bool,
        /// Where they begin in [`Followed::orig`] or [`Followed::resp`].
        start: usize,
        /// How many.
        len: usize,
        /// The packet that brought them.
        at: Origin,
        /// When it came.
        ts: Time,
    },
    /// Bytes that the capture does not hold.
    Gap {
        /// True for the originator's.
        is_orig: bool,
        /// How many.
        len: u64,
    },
}

/// One connection, followed.
#[derive(Debug, Default)]
pub struct Followed {
    /// The originator's bytes, gaps left out.
    pub orig: Vec<u8>,
    /// The responder's bytes, gaps left out.
    pub resp: Vec<u8>,
    /// Both, in the order in which they were put together.
    pub parts: Vec<Part>,
    /// Bytes that were not kept, since there were too many.
    pub left_out: u64,
}

/// Follows streams.
#[derive(Debug)]
pub struct Follow {
    /// The connections, by their place in the scope.
    pub followed: Vec<Followed>,
    streams: BTreeMap<usize, Streams>,
    budget: Budget,
    room: usize,
    parts_left: usize,
}

impl Follow {
    /// Follows `n` connections, keeps at most `max_bytes` of them, and lets at most `max_waiting`
    /// wait for missing packets.
    pub fn new(n: usize, max_bytes: usize, max_waiting: usize) -> Self {
        Self {
            followed: (0..n).map(|_| Followed::default()).collect(),
            streams: BTreeMap::new(),
            budget: Budget { used: 0, cap: max_waiting },
            room: max_bytes,
            parts_left: MAX_PARTS,
        }
    }
}

impl Take for Follow {
    fn found(&mut self, found: &Found<'_>) {
        let i = found.connection;
        let Some(to) = self.followed.get_mut(i) else { return };
        let streams = self.streams.entry(i).or_default();
        let (room, parts) = (&mut self.room, &mut self.parts_left);
        let out = &mut |is_orig, piece: Piece<'_>| to.add(is_orig, piece, room, parts);
        streams.packet(found.packet, found.decoded, found.is_orig, &mut self.budget, out);
    }

    fn ended(&mut self, connection: usize) {
        let (room, parts) = (&mut self.room, &mut self.parts_left);
        let streams = self.streams.remove(&connection);
        if let (Some(mut streams), Some(to)) = (streams, self.followed.get_mut(connection)) {
            let out = &mut |is_orig, piece: Piece<'_>| to.add(is_orig, piece, room, parts);
            streams.finish(&mut self.budget, out);
        }
    }
}

impl Followed {
    fn add(&mut self, is_orig: bool, piece: Piece<'_>, room: &mut usize, parts: &mut usize) {
        let is_full = *parts == 0;
        *parts = parts.saturating_sub(1);
        match piece {
            Piece::Gap(len) if is_full => self.left_out += len,
            Piece::Gap(len) => self.parts.push(Part::Gap { is_orig, len }),
            Piece::Data(bytes, mark) => {
                let keep = if is_full { 0 } else { bytes.len().min(*room) };
                self.left_out += (bytes.len() - keep) as u64;
                *room -= keep;
                let to = if is_orig { &mut self.orig } else { &mut self.resp };
                let start = to.len();
                to.extend_from_slice(bytes.get(..keep).unwrap_or_default());
                if keep > 0 {
                    let (at, ts) = (mark.at, mark.ts);
                    self.parts.push(Part::Data { is_orig, start, len: keep, at, ts });
                }
            }
        }
    }
}
