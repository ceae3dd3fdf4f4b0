//! Joins IP fragments, bounded in memory, with the first bytes seen winning where they overlap.
//!
//! Zeek's policy: what came first stays, and an overlap is told as a `weird`, more so if the bytes
//! differ. Fragments are kept as they came and copied together once, when the last hole is filled.

use super::ip::{Fragment, Ip};
use crate::bounded::{self, Map};
use crate::event::Origin;
use crate::time::{NANOS, Time};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// Bytes of unfinished datagrams held at once. A fast link fills it in a fraction of a second of
/// loss-free fragments, a flood of hopeless ones at once: then the oldest go.
pub(super) const MAX_HELD: usize = 16 << 20;

/// What one held piece costs beside its bytes: the tree's entry, the allocation.
const PIECE: usize = 64;

/// A fragment later than this after the one before it begins a new datagram, since ids come
/// again: RFC 791 lets a receiver wait 15 s, RFC 8200 60 s.
const PATIENCE: i64 = 60 * NANOS;

/// Longest payload of an IP packet that fragments can make: offsets have 13 bits of 8 bytes.
const MAX_END: u32 = 65_535;

/// Which datagram a fragment belongs to: RFC 791's and RFC 8200's key, and the tunnel around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    protocol: u8,
    scope: u64,
}

/// A datagram that has holes.
#[derive(Debug, Default)]
struct Datagram {
    serial: u64,
    last_ts: Option<Time>,
    /// Places of the packets that brought something new.
    places: Vec<Origin>,
    pieces: BTreeMap<u32, Box<[u8]>>,
    /// Bytes the pieces cover.
    covered: u32,
    /// Its length, once its last fragment came.
    end: Option<u32>,
    /// Where captured bytes end, if a fragment was cut by the capture.
    cut: Option<u32>,
    /// The protocol that the first fragment names; later ones may name another.
    protocol: Option<u8>,
}

/// What became of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// It waits for others.
    Held,
    /// It cannot be part of any datagram.
    Refused,
    /// It was the last one.
    Whole {
        /// The captured payload.
        data: Vec<u8>,
        /// Its length on the wire: more than captured if a fragment was cut.
        len: u32,
        /// The protocol by the first fragment.
        protocol: u8,
        /// Places of the packets that the fragments before the last one came in.
        places: Vec<Origin>,
    },
}

/// When and where a fragment came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Came<'a> {
    pub ts: Option<Time>,
    pub at: Origin,
    /// Where fragments of the tunnel packet around it came.
    pub around: &'a [Origin],
}

/// All unfinished datagrams.
#[derive(Debug)]
pub(super) struct Fragments {
    held: Map<Key, Datagram>,
    /// Keys by age; an entry whose serial no longer fits is stale.
    ages: VecDeque<(Key, u64)>,
    serial: u64,
    bytes: usize,
    max: usize,
    /// Fragments that were given up, to make room or because they came too late.
    pub dropped: u64,
}

impl Fragments {
    pub(super) fn new(seed: u64, max: usize) -> Self {
        Self {
            held: bounded::map(seed),
            ages: VecDeque::new(),
            serial: 0,
            bytes: 0,
            max,
            dropped: 0,
        }
    }

    /// Fragments that wait for others.
    pub(super) fn waiting(&self) -> u64 {
        self.held.values().map(|d| d.pieces.len() as u64).sum()
    }

