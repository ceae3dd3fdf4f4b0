//! What an address alone tells: which special range it is in, and which networks it is near.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// True for an address that only means something inside a site: private, shared (RFC 6598),
/// link-local, loopback, unique local. Broadcast, multicast and the unspecified one are neither.
pub fn is_internal(addr: IpAddr) -> bool {
    match addr.to_canonical() {
        IpAddr::V4(a) => a.is_private() || a.is_loopback() || a.is_link_local() || is_shared(a),
        IpAddr::V6(a) => a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local(),
    }
}

/// 100.64.0.0/10, carrier-grade NAT (RFC 6598).
const fn is_shared(a: Ipv4Addr) -> bool {
    let [first, second, ..] = a.octets();
    first == 100 && second >= 64 && second < 128
}

/// True for an address that names one host: not multicast, broadcast, unspecified, or reserved
/// (240/4).
pub fn is_unicast(addr: IpAddr) -> bool {
    match addr.to_canonical() {
        IpAddr::V4(a) => !a.is_multicast() && !a.is_unspecified() && a.octets()[0] < 240,
        IpAddr::V6(a) => !a.is_multicast() && !a.is_unspecified(),
    }
}

/// True for an address of the public Internet.
pub fn is_external(addr: IpAddr) -> bool {
    is_unicast(addr) && !is_internal(addr)
}

/// A network that an address is in, for telling near from far without any outside data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Net(u128, u8);

/// The network of `v4` or `v6` leading bits around an address. IPv4 is counted as IPv6-mapped.
pub fn net(addr: IpAddr, v4: u8, v6: u8) -> Net {
    let (bits, len) = match addr.to_canonical() {
        IpAddr::V4(a) => (a.to_ipv6_mapped().to_bits(), 96 + u32::from(v4.min(32))),
        IpAddr::V6(a) => (a.to_bits(), u32::from(v6.min(128))),
    };
    let mask = u128::MAX.checked_shl(128 - len).unwrap_or(0);
    Net(bits & mask, u8::try_from(len).unwrap_or(128))
}

/// The network that an operator is commonly given: /16 or /32. Two addresses in different ones
/// are unrelated as far as addresses can tell: the usual stand-in for autonomous systems.
pub fn operator(addr: IpAddr) -> Net {
    net(addr, 16, 32)
}

/// The network that one site commonly has: /24 or /48.
pub fn site(addr: IpAddr) -> Net {
    net(addr, 24, 48)
}

/// How evenly addresses are spread over operators' networks: Shannon entropy of the groups over
/// its largest possible value; 1 when each address is alone in its network, 0 when all share
/// one. `None` for fewer than two addresses.
pub fn spread(addrs: &[IpAddr]) -> Option<f64> {
    if addrs.len() < 2 {
        return None;
    }
    let n = addrs.len() as f64;
    let entropy: f64 = groups(addrs).values().map(|c| *c as f64 / n).map(|p| -p * p.log2()).sum();
    Some(entropy / n.log2())
}

/// How many addresses each operator's network has.
pub fn groups(addrs: &[IpAddr]) -> BTreeMap<Net, u64> {
    let mut groups = BTreeMap::new();
    addrs.iter().for_each(|a| *groups.entry(operator(*a)).or_default() += 1);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges() {
        for a in ["10.1.2.3", "100.64.0.1", "169.254.9.9", "fd00::1", "fe80::1", "::ffff:10.0.0.1"]
        {
            assert!(is_internal(ip(a)) && !is_external(ip(a)), "{a}");
        }
        for a in ["100.128.0.1", "8.8.8.8", "2001:4860::8888"] {
            assert!(is_external(ip(a)), "{a}");
        }
        for a in ["224.0.0.251", "255.255.255.255", "0.0.0.0", "ff02::fb", "240.0.0.1"] {
            assert!(!is_unicast(ip(a)) && !is_external(ip(a)), "{a}");
        }
    }

    #[test]
    fn spread_is_one_for_strangers_and_low_for_neighbours() {
        let far = [ip("101.202.75.18"), ip("75.19.51.1"), ip("203.61.173.56")];
        let near = [ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.3.3")];
        assert!((spread(&far).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(spread(&near), Some(0.0));
        assert_eq!(spread(&far[..1]), None);
        assert_eq!(operator(ip("::ffff:192.0.2.1")), operator(ip("192.0.9.9")));
        assert_ne!(site(ip("2001:db8:1::1")), site(ip("2001:db8:2::1")));
    }
}
