//! The IP header, with IPv6 extension headers: addresses, payload, and whether it is a fragment.

use super::decode::Reason;
use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice, ip_number,
};
use std::net::{IpAddr, Ipv6Addr};

/// An IP packet, as far as it was captured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ip<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// Protocol number of the payload, after extension headers.
    pub protocol: u8,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Length by the header, header included.
    pub len: u32,
    /// Captured payload, without padding behind the packet.
    pub payload: &'a [u8],
    /// Payload length by the header.
    pub payload_len: u32,
    /// Set when the payload is a part of a larger one.
    pub fragment: Option<Fragment>,
    /// Identification; 0 where the version has none.
    pub id: u16,
    /// Bytes of the header, options and extension headers included.
    pub header_len: usize,
    /// Bytes by the header's own word, which leaves out what a network card was to fill in later.
    pub told_len: u32,
}

/// Which part of a larger payload a fragment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    pub id: u32,
    /// Offset of its first byte, in bytes.
    pub offset: u32,
    /// True when more fragments follow it.
    pub is_more: bool,
}

impl Ip<'_> {
    pub(super) const fn is_v6(&self) -> bool {
        self.src.is_ipv6()
    }

    /// The same packet with its payload joined from fragments.
    pub(super) fn joined<'b>(&self, whole: &'b [u8], payload_len: u32) -> Ip<'b> {
        let ip = Ip {
            payload: whole,
            payload_len,
            len: payload_len.saturating_add(self.header_len as u32),
            told_len: payload_len.saturating_add(self.header_len as u32),
            fragment: None,
            ..Ip { payload: whole, ..*self }
        };
        extensions(ip).0
    }
}

/// Reads either version. `wire_len` is how long the packet was on the wire, for headers that do
/// not say: captures of a machine's own packets before its network card cut them to size.
pub(super) fn parse(data: &[u8], wire_len: u32) -> Result<Ip<'_>, Reason> {
    match data.first().map(|b| b >> 4) {
        Some(4) => v4(data, wire_len),
        Some(6) => v6(data, wire_len),
        Some(other) => Err(Reason::IpVersion(other)),
        None => Err(Reason::Cut("IP")),
    }
}

fn v4(data: &[u8], wire_len: u32) -> Result<Ip<'_>, Reason> {
    let header = Ipv4HeaderSlice::from_slice(data).map_err(|e| match e {
        etherparse::err::ipv4::HeaderSliceError::Len(_) => Reason::Cut("IPv4"),
        etherparse::err::ipv4::HeaderSliceError::Content(_) => Reason::Malformed("IPv4"),
    })?;
    let header_len = header.slice().len();
    let len = match u32::from(header.total_len()) {
        0 => wire_len,
        len => len,
    };
    if (len as usize) < header_len {
        return Err(Reason::Malformed("IPv4"));
    }
    let captured = data.get(..len as usize).unwrap_or(data);
    let offset = header.fragments_offset().byte_offset();
    let is_fragment = header.more_fragments() || offset > 0;
    let ip = Ip {
        src: IpAddr::V4(header.source_addr()),
        dst: IpAddr::V4(header.destination_addr()),
        protocol: header.protocol().0,
        ttl: header.ttl(),
        len,
        payload: captured.get(header_len..).unwrap_or_default(),
        payload_len: len - header_len as u32,
        fragment: is_fragment.then(|| Fragment {
            id: u32::from(header.identification()),
            offset: u32::from(offset),
            is_more: header.more_fragments(),
        }),
        id: header.identification(),
        header_len,
        told_len: u32::from(header.total_len()),
    };
    Ok(if ip.protocol == ip_number::AUTH.0 && !is_fragment { extensions(ip).0 } else { ip })
}

