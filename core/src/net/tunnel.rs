//! Tunnels: what an IP packet or a UDP datagram carries instead of an application's bytes.
//!
//! A tunnel that is told by a port alone is believed only if its header is right and an IP or ARP
//! packet follows: ports are anyone's.

use super::ip::{self, Ip};
use super::link::{self, ETHERNET, Layer, Next};
use std::net::IpAddr;

/// How many tunnels inside each other are opened; the packet in a deeper one stays closed. Real
/// networks nest two or three; each level costs time and could be made endless.
pub const MAX_TUNNELS: usize = 8;

/// A kind of tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TunnelKind {
    /// IPv6 over UDP with authentication, as SixXS had it.
    Ayiya,
    /// ERSPAN of any type: mirrored frames over GRE.
    Erspan,
    /// Ethernet over IP (RFC 3378), or as IPv6's next header 143.
    EtherIp,
    /// GENEVE (RFC 8926).
    Geneve,
    /// GRE (RFC 2784, RFC 2890), PPTP's variant (RFC 2637) included.
    Gre,
    /// GTP-U version 1 (3GPP TS 29.281).
    Gtp,
    /// IPv4 or IPv6 in either (RFC 2003, RFC 2473, RFC 4213).
    IpInIp,
    /// L2TP version 2 (RFC 2661).
    L2tp,
    /// MPLS over IP (RFC 4023) or UDP (RFC 7510).
    Mpls,
    /// Teredo (RFC 4380).
    Teredo,
    /// TaZmen sniffer protocol: mirrored frames over UDP.
    Tzsp,
    /// VXLAN (RFC 7348), its generic extension included.
    Vxlan,
}

impl TunnelKind {
    /// Its name: Zeek's `conn.service` of the outer datagrams where Zeek has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ayiya => "ayiya",
            Self::Erspan => "erspan",
            Self::EtherIp => "etherip",
            Self::Geneve => "geneve",
            Self::Gre => "gre",
            Self::Gtp => "gtpv1",
            Self::IpInIp => "ip",
            Self::L2tp => "l2tp",
            Self::Mpls => "mpls",
            Self::Teredo => "teredo",
            Self::Tzsp => "tzsp",
            Self::Vxlan => "vxlan",
        }
    }
}

/// One tunnel around a packet, by its outer packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tunnel {
    /// Its kind.
    pub kind: TunnelKind,
    /// Outer sender.
    pub src: IpAddr,
    /// Outer receiver.
    pub dst: IpAddr,
    /// Outer UDP ports; `None` when it runs over IP.
    pub ports: Option<(u16, u16)>,
    /// Its number: VXLAN's and GENEVE's network, GTP's tunnel endpoint, GRE's key, L2TP's session.
    pub id: Option<u32>,
}

/// What a tunnel's header says: its kind and number, and what follows.
type Opened<'a> = (TunnelKind, Option<u32>, Layer<'a>);

/// What an IP packet carries, by its protocol number.
pub(super) fn over_ip<'a>(ip: &Ip<'a>) -> Option<Opened<'a>> {
    let layer = Layer { next: Next::Ip, data: ip.payload, wire: ip.payload_len };
    match ip.protocol {
        4 | 41 | 94 => Some((TunnelKind::IpInIp, None, layer)),
        47 => gre(layer),
        97 => match layer.be16(0).ok()? >> 12 {
            3 => Some((TunnelKind::EtherIp, None, layer.after(2, Next::Link(ETHERNET)).ok()?)),
            _ => None,
        },
        137 => Some((TunnelKind::Mpls, None, Layer { next: Next::Ether(0x8847), ..layer })),
        143 if ip.is_v6() => {
            Some((TunnelKind::EtherIp, None, Layer { next: Next::Link(ETHERNET), ..layer }))
        }
        _ => None,
    }
}

