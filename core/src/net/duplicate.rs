//! Packets seen twice: by a mirror port that copies both ways in and out, or by two taps.
//!
//! A second copy is the same IP packet but for what routers change (time to live, header checksum)
//! and what is outside it (VLAN, addresses of the link). It comes at once. A retransmission does
//! not: it is later, or has another IP identification, or other TCP time stamps. What two taps have
//! captured is held against each other one by one: what a host repeated, both have twice.

use super::ip::Ip;
use crate::event::NodeId;
use crate::settings::Settings;
use crate::time::{Interval, Time};
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

/// How much later a second copy comes at most in one capture, unless the case's settings say
/// otherwise. Mirrors take microseconds, taps on either side of a router some hundreds; the fastest
/// retransmission over a network card's queue takes longer, and its identification differs anyway.
pub const WINDOW: Interval = Interval(2_000_000);

/// How far apart the copies of two taps may be, each by its own clock, unless the settings say
/// otherwise. Clocks that a network keeps differ by some milliseconds, and no retransmission comes
/// before 200 ms (the least time-out that is in use).
pub const TAP_WINDOW: Interval = Interval(100_000_000);

/// Places of a packet, a set: of those that share them, the one seen longest ago goes.
const WAYS: usize = 4;

/// Sets at first, and at most. A place that is needed for another packet while its own may still be
/// copied doubles their number; at most some megabytes are spent on it.
const FIRST_SETS: usize = 256;
const MAX_SETS: usize = 16 << 10;

/// Taps whose packets are counted apart; copies of further ones are copies of any of these.
const MAX_TAPS: usize = 4;

/// Bytes of a payload's start that tell where it is remembered: its transport header.
const HEAD: usize = 40;

/// Length of an ARP packet for IPv4 over Ethernet: what is behind it is padding.
const ARP_LEN: usize = 28;

/// How far apart two copies may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    /// In what one tap captured.
    own: Interval,
    /// In what two did.
    taps: Interval,
}

impl Windows {
    /// Those of a case.
    pub(super) const fn of(settings: &Settings) -> Self {
        let own = Interval(settings.duplicate_window_nanos);
        Self { own, taps: Interval(settings.tap_window_nanos) }
    }
}

/// Who captured a packet, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    pub(super) ts: Option<Time>,
    pub(super) tap: u32,
    /// Another tap may bring a copy of it: it is remembered for longer then.
    pub(super) has_taps: bool,
    pub(super) node: NodeId,
}

/// What two copies of a packet have in common.
#[derive(Debug, Clone, Copy)]
struct Print {
    /// What tells where it is remembered, and most others from it: of what changes from packet to
    /// packet, and not of the host's seed, so that what is overwritten is the same in every run.
    /// Never 0.
    mark: u64,
    /// Of all of it, with the host's seed, which nobody knows who makes packets that are to pass for
    /// copies.
    hash: u64,
}

/// A place for a packet. What nearly every look-up needs of a set is one line of the cache.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Of the print; 0 for an empty place.
    mark: u64,
    /// When the packet was last seen without being a copy.
    ts: Time,
}

impl Place {
    const EMPTY: Self = Self { mark: 0, ts: Time(0) };

    fn is_within(&self, ts: Time, window: Interval) -> bool {
        self.mark != 0 && ts.since(self.ts).0.unsigned_abs() <= window.0.unsigned_abs()
    }
}

/// The packet in a place.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Of all of it.
    hash: u64,
    /// Where it was last seen without being a copy.
    node: NodeId,
    /// How often each tap saw it: a tap that saw it less often than another sees a copy next.
    times: [(u32, u32); MAX_TAPS],
}

/// The packets of the last moments.
pub(super) struct Recent {
    places: Vec<[Place; WAYS]>,
    /// What is in each.
    seen: Vec<[Option<Seen>; WAYS]>,
    hasher: foldhash::fast::FixedState,
    windows: Windows,
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recent").field("windows", &self.windows).finish_non_exhaustive()
    }
}

impl Recent {
    /// Remembers packets for these windows; for windows of 0 none.
    pub(super) fn new(seed: u64, windows: Windows) -> Self {
        let is_off = windows.own.0 <= 0 && windows.taps.0 <= 0;
        let n = if is_off { 0 } else { FIRST_SETS };
        let hasher = foldhash::fast::FixedState::with_seed(seed);
        let (places, seen) = (vec![[Place::EMPTY; WAYS]; n], vec![[None; WAYS]; n]);
        Self { places, seen, hasher, windows }
    }