    /// Takes a fragment. `odd` is called with Zeek's name for what is wrong with it.
    pub(super) fn add(
        &mut self,
        ip: &Ip<'_>,
        part: Fragment,
        scope: u64,
        came: Came<'_>,
        odd: &mut dyn FnMut(&'static str),
    ) -> Joined {
        let len = ip.payload_len;
        let Some(end) = part.offset.checked_add(len).filter(|e| *e <= MAX_END) else {
            odd("excessively_large_fragment");
            return Joined::Refused;
        };
        if len == 0 || (part.is_more && !len.is_multiple_of(8)) {
            odd("fragment_size_inconsistency");
            return Joined::Refused;
        }
        // RFC 8200: the id alone tells datagrams apart, since only the first names the protocol.
        let protocol = if ip.is_v6() { 0 } else { ip.protocol };
        let key = Key { src: ip.src, dst: ip.dst, id: part.id, protocol, scope };
        self.drop_if_late(&key, came.ts);
        let datagram = self.held.entry(key).or_default();
        if datagram.pieces.is_empty() {
            self.serial += 1;
            datagram.serial = self.serial;
            self.ages.push_back((key, self.serial));
        }
        datagram.last_ts = came.ts.or(datagram.last_ts);
        let before = datagram.cost();
        let is_new = datagram.insert(ip, part, end, odd);
        if is_new && !datagram.is_whole() {
            datagram.places.extend_from_slice(came.around);
            datagram.places.push(came.at);
        }
        self.bytes += datagram.cost() - before;
        if datagram.is_whole() {
            return self.take(&key, ip.protocol);
        }
        self.make_room();
        Joined::Held
    }

    fn take(&mut self, key: &Key, protocol: u8) -> Joined {
        let datagram = self.held.remove(key).unwrap_or_default();
        self.bytes = self.bytes.saturating_sub(datagram.cost());
        let len = datagram.end.unwrap_or(datagram.covered);
        let mut data = Vec::with_capacity(len as usize);
        datagram.pieces.values().for_each(|piece| data.extend_from_slice(piece));
        data.truncate(datagram.cut.unwrap_or(len) as usize);
        let protocol = datagram.protocol.unwrap_or(protocol);
        Joined::Whole { data, len, protocol, places: datagram.places }
    }

    fn drop_if_late(&mut self, key: &Key, ts: Option<Time>) {
        let is_late = self.held.get(key).is_some_and(|have| match (ts, have.last_ts) {
            (Some(now), Some(then)) => now.since(then).0.saturating_abs() > PATIENCE,
            _ => false,
        });
        if is_late {
            self.forget(*key);
        }
    }

    /// Lets the oldest datagrams go until the rest fit, and stale ages with them.
    fn make_room(&mut self) {
        while self.bytes > self.max || self.ages.len() > 2 * self.held.len() + 16 {
            let Some((key, serial)) = self.ages.pop_front() else { return };
            if self.held.get(&key).is_some_and(|have| have.serial == serial) {
                if self.bytes > self.max {
                    self.forget(key);
                } else {
                    self.ages.push_back((key, serial));
                }
            }
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(gone) = self.held.remove(&key) {
            self.dropped += gone.pieces.len() as u64;
            self.bytes = self.bytes.saturating_sub(gone.cost());
        }
    }
}

impl Datagram {
    fn is_whole(&self) -> bool {
        self.end.is_some_and(|end| self.covered >= end)
    }

    fn cost(&self) -> usize {
        let places = self.places.len() * size_of::<Origin>();
        self.covered as usize + self.pieces.len() * PIECE + places
    }

    /// Keeps what is new of a fragment; true if anything is.
    fn insert(
        &mut self,
        ip: &Ip<'_>,
        part: Fragment,
        end: u32,
        odd: &mut dyn FnMut(&'static str),
    ) -> bool {
        let before = self.covered;
        if part.offset == 0 {
            self.protocol.get_or_insert(ip.protocol);
        }
        if !part.is_more {
            if self.end.is_some_and(|have| have != end) {
                odd("fragment_size_inconsistency");
            }
            self.end.get_or_insert(end);
        }
        let captured = part.offset + ip.payload.len() as u32;
        if captured < end {
            odd("incompletely_captured_fragment");
            self.cut = Some(self.cut.map_or(captured, |have| have.min(captured)));
        }
        let mut overlap = Overlap::None;
        let mut at = part.offset;
        while at < end {
            // The piece at or before `at`, else the next one.
            let before = self.pieces.range(..=at).next_back();
            if let Some((start, piece)) = before.filter(|(s, p)| at < **s + p.len() as u32) {
                let stop = end.min(start + piece.len() as u32);
                let same = bytes(ip, part, at, stop).eq(slice(piece, at - start, stop - start));
                overlap = overlap.max(if same { Overlap::Same } else { Overlap::Different });
                at = stop;
            } else {
                let next = self.pieces.range(at..).next().map_or(end, |(s, _)| end.min(*s));
                let mut piece = bytes(ip, part, at, next).to_vec();
                // Bytes that were not captured: `cut` keeps them from being used.
                piece.resize((next - at) as usize, 0);
                self.pieces.insert(at, piece.into());
                self.covered += next - at;
                at = next;
            }
        }
        match overlap {
            Overlap::None => {}
            Overlap::Same => odd("fragment_overlap"),
            Overlap::Different => odd("fragment_inconsistency"),
        }
        self.covered > before
    }
}

/// How a fragment overlaps with earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Overlap {
    None,
    Same,
    Different,
}

/// The captured bytes of a fragment between two offsets of its datagram.
fn bytes<'a>(ip: &Ip<'a>, part: Fragment, from: u32, to: u32) -> &'a [u8] {
    slice(ip.payload, from - part.offset, to - part.offset)
}

