//! TLS records and handshake messages on the wire, as views (RFC 5246, RFC 8446, RFC 6347).

use super::codes::{TLS13, extension};
use crate::bytes::Cursor;

/// Bytes of a record's header.
pub const RECORD_HEADER: usize = 5;

/// Bytes a record may hold: RFC 5246 section 6.2.3 allows 2^14 and 2048 for the cipher.
pub const MAX_RECORD: usize = (1 << 14) + 2048;

/// Bytes of a handshake message's header: type and length.
pub const MESSAGE_HEADER: usize = 4;

/// The random of a ServerHello that is a HelloRetryRequest, RFC 8446 section 4.1.3.
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What stands before a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Content type.
    pub content: u8,
    /// Version that the record claims.
    pub version: u16,
    /// Bytes that follow.
    pub len: usize,
}

impl Record {
    /// From the first [`RECORD_HEADER`] bytes. `None` when there are fewer.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        Some(Self { content: c.u8()?, version: c.be16()?, len: usize::from(c.be16()?) })
    }

    /// True when every field is one that a TLS speaker would send.
    pub const fn is_plausible(self) -> bool {
        matches!(self.content, 20..=24) && self.version >> 8 == 3 && self.len <= MAX_RECORD
    }
}

/// A ClientHello.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientHello<'a> {
    /// The version; since TLS 1.3 only a name for compatibility.
    pub version: u16,
    /// Its random, by which key logs name the session; empty in the form of SSL 2.0.
    pub random: &'a [u8],
    /// The session it wants to go on with.
    pub session_id: &'a [u8],
    /// The cipher suites it offers, two octets each.
    pub ciphers: &'a [u8],
    /// The extensions it offers.
    pub extensions: Extensions<'a>,
    /// It came in the form of SSL 2.0, for which no fingerprint is defined.
    pub is_old: bool,
}

impl<'a> ClientHello<'a> {
    /// From a message's body. DTLS has a cookie in it.
    pub fn parse(body: &'a [u8], is_dtls: bool) -> Option<Self> {
        let mut c = Cursor::new(body);
        let version = c.be16()?;
        let random = c.take(32)?;
        let session_id = prefixed8(&mut c)?;
        if is_dtls {
            prefixed8(&mut c)?;
        }
        let ciphers = prefixed16(&mut c)?;
        prefixed8(&mut c)?;
        // SSL 3.0 ends here.
        let extensions = Extensions(prefixed16(&mut c).unwrap_or_default());
        Some(Self { version, random, session_id, ciphers, extensions, is_old: false })
    }
}

/// A ServerHello.
#[derive(Debug, Clone, Copy)]
pub struct ServerHello<'a> {
    /// The version in the fixed place.
    pub version: u16,
    /// Its random.
    pub random: &'a [u8],
    /// The session's identifier.
    pub session_id: &'a [u8],
    /// The cipher suite it chose.
    pub cipher: u16,
    /// True when it asks for another ClientHello.
    pub is_retry: bool,
    /// The extensions it accepts.
    pub extensions: Extensions<'a>,
}

impl<'a> ServerHello<'a> {
    /// From a message's body. Drafts of TLS 1.3 up to 21 leave the session and compression out; those
    /// before 16 say the version itself, which RFC 8446 section 4.1.3 never does.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(body);
        let version = c.be16()?;
        let random = c.take(32)?;
        let is_retry = random == RETRY_RANDOM;
        let is_early_draft = matches!(version, TLS13 | 0x7f01..=0x7f15);
        let session_id = if is_early_draft { &[] } else { prefixed8(&mut c)? };
        let cipher = c.be16()?;
        if !is_early_draft {
            c.u8()?;
        }
        let extensions = Extensions(prefixed16(&mut c).unwrap_or_default());
        Some(Self { version, random, session_id, cipher, is_retry, extensions })
    }

    /// The version it really chose: the extension's where there is one.
    pub fn chosen_version(&self) -> u16 {
        let named = self.extensions.find(extension::SUPPORTED_VERSIONS).and_then(|body| {
            let version: [u8; 2] = body.try_into().ok()?;
            Some(u16::from_be_bytes(version))
        });
        named.unwrap_or(self.version)
    }

    /// The group of the key it sent, or asks for. Drafts of TLS 1.3 had another number for it.
    pub fn key_share_group(&self) -> Option<u16> {
        let find = |number| self.extensions.find(number);
        let body = find(extension::KEY_SHARE).or_else(|| find(extension::KEY_SHARE_OLD))?;
        Cursor::new(body).be16()
    }
}

