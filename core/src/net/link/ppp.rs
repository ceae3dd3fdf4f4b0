//! PPP in its framings: bare, with HDLC's address, over Ethernet.

use super::{Layer, Next};
use crate::net::decode::Reason;

/// HDLC's all-stations address and unnumbered-information control octets (RFC 1662).
const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];

/// PPP with or without address and control octets, which peers may leave out (RFC 1661 6.6). Routers
/// record Cisco's HDLC under the same number: its unicast or multicast address and a zero are no
/// protocol of PPP, whose numbers below 0x20 and of one octet from 0x80 on are not given out.
pub(super) fn frame(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    match layer.data {
        [a, b, ..] if [*a, *b] == ADDRESS_CONTROL => layer.after(2, Next::Ppp),
        [0x0f | 0x8f, 0, ..] => super::wan::cisco_hdlc(layer),
        _ => Ok(Layer { next: Next::Ppp, ..layer }),
    }
}

/// PPP in HDLC-like framing, or Cisco's HDLC, told by the address octet alone.
pub(super) fn hdlc(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    match layer.array::<1>(0)? {
        [0x0f | 0x8f] => super::wan::cisco_hdlc(layer),
        _ => frame(layer),
    }
}

/// The protocol field: two octets, or one when it is odd (RFC 1661 section 2).
pub(super) fn protocol(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [first] = layer.array::<1>(0)?;
    let (protocol, len) = match first & 1 {
        1 => (u16::from(first), 1),
        _ => (layer.be16(0)?, 2),
    };
    match protocol {
        0x0021 | 0x0057 => layer.after(len, Next::Ip),
        0x0281 | 0x0283 => super::ethernet::mpls(layer.after(len, Next::Ppp)?),
        _ => Err(Reason::Ppp(protocol)),
    }
}

/// PPPoE (RFC 2516): version and type 1, a code that is 0 in a session, session id, length.
pub(super) fn pppoe(layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    let [version, code, _, _, hi, lo] = layer.array::<6>(0)?;
    match (version, code) {
        (0x11, 0) => {
            let len = u32::from(u16::from_be_bytes([hi, lo]));
            Ok(layer.after(6, Next::Ppp)?.limited(len))
        }
        (0x11, _) => Err(Reason::NotData("PPPoE discovery")),
        _ => Err(Reason::Malformed("PPPoE")),
    }
}
