//! Headers that capturing systems put before IP in place of a real link layer's.

use super::{Layer, Next};
use crate::net::decode::Reason;

/// BSD null and loop: the address family in either byte order. The numbers of IPv6 are NetBSD's,
/// FreeBSD's, macOS's and Linux's.
pub(super) fn null(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let family = layer.array::<4>(0)?;
    let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
    match family {
        2 | 10 | 24 | 28 | 30 => layer.after(4, Next::Ip),
        // Some systems put flags and an EtherType in its place.
        _ if matches!(layer.be16(2)?, 0x0800 | 0x86dd) => layer.after(4, Next::Ip),
        other => Err(Reason::Family(other)),
    }
}

/// An EtherType at `at`, in place of what an Ethernet header has before it.
pub(super) fn ether_type_at(layer: Layer<'_>, at: usize) -> Result<Layer<'_>, Reason> {
    layer.after(at + 2, Next::Ether(layer.be16(at)?))
}

/// Linux cooked: packet type, ARP hardware type, address, protocol.
pub(super) fn cooked(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    linux(layer, layer.be16(2)?, layer.be16(14)?, 16)
}

/// Linux cooked, version 2: protocol first, interface, hardware type, packet type, address.
pub(super) fn cooked2(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    linux(layer, layer.be16(8)?, layer.be16(0)?, 20)
}

/// The protocol field by the hardware type that gives it its meaning.
fn linux(layer: Layer<'_>, hardware: u16, protocol: u16, len: usize) -> Result<Layer<'_>, Reason> {
    match (hardware, protocol) {
        // GRE, IPv6 over GRE, and links without a header: the protocol is an EtherType.
        (_, 0x0004) => layer.after(len, Next::Llc),
        (803, _) => layer.after(len, Next::Link(127)),
        (801, _) => layer.after(len, Next::Link(super::WIFI)),
        (824, _) => Err(Reason::NotData("netlink message")),
        // 802.3 without LLC, and frame kinds that only Linux numbers.
        (_, 0x0001..0x0600) => Err(Reason::EtherType(protocol)),
        _ => layer.after(len, Next::Ether(protocol)),
    }
}

/// OpenBSD's packet filter log: length, family. The header is padded to 4 bytes.
pub(super) fn pflog(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [len, family] = layer.array::<2>(0)?;
    match family {
        2 | 24 | 28 | 30 => layer.after(usize::from(len).next_multiple_of(4), Next::Ip),
        other => Err(Reason::Family(u32::from(other))),
    }
}

/// Linux netfilter log: family, version, resource, then fields of length, type, value, padded to 4
/// bytes; the packet is one of them. Lengths are in the capturing machine's order, which no field
/// tells: the packet is found in the right one only.
pub(super) fn nflog(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let payload = nflog_payload(layer, u16::from_le_bytes)
        .or_else(|| nflog_payload(layer, u16::from_be_bytes));
    payload.ok_or(Reason::Malformed("netfilter log"))
}

fn nflog_payload<'a>(layer: Layer<'a>, order: fn([u8; 2]) -> u16) -> Option<Layer<'a>> {
    const PAYLOAD: u16 = 9;
    let mut at = 4;
    loop {
        let (len, kind) = (order(layer.array(at).ok()?), order(layer.array(at + 2).ok()?));
        if kind & 0x7fff == PAYLOAD && len >= 4 {
            return Some(layer.after(at + 4, Next::Ip).ok()?.limited(u32::from(len) - 4));
        }
        if len < 4 {
            return None;
        }
        at += usize::from(len).next_multiple_of(4);
    }
}

/// Apple's packet tap: header length, record type, the link type of what follows, in little-endian
/// order. Apple's own files use the number 149, which others have for private use.
pub(super) fn pktap(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    const IS_PACKET: u32 = 1;
    let word = |at| layer.array::<4>(at).map(u32::from_le_bytes);
    let (len, kind, link_type) = (word(0)?, word(4)?, word(8)?);
    // Its shortest form is 108 bytes; anything else under these numbers is not a packet tap.
    if kind != IS_PACKET || !(108..=1024).contains(&len) {
        return Err(Reason::Malformed("packet tap"));
    }
    match u16::try_from(link_type) {
        Ok(149 | 258) | Err(_) => Err(Reason::Malformed("packet tap")),
        Ok(inner) => layer.after(len as usize, Next::Link(inner)),
    }
}
