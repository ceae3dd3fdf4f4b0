//! Distinguished names as text: the last part first, OpenSSL's short names, RFC 4514's escapes.

use super::oid;
use crate::text::{self, MAX_FIELD, Text};
use x509_parser::der_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::X509Name;

/// A name as one line: `CN=example.org,O=Example,C=DE`.
///
/// The order and the attribute names are those of Zeek. Unlike Zeek's OpenSSL call, letters
/// outside ASCII stay readable, which RFC 4514 allows.
pub fn text(name: &X509Name<'_>) -> Text {
    let mut parts: Vec<String> = Vec::new();
    let mut len = 0;
    for rdn in name.iter_rdn() {
        let mut values: Vec<String> = rdn.iter().map(attribute).collect();
        values.reverse();
        let part = values.join("+");
        len += part.len();
        parts.push(part);
        if len > MAX_FIELD {
            break;
        }
    }
    parts.reverse();
    text::from_bytes(parts.join(",").as_bytes())
}

/// The common names, in the order of the certificate.
pub fn common_names(name: &X509Name<'_>) -> Vec<String> {
    name.iter_common_name().filter_map(|cn| value(cn.attr_value())).collect()
}

fn attribute(attribute: &x509_parser::x509::AttributeTypeAndValue<'_>) -> String {
    let dotted = oid::dotted(attribute.attr_type());
    let any = attribute.attr_value();
    let short = oid::attribute(&dotted);
    let name = short.unwrap_or(&dotted);
    match value(any).filter(|_| short.is_some()) {
        Some(value) => format!("{name}={}", escape(&value)),
        None => format!("{name}=#{}", dump(any)),
    }
}

/// The DER form in hex, for what is not text or has no name (RFC 4514 section 2.4).
fn dump(any: &Any<'_>) -> String {
    let data = any.data.get(..MAX_FIELD).unwrap_or(any.data);
    let len = match u8::try_from(any.data.len()) {
        Ok(short @ ..0x80) => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => [&[0x82], (any.data.len() as u16).to_be_bytes().as_slice()].concat(),
    };
    let tag = any.tag().0.to_be_bytes()[3] | if any.header.is_constructed() { 0x20 } else { 0 };
    base16ct::upper::encode_string(&[&[tag], len.as_slice(), data].concat())
}

/// The characters of any of ASN.1's string types; `None` for another type.
fn value(any: &Any<'_>) -> Option<String> {
    let data = any.data.get(..MAX_FIELD).unwrap_or(any.data);
    let wide = |unit: usize| {
        let code = |bytes: &[u8]| bytes.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b));
        let char_of = |bytes| char::from_u32(code(bytes)).unwrap_or(char::REPLACEMENT_CHARACTER);
        data.chunks_exact(unit).map(char_of).collect()
    };
    Some(match any.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => text::from_bytes(data).into(),
        // T.61 as every implementation reads it: Latin-1.
        Tag::T61String => data.iter().map(|b| char::from(*b)).collect(),
        Tag::BmpString => wide(2),
        Tag::UniversalString => wide(4),
        _ => return None,
    })
}

/// RFC 4514 section 2.4: a backslash before special characters, `\NN` for controls.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (i, c) in value.chars().enumerate() {
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => out.extend(['\\', c]),
            ' ' if i == 0 || i == last => out.extend(['\\', c]),
            '#' if i == 0 => out.extend(['\\', c]),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:02X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::FromDer;

    /// A name of one attribute: type by its DER identifier, value by tag.
    fn name(oid: &[u8], tag: u8, value: &[u8]) -> String {
        let wrap = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let attribute = wrap(0x30, &[wrap(6, oid), wrap(tag, value)].concat());
        let der = wrap(0x30, &wrap(0x31, &attribute));
        text(&X509Name::from_der(&der).unwrap().1).into()
    }

    const CN: &[u8] = &[0x55, 4, 3];

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(name(CN, 12, b" a, \"b\"+c\\ "), "CN=\\ a\\, \\\"b\\\"\\+c\\\\\\ ");
        assert_eq!(name(CN, 12, b"#1\n"), "CN=\\#1\\0A");
    }

    #[test]
    fn every_string_type_is_read() {
        assert_eq!(name(CN, 12, "Łódź".as_bytes()), "CN=Łódź");
        assert_eq!(name(CN, 20, b"M\xfcller"), "CN=Müller");
        assert_eq!(name(CN, 30, b"\x01\x41\x00b"), "CN=Łb");
        assert_eq!(name(CN, 12, b"a\xff"), "CN=a\\\\xff");
    }

    #[test]
    fn what_has_no_name_or_is_no_text_is_dumped() {
        assert_eq!(name(&[0x2a, 3], 12, b"x"), "1.2.3=#0C0178");
        assert_eq!(name(CN, 3, b"\x00\x80"), "CN=#03020080");
    }
}
