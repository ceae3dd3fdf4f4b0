//! Which addresses are local: the ranges that IANA keeps from being routed over the Internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 ranges as (network, prefix length), from IANA's special-purpose registry: this network,
/// private, shared, loopback, link-local, protocol assignments, documentation, benchmarking,
/// reserved.
const V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([240, 0, 0, 0], 4),
];

/// IPv6 ranges: unspecified, loopback, translation (RFC 8215), discard-only, protocol assignments
/// (Teredo among them), documentation, unique local, link-local.
const V6: &[([u16; 8], u32)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
];

/// True for an address of one of these ranges; a 6to4 address (RFC 3056) is judged by the IPv4
/// address in it.
pub(crate) fn is_local(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(a) => is_local_v4(a),
        IpAddr::V6(a) => {
            let bits = a.to_bits();
            let inside = |&(net, len): &([u16; 8], u32)| {
                (bits ^ Ipv6Addr::from(net).to_bits()) >> (128 - len) == 0
            };
            V6.iter().any(inside) || (a.segments()[0] == 0x2002 && is_local_v4(six_to_four(a)))
        }
    }
}

fn is_local_v4(addr: Ipv4Addr) -> bool {
    let bits = addr.to_bits();
    V4.iter().any(|&(net, len)| (bits ^ Ipv4Addr::from(net).to_bits()) >> (32 - len) == 0)
}

const fn six_to_four(addr: Ipv6Addr) -> Ipv4Addr {
    Ipv4Addr::from_bits((addr.to_bits() >> 80) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_the_ranges() {
        for (addr, want) in [
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("100.127.0.1", true),
            ("100.128.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", true),
            ("fe80::1", true),
            ("ff02::fb", false),
            ("2001:0:4137::1", true),
            ("2001:470::1", false),
            ("2002:c0a8:1::1", true),
            ("2002:808:808::1", false),
            ("::", true),
            ("::2", false),
        ] {
            assert_eq!(is_local(addr.parse().unwrap()), want, "{addr}");
        }
    }
}
