//! The transport header of an IP packet, as far as it was captured.

use super::ip::Ip;
use super::{L4, checksum};
use crate::bytes::Cursor;
use etherparse::ip_number;
use std::net::IpAddr;

/// The transport layer of `ip`. What is too short or cut inside its header stays [`L4::Other`].
pub(super) fn parse<'a>(ip: &Ip<'a>) -> L4<'a> {
    let found = match ip.protocol {
        TCP => tcp(ip),
        UDP => udp(ip),
        SCTP => sctp(ip),
        ICMP if !ip.is_v6() => icmp(ip, false),
        ICMPV6 if ip.is_v6() => icmp(ip, true),
        _ => None,
    };
    found.unwrap_or(L4::Other { payload: ip.payload, payload_len: ip.payload_len })
}

const ICMP: u8 = ip_number::ICMP.0;
const ICMPV6: u8 = ip_number::IPV6_ICMP.0;
const SCTP: u8 = ip_number::SCTP.0;
pub(super) const TCP: u8 = ip_number::TCP.0;
pub(super) const UDP: u8 = ip_number::UDP.0;

/// Where a TCP header has its checksum.
pub(super) const TCP_SUM: usize = 16;
/// Where a UDP header has its checksum.
pub(super) const UDP_SUM: usize = 6;

/// True when the payload was captured whole, so that its checksum can be judged.
fn is_whole(ip: &Ip<'_>) -> bool {
    ip.payload.len() as u64 == u64::from(ip.payload_len)
}

/// RFC 9293. Read by hand, since a header cut inside its options still tells ports and flags.
fn tcp<'a>(ip: &Ip<'a>) -> Option<L4<'a>> {
    let mut c = Cursor::new(ip.payload);
    let (src, dst, seq, ack) = (c.be16()?, c.be16()?, c.be32()?, c.be32()?);
    let (data_offset, flags, window) = (c.u8()? >> 4, c.u8()?, c.be16()?);
    // A data offset below 5 is a lie: the fixed header is there all the same.
    let header = usize::from(data_offset).max(5) * 4;
    Some(L4::Tcp {
        src,
        dst,
        seq,
        ack,
        flags,
        window,
        payload: ip.payload.get(header..).unwrap_or_default(),
        payload_len: ip.payload_len.saturating_sub(header as u32),
        is_checksum_ok: !is_whole(ip)
            || checksum::is_ok(ip.src, ip.dst, TCP, ip.payload)
            || checksum::is_unfinished(ip.src, ip.dst, TCP, ip.payload, TCP_SUM),
    })
}

/// RFC 768. A length of 0 is a jumbogram's (RFC 2675), or one cut to segments later: all the rest.
fn udp<'a>(ip: &Ip<'a>) -> Option<L4<'a>> {
    let mut c = Cursor::new(ip.payload);
    let (src, dst, len, sum) = (c.be16()?, c.be16()?, u32::from(c.be16()?), c.be16()?);
    let by_ip = ip.payload_len.saturating_sub(8);
    let payload_len = if len == 0 { by_ip } else { len.saturating_sub(8).min(by_ip) };
    let rest = c.rest();
    let payload = rest.get(..payload_len as usize).unwrap_or(rest);
    let datagram = ip.payload.get(..payload.len() + 8).unwrap_or_default();
    let is_judged = sum != 0 && payload.len() == payload_len as usize && len == payload_len + 8;
    let is_checksum_ok = !is_judged || checksum::is_ok(ip.src, ip.dst, UDP, datagram);
    Some(L4::Udp { src, dst, payload, payload_len, is_checksum_ok })
}

/// RFC 9260: ports, verification tag, checksum, then chunks.
fn sctp<'a>(ip: &Ip<'a>) -> Option<L4<'a>> {
    let mut c = Cursor::new(ip.payload);
    let (src, dst) = (c.be16()?, c.be16()?);
    c.take(8)?;
    Some(L4::Sctp { src, dst, payload: c.rest(), payload_len: ip.payload_len.saturating_sub(12) })
}

/// RFC 792 and RFC 4443.
fn icmp<'a>(ip: &Ip<'a>, is_v6: bool) -> Option<L4<'a>> {
    let mut c = Cursor::new(ip.payload);
    let (kind, code, _checksum) = (c.u8()?, c.u8()?, c.be16()?);
    Some(L4::Icmp {
        is_v6,
        kind,
        code,
        rest: c.rest(),
        payload_len: ip.payload_len.saturating_sub(8),
    })
}

