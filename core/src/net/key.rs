//! What tells one connection from another: the unordered 5-tuple, packed for hashing.

use super::icmp;
use super::{Decoded, L4};
use crate::event::{Endpoint, Transport};
use std::net::IpAddr;

/// The two ends of a packet, sender first, and what carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tuple {
    pub(crate) transport: Transport,
    pub(crate) src: (IpAddr, u16),
    pub(crate) dst: (IpAddr, u16),
    /// True for ICMP messages that have no counterpart: the other direction is another connection.
    pub(crate) is_one_way: bool,
    /// False when the protocol has no ports, or the packet was cut before them.
    pub(crate) has_ports: bool,
}

/// A [`Tuple`] without its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    low: u128,
    high: u128,
    ports: u32,
    /// IP protocol number, address family, "one way" and "no ports".
    kind: u32,
}

impl Tuple {
    /// The tuple of a decoded packet. ICMP types take the place of ports, as Zeek does.
    pub(crate) fn of(d: &Decoded<'_>) -> Self {
        let mut has_ports = true;
        let (transport, sport, dport, is_one_way) = match d.l4 {
            L4::Tcp { src, dst, .. } => (Transport::Tcp, src, dst, false),
            L4::Udp { src, dst, .. } => (Transport::Udp, src, dst, false),
            L4::Sctp { src, dst, .. } => (Transport::Sctp, src, dst, false),
            L4::Icmp { is_v6, kind, code, .. } => {
                let (port, one_way) = icmp::counterpart(is_v6, kind, code);
                (Transport::Icmp, u16::from(kind), u16::from(port), one_way)
            }
            L4::Other { .. } => {
                has_ports = false;
                (transport(d.protocol), 0, 0, false)
            }
        };
        Self { transport, src: (d.src, sport), dst: (d.dst, dport), is_one_way, has_ports }
    }

    /// The same exchange seen from the other side.
    pub(crate) const fn reversed(self) -> Self {
        Self { src: self.dst, dst: self.src, ..self }
    }

    /// Its hash in the index of blocks, as [`Decoded::ends`] give it for its packets.
    pub(crate) fn flow_mark(&self) -> u64 {
        let is_by_port =
            matches!(self.transport, Transport::Tcp | Transport::Udp | Transport::Sctp);
        let end = |(addr, port)| (addr, if is_by_port { port } else { 0 });
        flow_mark(end(self.src), end(self.dst))
    }

    /// Both ends on the event line.
    pub(crate) fn endpoints(&self) -> (Endpoint, Endpoint) {
        let end = |(addr, port)| Endpoint {
            addr: Some(addr),
            port: Some(port).filter(|_| self.has_ports),
        };
        (end(self.src), end(self.dst))
    }

    /// The key both directions share.
    pub(crate) fn key(&self) -> Key {
        let (a, b) = ((bits(self.src.0), self.src.1), (bits(self.dst.0), self.dst.1));
        let (low, high) = if self.is_one_way || a <= b { (a, b) } else { (b, a) };
        Key {
            low: low.0,
            high: high.0,
            ports: u32::from(low.1) << 16 | u32::from(high.1),
            kind: u32::from(number(self.transport))
                | u32::from(self.src.0.is_ipv6()) << 8
                | u32::from(self.is_one_way) << 9
                | u32::from(!self.has_ports) << 10,
        }
    }
}

impl Key {
    /// A hash that is the same on every machine and in every run, for [`crate::event::Uid::Ours`]:
    /// `salt` tells two connections of one key apart.
    pub(crate) fn stable_hash(&self, salt: [u64; 2]) -> u64 {
        let words = [
            self.low as u64,
            (self.low >> 64) as u64,
            self.high as u64,
            (self.high >> 64) as u64,
            u64::from(self.ports) << 32 | u64::from(self.kind),
            salt[0],
            salt[1],
        ];
        words.iter().fold(0x6f66_6677_6972_6521, |hash, word| scramble(hash ^ word))
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): every input bit reaches every output bit.
const fn scramble(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A hash of two ends in either order, the same in every run; ports are 0 for protocols without them,
/// ICMP included.
pub(crate) fn flow_mark(a: (IpAddr, u16), b: (IpAddr, u16)) -> u64 {
    let end = |(addr, port)| {
        let bits = bits(addr);
        scramble(scramble(bits as u64 ^ (bits >> 64) as u64) ^ u64::from(port))
    };
    scramble(end(a).wrapping_add(end(b)))
}

fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(a) => u128::from(a.to_bits()),
        IpAddr::V6(a) => a.to_bits(),
    }
}

/// The transport of a packet whose transport header was not captured whole, or that has none.
const fn transport(protocol: u8) -> Transport {
    match protocol {
        1 | 58 => Transport::Icmp,
        6 => Transport::Tcp,
        17 => Transport::Udp,
        132 => Transport::Sctp,
        p => Transport::Other(p),
    }
}

const fn number(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
        // ICMP and ICMPv6 differ by the address family.
        Transport::Icmp => 1,
        Transport::Sctp => 132,
        Transport::Other(p) => p,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn tuple(is_one_way: bool) -> Tuple {
        let a = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)), 3);
        let b = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 70);
        Tuple { transport: Transport::Udp, src: a, dst: b, is_one_way, has_ports: true }
    }

    #[test]
    fn both_directions_share_a_key_unless_one_way() {
        assert_eq!(tuple(false).key(), tuple(false).reversed().key());
        assert_ne!(tuple(true).key(), tuple(true).reversed().key());
    }

    #[test]
    fn an_address_of_the_other_family_with_the_same_bits_is_another_connection() {
        let mut six = tuple(false);
        six.src.0 = IpAddr::V6(Ipv6Addr::from_bits(bits(six.src.0)));
        six.dst.0 = IpAddr::V6(Ipv6Addr::from_bits(bits(six.dst.0)));
        assert_ne!(six.key(), tuple(false).key());
    }

    #[test]
    fn the_stable_hash_is_pinned() {
        // A uid that changes between versions breaks every saved report.
        assert_eq!(tuple(false).key().stable_hash([1, 2]), 4_992_938_856_659_434_026);
        assert_ne!(tuple(false).key().stable_hash([1, 2]), tuple(false).key().stable_hash([1, 3]));
    }
}
