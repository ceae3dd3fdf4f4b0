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
    room: Room,
}

/// What may still be kept, and what could not be.
#[derive(Debug)]
struct Room {
    bytes: usize,
    parts: usize,
    left_out: u64,
}

impl Follow {
    /// Follows `n` connections, keeps at most `max_bytes` of them, and lets at most `max_waiting`
    /// wait for missing packets.
    pub fn new(n: usize, max_bytes: usize, max_waiting: usize) -> Self {
        Self {
            followed: (0..n).map(|_| Followed::default()).collect(),
            streams: BTreeMap::new(),
            budget: Budget { used: 0, cap: max_waiting },
            room: Room { bytes: max_bytes, parts: MAX_PARTS, left_out: 0 },
        }
    }

    /// Bytes of all connections that were not kept, since there were too many.
    pub const fn left_out(&self) -> u64 {
        self.room.left_out
    }
}

impl Take for Follow {
    fn found(&mut self, found: &Found<'_>) {
        let i = found.connection;
        let Some(to) = self.followed.get_mut(i) else { return };
        let streams = self.streams.entry(i).or_default();
        let room = &mut self.room;
        let out = &mut |is_orig, piece: Piece<'_>| to.add(is_orig, piece, room);
        streams.packet(found.packet, found.decoded, found.is_orig, &mut self.budget, out);
    }

    fn ended(&mut self, connection: usize) {
        let room = &mut self.room;
        let streams = self.streams.remove(&connection);
        if let (Some(mut streams), Some(to)) = (streams, self.followed.get_mut(connection)) {
            let out = &mut |is_orig, piece: Piece<'_>| to.add(is_orig, piece, room);
            streams.finish(&mut self.budget, out);
        }
    }
}

impl Followed {
    fn add(&mut self, is_orig: bool, piece: Piece<'_>, room: &mut Room) {
        let is_full = room.parts == 0;
        room.parts = room.parts.saturating_sub(1);
        let left_out = match piece {
            Piece::Gap(len) if is_full => len,
            Piece::Gap(len) => {
                self.parts.push(Part::Gap { is_orig, len });
                0
            }
            Piece::Data(bytes, mark) => {
                let len = if is_full { 0 } else { bytes.len().min(room.bytes) };
                room.bytes -= len;
                let to = if is_orig { &mut self.orig } else { &mut self.resp };
                let start = to.len();
                to.extend_from_slice(bytes.get(..len).unwrap_or_default());
                if len > 0 {
                    let (at, ts) = (mark.at, mark.ts);
                    self.parts.push(Part::Data { is_orig, start, len, at, ts });
                }
                (bytes.len() - len) as u64
            }
        };
        self.left_out += left_out;
        room.left_out += left_out;
    }
}