    /// Whether what another tap captures from then on may be copies of packets of now.
    pub(super) fn is_near(&self, now: Time, then: Time) -> bool {
        now.plus(self.windows.taps) >= then
    }

    /// Where the first copy of this packet is, if it is a second one; else it is remembered.
    pub(super) fn copied(&mut self, ip: &Ip<'_>, by: By) -> Option<NodeId> {
        if self.places.is_empty() {
            return None;
        }
        let print = self.print(ip);
        self.copied_print(print, is_told_apart(ip), by)
    }

    /// The same for an ARP packet, where two taps saw it: hosts repeat theirs as they are.
    pub(super) fn copied_arp(&mut self, data: &[u8], by: By) -> Option<NodeId> {
        let data = data.get(..ARP_LEN).unwrap_or(data);
        let (mark, hash) = (mark(0, data.len() as u32, data), self.hasher.hash_one(data));
        self.copied_print(Print { mark, hash }, false, by)
    }

    fn copied_print(&mut self, print: Print, is_told_apart: bool, by: By) -> Option<NodeId> {
        let ts = by.ts?;
        let Print { mark, hash } = print;
        let set = self.set(mark);
        let (places, seen) = (self.places.get_mut(set)?, self.seen.get_mut(set)?);
        for (place, seen) in places.iter_mut().zip(seen).filter(|(place, _)| place.mark == mark) {
            if let Some(seen) = seen.as_mut().filter(|seen| seen.hash == hash) {
                let is_copy = seen.again(place, ts, by, is_told_apart, self.windows);
                return is_copy.then_some(seen.node);
            }
        }
        self.remember(Place { mark, ts }, hash, by);
        None
    }

    /// The set of packets with this mark. There is a power of two of them.
    const fn set(&self, mark: u64) -> usize {
        mark as usize & self.places.len().wrapping_sub(1)
    }

    /// Puts a packet into the place of one that is seen no more; else there must be more places.
    fn remember(&mut self, place: Place, hash: u64, by: By) {
        let Windows { own, taps } = self.windows;
        let longest = if by.has_taps { own.max(taps) } else { own };
        loop {
            let can_grow = self.places.len() < MAX_SETS;
            let Some((to, of)) = self.place_for(place.mark) else { return };
            if can_grow && to.is_within(place.ts, longest) {
                self.grow(place.ts, longest);
                continue;
            }
            *to = place;
            *of = Some(Seen::new(hash, by));
            return;
        }
    }

    /// An empty place of the set, or that of the packet seen longest ago.
    fn place_for(&mut self, mark: u64) -> Option<(&mut Place, &mut Option<Seen>)> {
        let set = self.set(mark);
        let places = self.places.get_mut(set)?.iter_mut().zip(self.seen.get_mut(set)?);
        places.min_by_key(|(place, _)| if place.mark == 0 { Time(i64::MIN) } else { place.ts })
    }

    fn grow(&mut self, now: Time, longest: Interval) {
        let n = self.places.len() * 2;
        let places = std::mem::replace(&mut self.places, vec![[Place::EMPTY; WAYS]; n]);
        let seen = std::mem::replace(&mut self.seen, vec![[None; WAYS]; n]);
        let all = places.into_iter().flatten().zip(seen.into_iter().flatten());
        for (place, seen) in all.filter(|(place, _)| place.is_within(now, longest)) {
            // Those of one set are parted into two, so there is an empty place.
            if let Some((to, of)) = self.place_for(place.mark) {
                (*to, *of) = (place, seen);
            }
        }
    }

    fn print(&self, ip: &Ip<'_>) -> Print {
        let mut hash = self.hasher.build_hasher();
        for addr in [ip.src, ip.dst] {
            match addr {
                IpAddr::V4(addr) => hash.write_u32(addr.to_bits()),
                IpAddr::V6(addr) => hash.write_u128(addr.to_bits()),
            }
        }
        hash.write_u64(
            u64::from(ip.payload_len) << 32 | u64::from(ip.id) << 16 | u64::from(ip.protocol),
        );
        if let Some(part) = ip.fragment {
            hash.write_u64(u64::from(part.id) << 32 | u64::from(part.offset));
            hash.write_u8(part.is_more.into());
        }
        hash.write(ip.payload);
        Print { mark: mark(ip.id, ip.payload_len, ip.payload), hash: hash.finish() }
    }
}

