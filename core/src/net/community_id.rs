//! Community ID version 1: one name for a connection over all tools.
//!
//! The specification is Corelight's <https://github.com/corelight/community-id-spec>: SHA-1 over
//! seed, ordered endpoints and protocol.

use super::key::Tuple;
use crate::event::{CommunityId, Transport};
use sha1::{Digest, Sha1};
use std::net::IpAddr;

/// The seed that all tools use unless told otherwise.
const SEED: u16 = 0;

/// The Community ID of a connection, seen from either side; `None` when its ports are not known.
pub(crate) fn of(tuple: &Tuple) -> Option<CommunityId> {
    if !tuple.has_ports && has_ports(tuple.transport) {
        return None;
    }
    let one_way = tuple.is_one_way;
    let (a, b) = ((octets(tuple.src.0), tuple.src.1), (octets(tuple.dst.0), tuple.dst.1));
    let (low, high) = if one_way || a <= b { (a, b) } else { (b, a) };
    let mut sha = Sha1::new();
    sha.update(SEED.to_be_bytes());
    for (addr, _) in [&low, &high] {
        match addr {
            Octets::V4(o) => sha.update(o),
            Octets::V6(o) => sha.update(o),
        }
    }
    sha.update([protocol(tuple), 0]);
    if has_ports(tuple.transport) {
        sha.update(low.1.to_be_bytes());
        sha.update(high.1.to_be_bytes());
    }
    Some(CommunityId(sha.finalize().into()))
}

/// An address in network order, ordered as the specification compares it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Octets {
    V4([u8; 4]),
    V6([u8; 16]),
}

const fn octets(addr: IpAddr) -> Octets {
    match addr {
        IpAddr::V4(a) => Octets::V4(a.octets()),
        IpAddr::V6(a) => Octets::V6(a.octets()),
    }
}

const fn protocol(tuple: &Tuple) -> u8 {
    match tuple.transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Icmp if tuple.src.0.is_ipv6() => 58,
        Transport::Icmp => 1,
        Transport::Sctp => 132,
        Transport::Other(p) => p,
    }
}

const fn has_ports(transport: Transport) -> bool {
    !matches!(transport, Transport::Other(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(transport: Transport, src: (&str, u16), dst: (&str, u16), is_one_way: bool) -> String {
        let end = |(a, p): (&str, u16)| (a.parse::<IpAddr>().unwrap(), p);
        let tuple = Tuple { transport, src: end(src), dst: end(dst), is_one_way, has_ports: true };
        let back = of(&tuple.reversed()).unwrap().to_string();
        let there = of(&tuple).unwrap().to_string();
        assert!(is_one_way || there == back);
        there
    }

    // From the specification's baseline files baseline_deflt.json.
    #[test]
    fn the_specifications_vectors() {
        use Transport::{Icmp, Tcp, Udp};
        let tcp = id(Tcp, ("128.232.110.120", 34855), ("66.35.250.204", 80), false);
        assert_eq!(tcp, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        let udp = id(Udp, ("192.168.1.52", 54585), ("8.8.8.8", 53), false);
        assert_eq!(udp, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
        let ping = id(Icmp, ("192.168.0.89", 8), ("192.168.0.1", 0), false);
        assert_eq!(ping, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
    }
}
