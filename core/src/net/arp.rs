//! ARP packets (RFC 826) for IPv4 over Ethernet.

use crate::bytes::Cursor;
use std::net::Ipv4Addr;

/// One ARP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// 1 asks, 2 answers.
    pub operation: u16,
    /// Sender's hardware address.
    pub orig_mac: [u8; 6],
    /// Sender's address.
    pub orig: Ipv4Addr,
    /// Target's hardware address; zeros where it is asked for.
    pub resp_mac: [u8; 6],
    /// Target's address.
    pub resp: Ipv4Addr,
}

impl Arp {
    /// What the packet does, by name: RFC 826, RFC 903, RFC 2390. Others are known by number only.
    pub const fn operation_name(operation: u64) -> Option<&'static str> {
        Some(match operation {
            1 => "request",
            2 => "reply",
            3 => "reverse request",
            4 => "reverse reply",
            8 => "inverse request",
            9 => "inverse reply",
            _ => return None,
        })
    }
}

/// Reads a packet; `None` when it is cut, or for other kinds of addresses.
pub(super) fn parse(data: &[u8]) -> Option<Arp> {
    let mut c = Cursor::new(data);
    let (_hardware, protocol, lengths, operation) = (c.be16()?, c.be16()?, c.be16()?, c.be16()?);
    if (protocol, lengths) != (0x0800, 0x0604) {
        return None;
    }
    let (orig_mac, orig) = (c.array()?, c.array::<4>()?.into());
    let (resp_mac, resp) = (c.array()?, c.array::<4>()?.into());
    Some(Arp { operation, orig_mac, orig, resp_mac, resp })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of RFC 826's example, with addresses of RFC 5737.
    const REQUEST: [u8; 28] =
        [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2];

    #[test]
    fn a_request_is_read_and_every_cut_of_it_is_none() {
        let arp = parse(&REQUEST).unwrap();
        assert_eq!((arp.operation, arp.orig_mac), (1, [2, 0, 0, 0, 0, 1]));
        assert_eq!((arp.orig, arp.resp), ([192, 0, 2, 1].into(), [192, 0, 2, 2].into()));
        assert!((0..28).all(|len| parse(&REQUEST[..len]).is_none()));
        let mut other = REQUEST;
        other[5] = 16;
        assert_eq!(parse(&other), None);
    }
}
