//! IEEE 802 frames: Ethernet with its tags, LLC and SNAP, Token Ring, FDDI.

use super::{ETHERNET, Layer, Next, Vlans};
use crate::net::decode::Reason;

/// Length fields end and EtherTypes begin here (IEEE 802.3 clause 3.2.6).
const FIRST_ETHER_TYPE: u16 = 0x600;

/// Two addresses and a length or EtherType.
pub(super) fn frame(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    typed(layer, 12)
}

/// A length or EtherType at `at`, and what it says.
fn typed(layer: Layer<'_>, at: usize) -> Result<Layer<'_>, Reason> {
    match layer.be16(at)? {
        len if len < FIRST_ETHER_TYPE => {
            let rest = layer.after(at + 2, Next::Llc)?;
            // A length of 0 is a driver's, not a frame's.
            Ok(if len == 0 { rest } else { rest.limited(u32::from(len)) })
        }
        ether_type => layer.after(at + 2, Next::Ether(ether_type)),
    }
}

/// What follows an EtherType.
pub(super) fn ether_type<'a>(
    ether_type: u16,
    layer: Layer<'a>,
    vlans: &mut Vlans,
) -> Result<Layer<'a>, Reason> {
    match ether_type {
        0x0800 | 0x86dd => Ok(Layer { next: Next::Ip, ..layer }),
        0x0806 => Ok(Layer { next: Next::Arp, ..layer }),
        // 802.1Q, 802.1ad, and what switches used before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
            let id = layer.be16(0)? & 0x0fff;
            if let Some(free) = vlans.iter_mut().find(|v| v.is_none()) {
                *free = Some(id);
            }
            typed(layer, 2)
        }
        0x8847 | 0x8848 => mpls(layer),
        0x8863 | 0x8864 => super::ppp::pppoe(layer),
        0x880b => Ok(Layer { next: Next::Ppp, ..layer }),
        0x6558 => Ok(Layer { next: Next::Link(ETHERNET), ..layer }),
        // Jumbo LLC frames of IS-IS.
        0x8870 => Ok(Layer { next: Next::Llc, ..layer }),
        // 802.1ah: a service tag, then the customer's frame.
        0x88e7 => layer.after(4, Next::Link(ETHERNET)),
        // VN-Tag, and 802.1BR's E-tag.
        0x8926 => typed(layer, 4),
        0x893f => typed(layer, 6),
        0x88e5 => macsec(layer),
        // Cisco metadata (TrustSec): version, length, one 4-byte option, then the EtherType.
        0x8909 => typed(layer, 6),
        _ => Err(Reason::EtherType(ether_type)),
    }
}

/// A label stack down to its bottom (RFC 3032). What is below it no field says: a version nibble
/// where a header of that version makes sense, else a pseudowire's Ethernet frame (RFC 4448), its
/// control word told by a first nibble of 0.
pub(super) fn mpls(mut layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    loop {
        let [_, _, bottom, _] = layer.array::<4>(0)?;
        layer = layer.after(4, Next::Ip)?;
        if bottom & 1 == 1 {
            break;
        }
    }
    match layer.data.first().map(|b| b >> 4) {
        Some(4 | 6) if crate::net::ip::parse(layer.data, layer.wire).is_ok() => Ok(layer),
        // Most addresses begin with a nibble of 0 too: the EtherType's place tells.
        Some(0) if is_usual(layer, 16) || !is_usual(layer, 12) => {
            layer.after(4, Next::Link(ETHERNET))
        }
        Some(_) => Ok(Layer { next: Next::Link(ETHERNET), ..layer }),
        None => Err(Reason::Cut("MPLS")),
    }
}

/// True when an EtherType that pseudowires carry is at `at`.
fn is_usual(layer: Layer<'_>, at: usize) -> bool {
    matches!(layer.be16(at), Ok(0x0800 | 0x0806 | 0x8100 | 0x86dd | 0x8847 | 0x88a8))
}

/// MACsec that only signs (IEEE 802.1AE): the EtherType follows its tag, the rest is readable.
fn macsec(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [control] = layer.array::<1>(0)?;
    let (has_sci, is_encrypted, is_changed) =
        (control & 0x20 != 0, control & 0x08 != 0, control & 0x04 != 0);
    if is_encrypted || is_changed {
        return Err(Reason::Encrypted("MACsec"));
    }
    typed(layer, if has_sci { 14 } else { 6 })
}

/// IEEE 802.2: service access points and control; `aa` is SNAP with an EtherType inside.
pub(super) fn llc(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [dsap, ssap] = layer.array::<2>(0)?;
    match (dsap, ssap) {
        (0xaa, 0xaa) => {
            let [_, a, b, c] = layer.array::<4>(2)?;
            match [a, b, c] {
                // RFC 1042, and bridge tunnels (802.1H).
                [0, 0, 0] | [0, 0, 0xf8] => typed(layer, 6),
                // Ethernet bridged over ATM or frame relay (RFC 2684, RFC 2427), 7 without checksum.
                [0, 0x80, 0xc2] => match layer.be16(6)? {
                    1 | 7 => layer.after(8, Next::Link(ETHERNET)),
                    _ => Err(Reason::Llc(dsap)),
                },
                _ => Err(Reason::Llc(dsap)),
            }
        }
        (0x06, 0x06) => layer.after(3, Next::Ip),
        _ => Err(Reason::Llc(dsap)),
    }
}

/// IEEE 802.5: control, addresses, and a route whose length its first octet tells.
pub(super) fn token_ring(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [_, control] = layer.array::<2>(0)?;
    if control & 0xc0 != 0x40 {
        return Err(Reason::NotData("Token Ring MAC frame"));
    }
    let [source] = layer.array::<1>(8)?;
    let route = match source & 0x80 {
        0 => 0,
        _ => usize::from(layer.array::<1>(14)?[0] & 0x1f),
    };
    layer.after(14 + route, Next::Llc)
}

/// FDDI: frame control and addresses.
pub(super) fn fddi(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    match layer.array::<1>(0)? {
        [control] if control & 0xf0 == 0x50 => layer.after(13, Next::Llc),
        _ => Err(Reason::NotData("FDDI control frame")),
    }
}