/// What a UDP datagram carries, by either port.
pub(super) fn over_udp(ports: (u16, u16), payload: &[u8], payload_len: u32) -> Option<Opened<'_>> {
    let layer = Layer { next: Next::Ip, data: payload, wire: payload_len };
    let by_port = |port| match port {
        1701 => l2tp(layer),
        2152 => gtp(layer),
        3544 => teredo(layer),
        4789 | 8472 => vxlan(layer),
        4790 => vxlan_gpe(layer),
        5072 => ayiya(layer),
        6081 => geneve(layer),
        6635 => Some((TunnelKind::Mpls, None, Layer { next: Next::Ether(0x8847), ..layer })),
        37008 => tzsp(layer),
        _ => None,
    };
    let (low, high) = (ports.0.min(ports.1), ports.0.max(ports.1));
    let opened = by_port(low).or_else(|| by_port(high)).or_else(|| teredo_relayed(layer))?;
    leads_to_ip(opened.2).then_some(opened)
}

/// True when the headers from here on lead to an IP or ARP packet.
fn leads_to_ip(mut layer: Layer<'_>) -> bool {
    let mut vlans = [None; 2];
    for _ in 0..super::decode::MAX_HEADERS {
        match layer.next {
            Next::Ip => return ip::parse(layer.data, layer.wire).is_ok(),
            Next::Arp => return true,
            _ => match link::peel(layer, &mut vlans) {
                Ok(inner) => layer = inner,
                Err(_) => return false,
            },
        }
    }
    false
}

/// GRE: flags, version and protocol; then checksum, key and sequence number if flags say so.
fn gre(layer: Layer<'_>) -> Option<Opened<'_>> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACK: u16 = 0x0080;
    let (flags, protocol) = (layer.be16(0).ok()?, layer.be16(2).ok()?);
    let mut len = 4;
    if flags & (CHECKSUM | ROUTING) != 0 {
        len += 4;
    }
    let mut id = None;
    if flags & KEY != 0 {
        id = layer.array(len).ok().map(u32::from_be_bytes);
        len += 4;
    }
    if flags & SEQUENCE != 0 {
        len += 4;
    }
    match flags & 7 {
        0 if flags & ROUTING == 0 => gre_payload(layer, len, flags & SEQUENCE != 0, protocol, id),
        // PPTP: the key is payload length and call; without a sequence number there is no payload.
        1 if protocol == 0x880b && flags & SEQUENCE != 0 => {
            len += if flags & ACK != 0 { 4 } else { 0 };
            Some((
                TunnelKind::Gre,
                id.map(|key| key & 0xffff),
                layer.after(len, Next::Link(9)).ok()?,
            ))
        }
        _ => None,
    }
}

/// What follows a GRE header of version 0.
fn gre_payload(
    layer: Layer<'_>,
    len: usize,
    has_sequence: bool,
    protocol: u16,
    id: Option<u32>,
) -> Option<Opened<'_>> {
    let rest = |more: usize, next| layer.after(len + more, next).ok();
    Some(match protocol {
        // ERSPAN type I has no header of its own, and no sequence number to tell it by.
        0x88be if !has_sequence => (TunnelKind::Erspan, None, rest(0, Next::Link(ETHERNET))?),
        0x88be => {
            let session = u32::from(layer.be16(len + 2).ok()? & 0x03ff);
            (TunnelKind::Erspan, Some(session), rest(8, Next::Link(ETHERNET))?)
        }
        0x22eb => {
            let session = u32::from(layer.be16(len + 2).ok()? & 0x03ff);
            // The last bit says that a platform's own header of 8 bytes follows.
            let [.., last] = layer.array::<12>(len).ok()?;
            let more = if last & 1 == 1 { 20 } else { 12 };
            (TunnelKind::Erspan, Some(session), rest(more, Next::Link(ETHERNET))?)
        }
        // WCCP: its second version has a redirect header of 4 bytes, which no IP version looks like.
        0x883e => match layer.array::<1>(len).ok()? {
            [first] if first >> 4 == 4 => (TunnelKind::Gre, id, rest(0, Next::Ip)?),
            _ => (TunnelKind::Gre, id, rest(4, Next::Ip)?),
        },
        0x880b => (TunnelKind::Gre, id, rest(0, Next::Link(9))?),
        // Aruba's access points: 802.11 frames.
        0x8200..=0x8270 if protocol & 0xf == 0 => {
            (TunnelKind::Gre, id, rest(0, Next::Link(link::WIFI))?)
        }
        other => (TunnelKind::Gre, id, rest(0, Next::Ether(other))?),
    })
}

