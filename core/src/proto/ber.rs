//! BER (X.690) as far as LDAP, SNMP and Kerberos need it: definite lengths, one-byte tags.

use crate::bytes::Cursor;

/// Universal tags.
pub mod tag {
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const OCTETS: u8 = 0x04;
    pub const OID: u8 = 0x06;
    pub const ENUMERATED: u8 = 0x0a;
    pub const SEQUENCE: u8 = 0x30;
}

/// One value: its tag and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag's byte.
    pub tag: u8,
    /// The content.
    pub value: &'a [u8],
}

/// Tag, length of the header, length of the content; `None` while the header is not all there.
/// `Some(None)` when no value of ours begins so: a tag of several bytes, an indefinite length or
/// one of more than four bytes.
pub fn header(bytes: &[u8]) -> Option<Option<(u8, usize, usize)>> {
    let (&tag, rest) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        return Some(None);
    }
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return Some(Some((tag, 2, first.into())));
    }
    let n = usize::from(first & 0x7f);
    if !(1..=4).contains(&n) {
        return Some(None);
    }
    let len = rest.get(..n)?.iter().fold(0, |len, b| len << 8 | usize::from(*b));
    Some(Some((tag, 2 + n, len)))
}

/// Reads values that stand one behind the other.
#[derive(Debug, Clone, Copy)]
pub struct Ber<'a>(Cursor<'a>);

impl<'a> Ber<'a> {
    /// Reads from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(Cursor::new(bytes))
    }

    /// The next value; `None` at the end, or where what is there is none or is cut.
    pub fn next(&mut self) -> Option<Tlv<'a>> {
        let (tag, header, len) = header(self.0.rest())??;
        let mut c = self.0;
        c.take(header)?;
        let value = c.take(len)?;
        self.0 = c;
        Some(Tlv { tag, value })
    }

    /// The next value, as far as it is there: the last one may be cut.
    pub fn next_cut(&mut self) -> Option<Tlv<'a>> {
        let (tag, header, len) = header(self.0.rest())??;
        self.0.take(header)?;
        let value = self.0.rest();
        let value = value.get(..len).unwrap_or(value);
        self.0.take(value.len())?;
        Some(Tlv { tag, value })
    }

    /// The content of the next value, if it has that tag.
    pub fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let tlv = ahead.next().filter(|t| t.tag == tag)?;
        *self = ahead;
        Some(tlv.value)
    }

    /// The next value as a number, INTEGER or ENUMERATED.
    pub fn int(&mut self) -> Option<i64> {
        let mut ahead = *self;
        let tlv = ahead.next().filter(|t| matches!(t.tag, tag::INTEGER | tag::ENUMERATED))?;
        let n = int(tlv.value)?;
        *self = ahead;
        Some(n)
    }

    /// The values inside the next one, if it has that tag.
    pub fn enter(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(Self::new)
    }
}

/// A number of at most eight bytes.
pub fn int(value: &[u8]) -> Option<i64> {
    let first = value.first().filter(|_| value.len() <= 8)?;
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Some(value.iter().fold(start, |n: i64, b| n << 8 | i64::from(*b)))
}

/// A number without sign, as SNMP's counters; a leading zero byte is not counted.
pub fn unsigned(value: &[u8]) -> Option<u64> {
    let value = value.strip_prefix(&[0]).unwrap_or(value);
    (value.len() <= 8).then(|| value.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_what_is_none() {
        let mut b = Ber::new(b"\x02\x01\x05\x04\x81\x02ab\x0a\x02\xff\x00");
        assert_eq!(b.int(), Some(5));
        assert_eq!(b.expect(tag::OID), None);
        assert_eq!(b.expect(tag::OCTETS), Some(&b"ab"[..]));
        assert_eq!(b.int(), Some(-256));
        assert_eq!(b.next(), None);
        assert_eq!(header(b"\x30"), None);
        assert_eq!(header(b"\x30\x80"), Some(None));
        assert_eq!(header(b"\x30\x85"), Some(None));
        assert_eq!(header(b"\x1f\x01"), Some(None));
        assert_eq!(header(b"\x30\x84\0\0\0\x05"), Some(Some((0x30, 6, 5))));
        assert_eq!(Ber::new(b"\x04\x05ab").next(), None);
        assert_eq!(Ber::new(b"\x04\x05ab").next_cut().map(|t| t.value), Some(&b"ab"[..]));
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!((int(&[]), int(&[0; 9]), unsigned(&[0xff; 8])), (None, None, Some(u64::MAX)));
    }
}
