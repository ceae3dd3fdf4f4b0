//! Wide-area and old local links: Cisco HDLC, frame relay, Juniper's captures, ARCNET.

use super::{ETHERNET, Layer, Next};
use crate::net::decode::Reason;

/// Cisco HDLC: address, control, EtherType.
pub(super) fn cisco_hdlc(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    match layer.be16(2)? {
        // OSI: a padding octet and a NLPID.
        0xfefe => Err(Reason::NotData("OSI routing")),
        0x8035 => Err(Reason::NotData("Cisco SLARP")),
        ether_type => layer.after(4, Next::Ether(ether_type)),
    }
}

/// Frame relay: an address of two to four octets, the last with bit 0 set; then an EtherType
/// (Cisco), or control 3 and a network layer id (RFC 2427).
pub(super) fn frame_relay(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let address = layer.data.iter().take(4).position(|b| b & 1 == 1);
    let len = address.filter(|last| *last >= 1).ok_or(Reason::Malformed("frame relay"))? + 1;
    if layer.array::<1>(len)? != [3] {
        return layer.after(len + 2, Next::Ether(layer.be16(len)?));
    }
    // An optional padding octet of 0 aligns what follows.
    let at = len + 1 + usize::from(layer.array::<1>(len + 1)? == [0]);
    match layer.array::<1>(at)? {
        [0xcc | 0x8e] => layer.after(at + 1, Next::Ip),
        [0x80] => match layer.array::<5>(at + 1)? {
            [0, 0, 0, hi, lo] => layer.after(at + 6, Next::Ether(u16::from_be_bytes([hi, lo]))),
            [0, 0x80, 0xc2, 0, 1 | 7] => layer.after(at + 6, Next::Link(ETHERNET)),
            _ => Err(Reason::NotData("frame relay SNAP")),
        },
        [0xcf] => layer.after(at + 1, Next::Ppp),
        _ => Err(Reason::NotData("frame relay control")),
    }
}

/// Juniper's captures on Ethernet, PPP, frame relay and HDLC: magic, flags, extensions, then the
/// frame, unless a flag says that there is none.
pub(super) fn juniper(layer: Layer<'_>, next: Next) -> Result<Layer<'_>, Reason> {
    const MAGIC: [u8; 3] = *b"MGC";
    const HAS_EXTENSIONS: u8 = 0x80;
    const NO_L2: u8 = 0x02;
    let [a, b, c, flags] = layer.array::<4>(0)?;
    if [a, b, c] != MAGIC {
        return Err(Reason::Malformed("Juniper"));
    }
    let len = match flags & HAS_EXTENSIONS {
        0 => 4,
        _ => 6 + usize::from(layer.be16(4)?),
    };
    match flags & NO_L2 {
        0 => layer.after(len, next),
        // A 4-byte protocol family, little end first: 2 is IPv4, 6 is IPv6.
        _ => match layer.array::<4>(len)? {
            [2 | 6, 0, 0, 0] => layer.after(len + 4, Next::Ip),
            family => Err(Reason::Family(u32::from_le_bytes(family))),
        },
    }
}

/// ARCNET: `at` is where the protocol type is, behind addresses (and offsets, as Linux captures it).
/// RFC 1201's header has a split flag and a sequence number; packets in pieces are not joined.
pub(super) fn arcnet(layer: Layer<'_>, at: usize) -> Result<Layer<'_>, Reason> {
    let at = at - 1;
    let [kind] = layer.array::<1>(at)?;
    let next = match kind {
        212 | 196 | 240 => Next::Ip,
        213 | 241 => Next::Arp,
        _ => return Err(Reason::NotData("ARCNET")),
    };
    // RFC 1051 has nothing behind the type.
    if kind >= 240 {
        return layer.after(at + 1, next);
    }
    match layer.array::<1>(at + 1)? {
        [0] => layer.after(at + 4, next),
        [0xff] => layer.after(at + 8, next),
        _ => Err(Reason::NotData("split ARCNET packet")),
    }
}