/// The packet that an ICMP error speaks of, as sent by the one who gets the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Its sender.
    pub src: IpAddr,
    /// Its receiver.
    pub dst: IpAddr,
    /// IP protocol number of its payload.
    pub protocol: u8,
    /// Its ports, or ICMP type and code, where the quotation reaches so far.
    pub ports: Option<(u16, u16)>,
    /// Its length by its own header.
    pub ip_len: u32,
}

/// The packet quoted in an ICMP error, from [`L4::Icmp`]'s `kind` and `rest`. `None` for other
/// messages, and where the quotation is no IP header.
pub fn quoted(is_v6: bool, kind: u8, rest: &[u8]) -> Option<Quoted> {
    // RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem.
    // RFC 4443: unreachable, too big, time exceeded, parameter problem; RFC 4861: no quotation.
    let is_error =
        if is_v6 { (1..=4).contains(&kind) } else { matches!(kind, 3 | 4 | 5 | 11 | 12) };
    let quote = rest.get(4..).filter(|_| is_error)?;
    let ip = super::ip::parse(quote, u32::MAX).ok()?;
    let mut c = Cursor::new(ip.payload);
    let ports = match ip.protocol {
        TCP | UDP | SCTP => c.be16().zip(c.be16()),
        ICMP | ICMPV6 => c.u8().map(u16::from).zip(c.u8().map(u16::from)),
        _ => None,
    };
    let ports = ports.filter(|_| ip.fragment.is_none_or(|f| f.offset == 0));
    Some(Quoted { src: ip.src, dst: ip.dst, protocol: ip.protocol, ports, ip_len: ip.len })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::ip;

    fn ipv4(protocol: u8, total_len: u16, payload: &[u8]) -> Vec<u8> {
        let [hi, lo] = total_len.to_be_bytes();
        let mut out =
            vec![0x45, 0, hi, lo, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        out.extend(payload);
        out
    }

    #[test]
    fn a_tcp_header_cut_in_its_options_still_tells_its_flags() {
        let mut tcp = vec![0, 80, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x12, 1, 0, 0, 0, 0, 0];
        tcp.extend([1; 6]);
        let data = ipv4(6, 60, &tcp);
        let L4::Tcp { src, flags, payload, payload_len, is_checksum_ok, .. } =
            parse(&ip::parse(&data, 60).unwrap())
        else {
            panic!("no TCP")
        };
        assert_eq!((src, flags, payload, payload_len), (80, 0x12, &[][..], 8));
        assert!(is_checksum_ok, "not whole: not judged");
        let short = ipv4(6, 40, &tcp[..15]);
        assert!(matches!(
            parse(&ip::parse(&short, 40).unwrap()),
            L4::Other { payload_len: 20, .. }
        ));
    }

    #[test]
    fn a_udp_length_cannot_reach_beyond_the_packet() {
        for (len, want) in [(0u16, 4), (11, 3), (12, 4), (65_535, 4), (3, 0)] {
            let mut udp = vec![0, 53, 4, 0];
            udp.extend(len.to_be_bytes());
            udp.extend([0, 0, 1, 2, 3, 4]);
            let data = ipv4(17, 32, &udp);
            let L4::Udp { payload, payload_len, .. } = parse(&ip::parse(&data, 32).unwrap()) else {
                panic!("no UDP")
            };
            assert_eq!((payload.len(), payload_len), (want, want as u32), "length {len}");
        }
    }

    #[test]
    fn icmp_of_the_other_version_is_another_protocol() {
        let data = ipv4(58, 28, &[128, 0, 0, 0, 0, 0, 0, 0]);
        assert!(matches!(parse(&ip::parse(&data, 28).unwrap()), L4::Other { .. }));
    }

    #[test]
    fn an_icmp_error_quotes_a_packet_and_other_messages_do_not() {
        let mut rest = vec![0; 4];
        rest.extend(ipv4(17, 100, &[0, 53, 4, 0, 0, 80, 0, 0]));
        let q = quoted(false, 3, &rest).unwrap();
        assert_eq!((q.ports, q.protocol, q.ip_len), (Some((53, 1024)), 17, 100));
        assert_eq!(quoted(false, 8, &rest), None);
        assert_eq!(quoted(false, 3, &rest[..20]), None);
        assert_eq!(quoted(false, 3, &rest[..26]).unwrap().ports, None);
        // A later fragment has no ports.
        rest[11] = 2;
        assert_eq!(quoted(false, 3, &rest).unwrap().ports, None);
    }
}
