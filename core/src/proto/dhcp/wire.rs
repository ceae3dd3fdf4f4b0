//! DHCP messages (RFC 2131, RFC 2132, RFC 4702).

use crate::bytes::Cursor;
use std::net::Ipv4Addr;

/// What stands before the options.
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Bytes up to there.
const FIXED: usize = 236;

/// Option numbers.
pub mod option {
    /// The client's name.
    pub const HOST_NAME: u8 = 12;
    /// The client's domain.
    pub const DOMAIN: u8 = 15;
    /// The address asked for.
    pub const REQUESTED: u8 = 50;
    /// Seconds of the lease.
    pub const LEASE: u8 = 51;
    /// Options stand in the fields for file and server name, too.
    pub const OVERLOAD: u8 = 52;
    /// The message's type.
    pub const TYPE: u8 = 53;
    /// The server's address.
    pub const SERVER: u8 = 54;
    /// Text about an error.
    pub const MESSAGE: u8 = 56;
    /// The software.
    pub const VENDOR: u8 = 60;
    /// The client's identifier: mostly its kind of hardware and address.
    pub const CLIENT_ID: u8 = 61;
    /// The client's full name.
    pub const FQDN: u8 = 81;
}

/// Names of message types 1 to 18, as IANA's registry has them without their prefix.
pub const TYPES: [&str; 18] = [
    "DISCOVER",
    "OFFER",
    "REQUEST",
    "DECLINE",
    "ACK",
    "NAK",
    "RELEASE",
    "INFORM",
    "FORCERENEW",
    "LEASEQUERY",
    "LEASEUNASSIGNED",
    "LEASEUNKNOWN",
    "LEASEACTIVE",
    "BULKLEASEQUERY",
    "LEASEQUERYDONE",
    "ACTIVELEASEQUERY",
    "LEASEQUERYSTATUS",
    "TLS",
];

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// It comes from a client (or its relay).
    pub is_request: bool,
    /// What ties the messages of an exchange together.
    pub xid: u32,
    /// The client's address, where it has one.
    pub client: Ipv4Addr,
    /// The address given to the client.
    pub yours: Ipv4Addr,
    /// A relay passed it on: the datagram is not from the client itself.
    pub is_relayed: bool,
    /// The client's hardware address.
    pub hardware: &'a [u8],
    file: &'a [u8],
    server_name: &'a [u8],
    options: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a datagram.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let [op, _, hardware_len, _] = c.array()?;
        let xid = c.be32()?;
        c.take(4)?;
        let [client, yours, _, relay] = [c.array::<4>()?, c.array()?, c.array()?, c.array()?];
        let hardware = c.take(16)?;
        let (server_name, file) = (c.take(64)?, c.take(128)?);
        debug_assert_eq!(c.pos(), FIXED, "the fields are those of RFC 2131 section 2");
        let is_dhcp = matches!(op, 1 | 2) && c.array() == Some(COOKIE);
        is_dhcp.then_some(Self {
            is_request: op == 1,
            xid,
            client: client.into(),
            yours: yours.into(),
            is_relayed: relay != [0; 4],
            hardware: hardware.get(..usize::from(hardware_len))?,
            file,
            server_name,
            options: c.rest(),
        })
    }

    /// The value of an option: its first, wherever it stands.
    pub fn option(&self, number: u8) -> Option<&'a [u8]> {
        let overload = find(self.options, option::OVERLOAD).and_then(|v| v.first().copied());
        let overload = overload.unwrap_or(0);
        find(self.options, number)
            .or_else(|| (overload & 1 != 0).then(|| find(self.file, number))?)
            .or_else(|| (overload & 2 != 0).then(|| find(self.server_name, number))?)
    }
}

fn find(options: &[u8], number: u8) -> Option<&[u8]> {
    const PAD: u8 = 0;
    const END: u8 = 255;
    let mut c = Cursor::new(options);
    loop {
        match c.u8()? {
            PAD => {}
            END => return None,
            n => {
                let len = usize::from(c.u8()?);
                let value = c.take(len)?;
                if n == number {
                    return Some(value);
                }
            }
        }
    }
}

/// The name in option 81: plain, or in labels as in DNS.
pub fn full_name(option: &[u8]) -> Option<Vec<u8>> {
    const LABELS: u8 = 4;
    let (&[flags, _, _], mut rest) = option.split_first_chunk()?;
    if flags & LABELS == 0 {
        return Some(rest.to_vec());
    }
    let mut name = Vec::new();
    while let Some((&len, tail)) = rest.split_first().filter(|(len, _)| **len > 0) {
        let (label, tail) = tail.split_at_checked(usize::from(len))?;
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label);
        rest = tail;
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_wherever_they_stand() {
        let mut bytes = vec![0; FIXED];
        bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
        bytes[108..112].copy_from_slice(&[12, 2, b'h', b'i']);
        bytes.extend(COOKIE);
        bytes.extend([0, 53, 1, 1, 52, 1, 1, 255, 50, 1, 9]);
        let m = Message::parse(&bytes).unwrap();
        assert_eq!((m.is_request, m.hardware), (true, &[0; 6][..]));
        assert_eq!(m.option(option::TYPE), Some(&[1][..]));
        assert_eq!(m.option(option::HOST_NAME), Some(&b"hi"[..]));
        assert_eq!(m.option(option::REQUESTED), None);
        assert_eq!(Message::parse(&bytes[..FIXED + 3]), None);
    }

    #[test]
    fn full_names_in_both_forms() {
        assert_eq!(full_name(b"\0\0\0pc.test").unwrap(), b"pc.test");
        assert_eq!(full_name(b"\x04\0\0\x02pc\x04test\0").unwrap(), b"pc.test");
        assert_eq!(full_name(b"\x04\0\0\x09pc"), None);
    }
}