fn v6(data: &[u8], wire_len: u32) -> Result<Ip<'_>, Reason> {
    let header = Ipv6HeaderSlice::from_slice(data).map_err(|_| Reason::Cut("IPv6"))?;
    let announced = u32::from(header.payload_length());
    let rest = data.get(HEADER_V6..).unwrap_or_default();
    let whole = Ip {
        src: IpAddr::V6(header.source_addr()),
        dst: IpAddr::V6(header.destination_addr()),
        protocol: header.next_header().0,
        ttl: header.hop_limit(),
        len: 0,
        payload: rest,
        payload_len: announced,
        fragment: None,
        id: 0,
        header_len: HEADER_V6,
        told_len: 0,
    };
    // RFC 2675: a length of 0 is in the jumbo payload option, else it was never filled in.
    let jumbo = if announced == 0 { jumbo_len(&whole) } else { None };
    let payload_len = match announced {
        0 if header.next_header() == ip_number::IPV6_NO_NEXT_HEADER => 0,
        0 => jumbo.unwrap_or(wire_len.saturating_sub(HEADER_V6 as u32)),
        len => len,
    };
    let payload = rest.get(..payload_len as usize).unwrap_or(rest);
    let len = payload_len.saturating_add(HEADER_V6 as u32);
    let told_len = jumbo.unwrap_or(announced).saturating_add(HEADER_V6 as u32);
    let (mut ip, last_hop) = extensions(Ip { len, told_len, payload, payload_len, ..whole });
    if let Some(last_hop) = last_hop {
        ip.dst = IpAddr::V6(last_hop);
    }
    Ok(ip)
}

/// Bytes of the fixed IPv6 header.
const HEADER_V6: usize = 40;

/// Walks over extension headers up to the payload, to a fragment, or to what was not captured.
/// Also gives the final destination of a routing header that has hops left (types 0 and 2).
fn extensions(mut ip: Ip<'_>) -> (Ip<'_>, Option<Ipv6Addr>) {
    let mut last_hop = None;
    while ip.fragment.is_none() {
        let (next, len) = match etherparse::IpNumber(ip.protocol) {
            ip_number::AUTH => match IpAuthHeaderSlice::from_slice(ip.payload) {
                Ok(auth) => (auth.next_header(), auth.slice().len()),
                Err(_) => break,
            },
            ip_number::IPV6_FRAGMENTATION_HEADER => {
                match Ipv6FragmentHeaderSlice::from_slice(ip.payload) {
                    Ok(part) => {
                        if part.is_fragmenting_payload() {
                            ip.fragment = Some(Fragment {
                                id: part.identification(),
                                offset: u32::from(part.fragment_offset().byte_offset()),
                                is_more: part.more_fragments(),
                            });
                        }
                        (part.next_header(), part.slice().len())
                    }
                    Err(_) => break,
                }
            }
            number if Ipv6RawExtHeaderSlice::header_type_supported(number) => {
                match Ipv6RawExtHeaderSlice::from_slice(ip.payload) {
                    Ok(raw) => {
                        if number == ip_number::IPV6_ROUTE_HEADER {
                            last_hop = final_destination(raw.payload()).or(last_hop);
                        }
                        (raw.next_header(), raw.slice().len())
                    }
                    Err(_) => break,
                }
            }
            _ => break,
        };
        ip.protocol = next.0;
        ip.header_len += len;
        ip.payload = ip.payload.get(len..).unwrap_or_default();
        ip.payload_len = ip.payload_len.saturating_sub(len as u32);
    }
    (ip, last_hop)
}

/// The last address of a routing header of type 0 (RFC 2460) or 2 (RFC 6275) with hops left;
/// `body` begins behind its length octet.
fn final_destination(body: &[u8]) -> Option<Ipv6Addr> {
    let (kind, left) = (*body.first()?, *body.get(1)?);
    let addresses = body.get(6..).filter(|_| matches!(kind, 0 | 2) && left > 0)?;
    addresses.last_chunk::<16>().map(|octets| Ipv6Addr::from(*octets))
}

