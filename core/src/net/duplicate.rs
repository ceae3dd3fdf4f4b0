//! Packets seen twice: by a mirror port that copies both ways in and out, or by two taps.
//!
//! A second copy is the same IP packet but for what routers change (time to live, header checksum)
//! and what is outside it (VLAN, addresses of the link). It comes at once. A retransmission does
//! not: it is later, or has another IP identification, or other TCP time stamps.

use super::ip::Ip;
use crate::time::{Interval, Time};
use std::hash::BuildHasher;

/// How much later a second copy comes at most, unless the case's settings say otherwise. Mirrors
/// take microseconds, taps on either side of a router some hundreds; the fastest retransmission
/// over a network card's queue takes longer, and its identification differs anyway.
pub const WINDOW: Interval = Interval(2_000_000);

/// Packets remembered. A second copy within [`WINDOW`] follows the first by some hundred packets on
/// the fastest links; a slot overwritten too early only lets a copy through.
const SLOTS: usize = 1024;

/// Bytes of a payload's start that are compared; a hash with the host's seed stands for the rest.
const HEAD: usize = 40;

/// What two copies of a packet have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Print {
    src: std::net::IpAddr,
    dst: std::net::IpAddr,
    id: u16,
    protocol: u8,
    fragment: Option<super::ip::Fragment>,
    payload_len: u32,
    head: [u8; HEAD],
    rest: u64,
}

/// The packets of the last moments.
pub(super) struct Recent {
    slots: Vec<Option<(Time, Print)>>,
    hasher: foldhash::fast::FixedState,
    window: Interval,
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recent").field("window", &self.window).finish_non_exhaustive()
    }
}

impl Recent {
    /// Remembers packets for `window`; for a window of 0 none.
    pub(super) fn new(seed: u64, window: Interval) -> Self {
        let slots = if window.0 > 0 { vec![None; SLOTS] } else { Vec::new() };
        Self { slots, hasher: foldhash::fast::FixedState::with_seed(seed), window }
    }

    /// True when the packet is a copy of one before it; else it is remembered.
    pub(super) fn is_copy(&mut self, ip: &Ip<'_>, ts: Option<Time>) -> bool {
        let Some(ts) = ts.filter(|_| self.window.0 > 0 && is_told_apart(ip)) else { return false };
        let print = self.print(ip);
        let Some(slot) = self.slots.get_mut(print.slot()) else { return false };
        let is_copy = slot.as_ref().is_some_and(|(then, have)| {
            ts.since(*then).0.unsigned_abs() <= self.window.0.unsigned_abs() && *have == print
        });
        if !is_copy {
            *slot = Some((ts, print));
        }
        is_copy
    }

    fn print(&self, ip: &Ip<'_>) -> Print {
        // Nearly every packet has them all: then they are copied in one step.
        let (head, rest) = ip.payload.split_first_chunk().map_or_else(
            || {
                let mut head = [0; HEAD];
                head.iter_mut().zip(ip.payload).for_each(|(to, from)| *to = *from);
                (head, &[][..])
            },
            |(head, rest)| (*head, rest),
        );
        Print {
            src: ip.src,
            dst: ip.dst,
            id: ip.id,
            protocol: ip.protocol,
            fragment: ip.fragment,
            payload_len: ip.payload_len,
            head,
            rest: if rest.is_empty() { 0 } else { self.hasher.hash_one(rest) },
        }
    }
}

/// False for what is repeated in good faith: acknowledgments without data, where no
/// identification tells one from the next.
fn is_told_apart(ip: &Ip<'_>) -> bool {
    const TCP_HEADER: u32 = 20;
    let data_offset = ip.payload.get(12).map_or(TCP_HEADER, |b| u32::from(b >> 4) * 4);
    ip.id != 0 || ip.protocol != super::transport::TCP || ip.payload_len > data_offset
}

impl Print {
    /// Where it is remembered: by what changes from packet to packet, and not by the host's seed,
    /// so that what is overwritten is the same in every run.
    fn slot(&self) -> usize {
        let mut sum = u64::from(self.id) << 32 | u64::from(self.payload_len);
        for word in self.head.chunks_exact(8) {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        (sum >> 20) as usize % SLOTS
    }
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

    fn second_is_copy(first: &[u8], second: &[u8], later: i64) -> bool {
        let mut recent = Recent::new(7, WINDOW);
        let ip = |data| ip::parse(data, 100).unwrap();
        assert!(!recent.is_copy(&ip(first), Some(Time(AT))));
        recent.is_copy(&ip(second), Some(Time(AT + later)))
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
        let ip = ip::parse(&data, 100).unwrap();
        let mut recent = Recent::new(7, WINDOW);
        assert!(!recent.is_copy(&ip, None) && !recent.is_copy(&ip, None));
        let mut recent = Recent::new(7, Interval(0));
        assert!(!recent.is_copy(&ip, Some(Time(AT))) && !recent.is_copy(&ip, Some(Time(AT))));
    }
}