/// The extensions of a hello, in their order, GREASE included.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extensions<'a>(pub &'a [u8]);

impl<'a> Extensions<'a> {
    /// Each extension's number and body; ends before a damaged one.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut c = Cursor::new(self.0);
        std::iter::from_fn(move || Some((c.be16()?, prefixed16(&mut c)?)))
    }

    /// The body of the first extension of that number.
    pub fn find(self, number: u16) -> Option<&'a [u8]> {
        self.iter().find(|(n, _)| *n == number).map(|(_, body)| body)
    }

    /// The first name of the server name extension, RFC 6066 section 3.
    pub fn server_name(self) -> Option<&'a [u8]> {
        let mut c = Cursor::new(self.find(extension::SERVER_NAME)?);
        let mut list = Cursor::new(prefixed16(&mut c)?);
        list.u8()?;
        prefixed16(&mut list)
    }

    /// The application protocols, RFC 7301 section 3.1.
    pub fn alpn(self) -> impl Iterator<Item = &'a [u8]> {
        let body = self.find(extension::ALPN).unwrap_or_default();
        let list = prefixed16(&mut Cursor::new(body)).unwrap_or_default();
        let mut c = Cursor::new(list);
        std::iter::from_fn(move || prefixed8(&mut c))
    }

    /// A list of numbers of two octets behind a length of two: groups, signature algorithms.
    pub fn numbers(self, number: u16) -> impl Iterator<Item = u16> {
        let body = self.find(number).unwrap_or_default();
        u16s(prefixed16(&mut Cursor::new(body)).unwrap_or_default())
    }

    /// The client's versions: numbers of two octets behind a length of one.
    pub fn versions(self) -> impl Iterator<Item = u16> {
        let body = self.find(extension::SUPPORTED_VERSIONS).unwrap_or_default();
        u16s(prefixed8(&mut Cursor::new(body)).unwrap_or_default())
    }

    /// The point formats: single octets behind a length of one.
    pub fn point_formats(self) -> &'a [u8] {
        let body = self.find(extension::EC_POINT_FORMATS).unwrap_or_default();
        prefixed8(&mut Cursor::new(body)).unwrap_or_default()
    }
}

/// Numbers of two octets.
pub fn u16s(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |n, b| n << 8 | u16::from(*b)))
}

/// The certificates of a Certificate message before TLS 1.3, leaf first; ends before a cut one.
pub fn certificates(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut outer = Cursor::new(body);
    let total = outer.be24().unwrap_or_default() as usize;
    let rest = outer.rest();
    let mut list = Cursor::new(rest.get(..total).unwrap_or(rest));
    std::iter::from_fn(move || {
        let len = list.be24()?;
        list.take(len as usize)
    })
}

/// The certificates of a Certificate message of TLS 1.3, RFC 8446 section 4.4.2: each has extensions
/// behind it.
pub fn certificates_13(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut outer = Cursor::new(body);
    let is_begun = prefixed8(&mut outer).and_then(|_| outer.be24());
    let rest = outer.rest();
    let total = is_begun.unwrap_or_default() as usize;
    let mut list = Cursor::new(rest.get(..total).unwrap_or(rest));
    std::iter::from_fn(move || {
        let len = list.be24()?;
        let der = list.take(len as usize)?;
        // Extensions that are cut take nothing from the certificate.
        if prefixed16(&mut list).is_none() {
            list = Cursor::new(&[]);
        }
        Some(der)
    })
}