fn slice(all: &[u8], from: u32, to: u32) -> &[u8] {
    all.get(from as usize..).map_or(&[], |rest| rest.get(..(to - from) as usize).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    struct Bench {
        fragments: Fragments,
        odd: Vec<&'static str>,
    }

    fn bench(max: usize) -> Bench {
        Bench { fragments: Fragments::new(7, max), odd: Vec::new() }
    }

    impl Bench {
        fn add_at(
            &mut self,
            secs: i64,
            id: u32,
            offset: u32,
            is_more: bool,
            data: &[u8],
        ) -> Joined {
            let ip = Ip {
                src: Ipv4Addr::new(10, 0, 0, 1).into(),
                dst: Ipv4Addr::new(10, 0, 0, 2).into(),
                protocol: 17,
                ttl: 64,
                len: 20 + data.len() as u32,
                payload: data,
                payload_len: data.len() as u32,
                fragment: None,
                id: 0,
                header_len: 20,
                told_len: 20 + data.len() as u32,
            };
            let part = Fragment { id, offset, is_more };
            let odd = &mut self.odd;
            let ts = Some(Time::from_secs(secs));
            let came = Came { ts, ..Came::default() };
            let mut joined = self.fragments.add(&ip, part, 0, came, &mut |name| odd.push(name));
            if let Joined::Whole { places, .. } = &mut joined {
                places.clear();
            }
            joined
        }

        fn add(&mut self, id: u32, offset: u32, is_more: bool, data: &[u8]) -> Joined {
            self.add_at(0, id, offset, is_more, data)
        }
    }

    fn whole(data: &[u8]) -> Joined {
        let (data, len) = (data.to_vec(), data.len() as u32);
        Joined::Whole { data, len, protocol: 17, places: Vec::new() }
    }

    #[test]
    fn fragments_join_in_any_order() {
        let parts = [(0, true, &b"abcdefgh"[..]), (8, true, b"ijklmnop"), (16, false, b"qr")];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let mut b = bench(MAX_HELD);
            let mut last = Joined::Held;
            for i in order {
                assert_eq!(last, Joined::Held);
                let (offset, is_more, data) = parts[i];
                last = b.add(1, offset, is_more, data);
            }
            assert_eq!(last, whole(b"abcdefghijklmnopqr"));
            assert_eq!((b.odd.len(), b.fragments.bytes, b.fragments.waiting()), (0, 0, 0));
        }
    }

    #[test]
    fn where_fragments_overlap_the_first_bytes_stay_and_it_is_told() {
        let mut b = bench(MAX_HELD);
        b.add(1, 8, true, b"ijklmnop");
        b.add(1, 0, true, b"abcdefghXXXXXXXX");
        assert_eq!(b.odd, ["fragment_inconsistency"]);
        assert_eq!(b.add(1, 8, false, b"ijklmnopqr"), whole(b"abcdefghijklmnopqr"));
        assert_eq!(b.odd, ["fragment_inconsistency", "fragment_overlap"]);
    }

    #[test]
    fn two_lengths_of_one_datagram_are_told() {
        let mut b = bench(MAX_HELD);
        b.add(1, 16, false, b"qr");
        b.add(1, 8, false, b"i");
        assert_eq!(b.odd, ["fragment_size_inconsistency"]);
    }

    #[test]
    fn impossible_fragments_are_refused() {
        let mut b = bench(MAX_HELD);
        assert_eq!(b.add(1, 65_528, false, b"1234567"), Joined::Held);
        assert_eq!(b.add(2, 65_528, false, b"12345678"), Joined::Refused);
        assert_eq!(b.add(3, 0, true, b"1234567"), Joined::Refused);
        assert_eq!(b.add(4, 8, false, b""), Joined::Refused);
        assert_eq!(b.odd[0], "excessively_large_fragment");
    }

    #[test]
    fn a_fragment_cut_by_the_capture_is_used_up_to_the_cut() {
        let mut b = bench(MAX_HELD);
        b.add(1, 16, false, b"qr");
        let ip_len = 16;
        let ip = Ip {
            src: Ipv4Addr::new(10, 0, 0, 1).into(),
            dst: Ipv4Addr::new(10, 0, 0, 2).into(),
            protocol: 17,
            ttl: 64,
            len: 20 + ip_len,
            payload: b"abcd",
            payload_len: ip_len,
            fragment: None,
            id: 0,
            header_len: 20,
            told_len: 20 + ip_len,
        };
        let part = Fragment { id: 1, offset: 0, is_more: true };
        let at = Origin { item: 9, ..Origin::default() };
        let came = Came { ts: Some(Time::default()), at, around: &[] };
        let joined = b.fragments.add(&ip, part, 0, came, &mut |_| {});
        // The place is that of the fragment before.
        let places = vec![Origin::default()];
        assert_eq!(joined, Joined::Whole { data: b"abcd".to_vec(), len: 18, protocol: 17, places });
    }

    #[test]
    fn an_id_used_again_after_a_minute_begins_anew() {
        for (secs, want) in [(60, whole(b"abcdefghij")), (61, Joined::Held)] {
            let mut b = bench(MAX_HELD);
            b.add_at(0, 1, 0, true, b"abcdefgh");
            assert_eq!(b.add_at(secs, 1, 8, false, b"ij"), want);
            assert_eq!(b.fragments.dropped, u64::from(secs == 61));
        }
    }

    #[test]
    fn a_flood_is_bounded_and_the_oldest_go_first() {
        let each = 8 + PIECE + size_of::<Origin>();
        let mut b = bench(10 * each);
        (0..1000).for_each(|id| {
            b.add(id, 0, true, b"abcdefgh");
        });
        assert_eq!((b.fragments.bytes, b.fragments.waiting()), (10 * each, 10));
        assert_eq!(b.fragments.dropped, 990);
        assert!(b.fragments.ages.len() <= 2 * 10 + 17);
        assert_eq!(b.add(999, 8, false, b"ij"), whole(b"abcdefghij"));
        assert_eq!(b.add(0, 8, false, b"ij"), Joined::Held);
    }

    #[test]
    fn places_of_tunnel_packets_that_came_in_fragments_count() {
        let mut b = bench(64 << 10);
        let around = vec![Origin::default(); 1000];
        for id in 0..100 {
            let ip = Ip {
                src: Ipv4Addr::new(10, 0, 0, 1).into(),
                dst: Ipv4Addr::new(10, 0, 0, 2).into(),
                protocol: 17,
                ttl: 64,
                len: 28,
                payload: b"abcdefgh",
                payload_len: 8,
                fragment: None,
                id: 0,
                header_len: 20,
                told_len: 28,
            };
            let part = Fragment { id, offset: 0, is_more: true };
            let came = Came { around: &around, ..Came::default() };
            b.fragments.add(&ip, part, 0, came, &mut |_| {});
        }
        let places: usize = b.fragments.held.values().map(|d| d.places.len()).sum();
        assert!(places * size_of::<Origin>() <= 64 << 10, "{places}");
    }

    #[test]
    fn ages_of_finished_datagrams_do_not_pile_up() {
        let mut b = bench(MAX_HELD);
        for id in 0..10_000 {
            b.add(id, 0, true, b"abcdefgh");
            b.add(id, 8, false, b"ij");
        }
        assert!(b.fragments.ages.len() < 64, "{}", b.fragments.ages.len());
    }
}