/// A 24-bit network number in the upper bytes of a word.
const fn network(word: [u8; 4]) -> Option<u32> {
    Some(u32::from_be_bytes(word) >> 8)
}

/// VXLAN: flags, of which the network's bit is set and all but group policy's are zero, network.
fn vxlan(layer: Layer<'_>) -> Option<Opened<'_>> {
    let [flags, ..] = layer.array::<4>(0).ok()?;
    let word = layer.array::<4>(4).ok()?;
    if flags & 0x7f != 0x08 {
        return None;
    }
    Some((TunnelKind::Vxlan, network(word), layer.after(8, Next::Link(ETHERNET)).ok()?))
}

/// VXLAN's generic extension: the last octet before the network says what follows.
fn vxlan_gpe(layer: Layer<'_>) -> Option<Opened<'_>> {
    let [flags, _, _, protocol] = layer.array::<4>(0).ok()?;
    let next = match protocol {
        1 | 2 => Next::Ip,
        3 => Next::Link(ETHERNET),
        _ => return None,
    };
    if flags & 0x08 == 0 {
        return None;
    }
    Some((TunnelKind::Vxlan, network(layer.array(4).ok()?), layer.after(8, next).ok()?))
}

/// GENEVE: version 0 and options' length in words, flags, EtherType, network.
fn geneve(layer: Layer<'_>) -> Option<Opened<'_>> {
    let [first, _, hi, lo] = layer.array::<4>(0).ok()?;
    if first >> 6 != 0 {
        return None;
    }
    let len = 8 + usize::from(first & 0x3f) * 4;
    let next = Next::Ether(u16::from_be_bytes([hi, lo]));
    Some((TunnelKind::Geneve, network(layer.array(4).ok()?), layer.after(len, next).ok()?))
}

/// GTP-U: version 1 and protocol type, message 255 (a user's packet), length, tunnel; then 4 bytes
/// if any of three flags is set, and a chain of extension headers.
fn gtp(layer: Layer<'_>) -> Option<Opened<'_>> {
    const USER_PACKET: u8 = 255;
    const HAS_EXTENSION: u8 = 4;
    let [flags, message, hi, lo] = layer.array::<4>(0).ok()?;
    if flags >> 4 != 3 || message != USER_PACKET {
        return None;
    }
    let id = layer.array(4).ok().map(u32::from_be_bytes);
    let mut len = if flags & 7 == 0 { 8 } else { 12 };
    let mut extension = match flags & HAS_EXTENSION {
        0 => 0,
        _ => layer.array::<1>(11).ok()?[0],
    };
    while extension != 0 {
        let [words] = layer.array::<1>(len).ok()?;
        len += usize::from(words) * 4;
        // The next type is the last octet; a length of 0 would never end.
        [extension] = layer.array::<1>(len - 1).ok().filter(|_| words > 0)?;
    }
    let whole = layer.limited(8 + u32::from(u16::from_be_bytes([hi, lo])));
    Some((TunnelKind::Gtp, id, whole.after(len, Next::Ip).ok()?))
}

/// Teredo: authentication and origin headers may come before the IPv6 packet.
fn teredo(mut layer: Layer<'_>) -> Option<Opened<'_>> {
    if let Ok([0, 1, client, auth]) = layer.array::<4>(0) {
        layer = layer.after(13 + usize::from(client) + usize::from(auth), Next::Ip).ok()?;
    }
    if let Ok([0, 0]) = layer.array::<2>(0) {
        layer = layer.after(8, Next::Ip).ok()?;
    }
    let [first] = layer.array::<1>(0).ok()?;
    (first >> 4 == 6).then_some((TunnelKind::Teredo, None, layer))
}

/// Teredo between clients and relays, which have any port (RFC 4380, section 5.4): told by an
/// address of its own prefix, 2001::/32, in the packet inside.
fn teredo_relayed(layer: Layer<'_>) -> Option<Opened<'_>> {
    let opened = teredo(layer)?;
    let inner = ip::parse(opened.2.data, opened.2.wire).ok()?;
    let is_teredo = |addr| matches!(addr, IpAddr::V6(a) if a.segments().starts_with(&[0x2001, 0]));
    (is_teredo(inner.src) || is_teredo(inner.dst)).then_some(opened)
}

/// AYIYA: lengths of identity and signature, an operation that forwards (1), the next header.
fn ayiya(layer: Layer<'_>) -> Option<Opened<'_>> {
    let [identity, signature, operation, next] = layer.array::<4>(0).ok()?;
    if operation & 0x0f != 1 || !matches!(next, 4 | 41) {
        return None;
    }
    let len = 8 + (1usize << (identity >> 4)) + usize::from(signature >> 4) * 4;
    Some((TunnelKind::Ayiya, None, layer.after(len, Next::Ip).ok()?))
}

/// L2TP version 2, data message: length, sequence numbers and an offset if flags say so; PPP.
fn l2tp(layer: Layer<'_>) -> Option<Opened<'_>> {
    const CONTROL: u16 = 0x8000;
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    let flags = layer.be16(0).ok()?;
    if flags & CONTROL != 0 || flags & 0xf != 2 {
        return None;
    }
    let mut len = if flags & LENGTH == 0 { 2 } else { 4 };
    let session = layer.be16(len + 2).ok()?;
    len += 4 + if flags & SEQUENCE == 0 { 0 } else { 4 };
    if flags & OFFSET != 0 {
        len += 2 + usize::from(layer.be16(len).ok()?);
    }
    Some((TunnelKind::L2tp, Some(u32::from(session)), layer.after(len, Next::Link(9)).ok()?))
}

/// TZSP: version 1, a packet received or sent, its protocol; then tags up to an end tag.
fn tzsp(layer: Layer<'_>) -> Option<Opened<'_>> {
    let [version, kind, hi, lo] = layer.array::<4>(0).ok()?;
    let next = match u16::from_be_bytes([hi, lo]) {
        1 => Next::Link(ETHERNET),
        18 => Next::Link(link::WIFI),
        119 => Next::Link(119),
        _ => return None,
    };
    if version != 1 || kind > 1 {
        return None;
    }
    let mut at = 4;
    loop {
        match layer.array::<1>(at).ok()? {
            [0] => at += 1,
            [1] => return Some((TunnelKind::Tzsp, None, layer.after(at + 1, next).ok()?)),
            _ => at += 2 + usize::from(layer.array::<1>(at + 1).ok()?[0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Origin;
    use crate::net::{Decoder, Found, L4, Outcome, Packet};

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: String = hex.split_whitespace().collect();
        base16ct::lower::decode_vec(hex.as_bytes()).unwrap()
    }

    /// IPv4 from 10.0.0.x to 10.0.0.y around `payload`.
    fn ipv4(protocol: u8, (x, y): (u8, u8), payload: &[u8]) -> Vec<u8> {
        let len = (20 + payload.len()) as u16;
        let [hi, lo] = len.to_be_bytes();
        let mut out =
            vec![0x45, 0, hi, lo, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, x, 10, 0, 0, y];
        out.extend(payload);
        out
    }

    fn udp((src, dst): (u16, u16), payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [src, dst, (8 + payload.len()) as u16, 0] {
            out.extend(word.to_be_bytes());
        }
        out.extend(payload);
        out
    }

    fn ipv6(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![0x60, 0, 0, 0];
        out.extend((payload.len() as u16).to_be_bytes());
        out.extend([protocol, 64]);
        out.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        out.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        out.extend(payload);
        out
    }

    /// The innermost packet of every test: UDP from port 1000 to 2000.
    fn inner() -> Vec<u8> {
        ipv4(17, (1, 2), &udp((1000, 2000), b"inner"))
    }

    fn ethernet(ip: &[u8]) -> Vec<u8> {
        let mut out = bytes("020000000001 020000000002 0800");
        out.extend(ip);
        out
    }

    /// For each packet found its tunnels, or what it carries.
    fn decode(raw: &[u8]) -> (Outcome, Vec<String>) {
        let wire_len = raw.len() as u32;
        let packet = Packet {
            ts: None,
            at: Origin::default(),
            link_type: 101,
            interface: 0,
            wire_len,
            data: raw,
        };
        let mut got = Vec::new();
        let outcome =
            Decoder::new(&crate::settings::Settings::default()).decode(&packet, &mut |found| {
                match found {
                    Found::Ip(d) => {
                        let path: Vec<_> = d
                            .tunnels
                            .iter()
                            .map(|t| format!("{}{:?}", t.kind.name(), t.id))
                            .collect();
                        let what = match (d.carries, d.l4) {
                            (Some(kind), _) => format!("outer {}", kind.name()),
                            (_, L4::Udp { src: 1000, payload: b"inner", .. }) => "inner".to_owned(),
                            (_, other) => format!("{other:?}"),
                        };
                        got.push(format!("{}{what}", path.join(" ")));
                    }
                    Found::Arp(arp) => got.push(format!("arp {}", arp.operation)),
                    Found::Odd { name, .. } => got.push(name.to_owned()),
                }
            });
        (outcome, got)
    }

    #[track_caller]
    fn over_ip_gives(protocol: u8, header: &str, payload: &[u8], want: &str) {
        let mut body = bytes(header);
        let header = body.len();
        body.extend(payload);
        let raw = ipv4(protocol, (8, 9), &body);
        assert_eq!(decode(&raw), (Outcome::Decoded, vec![format!("{want}inner")]));
        // Cut inside the tunnel's header, the outer packet is what can be told.
        for len in 20..20 + header {
            let (outcome, got) = decode(&raw[..len]);
            assert_eq!((outcome, got.len()), (Outcome::Decoded, 1), "{len}");
        }
    }

    #[test]
    fn tunnels_over_ip() {
        let (ip, frame) = (inner(), ethernet(&inner()));
        over_ip_gives(4, "", &ip, "ipNone");
        over_ip_gives(41, "", &ipv6(17, &udp((1000, 2000), b"inner")), "ipNone");
        over_ip_gives(97, "3000", &frame, "etheripNone");
        over_ip_gives(137, "000101ff", &ip, "mplsNone");
        over_ip_gives(47, "0000 0800", &ip, "greNone");
        over_ip_gives(47, "b000 0800 00000000 00000007 00000001", &ip, "greSome(7)");
        over_ip_gives(47, "0000 6558", &frame, "greNone");
        over_ip_gives(47, "0000 8847 000101ff", &ip, "greNone");
        over_ip_gives(47, "0000 883e", &ip, "greNone");
        over_ip_gives(47, "0000 883e 00000000", &ip, "greNone");
        over_ip_gives(47, "3081 880b 0000 0009 00000001 00000001 ff03 0021", &ip, "greSome(9)");
        over_ip_gives(47, "0000 88be", &frame, "erspanNone");
        over_ip_gives(47, "1000 88be 00000001 1001 0005 00000000", &frame, "erspanSome(5)");
        over_ip_gives(
            47,
            &format!("1000 22eb 00000001 2001 0006 {}", "00".repeat(8)),
            &frame,
            "erspanSome(6)",
        );
        over_ip_gives(
            47,
            &format!("1000 22eb 00000001 2001 0006 {}01 {}", "00".repeat(7), "00".repeat(8)),
            &frame,
            "erspanSome(6)",
        );
    }

    #[track_caller]
    fn over_udp_gives(port: u16, header: &str, payload: &[u8], want: &str) {
        let mut body = bytes(header);
        body.extend(payload);
        let kind = want.split(['N', 'S']).next().unwrap();
        let want = vec![format!("outer {kind}"), format!("{want}inner")];
        for ports in [(55555, port), (port, 55555)] {
            let raw = ipv4(17, (8, 9), &udp(ports, &body));
            assert_eq!(decode(&raw), (Outcome::Decoded, want.clone()));
            for len in 28..raw.len() {
                assert_eq!(decode(&raw[..len]).0, Outcome::Decoded);
            }
        }
        // On another port it is anyone's datagram.
        let elsewhere = decode(&ipv4(17, (8, 9), &udp((55555, 9), &body))).1;
        assert_eq!(elsewhere.len(), 1);
        assert!(!elsewhere[0].contains("outer"));
    }

    #[test]
    fn tunnels_over_udp() {
        let (ip, frame) = (inner(), ethernet(&inner()));
        let v6 = ipv6(17, &udp((1000, 2000), b"inner"));
        over_udp_gives(4789, "08000000 00000500", &frame, "vxlanSome(5)");
        over_udp_gives(8472, "08000000 00000500", &frame, "vxlanSome(5)");
        over_udp_gives(4790, "0c000001 00000500", &ip, "vxlanSome(5)");
        over_udp_gives(6081, "0100 6558 00000500 00000000", &frame, "geneveSome(5)");
        over_udp_gives(6081, "0000 0800 00000500", &ip, "geneveSome(5)");
        let len = format!("{:04x}", ip.len());
        over_udp_gives(2152, &format!("30ff {len} 00000007"), &ip, "gtpv1Some(7)");
        let len = format!("{:04x}", ip.len() + 8);
        let chain = format!("34ff {len} 00000007 0000 00 85 01 100000");
        over_udp_gives(2152, &format!("{}00", &chain[..chain.len() - 2]), &ip, "gtpv1Some(7)");
        over_udp_gives(3544, "", &v6, "teredoNone");
        over_udp_gives(
            3544,
            "0001 00 00 0000000000000000 00 0000 0102 03040506",
            &v6,
            "teredoNone",
        );
        over_udp_gives(1701, "0002 0001 0009 ff03 0021", &ip, "l2tpSome(9)");
        over_udp_gives(1701, "4a02 0030 0001 0009 00010001 0002 0000 0021", &ip, "l2tpSome(9)");
        over_udp_gives(
            5072,
            &format!("4452 1129 00000000 {} {}", "00".repeat(16), "00".repeat(20)),
            &v6,
            "ayiyaNone",
        );
        over_udp_gives(6635, "000101ff", &ip, "mplsNone");
        over_udp_gives(37008, "01 00 0001 0a 01 05 00 01", &frame, "tzspNone");
    }

    #[test]
    fn a_tunnel_may_carry_arp() {
        let mut body = bytes("08000000 00000500 ffffffffffff 020000000001 0806");
        body.extend(bytes("0001 0800 0604 0001 020000000001 c0000201 000000000000 c0000202"));
        let got = decode(&ipv4(17, (8, 9), &udp((55555, 4789), &body)));
        assert_eq!(got, (Outcome::Decoded, vec!["outer vxlan".to_owned(), "arp 1".to_owned()]));
    }

    #[test]
    fn a_port_alone_makes_no_tunnel() {
        for (port, body) in [
            (4789, &b"\x08\0\0\0\0\0\0\0not an Ethernet frame at all"[..]),
            (2152, b"\x30\xff\0\x04\0\0\0\x01nope"),
            (2152, b"\x34\xff\0\x04\0\0\0\x01\0\0\0\x85\0"),
            (1701, b"\xc8\x02\0\x0c\0\x01\0\0\0\0\0\0"),
            (3544, b"\x45teredo carries version 6 only"),
        ] {
            let (_, got) = decode(&ipv4(17, (8, 9), &udp((55555, port), body)));
            assert_eq!(got.len(), 1);
            assert!(!got[0].contains("outer"), "{got:?}");
        }
    }

    #[test]
    fn a_tunnel_with_nothing_readable_is_a_packet_of_its_own() {
        let (outcome, got) = decode(&ipv4(47, (8, 9), &bytes("0000 88cc 0203")));
        assert_eq!(outcome, Outcome::Decoded);
        assert!(got[0].starts_with("Other"));
    }

    #[test]
    fn tunnels_nest_up_to_the_limit_and_the_rest_stays_closed() {
        let mut raw = inner();
        for _ in 0..MAX_TUNNELS {
            raw = ipv4(4, (8, 9), &raw);
        }
        assert_eq!(decode(&raw).1, [format!("{}inner", ["ipNone"; MAX_TUNNELS].join(" "))]);
        let (outcome, got) = decode(&ipv4(4, (8, 9), &raw));
        assert_eq!((outcome, &*got[0]), (Outcome::Decoded, "exceeded_tunnel_max_depth"));
        assert!(got[1].contains("Other"));
    }
}
