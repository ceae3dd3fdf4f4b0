//! 802.11: data frames that are not encrypted, bare or behind a radio header.

use super::{ETHERNET, Layer, Next, WIFI};
use crate::net::decode::Reason;

/// IEEE 802.11 clause 9.2: frame control, duration, three addresses, sequence control; then a
/// fourth address, quality of service and HT control, if bits say so.
pub(super) fn frame(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [kind, flags] = layer.array::<2>(0)?;
    let (subtype, kind) = (kind >> 4, kind >> 2 & 3);
    match kind {
        0 => return Err(Reason::NotData("802.11 management frame")),
        1 => return Err(Reason::NotData("802.11 control frame")),
        2 if subtype & 4 == 0 => {}
        _ => return Err(Reason::NotData("802.11 frame without data")),
    }
    if flags & 0x40 != 0 {
        return Err(Reason::Encrypted("802.11"));
    }
    let mut len = 24 + if flags & 3 == 3 { 6 } else { 0 };
    let mut next = Next::Llc;
    if subtype & 8 != 0 {
        let [control] = layer.array::<1>(len)?;
        if control & 0x80 != 0 {
            next = Next::Amsdu;
        }
        len += 2 + if flags & 0x80 != 0 { 4 } else { 0 };
    }
    layer.after(len, next)
}

/// One A-MSDU subframe: addresses, length, LLC; and the subframes behind it, aligned to 4 bytes.
pub(in crate::net) fn subframe(layer: Layer<'_>) -> Result<(Layer<'_>, Layer<'_>), Reason> {
    let len = u32::from(layer.be16(12)?);
    let body = layer.after(14, Next::Llc)?.limited(len);
    let whole = (14 + len as usize).next_multiple_of(4).min(layer.data.len());
    Ok((body, layer.after(whole, Next::Amsdu)?))
}

/// Radiotap: version, padding, length, then present bits; its flags tell whether the 802.11 header
/// is padded and a checksum follows the frame.
pub(super) fn radiotap(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [_, _, lo, hi] = layer.array::<4>(0)?;
    let len = usize::from(u16::from_le_bytes([lo, hi]));
    let flags = radiotap_flags(&layer).unwrap_or(0);
    const HAS_CHECKSUM: u8 = 0x10;
    const IS_PADDED: u8 = 0x20;
    let inner = layer.after(len.max(8), Next::Link(WIFI))?;
    let wire = inner.wire.saturating_sub(if flags & HAS_CHECKSUM == 0 { 0 } else { 4 });
    let inner = inner.limited(wire);
    if flags & IS_PADDED == 0 {
        return Ok(inner);
    }
    let body = frame(inner)?;
    let header = inner.data.len() - body.data.len();
    inner.after(header.next_multiple_of(4), body.next)
}

/// The flags field: the first behind the present words, or behind the 8-byte aligned time stamp.
fn radiotap_flags(layer: &Layer<'_>) -> Option<u8> {
    const TSFT: u32 = 1;
    const FLAGS: u32 = 2;
    const MORE: u32 = 1 << 31;
    let word = |at| layer.array::<4>(at).ok().map(u32::from_le_bytes);
    let present = word(4)?;
    let (mut at, mut last) = (8, present);
    while last & MORE != 0 {
        last = word(at)?;
        at += 4;
    }
    if present & FLAGS == 0 {
        return None;
    }
    if present & TSFT != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    layer.array::<1>(at).ok().map(|[flags]| flags)
}

/// Prism: message code and length in the capturing machine's order; AVS headers come under the same
/// number and are told by their magic.
pub(super) fn prism(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [code, len] = [layer.array::<4>(0)?, layer.array::<4>(4)?];
    if u32::from_be_bytes(code) & 0xffff_f000 == 0x8021_1000 {
        return avs(layer);
    }
    // The shorter reading is the right one: no header has millions of bytes.
    let len = u32::from_le_bytes(len).min(u32::from_be_bytes(len));
    layer.after(len as usize, Next::Link(WIFI))
}

/// AVS: magic, length.
pub(super) fn avs(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let len = u32::from_be_bytes(layer.array(4)?);
    layer.after(len.max(8) as usize, Next::Link(WIFI))
}

/// PPI: version, flags, length, the link type of what follows.
pub(super) fn ppi(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [_, _, lo, hi] = layer.array::<4>(0)?;
    let [a, b, c, d] = layer.array::<4>(4)?;
    let len = usize::from(u16::from_le_bytes([lo, hi])).max(8);
    match u32::from_le_bytes([a, b, c, d]) {
        105 => layer.after(len, Next::Link(WIFI)),
        1 => layer.after(len, Next::Link(ETHERNET)),
        other => Err(Reason::LinkType(u16::try_from(other).unwrap_or(u16::MAX))),
    }
}
