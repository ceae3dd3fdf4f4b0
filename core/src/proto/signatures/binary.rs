//! Signatures of protocols whose messages have fields at fixed places.

use super::{both, is_text, opens, when};
use crate::bytes::Cursor;
use crate::proto::Probe::{self, Maybe, NeedMore, No};

/// BACnet/IP (ASHRAE 135, annex J): type, function, the datagram's length; where the function carries
/// a message of the network layer, its version 1, behind six bytes of address in a forwarded one.
pub(super) fn bacnet(data: &[u8]) -> Probe {
    let [0x81, function, hi, lo, rest @ ..] = data else { return No };
    let is_whole = usize::from(u16::from_be_bytes([*hi, *lo])) == data.len();
    let version = match function {
        4 => rest.get(6),
        9..=11 => rest.first(),
        0..=8 => Some(&1),
        _ => None,
    };
    when(is_whole && version == Some(&1))
}

/// BGP-4 (RFC 4271, section 4.1): a marker of ones, length, type.
pub(super) fn bgp(data: &[u8]) -> Probe {
    /// Of a message without content.
    const SHORTEST: u16 = 19;
    let Some((marker, rest)) = data.split_at_checked(16) else {
        return opens(data, &[0xff; 16]);
    };
    match rest {
        _ if marker != [0xff; 16] => No,
        [hi, lo, 1..=5, ..] => when(u16::from_be_bytes([*hi, *lo]) >= SHORTEST),
        [_, _, _, ..] => No,
        _ => NeedMore,
    }
}

/// DHCPv6 (RFC 8415, section 8): type, transaction, options to the datagram's end; a relay's has two
/// addresses in place of the transaction (section 9).
pub(super) fn dhcpv6(data: &[u8]) -> Probe {
    let head = match data.first() {
        Some(1..=11) => 4,
        Some(12 | 13) => 34,
        _ => return No,
    };
    let mut c = Cursor::new(data.get(head..).unwrap_or_default());
    if c.is_empty() {
        return No;
    }
    while !c.is_empty() {
        let is_known = c.be16().is_some_and(|code| (1..256).contains(&code));
        if !is_known || c.be16().and_then(|len| c.take(len.into())).is_none() {
            return No;
        }
    }
    Maybe
}

/// CoAP (RFC 7252, section 3): version 1, a token of at most eight bytes, a method or a kind of answer,
/// options in the order of their numbers, content behind a marker.
pub(super) fn coap(data: &[u8]) -> Probe {
    /// The last option that was given out before those of a site, with room for some more.
    const LAST_OPTION: u16 = 300;
    let [
        first @ 0x40..=0x7f,
        0x01..=0x07 | 0x41..=0x45 | 0x5f | 0x80..=0x9d | 0xa0..=0xa8,
        _,
        _,
        rest @ ..,
    ] = data
    else {
        return No;
    };
    let mut c = Cursor::new(rest);
    let token = first & 0x0f;
    if token > 8 || c.take(token.into()).is_none() {
        return No;
    }
    // A step or a length of 13 goes on in one byte, one of 14 in two.
    let long = |c: &mut Cursor<'_>, nibble: u8| match nibble {
        13 => c.u8().map(|more| u16::from(more) + 13),
        14 => c.be16().and_then(|more| more.checked_add(269)),
        15 => None,
        short => Some(short.into()),
    };
    let mut option = 0_u16;
    while let Some(byte) = c.u8() {
        if byte == 0xff {
            return if c.is_empty() { No } else { Maybe };
        }
        let (Some(step), Some(len)) = (long(&mut c, byte >> 4), long(&mut c, byte & 0x0f)) else {
            return No;
        };
        option = option.saturating_add(step);
        if option == 0 || option > LAST_OPTION || c.take(len.into()).is_none() {
            return No;
        }
    }
    Maybe
}

/// BitTorrent's table of peers (BEP 5): a dictionary that begins with its arguments and a 20-byte id.
pub(super) fn dht(data: &[u8]) -> Probe {
    const BEGINNINGS: &[&[u8]] = &[b"d1:ad2:id20:", b"d1:rd2:id20:", b"d2:ip6:"];
    when(BEGINNINGS.iter().any(|b| data.starts_with(b)))
}

/// DNP3's data link (IEEE 1815, section 9.2): start, length, control, two addresses, and their CRC.
/// As for Zeek, a CRC that is right is proof enough.
pub(super) fn dnp3(data: &[u8]) -> Probe {
    /// The polynomial, reflected: x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1.
    const POLYNOMIAL: u16 = 0xa6bc;
    let start = b"\x05\x64";
    let Some((head, [lo, hi, ..])) = data.split_first_chunk::<8>() else {
        return opens(data.get(..2).unwrap_or(data), start).min(NeedMore);
    };
    if !head.starts_with(start) {
        return No;
    }
    let mut crc = 0_u16;
    for byte in head {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
        }
    }
    when(!crc == u16::from_le_bytes([*lo, *hi]))
}