impl Seen {
    fn new(hash: u64, by: By) -> Self {
        let times = std::array::from_fn(|i| if i == 0 { (by.tap, 1) } else { (0, 0) });
        Self { hash, node: by.node, times }
    }

    /// It is seen again; true for a copy.
    fn again(
        &mut self,
        place: &mut Place,
        ts: Time,
        by: By,
        is_told_apart: bool,
        windows: Windows,
    ) -> bool {
        let times = |(tap, n): &(u32, u32)| (*tap == by.tap && *n > 0).then_some(*n);
        let own = self.times.iter().find_map(times).unwrap_or(0);
        let other = self.times.iter().filter(|(tap, _)| *tap != by.tap).map(|(_, n)| *n).max();
        if own > 0 && is_told_apart && windows.own.0 > 0 && place.is_within(ts, windows.own) {
            return true;
        }
        let is_of_another = windows.taps.0 > 0 && place.is_within(ts, windows.taps);
        let is_copy = is_of_another && other.is_some_and(|n| own < n);
        if !is_copy && !is_of_another {
            *self = Self::new(self.hash, by);
            place.ts = ts;
            return false;
        }
        let times = self.times.iter_mut().find(|(tap, n)| *n == 0 || *tap == by.tap);
        if let Some(times) = times {
            *times = (by.tap, own.saturating_add(1));
        }
        if !is_copy {
            (place.ts, self.node) = (ts, by.node);
        }
        is_copy
    }
}

/// False for what is repeated in good faith: acknowledgments without data, where no
/// identification tells one from the next.
fn is_told_apart(ip: &Ip<'_>) -> bool {
    const TCP_HEADER: u32 = 20;
    let data_offset = ip.payload.get(12).map_or(TCP_HEADER, |b| u32::from(b >> 4) * 4);
    ip.id != 0 || ip.protocol != super::transport::TCP || ip.payload_len > data_offset
}

