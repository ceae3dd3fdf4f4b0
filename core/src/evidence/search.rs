//! Looks for a pattern in packets, and in streams across the borders of their segments.

use super::pattern::Pattern;
use super::{Found, Take};
use crate::event::Origin;
use crate::net::{Budget, Packet, Piece, Streams};
use serde::Serialize;
use std::collections::BTreeMap;

/// Hits told in all; further ones are counted. A person looks at some dozens.
pub const MAX_HITS: usize = 10_000;

/// Bytes told before and behind a hit, each: what a person needs to see what it is about.
pub const MAX_CONTEXT: usize = 32;

/// Where a pattern was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The packet that holds it; of a stream the one that holds its end.
    pub at: Origin,
    /// Where it begins.
    pub place: Place,
    /// Its length in bytes.
    pub len: usize,
    /// `text`, `utf-16` or `bytes`.
    pub form: &'static str,
    /// The hit with the bytes around it, as far as they are at hand.
    pub context: Context,
}

/// A hit with what is around it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Context {
    /// Bytes before it, at most [`MAX_CONTEXT`].
    pub before: Vec<u8>,
    /// Its own bytes.
    pub hit: Vec<u8>,
    /// Bytes behind it, at most [`MAX_CONTEXT`].
    pub behind: Vec<u8>,
}

impl Context {
    /// What is around `len` bytes at `at`.
    fn of(bytes: &[u8], at: usize, len: usize) -> Self {
        let end = at.saturating_add(len);
        let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default().to_vec();
        Self {
            before: part(at.saturating_sub(MAX_CONTEXT), at),
            hit: part(at, end),
            behind: part(end, bytes.len().min(end.saturating_add(MAX_CONTEXT))),
        }
    }
}

/// Where a hit begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a packet.
    Packet {
        /// From the packet's first captured byte.
        offset: usize,
    },
    /// In a followed stream.
    Stream {
        /// The connection, by its place in the scope.
        connection: usize,
        /// True in what the originator sent.
        is_orig: bool,
        /// From the stream's first byte, gaps counted.
        offset: u64,
    },
}

/// A search. Over whole captures it looks into every captured packet; over connections into their
/// streams.
#[derive(Debug)]
pub struct Search {
    pattern: Pattern,
    hits: Vec<Hit>,
    kept: usize,
    /// All hits, kept or not.
    pub n_hits: u64,
    open: BTreeMap<usize, Open>,
    budget: Budget,
}

/// A connection that is being searched.
#[derive(Debug, Default)]
struct Open {
    streams: Streams,
    orig: Tail,
    resp: Tail,
}

/// The end of a stream so far: a pattern may have begun in it.
#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
    /// Bytes of the stream so far.
    pos: u64,
}

/// Takes a hit: its offset in the stream and its form; then the bytes at hand, where it begins in
/// them, and its length.
type OnHit<'a> = dyn FnMut(u64, &'static str, &[u8], usize, usize) + 'a;

impl Search {
    /// A search for this pattern that lets at most `max_waiting` bytes wait for missing packets.
    pub const fn new(pattern: Pattern, max_waiting: usize) -> Self {
        let budget = Budget { used: 0, cap: max_waiting };
        Self { pattern, hits: Vec::new(), kept: 0, n_hits: 0, open: BTreeMap::new(), budget }
    }

    /// The hits since the last call, in the order of packets; in one packet form by form.
    pub fn take_hits(&mut self) -> Vec<Hit> {
        std::mem::take(&mut self.hits)
    }

    fn add(&mut self, hits: Vec<Hit>, n: u64) {
        self.n_hits += n;
        self.kept += hits.len();
        self.hits.extend(hits);
    }

