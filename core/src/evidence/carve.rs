//! A capture of chosen packets, written as pcapng.

use super::{Found, Take};
use crate::event::{NodeId, Origin};
use crate::net::Packet;
use crate::source::Interface;
use crate::time::{NANOS, Time};
use std::collections::BTreeMap;

/// Block types (draft-ietf-opsawg-pcapng, section 11.1).
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Option codes of an interface (section 4.2).
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Longest interface name that is written, in bytes.
const MAX_NAME: usize = 1024;

/// Writes the packets of connections as a capture: their bytes, times, lengths and link types as
/// they are, each interface in its own clock. Packets come in the order of the files; those that
/// hold the fragments of a datagram stand before the one that completes it.
#[derive(Debug)]
pub struct Carve {
    out: Vec<u8>,
    interfaces: BTreeMap<NodeId, Vec<Interface>>,
    /// Numbers in the current section of the interfaces used so far.
    numbers: BTreeMap<(NodeId, u32), u32>,
    written: Vec<Interface>,
    last: Option<Origin>,
    /// Packets written.
    pub packets: u64,
}

impl Default for Carve {
    fn default() -> Self {
        let mut carve = Self {
            out: Vec::new(),
            interfaces: BTreeMap::new(),
            numbers: BTreeMap::new(),
            written: Vec::new(),
            last: None,
            packets: 0,
        };
        carve.section();
        carve
    }
}

impl Carve {
    /// The bytes of the file since the last call.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn packet(&mut self, p: &Packet<'_>) {
        self.packets += 1;
        let interface = self.interface(p);
        let Some(ticks) = p.ts.and_then(|ts| ticks(&interface, ts)) else {
            return self.untimed(p, interface);
        };
        let number = self.number(p, interface);
        let mut body = Vec::with_capacity(p.data.len() + 24);
        for word in [number, (ticks >> 32) as u32, ticks as u32, p.data.len() as u32, p.wire_len] {
            body.extend(word.to_le_bytes());
        }
        body.extend_from_slice(p.data);
        self.block(ENHANCED_PACKET, &body);
    }

    /// A packet that has no time in its own file has none here: only simple blocks have none. They
    /// belong to the first interface of a section, whose snap length tells their captured length.
    fn untimed(&mut self, p: &Packet<'_>, mut interface: Interface) {
        let len = p.data.len() as u32;
        if len != limit(interface.snaplen).min(p.wire_len) {
            interface.snaplen = if len < p.wire_len { len } else { 0 };
        }
        if self.written.first() != Some(&interface) {
            if !self.written.is_empty() {
                self.section();
            }
            self.describe(interface);
        }
        let mut body = p.wire_len.to_le_bytes().to_vec();
        body.extend_from_slice(p.data);
        self.block(SIMPLE_PACKET, &body);
    }

    /// A new section, whose interfaces are numbered anew.
    fn section(&mut self) {
        self.written.clear();
        self.numbers.clear();
        // Byte-order magic, version 1.0, a length that is not told.
        let mut body = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
        body.extend([1, 0, 0, 0]);
        body.extend([0xff; 8]);
        self.block(SECTION, &body);
    }

    /// The interface of a packet, but for its place in its own file.
    fn interface(&self, p: &Packet<'_>) -> Interface {
        let all = self.interfaces.get(&p.at.node);
        let known = all.and_then(|all| all.get(p.interface as usize));
        // Two files of one series describe the same interface twice.
        Interface { section: 0, link_type: p.link_type, ..known.cloned().unwrap_or_default() }
    }

    /// The number of the packet's interface in the new file; written there when it is the first.
    fn number(&mut self, p: &Packet<'_>, interface: Interface) -> u32 {
        let place = (p.at.node, p.interface);
        if let Some(number) = self.numbers.get(&place) {
            return *number;
        }
        let number = match self.written.iter().position(|have| *have == interface) {
            Some(number) => number as u32,
            None => self.describe(interface),
        };
        self.numbers.insert(place, number);
        number
    }

    /// Writes an interface; returns its number.
    fn describe(&mut self, interface: Interface) -> u32 {
        let mut body = interface.link_type.to_le_bytes().to_vec();
        body.extend([0, 0]);
        body.extend(interface.snaplen.to_le_bytes());
        let name = interface.name.as_bytes();
        if !name.is_empty() && name.len() <= MAX_NAME {
            option(&mut body, IF_NAME, name);
        }
        if let Some(resolution) = resolution(interface.ticks_per_sec) {
            option(&mut body, IF_TSRESOL, &[resolution]);
        }
        if interface.offset_secs != 0 {
            option(&mut body, IF_TSOFFSET, &interface.offset_secs.to_le_bytes());
        }
        option(&mut body, 0, &[]);
        self.block(INTERFACE, &body);
        self.written.push(interface);
        self.written.len() as u32 - 1
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let len = (padded as u32 + 12).to_le_bytes();
        self.out.extend(kind.to_le_bytes());
        self.out.extend(len);
        self.out.extend_from_slice(body);
        self.out.extend(std::iter::repeat_n(0, padded - body.len()));
        self.out.extend(len);
    }
}