/// [`Print::mark`] of a packet.
fn mark(id: u16, payload_len: u32, payload: &[u8]) -> u64 {
    // Nearly every packet has all of it: then it is copied in one step.
    let head: [u8; HEAD] = payload.first_chunk().copied().unwrap_or_else(|| {
        let mut head = [0; HEAD];
        head.iter_mut().zip(payload).for_each(|(to, from)| *to = *from);
        head
    });
    let mut sum = u64::from(id) << 32 | u64::from(payload_len);
    for word in head.as_chunks::<8>().0 {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    (sum >> 20) | 1 << 63
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::ip;

    const AT: i64 = 1_700_000_000_000_000_000;

    /// UDP with this identification, time to live and payload.
    fn packet(id: u8, ttl: u8, payload: &[u8]) -> Vec<u8> {
        let len = 28 + payload.len() as u8;
        let mut out = vec![0x45, 0, 0, len, 0, id, 0, 0, ttl, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        out.extend([3, 0xe8, 7, 0xd0, 0, len - 20, 0, 0]);
        out.extend(payload);
        out
    }

    fn recent(own: i64, taps: i64) -> Recent {
        Recent::new(7, Windows { own: Interval(own), taps: Interval(taps) })
    }

    fn is_copy(recent: &mut Recent, data: &[u8], at: i64, tap: u32) -> bool {
        let by = By { ts: Some(Time(AT + at)), tap, has_taps: true, node: NodeId(tap) };
        recent.copied(&ip::parse(data, 100).unwrap(), by).is_some()
    }

    fn second_is_copy(first: &[u8], second: &[u8], later: i64) -> bool {
        let mut recent = recent(WINDOW.0, TAP_WINDOW.0);
        assert!(!is_copy(&mut recent, first, 0, 0));
        is_copy(&mut recent, second, later, 0)
    }

    #[test]
    fn a_copy_differs_in_time_to_live_only_and_comes_at_once() {
        let long = [b'x'; 90];
        for payload in [&b"short"[..], &long] {
            let (first, routed) = (packet(1, 64, payload), packet(1, 63, payload));
            assert!(second_is_copy(&first, &routed, 0));
            assert!(second_is_copy(&first, &routed, WINDOW.0));
            assert!(second_is_copy(&first, &routed, -WINDOW.0));
            assert!(!second_is_copy(&first, &routed, WINDOW.0 + 1));
        }
    }

    #[test]
    fn another_identification_or_any_other_byte_is_another_packet() {
        let first = packet(1, 64, &[b'x'; 90]);
        assert!(!second_is_copy(&first, &packet(2, 64, &[b'x'; 90]), 0));
        for at in [0, 1, 40, 89] {
            let mut payload = [b'x'; 90];
            payload[at] = b'y';
            assert!(!second_is_copy(&first, &packet(1, 64, &payload), 0));
        }
    }

    #[test]
    fn an_acknowledgment_without_data_or_identification_may_be_repeated() {
        let ack = [0, 80, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0];
        for (id, data, want) in [(0, &b""[..], false), (0, b"x", true), (1, b"", true)] {
            let mut first = packet(id, 64, &[]);
            first[9] = 6;
            first[3] = 40 + data.len() as u8;
            first.truncate(20);
            first.extend(ack);
            first.extend(data);
            assert_eq!(second_is_copy(&first, &first, 0), want, "id {id}, {data:?}");
        }
    }

    #[test]
    fn without_a_time_or_a_window_nothing_is_a_copy() {
        let data = packet(1, 64, b"x");
        let mut none = recent(WINDOW.0, TAP_WINDOW.0);
        let by = By { ts: None, tap: 0, has_taps: true, node: NodeId(0) };
        for _ in 0..2 {
            assert_eq!(none.copied(&ip::parse(&data, 100).unwrap(), by), None);
        }
        for windows in [(0, 0), (0, TAP_WINDOW.0)] {
            let mut recent = recent(windows.0, windows.1);
            assert!(!is_copy(&mut recent, &data, 0, 0) && !is_copy(&mut recent, &data, 0, 0));
        }
        let mut recent = recent(WINDOW.0, 0);
        assert!(!is_copy(&mut recent, &data, 0, 0) && !is_copy(&mut recent, &data, 0, 1));
    }

    #[test]
    fn the_clocks_of_two_taps_may_differ_as_far_as_is_set() {
        let (first, routed) = (packet(1, 64, b"x"), packet(1, 63, b"x"));
        for (later, want) in [(TAP_WINDOW.0, true), (TAP_WINDOW.0 + 1, false)] {
            for later in [later, -later] {
                let mut recent = recent(WINDOW.0, TAP_WINDOW.0);
                assert!(!is_copy(&mut recent, &first, 0, 0));
                assert_eq!(is_copy(&mut recent, &routed, later, 1), want, "{later}");
            }
        }
    }

    #[test]
    fn what_was_repeated_is_told_from_what_two_taps_saw() {
        // An acknowledgment without identification that a host sent twice; three taps saw both.
        let mut ack = packet(0, 64, &[]);
        (ack[9], ack[3]) = (6, 40);
        ack.truncate(20);
        ack.extend([0, 80, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
        let copies = |taps: &[u32]| {
            let mut recent = recent(WINDOW.0, TAP_WINDOW.0);
            let see = (0..).zip(taps).filter(|(at, tap)| is_copy(&mut recent, &ack, *at, **tap));
            see.count()
        };
        assert_eq!(copies(&[0, 0]), 0);
        for order in [[0, 0, 1, 1, 2, 2], [0, 1, 2, 0, 1, 2], [2, 2, 0, 1, 1, 0]] {
            assert_eq!(copies(&order), 4, "{order:?}");
        }
        assert_eq!(copies(&[0, 1, 1]), 1);
    }

    #[test]
    fn every_packet_of_a_window_is_remembered_while_there_is_room() {
        let numbered = |n: u32| packet(1, 64, &n.to_be_bytes());
        let mut recent = recent(WINDOW.0, TAP_WINDOW.0);
        let n = (MAX_SETS * WAYS) as u32 / 8;
        assert!((0..n).all(|i| !is_copy(&mut recent, &numbered(i), i64::from(i), 0)));
        let copies = (0..n).filter(|i| is_copy(&mut recent, &numbered(*i), i64::from(n + i), 1));
        assert!(copies.count() as u32 > n - n / 1000);
        assert!(recent.places.len() <= MAX_SETS);
    }
}