/// IKE (RFC 7296, section 3.1; RFC 2408, section 3.1): the initiator's cookie, next payload, version
/// 1 or 2, exchange, the datagram's length. On port 4500 behind four zeros (RFC 3948, section 2.2).
pub(super) fn isakmp(data: &[u8]) -> Probe {
    let data = data.strip_prefix(b"\0\0\0\0").unwrap_or(data);
    let Some((head, _)) = data.split_first_chunk::<28>() else { return No };
    let [a, b, c, d, e, f, g, h, .., version, exchange, _, _, _, _, _, l0, l1, l2, l3] = *head;
    let is_known = matches!((version, exchange), (0x10, 1..=6 | 32..=34) | (0x20, 34..=44));
    let is_whole = u32::from_be_bytes([l0, l1, l2, l3]) as usize == data.len();
    when(is_known && is_whole && [a, b, c, d, e, f, g, h] != [0; 8])
}

/// Modbus over TCP (Modbus Messaging on TCP/IP, section 3.1.3): transaction, protocol 0, length, unit,
/// function. The reply repeats transaction, unit and function, whose first bit tells an error.
pub(super) fn modbus(orig: &[u8], resp: &[u8]) -> Probe {
    let head = |data: &[u8]| match *data {
        [a, b, 0, 0, 0, len @ 2..=254, unit, function, ..] if function & 0x7f != 0 => {
            let is_whole = usize::from(len) + 6 <= data.len();
            is_whole.then_some((a, b, unit, function & 0x7f))
        }
        _ => None,
    };
    match (head(orig), head(resp)) {
        (Some(asked), Some(answered)) => when(asked == answered),
        (Some(_), None) if resp.is_empty() => NeedMore,
        _ => No,
    }
}

/// MongoDB's wire protocol (its manual, "standard message header"): length, request, answered request,
/// operation. The answer names the request.
pub(super) fn mongodb(orig: &[u8], resp: &[u8]) -> Probe {
    /// From the header to the largest message that servers take.
    const LENGTHS: std::ops::RangeInclusive<u32> = 16..=48_000_000;
    let head = |data: &[u8]| {
        let mut c = Cursor::new(data);
        let [len, id, to, operation] = std::array::from_fn(|_| c.array().map(u32::from_le_bytes));
        let is_known = matches!(operation?, 1 | 2004 | 2010..=2013);
        (is_known && LENGTHS.contains(&len?)).then_some((id?, to?))
    };
    match (head(orig), head(resp)) {
        (Some((id, 0)), Some((_, to))) => when(id == to),
        (Some((_, 0)), None) if resp.is_empty() => NeedMore,
        _ => No,
    }
}

/// MQTT's first packet (MQTT 3.1.1 and 5.0, section 3.1): CONNECT, its length in up to four bytes, the
/// protocol's name and level. As for Zeek, it is proof enough.
pub(super) fn mqtt(orig: &[u8]) -> Probe {
    let Some((0x10, rest)) = orig.split_first() else { return No };
    let n = rest.iter().take(3).take_while(|b| **b >= 0x80).count() + 1;
    let Some((length, name)) = rest.split_at_checked(n) else { return No };
    if length.last().is_none_or(|last| *last >= 0x80) {
        return No;
    }
    let level = name.strip_prefix(b"\0\x04MQTT").or_else(|| name.strip_prefix(b"\0\x06MQIsdp"));
    when(matches!(level, Some([3..=5, ..])))
}

/// OpenVPN's hard reset by a client (its documentation, "network protocol"): operation 7 with key 0,
/// session; perhaps an HMAC, the packet's number 1 and a time; nothing acknowledged, message 0. With
/// tls-crypt number, time and HMAC stand before the rest, which is enciphered.
pub(super) fn openvpn(data: &[u8]) -> Probe {
    /// Bytes of the HMACs in use: MD5, SHA-1, SHA-256, SHA-512.
    const HMACS: [usize; 4] = [16, 20, 32, 64];
    /// Operation, session, number, time, HMAC and five bytes.
    const ENCIPHERED: usize = 1 + 8 + 4 + 4 + 32 + 5;
    let Some((0x38, rest)) = data.split_first() else { return No };
    let is_first = |at: usize| rest.get(at..at + 4) == Some(&[0, 0, 0, 1]);
    let is_clear = rest.ends_with(&[0; 5]);
    let is_plain = rest.len() == 13 && rest.get(..8) != Some(&[0; 8]);
    let is_signed = |hmac: usize| rest.len() == 13 + hmac + 8 && is_first(8 + hmac);
    let is_signed = HMACS.into_iter().any(is_signed);
    let is_enciphered = data.len() == ENCIPHERED && is_first(8);
    when((is_clear && (is_plain || is_signed)) || is_enciphered)
}