/// The extensions of an EncryptedExtensions message.
pub fn encrypted_extensions(body: &[u8]) -> Extensions<'_> {
    Extensions(prefixed16(&mut Cursor::new(body)).unwrap_or_default())
}

/// The named curve of a ServerKeyExchange of an elliptic exchange, RFC 8422 section 5.4.
pub fn named_curve(body: &[u8]) -> Option<u16> {
    const NAMED_CURVE: u8 = 3;
    let mut c = Cursor::new(body);
    if c.u8()? == NAMED_CURVE { c.be16() } else { None }
}

fn prefixed8<'a>(c: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let len = c.u8()?;
    c.take(usize::from(len))
}

fn prefixed16<'a>(c: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let len = c.be16()?;
    c.take(usize::from(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_told_from_other_bytes() {
        let record = |b: &[u8]| Record::parse(b).unwrap();
        assert!(record(b"\x16\x03\x01\x00\x05").is_plausible());
        assert!(record(b"\x17\x03\x03\x48\x00").is_plausible());
        assert!(!record(b"\x17\x03\x03\x48\x01").is_plausible());
        assert!(!record(b"GET /").is_plausible());
        assert_eq!(Record::parse(b"\x16\x03\x01\x00"), None);
    }

    #[test]
    fn lists_end_before_what_is_damaged() {
        let extensions =
            Extensions(b"\x00\x17\x00\x00\x00\x10\x00\x05\x00\x03\x02h2\x00\x05\x00\x09x");
        assert_eq!(extensions.iter().count(), 2);
        assert_eq!(extensions.alpn().collect::<Vec<_>>(), [b"h2"]);
        let list = b"\x00\x00\x0a\x00\x00\x01a\x00\x00\x09b";
        assert_eq!(certificates(list).collect::<Vec<_>>(), [b"a"]);
        assert_eq!(named_curve(b"\x03\x00\x17"), Some(23));
        assert_eq!(named_curve(b"\x01\x00\x17"), None);
    }

    #[test]
    fn certificates_of_tls_1_3_have_extensions_between_them() {
        let list = b"\x01c\x00\x00\x0e\x00\x00\x01a\x00\x02xx\x00\x00\x01b\x00\x00";
        assert_eq!(certificates_13(list).collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(certificates_13(&list[..14]).collect::<Vec<_>>(), [b"a"]);
        assert_eq!(certificates_13(b"\x05c").count(), 0);
    }

    #[test]
    fn a_hello_of_ssl_3_has_no_extensions() {
        let hello = [b"\x03\x00".as_slice(), &[0; 32], b"\x01i\x00\x02\x00\x0a\x01\x00"].concat();
        let hello = ClientHello::parse(&hello, false).unwrap();
        assert_eq!((hello.version, hello.session_id), (0x0300, b"i".as_slice()));
        assert_eq!(u16s(hello.ciphers).collect::<Vec<_>>(), [10]);
        assert_eq!(hello.extensions.iter().count(), 0);
    }
    #[test]
    fn early_drafts_leave_the_session_out_of_their_answer() {
        for (version, middle) in [
            (0x0303_u16, &b"\x01i\xc0\x2b\x00"[..]),
            (0x0304, b"\xc0\x2b"),
            (0x7f12, b"\xc0\x2b"),
            (0x7f17, b"\x01i\xc0\x2b\x00"),
        ] {
            let hello = [&version.to_be_bytes()[..], &[7; 32], middle, b"\x00\x00"].concat();
            let hello = ServerHello::parse(&hello).unwrap();
            assert_eq!((hello.version, hello.cipher), (version, 0xc02b));
        }
    }
}
