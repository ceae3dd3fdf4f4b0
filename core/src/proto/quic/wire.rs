//! QUIC packets and frames on the wire, as far as they can be seen: RFC 8999, RFC 9000, RFC 9369.

use crate::bytes::Cursor;

/// Bytes a connection identifier may have, RFC 9000 section 17.2.
pub const MAX_ID: usize = 20;

/// Kinds of packets with a long header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The first packets, readable by anyone.
    Initial,
    /// Early data.
    ZeroRtt,
    /// The encrypted rest of the handshake.
    Handshake,
    /// The server wants the client to begin again.
    Retry,
}

/// A version that we can open, with what differs between versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub number: u32,
    /// The salt of its first secrets.
    pub salt: &'static [u8; 20],
    /// True for version 2, whose packet kinds and labels are others.
    pub is_v2: bool,
}

/// RFC 9001 section 5.2, in use since draft 33.
const SALT_1: &[u8; 20] =
    b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
/// RFC 9369 section 3.3.1.
const SALT_2: &[u8; 20] =
    b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
/// Drafts 29 to 32.
const SALT_29: &[u8; 20] =
    b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";
/// Drafts 23 to 28.
const SALT_23: &[u8; 20] =
    b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02";
/// Drafts 21 and 22.
const SALT_21: &[u8; 20] =
    b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a";
/// Google's `T050`, otherwise draft 25 to 27.
const SALT_T050: &[u8; 20] =
    b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10";
/// Google's `T051`, otherwise draft 29.
const SALT_T051: &[u8; 20] =
    b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d";

impl Version {
    /// The version of that number. Facebook's own numbers stand for drafts.
    pub const fn known(number: u32) -> Option<Self> {
        let (salt, is_v2) = match number {
            1 | 0xff00_0021 | 0xff00_0022 => (SALT_1, false),
            0x6b33_43cf => (SALT_2, true),
            0xff00_001d..=0xff00_0020 => (SALT_29, false),
            0xff00_0017..=0xff00_001c | 0xface_b002 | 0xface_b00e => (SALT_23, false),
            0xff00_0015 | 0xff00_0016 | 0xface_b001 => (SALT_21, false),
            0x5430_3530 => (SALT_T050, false),
            0x5430_3531 => (SALT_T051, false),
            _ => return None,
        };
        Some(Self { number, salt, is_v2 })
    }

    /// The type of the frame that carries the handshake, RFC 9000 section 19.6; Google's was another
    /// as long as it had its own kinds of frames.
    const fn crypto(self) -> u64 {
        if matches!(self.number, 0x5430_3530 | 0x5430_3531) { 8 } else { 6 }
    }

    /// What the two bits of a packet's kind mean.
    const fn kind(self, bits: u8) -> Kind {
        match (bits + if self.is_v2 { 3 } else { 0 }) % 4 {
            0 => Kind::Initial,
            1 => Kind::ZeroRtt,
            2 => Kind::Handshake,
            _ => Kind::Retry,
        }
    }
}

/// A packet with a long header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its version.
    pub version: Version,
    /// Its kind.
    pub kind: Kind,
    /// The identifier it is sent to.
    pub to: &'a [u8],
    /// The whole packet.
    pub bytes: &'a [u8],
    /// Where its number begins, which is the end of the readable header.
    pub number_at: usize,
}

impl<'a> Packet<'a> {
    /// The packet at the begin of `bytes`. `None` for another version, a short header, or damage.
    /// The second bit may have any value once both sides agreed on that (RFC 9287).
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let first = c.u8()?;
        let version = Version::known(c.be32()?).filter(|_| first & 0x80 != 0)?;
        let kind = version.kind(first >> 4 & 3);
        let to = identifier(&mut c)?;
        identifier(&mut c)?;
        if kind == Kind::Retry {
            return Some(Self { version, kind, to, bytes, number_at: bytes.len() });
        }
        if kind == Kind::Initial {
            let token = varint(&mut c)?;
            c.take(usize::try_from(token).ok()?)?;
        }
        let len = usize::try_from(varint(&mut c)?).ok()?;
        let number_at = c.pos();
        let bytes = bytes.get(..number_at.checked_add(len)?)?;
        Some(Self { version, kind, to, bytes, number_at })
    }
}

/// True for a long header of any version (RFC 8999 section 5.1) with credible identifiers.
pub fn is_long_header(bytes: &[u8]) -> bool {
    let mut c = Cursor::new(bytes);
    c.u8().is_some_and(|first| first & 0x80 != 0)
        && c.be32().is_some()
        && identifier(&mut c).is_some()
        && identifier(&mut c).is_some()
}

/// True for a packet of the connection proper, RFC 9000 section 17.3.1.
pub fn is_short_header(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0xc0 == 0x40)
}

/// A frame of an Initial packet that tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Bytes of the handshake at an offset.
    Crypto(u64, &'a [u8]),
    /// The end, with an error code.
    Close(u64),
}