    /// Gives a connection's pieces to its tails.
    fn run(
        &mut self,
        connection: usize,
        f: impl FnOnce(&mut Streams, &mut Budget, &mut dyn FnMut(bool, Piece<'_>)),
    ) {
        let mut open = self.open.remove(&connection).unwrap_or_default();
        let Open { streams, orig, resp } = &mut open;
        let (pattern, mut hits, mut n) = (&self.pattern, Vec::new(), 0);
        let room = MAX_HITS - self.kept;
        f(streams, &mut self.budget, &mut |is_orig, piece| {
            let tail = if is_orig { &mut *orig } else { &mut *resp };
            match piece {
                Piece::Gap(len) => tail.gap(len),
                Piece::Data(bytes, mark) => {
                    tail.data(pattern, bytes, &mut |offset, form, bytes, at, len| {
                        n += 1;
                        if hits.len() < room {
                            let place = Place::Stream { connection, is_orig, offset };
                            let context = Context::of(bytes, at, len);
                            hits.push(Hit { at: mark.at, place, len, form, context });
                        }
                    });
                }
            }
        });
        self.open.insert(connection, open);
        self.add(hits, n);
    }
}

impl Take for Search {
    fn found(&mut self, found: &Found<'_>) {
        let Found { packet, decoded, is_orig, .. } = *found;
        self.run(found.connection, |streams, budget, out| {
            streams.packet(packet, decoded, is_orig, budget, out);
        });
    }

    fn captured(&mut self, packet: &Packet<'_>) {
        let (mut hits, mut n) = (Vec::new(), 0);
        let room = MAX_HITS - self.kept;
        self.pattern.find(packet.data, &mut |offset, len, form| {
            n += 1;
            if hits.len() < room {
                let (at, place) = (packet.at, Place::Packet { offset });
                let context = Context::of(packet.data, offset, len);
                hits.push(Hit { at, place, len, form, context });
            }
        });
        self.add(hits, n);
    }

    fn ended(&mut self, connection: usize) {
        self.run(connection, Streams::finish);
        self.open.remove(&connection);
    }
}

impl Tail {
    fn gap(&mut self, len: u64) {
        self.bytes.clear();
        self.pos = self.pos.saturating_add(len);
    }

    /// Takes the next bytes of the stream and calls `on` with each hit.
    fn data(&mut self, pattern: &Pattern, bytes: &[u8], on: &mut OnHit<'_>) {
        let keep = pattern.longest().saturating_sub(1).saturating_add(MAX_CONTEXT);
        let old = self.bytes.len();
        let start = self.pos - old as u64;
        // What begins in the old bytes and ends in the new ones.
        self.bytes.extend_from_slice(bytes.get(..keep).unwrap_or(bytes));
        pattern.find(&self.bytes, &mut |at, len, form| {
            if at < old && at + len > old {
                on(start + at as u64, form, &self.bytes, at, len);
            }
        });
        pattern.find(bytes, &mut |at, len, form| {
            on(self.pos + at as u64, form, bytes, at, len);
        });
        self.bytes.truncate(old);
        let new = bytes.get(bytes.len().saturating_sub(keep)..).unwrap_or_default();
        let surplus = (old + new.len()).saturating_sub(keep);
        self.bytes.drain(..surplus.min(old));
        self.bytes.extend_from_slice(new);
        self.pos = self.pos.saturating_add(bytes.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(pieces: &[&[u8]], pattern: &Pattern) -> Vec<u64> {
        let mut tail = Tail::default();
        let mut found = Vec::new();
        for piece in pieces {
            tail.data(pattern, piece, &mut |offset, _, _, _, _| found.push(offset));
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn a_pattern_is_found_across_any_cuts() {
        let all = b"xxPassworDx\0p\0a\0s\0s\0w\0o\0r\0d\0passwordpassword";
        let pattern = Pattern::text("password").unwrap();
        let whole = search(&[all], &pattern);
        assert_eq!(whole, [2, 12, 28, 36]);
        for n in 1..all.len() {
            let pieces: Vec<_> = all.chunks(n).collect();
            assert_eq!(search(&pieces, &pattern), whole, "in pieces of {n}");
        }
    }

    #[test]
    fn a_hit_comes_with_what_is_around_it() {
        let context = Context::of(b"GET /secret HTTP", 5, 6);
        assert_eq!((&*context.before, &*context.hit), (&b"GET /"[..], &b"secret"[..]));
        assert_eq!(context.behind, b" HTTP");
        let long = Context::of(&[b'x'; 100], 50, 1);
        assert_eq!((long.before.len(), long.behind.len()), (MAX_CONTEXT, MAX_CONTEXT));
        assert_eq!(Context::of(b"abc", 9, 9), Context::default());
        // Across two pieces, with bytes of both.
        let (mut tail, mut found) = (Tail::default(), Vec::new());
        let pattern = Pattern::text("secret").unwrap();
        for piece in [&b"GET /sec"[..], b"ret HTTP"] {
            tail.data(&pattern, piece, &mut |_, _, bytes, at, len| {
                found.push(Context::of(bytes, at, len));
            });
        }
        assert_eq!(found, [context]);
    }

    #[test]
    fn a_gap_ends_a_match_and_counts_in_offsets() {
        let pattern = Pattern::hex("616263").unwrap();
        let (mut tail, mut found) = (Tail::default(), Vec::new());
        tail.data(&pattern, b"xab", &mut |at, _, _, _, _| found.push(at));
        tail.gap(10);
        tail.data(&pattern, b"cabc", &mut |at, _, _, _, _| found.push(at));
        assert_eq!(found, [14]);
    }
}