impl Take for Carve {
    fn source(&mut self, node: NodeId, interfaces: &[Interface]) {
        self.interfaces.insert(node, interfaces.to_vec());
    }

    fn found(&mut self, found: &Found<'_>) {
        // One captured packet can hold packets of several connections: a tunnel's and those in it.
        if self.last == Some(found.packet.at) {
            return;
        }
        self.last = Some(found.packet.at);
        for held in found.fragments {
            self.packet(&held.packet());
        }
        self.packet(found.packet);
    }

    fn about(&mut self, found: &Found<'_>) {
        self.found(found);
    }
}

/// A snap length of 0 is none.
const fn limit(snaplen: u32) -> u32 {
    if snaplen == 0 { u32::MAX } else { snaplen }
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    body.extend(std::iter::repeat_n(0, value.len().next_multiple_of(4) - value.len()));
}

/// `if_tsresol` of so many ticks a second; `None` for the default of a million, and for a number
/// that is no power of 10 or 2.
fn resolution(ticks_per_sec: u64) -> Option<u8> {
    let of_ten = (0..=19).find(|n| 10_u64.checked_pow(*n) == Some(ticks_per_sec));
    let of_two = ticks_per_sec.is_power_of_two().then(|| 0x80 | ticks_per_sec.ilog2() as u8);
    of_ten.map(|n| n as u8).or(of_two).filter(|n| *n != 6)
}

/// A time in the ticks of its interface. Rounded up, which gives back the very number that was read
/// unless ticks are shorter than a nanosecond.
fn ticks(interface: &Interface, ts: Time) -> Option<u64> {
    let per_sec = u128::from(interface.ticks_per_sec);
    let since = i128::from(ts.0) - i128::from(interface.offset_secs) * i128::from(NANOS);
    let nanos = u128::try_from(since).ok()?;
    let ticks = (nanos * per_sec).div_ceil(NANOS as u128);
    u64::try_from(ticks).ok().filter(|_| per_sec > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_go_both_ways() {
        let want =
            [(1_000_000, None), (1_000_000_000, Some(9)), (1, Some(0)), (1 << 20, Some(0x94))];
        for (per_sec, byte) in want {
            assert_eq!(resolution(per_sec), byte);
        }
        assert_eq!(resolution(3), None);
    }

    #[test]
    fn ticks_are_those_that_were_read() {
        for ticks_per_sec in [1, 1_000_000, 1_000_000_000, 1 << 20, 1 << 29] {
            let interface = Interface { ticks_per_sec, offset_secs: 7, ..Interface::default() };
            for n in [0, 1, 12_345, 999_999_999] {
                let whole = n / ticks_per_sec;
                let nanos = (n % ticks_per_sec) as i64 * NANOS / ticks_per_sec as i64;
                let ts = Time((whole as i64 + 7) * NANOS + nanos);
                assert_eq!(ticks(&interface, ts), Some(n), "{ticks_per_sec}");
            }
        }
        let interface = Interface { ticks_per_sec: 1, offset_secs: 9, ..Interface::default() };
        assert_eq!(ticks(&interface, Time(0)), None);
    }
}