/// The frames of a decrypted Initial packet; ends before damage or what may not stand there.
pub fn frames(version: Version, payload: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let crypto = version.crypto();
    let mut c = Cursor::new(payload);
    std::iter::from_fn(move || {
        loop {
            match varint(&mut c)? {
                // Padding and ping.
                0 | 1 => {}
                kind @ (2 | 3) => acknowledgement(&mut c, kind == 3)?,
                kind if kind == crypto => {
                    let offset = varint(&mut c)?;
                    let len = usize::try_from(varint(&mut c)?).ok()?;
                    return Some(Frame::Crypto(offset, c.take(len)?));
                }
                0x1c => {
                    let code = varint(&mut c)?;
                    // The frame it complains of, and a reason in words.
                    let _ = varint(&mut c);
                    let len = varint(&mut c).and_then(|len| usize::try_from(len).ok());
                    let _ = len.map(|len| c.take(len));
                    return Some(Frame::Close(code));
                }
                _ => return None,
            }
        }
    })
}

fn acknowledgement(c: &mut Cursor<'_>, has_counts: bool) -> Option<()> {
    let (_, _, ranges, _) = (varint(c)?, varint(c)?, varint(c)?, varint(c)?);
    for _ in 0..ranges {
        varint(c)?;
        varint(c)?;
    }
    let n_counts = if has_counts { 3 } else { 0 };
    (0..n_counts).try_for_each(|_| varint(c).map(drop))
}

fn identifier<'a>(c: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let len = usize::from(c.u8()?);
    if len > MAX_ID { None } else { c.take(len) }
}

/// RFC 9000 section 16.
fn varint(c: &mut Cursor<'_>) -> Option<u64> {
    let first = u64::from(c.u8()?);
    let more = (1 << (first >> 6)) - 1;
    c.take(more)?.iter().try_fold(first & 0x3f, |n, b| Some(n << 8 | u64::from(*b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_variable_length_are_those_of_the_rfc() {
        // RFC 9000 appendix A.1.
        let read = |b: &[u8]| varint(&mut Cursor::new(b));
        assert_eq!(read(b"\xc2\x19\x7c\x5e\xff\x14\xe8\x8c"), Some(151_288_809_941_952_652));
        assert_eq!(read(b"\x9d\x7f\x3e\x7d"), Some(494_878_333));
        assert_eq!(read(b"\x7b\xbd"), Some(15_293));
        assert_eq!(read(b"\x25"), Some(37));
        assert_eq!(read(b"\x40\x25"), Some(37));
        assert_eq!(read(b"\x40"), None);
    }

    #[test]
    fn frames_are_read_up_to_what_may_not_stand_there() {
        let payload =
            b"\x00\x01\x02\x05\x00\x01\x00\x00\x00\x06\x03\x02ab\x1c\x41\x28\x06\x01x\x08\x01x";
        let all = |number| {
            frames(Version::known(number).unwrap(), payload)
                .map(|f| format!("{f:?}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(1), ["Crypto(3, [97, 98])", "Close(296)"]);
        assert!(all(0x5430_3531).is_empty());
        let payload = b"\x00\x08\x03\x02ab\x06\x00\x01x";
        let google: Vec<_> = frames(Version::known(0x5430_3530).unwrap(), payload).collect();
        assert_eq!(google, [Frame::Crypto(3, b"ab")]);
    }

    #[test]
    fn a_turned_second_bit_is_no_damage() {
        let packet = b"\x80\x00\x00\x00\x01\x01a\x00\x00\x01x";
        assert_eq!(Packet::parse(packet).map(|p| p.kind), Some(Kind::Initial));
        assert_eq!(Packet::parse(b"\x40\x00\x00\x00\x01\x01a\x00\x00\x01x"), None);
    }

    #[test]
    fn an_identifier_has_its_limit() {
        let packet = |len: usize| {
            [b"\xc0\x00\x00\x00\x01".as_slice(), &[len as u8], &vec![7; len], b"\x00\x00\x01x"]
                .concat()
        };
        let fits = packet(MAX_ID);
        let read = Packet::parse(&fits).unwrap();
        assert_eq!((read.kind, read.to.len(), read.number_at), (Kind::Initial, MAX_ID, 29));
        assert_eq!(Packet::parse(&packet(MAX_ID + 1)), None);
    }

    #[test]
    fn the_kinds_of_version_2_are_turned() {
        let kind = |number, bits| Version::known(number).unwrap().kind(bits);
        assert_eq!(
            [0, 1, 2, 3].map(|b| kind(1, b)),
            [Kind::Initial, Kind::ZeroRtt, Kind::Handshake, Kind::Retry]
        );
        assert_eq!(
            [0, 1, 2, 3].map(|b| kind(0x6b33_43cf, b)),
            [Kind::Retry, Kind::Initial, Kind::ZeroRtt, Kind::Handshake]
        );
    }
}
