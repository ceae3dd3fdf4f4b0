//! SSL 2.0: its records and the two hellos that still occur.

use super::wire::{ClientHello, Extensions};
use crate::bytes::Cursor;

/// Bytes of a record's header without padding.
pub const HEADER: usize = 2;

/// Message types.
pub const CLIENT_HELLO: u8 = 1;
/// The client's key.
pub const CLIENT_MASTER_KEY: u8 = 2;
/// The server's hello.
pub const SERVER_HELLO: u8 = 4;

/// The length of a record that begins here, without its header; `None` for another protocol.
/// Only the two-octet form is used for hellos.
pub fn record_len(bytes: &[u8]) -> Option<usize> {
    let head = Cursor::new(bytes).be16()?;
    (head & 0x8000 != 0).then_some(usize::from(head & 0x7fff))
}

/// True when a record's body begins as a hello of either side.
pub fn is_hello(body: &[u8]) -> bool {
    let mut c = Cursor::new(body);
    match c.u8() {
        Some(CLIENT_HELLO) => {
            let (version, ciphers) = (c.be16(), c.be16());
            matches!(version, Some(2 | 0x0300..=0x0303))
                && ciphers.is_some_and(|len| len > 0 && len % 3 == 0)
        }
        Some(SERVER_HELLO) => {
            let (session, kind, version) = (c.u8(), c.u8(), c.be16());
            matches!((session, kind, version), (Some(0 | 1), Some(0..=1), Some(2)))
        }
        _ => false,
    }
}

/// A ClientHello of SSL 2.0, as the modern one. Cipher suites of three octets are TLS's when the
/// first is zero; others have no TLS number and are left out.
pub struct OldHello<'a> {
    version: u16,
    session_id: &'a [u8],
    ciphers: Vec<u8>,
}

impl<'a> OldHello<'a> {
    /// From a record's body.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(body);
        c.u8()?;
        let version = c.be16()?;
        let lens = [c.be16()?, c.be16()?, c.be16()?].map(usize::from);
        let ciphers = c.take(lens[0])?;
        let session_id = c.take(lens[1])?;
        let tls = ciphers.chunks_exact(3).filter_map(|kind| kind.strip_prefix(&[0]));
        Some(Self { version, session_id, ciphers: tls.flatten().copied().collect() })
    }

    /// As the modern hello, without extensions.
    pub fn modern(&self) -> ClientHello<'_> {
        ClientHello {
            random: &[],
            version: self.version,
            session_id: self.session_id,
            ciphers: &self.ciphers,
            extensions: Extensions::default(),
            is_old: true,
        }
    }
}

/// The first cipher kind and the certificate of a ServerHello.
pub fn server_hello(body: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let mut c = Cursor::new(body);
    c.take(3)?;
    c.be16()?;
    let lens = [c.be16()?, c.be16()?, c.be16()?].map(usize::from);
    let der = c.take(lens[0])?;
    let cipher = Cursor::new(c.take(lens[1])?).be24();
    Some((cipher, der))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_that_offers_tls_is_read() {
        // Version 3.1, two kinds of SSL 2.0 and one of TLS, a challenge of 16 bytes.
        let body = [
            b"\x01\x03\x01\x00\x09\x00\x00\x00\x10".as_slice(),
            b"\x01\x00\x80\x00\x00\x2f\x07\x00\xc0",
            &[9; 16],
        ]
        .concat();
        assert!(is_hello(&body));
        let hello = OldHello::parse(&body).unwrap();
        assert_eq!(
            (hello.modern().version, hello.modern().ciphers),
            (0x0301, [0, 0x2f].as_slice())
        );
        assert_eq!(record_len(&[0x80, 0x2e]), Some(46));
        assert_eq!(record_len(&[0x16, 3]), None);
    }

    #[test]
    fn a_servers_hello_is_read() {
        let body = b"\x04\x00\x01\x00\x02\x00\x02\x00\x03\x00\x01der".as_slice();
        let body = [&body[..11], b"DE", b"\x07\x00\xc0", b"c"].concat();
        assert!(is_hello(&body));
        assert_eq!(server_hello(&body), Some((Some(0x07_00c0), b"DE".as_slice())));
    }
}
