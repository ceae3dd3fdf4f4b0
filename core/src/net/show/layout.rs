//! Where the fields of each header are, and how their values are written.

use super::names;
use crate::net::arp::Arp;
use crate::net::link::Next;
use std::net::{Ipv4Addr, Ipv6Addr};

/// One field of a header.
#[derive(Debug)]
pub(super) struct Row {
    pub name: &'static str,
    pub at: usize,
    pub len: usize,
    pub shape: Shape,
}

/// How a field's bytes are read.
#[derive(Debug)]
pub(super) enum Shape {
    /// A number.
    Number,
    /// A number, and what it means if it is one of those.
    Named(fn(u64) -> Option<&'static str>),
    /// A number, in hexadecimal.
    Hex,
    /// The same, and what it means if it is one of those.
    NamedHex(fn(u64) -> Option<&'static str>),
    /// The flags of TCP.
    Flags,
    /// Some bits of a number: shifted right, then masked.
    Bits(u32, u64),
    /// A hardware address.
    Mac,
    /// An IPv4 address.
    V4,
    /// An IPv6 address.
    V6,
}

impl Shape {
    pub(super) fn value(&self, bytes: &[u8]) -> String {
        let number = bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let hex = || format!("0x{number:0width$x}", width = bytes.len() * 2);
        match self {
            Self::Number => number.to_string(),
            Self::Named(name) => named(number.to_string(), name(number)),
            Self::Hex => hex(),
            Self::NamedHex(name) => named(hex(), name(number)),
            Self::Flags => named(hex(), Some(&tcp_flags(number as u8))),
            Self::Bits(shift, mask) => (number >> shift & mask).to_string(),
            Self::Mac => {
                let octets: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
                octets.join(":")
            }
            Self::V4 => {
                bytes.first_chunk::<4>().map_or(String::new(), |o| Ipv4Addr::from(*o).to_string())
            }
            Self::V6 => {
                bytes.first_chunk::<16>().map_or(String::new(), |o| Ipv6Addr::from(*o).to_string())
            }
        }
    }
}

/// A value with what it means behind it, where that is known.
pub(super) fn named(value: String, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{value} ({name})"),
        None => value,
    }
}

const fn row(name: &'static str, at: usize, len: usize, shape: Shape) -> Row {
    Row { name, at, len, shape }
}

use Shape::{Bits, Flags, Hex, Mac, Named, NamedHex, Number, V4, V6};

const ETHERNET: &[Row] = &[
    row("destination address", 0, 6, Mac),
    row("source address", 6, 6, Mac),
    row("type or length", 12, 2, NamedHex(names::ether_type)),
];
const VLAN: &[Row] = &[
    row("priority", 0, 2, Bits(13, 7)),
    row("VLAN id", 0, 2, Bits(0, 0x0fff)),
    row("type", 2, 2, NamedHex(names::ether_type)),
];
const MPLS: &[Row] = &[
    row("label", 0, 4, Bits(12, 0xf_ffff)),
    row("traffic class", 0, 4, Bits(9, 7)),
    row("bottom of stack", 0, 4, Bits(8, 1)),
    row("time to live", 3, 1, Number),
];
const LLC: &[Row] = &[
    row("destination service access point", 0, 1, Hex),
    row("source service access point", 1, 1, Hex),
    row("control", 2, 1, Hex),
    row("organisation", 3, 3, Hex),
    row("type", 6, 2, NamedHex(names::ether_type)),
];
const COOKED: &[Row] = &[
    row("packet type", 0, 2, Number),
    row("hardware type", 2, 2, Named(names::hardware)),
    row("address length", 4, 2, Number),
    row("address", 6, 8, Mac),
    row("protocol", 14, 2, NamedHex(names::ether_type)),
];
const COOKED2: &[Row] = &[
    row("protocol", 0, 2, NamedHex(names::ether_type)),
    row("interface", 4, 4, Number),
    row("hardware type", 8, 2, Named(names::hardware)),
    row("packet type", 10, 1, Number),
    row("address length", 11, 1, Number),
    row("address", 12, 8, Mac),
];
const PPPOE: &[Row] =
    &[row("code", 1, 1, Number), row("session", 2, 2, Hex), row("length", 4, 2, Number)];
pub(super) const ARP: &[Row] = &[
    row("hardware type", 0, 2, Named(names::hardware)),
    row("protocol type", 2, 2, NamedHex(names::ether_type)),
    row("operation", 6, 2, Named(Arp::operation_name)),
    row("sender hardware address", 8, 6, Mac),
    row("sender protocol address", 14, 4, V4),
    row("target hardware address", 18, 6, Mac),
    row("target protocol address", 24, 4, V4),
];
pub(super) const IPV4: &[Row] = &[
    row("version", 0, 1, Bits(4, 15)),
    row("header length in words", 0, 1, Bits(0, 15)),
    row("differentiated services", 1, 1, Bits(2, 63)),
    row("congestion notification", 1, 1, Bits(0, 3)),
    row("total length", 2, 2, Number),
    row("identification", 4, 2, Hex),
    row("do not fragment", 6, 1, Bits(6, 1)),
    row("more fragments", 6, 1, Bits(5, 1)),
    row("fragment offset in 8 bytes", 6, 2, Bits(0, 0x1fff)),
    row("time to live", 8, 1, Number),
    row("protocol", 9, 1, Named(names::ip_protocol)),
    row("header checksum", 10, 2, Hex),
    row("source address", 12, 4, V4),
    row("destination address", 16, 4, V4),
];
pub(super) const IPV6: &[Row] = &[
    row("version", 0, 1, Bits(4, 15)),
    row("traffic class", 0, 2, Bits(4, 255)),
    row("flow label", 0, 4, Bits(0, 0xf_ffff)),
    row("payload length", 4, 2, Number),
    row("next header", 6, 1, Named(names::ip_protocol)),
    row("hop limit", 7, 1, Number),
    row("source address", 8, 16, V6),
    row("destination address", 24, 16, V6),
];
pub(super) const TCP: &[Row] = &[
    row("source port", 0, 2, Number),
    row("destination port", 2, 2, Number),
    row("sequence number", 4, 4, Number),
    row("acknowledgment number", 8, 4, Number),
    row("data offset in words", 12, 1, Bits(4, 15)),
    row("flags", 13, 1, Flags),
    row("window", 14, 2, Number),
    row("checksum", 16, 2, Hex),
    row("urgent pointer", 18, 2, Number),
];
pub(super) const UDP: &[Row] = &[
    row("source port", 0, 2, Number),
    row("destination port", 2, 2, Number),
    row("length", 4, 2, Number),
    row("checksum", 6, 2, Hex),
];
pub(super) const ICMP: &[Row] =
    &[row("type", 0, 1, Named(names::icmp)), row("code", 1, 1, Number), row("checksum", 2, 2, Hex)];
pub(super) const ICMP6: &[Row] = &[
    row("type", 0, 1, Named(names::icmp6)),
    row("code", 1, 1, Number),
    row("checksum", 2, 2, Hex),
];

/// The name of a link layer header and where its fields are.
pub(super) fn of(next: Next) -> (String, &'static [Row]) {
    let (name, rows): (&str, &'static [Row]) = match next {
        Next::Link(1) => ("Ethernet", ETHERNET),
        Next::Link(113) => ("Linux cooked capture", COOKED),
        Next::Link(276) => ("Linux cooked capture, version 2", COOKED2),
        Next::Link(105) => ("802.11", &[]),
        Next::Link(127) => ("Radiotap", &[]),
        Next::Link(9 | 50) => ("HDLC", &[]),
        Next::Link(n) => return (format!("Link type {n}"), &[]),
        Next::Ether(0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300) => ("VLAN tag", VLAN),
        Next::Ether(0x8847 | 0x8848) => ("MPLS", MPLS),
        Next::Ether(0x8863 | 0x8864) => ("PPPoE", PPPOE),
        Next::Ether(n) => return (format!("EtherType 0x{n:04x}"), &[]),
        Next::Llc => ("LLC", LLC),
        Next::Ppp => ("PPP", &[]),
        Next::Ip | Next::Arp | Next::Amsdu => ("", &[]),
    };
    (name.to_owned(), rows)
}

/// The names of the flags that are set, as RFC 9293 writes them.
pub(crate) fn tcp_flags(flags: u8) -> String {
    const NAMES: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
    let set = NAMES.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
    let names: Vec<_> = set.map(|(_, name)| *name).collect();
    if names.is_empty() { "no flags".to_owned() } else { names.join(" ") }
}

/// A TCP option in words.
pub(super) fn tcp_option(kind: u8, value: &[u8]) -> String {
    let number = value.iter().take(8).fold(0u64, |n, b| n << 8 | u64::from(*b));
    match kind {
        1 => "no operation".to_owned(),
        2 => format!("maximum segment size {number}"),
        3 => format!("window scale {number}"),
        4 => "selective acknowledgment permitted".to_owned(),
        5 => format!("selective acknowledgment of {} blocks", value.len() / 8),
        8 => format!("time stamps {} and {}", number >> 32, number & 0xffff_ffff),
        other => format!("kind {other}, {} bytes", value.len()),
    }
}