/// The length in a hop-by-hop jumbo payload option (RFC 2675), which counts all behind the fixed
/// header.
fn jumbo_len(ip: &Ip<'_>) -> Option<u32> {
    const JUMBO: u8 = 0xc2;
    if ip.protocol != ip_number::IPV6_HEADER_HOP_BY_HOP.0 {
        return None;
    }
    let raw = Ipv6RawExtHeaderSlice::from_slice(ip.payload).ok()?;
    let mut c = crate::bytes::Cursor::new(raw.payload());
    loop {
        match c.u8()? {
            0 => {}
            JUMBO => {
                c.u8()?;
                return c.be32().filter(|len| *len > u32::from(u16::MAX));
            }
            _ => {
                let len = c.u8()?;
                c.take(usize::from(len))?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(total_len: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let [hi, lo] = total_len.to_be_bytes();
        let mut out =
            vec![0x45, 0, hi, lo, 0, 9, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        out.extend(payload);
        out
    }

    fn v6(payload_len: u16, next: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![0x60, 0, 0, 0];
        out.extend(payload_len.to_be_bytes());
        out.extend([next, 64]);
        out.extend([[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]; 2].concat());
        out.extend(payload);
        out
    }

    #[test]
    fn padding_is_left_out_and_a_cut_packet_keeps_its_length() {
        let data = v4(22, 17, b"abPADDING");
        let ip = parse(&data, 29).unwrap();
        assert_eq!((ip.payload, ip.payload_len, ip.len), (&b"ab"[..], 2, 22));
        let data = v4(1500, 17, b"ab");
        let ip = parse(&data, 1500).unwrap();
        assert_eq!((ip.payload, ip.payload_len, ip.len), (&b"ab"[..], 1480, 1500));
    }

    #[test]
    fn a_length_never_filled_in_is_the_wire_s() {
        let lens = |data: &[u8]| parse(data, 9000).map(|ip| (ip.len, ip.told_len)).unwrap();
        assert_eq!(lens(&v4(0, 6, b"abc")), (9000, 0));
        assert_eq!(lens(&v6(0, 6, b"abc")), (9000, 40));
        assert_eq!(lens(&v6(0, 59, b"")), (40, 40));
        assert_eq!(lens(&v4(23, 6, b"abc")), (23, 23));
        assert_eq!(lens(&v6(3, 6, b"abc")), (43, 43));
    }

    #[test]
    fn headers_that_contradict_themselves_are_told() {
        assert_eq!(parse(&v4(19, 6, b"abc"), 23).unwrap_err(), Reason::Malformed("IPv4"));
        assert_eq!(parse(&[0x44; 40], 40).unwrap_err(), Reason::Malformed("IPv4"));
        assert_eq!(parse(&[0x55; 40], 40).unwrap_err(), Reason::IpVersion(5));
        assert_eq!(parse(&v6(0, 6, b"")[..39], 39).unwrap_err(), Reason::Cut("IPv6"));
        assert_eq!(parse(&[], 0).unwrap_err(), Reason::Cut("IP"));
    }

    #[test]
    fn extension_headers_are_walked_to_the_payload() {
        // Hop-by-hop, destination options of 16 bytes, authentication of 12, then TCP.
        let chain = [
            &[60, 0, 1, 4, 0, 0, 0, 0][..],
            &[51, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2],
            b"tcp",
        ]
        .concat();
        let data = v6(chain.len() as u16, 0, &chain);
        let ip = parse(&data, data.len() as u32).unwrap();
        assert_eq!((ip.protocol, ip.payload, ip.payload_len), (6, &b"tcp"[..], 3));
        for len in 40..data.len() - 3 {
            let cut = parse(&data[..len], data.len() as u32).unwrap();
            assert!(cut.protocol != 6 || cut.payload.is_empty());
        }
    }

    #[test]
    fn a_routing_header_with_hops_left_names_the_destination() {
        let last = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        for (kind, left, is_changed) in [(0, 1, true), (2, 1, true), (0, 0, false), (4, 1, false)] {
            let mut route = vec![17, 2, kind, left, 0, 0, 0, 0];
            route.extend(last);
            let data = v6(24, 43, &route);
            let ip = parse(&data, 64).unwrap();
            assert_eq!(ip.dst == IpAddr::from(last), is_changed, "type {kind}, {left} left");
        }
    }

    #[test]
    fn a_jumbogram_s_length_is_its_option_s() {
        let option = [6, 0, 0xc2, 4, 0, 1, 0, 8];
        let data = v6(0, 0, &option);
        assert_eq!(parse(&data, 1 << 20).unwrap().payload_len, 65_544 - 8);
        // One that would fit the plain field is a lie.
        let option = [6, 0, 0xc2, 4, 0, 0, 0, 8];
        assert_eq!(parse(&v6(0, 0, &option), 1000).unwrap().payload_len, 1000 - 48);
    }

    #[test]
    fn fragments_of_both_versions() {
        let mut data = v4(28, 17, b"abcdefgh");
        [data[6], data[7]] = [0x20, 3];
        let want = Fragment { id: 9, offset: 24, is_more: true };
        assert_eq!(parse(&data, 28).unwrap().fragment, Some(want));
        let data = v6(16, 44, b"\x11\0\0\x19\0\0\0\x09abcdefgh");
        let ip = parse(&data, 56).unwrap();
        assert_eq!((ip.fragment, ip.protocol, ip.payload), (Some(want), 17, &b"abcdefgh"[..]));
        // An atomic fragment (RFC 6946) is none.
        let data = v6(16, 44, b"\x11\0\0\0\0\0\0\x09abcdefgh");
        assert_eq!(parse(&data, 56).unwrap().fragment, None);
    }
}
