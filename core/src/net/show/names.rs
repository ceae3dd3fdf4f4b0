//! What the numbers of headers mean, where they are met every day; others stand as numbers.

use crate::net::link;

/// An EtherType, of IEEE 802's register. Below 0x0600 the field is a length.
pub(super) fn ether_type(number: u64) -> Option<&'static str> {
    let number = u16::try_from(number).ok()?;
    Some(match number {
        0x0800 => "IPv4",
        0x0806 => "ARP",
        0x8100 => "VLAN",
        0x86dd => "IPv6",
        0x8847 | 0x8848 => "MPLS",
        0x8863 | 0x8864 => "PPPoE",
        0x88a8 => "provider VLAN",
        0..0x0600 => return None,
        _ => return link::ether_type_name(number),
    })
}

/// The protocol behind an IP header, of IANA's register.
pub(super) const fn ip_protocol(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "hop-by-hop options",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPv4",
        6 => "TCP",
        17 => "UDP",
        41 => "IPv6",
        43 => "routing header",
        44 => "fragment header",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPv6",
        59 => "nothing",
        60 => "destination options",
        88 => "EIGRP",
        89 => "OSPF",
        103 => "PIM",
        112 => "VRRP",
        115 => "L2TP",
        132 => "SCTP",
        _ => return None,
    })
}

/// A kind of hardware, of IANA's register for ARP.
pub(super) const fn hardware(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Ethernet",
        6 => "IEEE 802",
        512 => "PPP",
        772 => "loopback",
        801 => "802.11",
        803 => "802.11 with radiotap",
        _ => return None,
    })
}

/// A type of ICMP: RFC 792, RFC 1256.
pub(super) const fn icmp(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "echo reply",
        3 => "destination unreachable",
        5 => "redirect",
        8 => "echo request",
        9 => "router advertisement",
        10 => "router solicitation",
        11 => "time exceeded",
        12 => "parameter problem",
        13 => "timestamp",
        14 => "timestamp reply",
        _ => return None,
    })
}

/// A type of ICMPv6: RFC 4443, RFC 2710, RFC 3810, RFC 4861.
pub(super) const fn icmp6(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "destination unreachable",
        2 => "packet too big",
        3 => "time exceeded",
        4 => "parameter problem",
        128 => "echo request",
        129 => "echo reply",
        130 => "multicast listener query",
        131 | 143 => "multicast listener report",
        132 => "multicast listener done",
        133 => "router solicitation",
        134 => "router advertisement",
        135 => "neighbour solicitation",
        136 => "neighbour advertisement",
        137 => "redirect",
        _ => return None,
    })
}
