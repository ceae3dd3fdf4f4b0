//! A search's filter as text (RFC 4515), of any depth and length within bounds.

use super::super::ber::{Ber, Tlv, tag};
use crate::text::{MAX_FIELD, Text};
use std::fmt::Write;

/// Filters inside filters that are followed.
const MAX_DEPTH: usize = 32;

/// The filter at the front as text; `None` when there is none, or none that can be read whole.
pub fn text(b: &mut Ber<'_>) -> Option<Text> {
    let mut out = String::new();
    put(b.next()?, &mut out, 0)?;
    Some(out.into())
}

fn put(f: Tlv<'_>, out: &mut String, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH || out.len() > MAX_FIELD {
        out.push('…');
        return Some(());
    }
    let mut b = Ber::new(f.value);
    out.push('(');
    match f.tag {
        0xa0 | 0xa1 => {
            out.push(if f.tag == 0xa0 { '&' } else { '|' });
            while let Some(inner) = b.next() {
                put(inner, out, depth + 1)?;
                if out.len() > MAX_FIELD {
                    break;
                }
            }
        }
        0xa2 => {
            out.push('!');
            put(b.next()?, out, depth + 1)?;
        }
        0xa3 | 0xa5 | 0xa6 | 0xa8 => {
            literal(b.expect(tag::OCTETS)?, out);
            out.push_str(match f.tag {
                0xa5 => ">=",
                0xa6 => "<=",
                0xa8 => "~=",
                _ => "=",
            });
            literal(b.expect(tag::OCTETS)?, out);
        }
        0xa4 => substrings(b, out)?,
        0x87 => {
            literal(f.value, out);
            out.push_str("=*");
        }
        0xa9 => extensible(b, out)?,
        _ => return None,
    }
    out.push(')');
    Some(())
}

fn substrings(mut b: Ber<'_>, out: &mut String) -> Option<()> {
    literal(b.expect(tag::OCTETS)?, out);
    out.push('=');
    let mut parts = b.enter(tag::SEQUENCE)?;
    let mut ends_open = true;
    while let Some(part) = parts.next().filter(|_| out.len() <= MAX_FIELD) {
        if part.tag != 0x80 {
            out.push('*');
        }
        literal(part.value, out);
        ends_open = part.tag != 0x82;
    }
    if ends_open {
        out.push('*');
    }
    Some(())
}

fn extensible(mut b: Ber<'_>, out: &mut String) -> Option<()> {
    let rule = b.expect(0x81);
    if let Some(attribute) = b.expect(0x82) {
        literal(attribute, out);
    }
    let value = b.expect(0x83)?;
    if b.expect(0x84).is_some_and(|dn| dn != [0]) {
        out.push_str(":dn");
    }
    if let Some(rule) = rule {
        out.push(':');
        literal(rule, out);
    }
    out.push_str(":=");
    literal(value, out);
    Some(())
}

/// A name or value with what a filter's syntax needs, and what is not printable, escaped.
fn literal(bytes: &[u8], out: &mut String) {
    for b in bytes.iter().take(MAX_FIELD) {
        match b {
            b'*' | b'(' | b')' | b'\\' | 0..0x20 | 0x7f.. => _ = write!(out, "\\{b:02x}"),
            _ => out.push(char::from(*b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        [&[tag, value.len() as u8][..], &value].concat()
    }

    fn shown(filter: &[u8]) -> Option<String> {
        text(&mut Ber::new(filter)).map(String::from)
    }

    #[test]
    fn each_form_reads_as_in_rfc_4515() {
        let is = |a: &[u8], b: &[u8]| tlv(0xa3, &[&tlv(4, &[a]), &tlv(4, &[b])]);
        let has = tlv(0x87, &[b"cn"]);
        let not = tlv(0xa2, &[&is(b"a", b"(*)\xff")]);
        assert_eq!(
            shown(&tlv(0xa0, &[&has, &not])).as_deref(),
            Some("(&(cn=*)(!(a=\\28\\2a\\29\\ff)))")
        );
        let parts = tlv(0x30, &[&tlv(0x80, &[b"x"]), &tlv(0x81, &[b"y"])]);
        let sub = tlv(0xa4, &[&tlv(4, &[b"cn"]), &parts]);
        assert_eq!(shown(&sub).as_deref(), Some("(cn=x*y*)"));
        let parts = tlv(0x30, &[&tlv(0x82, &[b"z"])]);
        let sub = tlv(0xa4, &[&tlv(4, &[b"cn"]), &parts]);
        assert_eq!(shown(&sub).as_deref(), Some("(cn=*z)"));
        let rule = tlv(
            0xa9,
            &[
                &tlv(0x81, &[b"1.2.840.113556.1.4.803"]),
                &tlv(0x82, &[b"userAccountControl"]),
                &tlv(0x83, &[b"2"]),
            ],
        );
        assert_eq!(shown(&rule).as_deref(), Some("(userAccountControl:1.2.840.113556.1.4.803:=2)"));
        assert_eq!(shown(&tlv(0x01, &[b"x"])), None);
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let nested = |n: usize| (0..n).fold(tlv(0x87, &[b"a"]), |inner, _| tlv(0xa2, &[&inner]));
        assert!(!shown(&nested(MAX_DEPTH)).unwrap().contains('…'));
        assert!(shown(&nested(MAX_DEPTH + 1)).unwrap().contains('…'));
    }
}
