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
    /// Bytes of the header, options and extension headers included.
    pub header_len: usize,
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
        header_len,
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
        header_len: HEADER_V6,
    };
    // RFC 2675: a length of 0 is in the jumbo payload option, else it was never filled in.
    let payload_len = match announced {
        0 if header.next_header() == ip_number::IPV6_NO_NEXT_HEADER => 0,
        0 => jumbo_len(&whole).unwrap_or(wire_len.saturating_sub(HEADER_V6 as u32)),
        len => len,
    };
    let payload = rest.get(..payload_len as usize).unwrap_or(rest);
    let len = payload_len.saturating_add(HEADER_V6 as u32);
    let (mut ip, last_hop) = extensions(Ip { len, payload, payload_len, ..whole });
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