/// The same in a stream, where the length stands before each.
pub(super) fn openvpn_stream(orig: &[u8]) -> Probe {
    let Some(([hi, lo], rest)) = orig.split_first_chunk::<2>().map(|(len, rest)| (*len, rest))
    else {
        return if orig.is_empty() { No } else { NeedMore };
    };
    rest.get(..u16::from_be_bytes([hi, lo]).into()).map_or(No, openvpn)
}

/// A call of ONC RPC (RFC 5531, section 9): transaction, call, version 2, program, its version,
/// procedure, credentials of a kind that is given out. NFS is told from all other programs.
pub(super) fn rpc(data: &[u8], is_nfs: bool) -> Probe {
    const NFS: u32 = 100_003;
    /// Programs that were given out, and those of a site (RFC 5531, section 8.4).
    const PROGRAMS: std::ops::Range<u32> = 100_000..0x4000_0000;
    /// No program has as many versions, nor a version as many procedures.
    const FEW: u32 = 100;
    let mut c = Cursor::new(data);
    let words: [Option<u32>; 7] = std::array::from_fn(|_| c.be32());
    let [_, Some(0), Some(2), Some(program), Some(version), Some(procedure), Some(0..=7)] = words
    else {
        return No;
    };
    let is_known = PROGRAMS.contains(&program) && version < FEW && procedure < FEW;
    when(is_known && (program == NFS) == is_nfs)
}

/// The same in a record of a stream (RFC 5531, section 11): the last fragment and its length.
pub(super) fn record(orig: &[u8], is_nfs: bool) -> Probe {
    match orig {
        [0x80, _, _, _, call @ ..] => rpc(call, is_nfs),
        _ => No,
    }
}

/// STUN (RFC 8489, section 5): two zero bits, a length that fits, the magic cookie.
pub(super) fn stun(data: &[u8]) -> Probe {
    match data {
        [0..=0x3f, _, hi, lo, 0x21, 0x12, 0xa4, 0x42, rest @ ..] => {
            when(usize::from(u16::from_be_bytes([*hi, *lo])) + 12 == rest.len())
        }
        _ => No,
    }
}

/// TDS (MS-TDS, section 2.2.3): packets have a kind, a status, their length, and a window of 0. The
/// client's first packet comes whole, and the server's first is a reply.
pub(super) fn tds(orig: &[u8], resp: &[u8]) -> Probe {
    /// Bytes of the header.
    const HEADER: usize = 8;
    let head = |data: &[u8]| match *data {
        [kind, 0..=1, hi, lo, _, _, _, 0, ..] => {
            Some((kind, usize::from(u16::from_be_bytes([hi, lo]))))
        }
        _ => None,
    };
    let Some((1..=3 | 16..=18, len)) = head(orig) else { return No };
    let answers = match head(resp) {
        Some((4, len)) => when(len > HEADER),
        None if resp.is_empty() => NeedMore,
        _ => No,
    };
    both(when(len > HEADER && len <= orig.len()), answers)
}

/// A TFTP request (RFC 1350, section 5): to read or write, a file's name and a mode, each with a zero
/// at its end, and nothing but options (RFC 2347) behind them.
pub(super) fn tftp(data: &[u8]) -> Probe {
    const MODES: &[&[u8]] = &[b"netascii", b"octet", b"mail"];
    let [0, 1 | 2, rest @ ..] = data else { return No };
    let mut parts = rest.split(|b| *b == 0);
    let name = parts.next().unwrap_or_default();
    let mode = parts.next().unwrap_or_default();
    let is_mode = MODES.iter().any(|m| m.eq_ignore_ascii_case(mode));
    when(is_mode && !name.is_empty() && is_text(name) && rest.ends_with(b"\0"))
}

/// WireGuard's handshake (its paper, section 5.4): a type, three zeros, and the one length of the type.
pub(super) fn wireguard(data: &[u8]) -> Probe {
    when(matches!((data, data.len()), ([1, 0, 0, 0, ..], 148) | ([2, 0, 0, 0, ..], 92)))
}

/// X11's first bytes (X Window System Protocol, chapter 8): byte order, version 11.0, the lengths of
/// what shows who one is; the server repeats the version.
pub(super) fn x11(orig: &[u8], resp: &[u8]) -> Probe {
    let (n, d, version) = match *orig {
        [b'l', _, 11, 0, 0, 0, n, 0, d, 0, _, _, ..] => (n, d, [11, 0, 0, 0]),
        [b'B', _, 0, 11, 0, 0, 0, n, 0, d, _, _, ..] => (n, d, [0, 11, 0, 0]),
        _ => return No,
    };
    let padded = |n: u8| usize::from(n).div_ceil(4) * 4;
    let whole = 12 + padded(n) + padded(d);
    // The client waits for the answer: without one, nothing can stand behind.
    when(match resp {
        [] => orig.len() == whole,
        _ => orig.len() >= whole && resp.get(2..6) == Some(&version),
    })
}
