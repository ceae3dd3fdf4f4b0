//! NetBIOS name service: DNS messages whose names are encoded and whose types mean other things (RFC 1002 section 4).

use super::codes::rtype;
use super::name::readable;
use crate::bytes::Cursor;
use std::net::Ipv4Addr;

/// Letters of an encoded name: two for each of 16 bytes, `A` to `P` (RFC 1001 section 14.1).
const ENCODED_LEN: usize = 32;

/// Bytes of a name without the suffix that tells the service.
const NAME_LEN: usize = 15;

/// True when a first label is an encoded NetBIOS name. Nothing else has this length and alphabet.
pub fn is_encoded(label: &[u8]) -> bool {
    label.len() == ENCODED_LEN
        && label.iter().all(|b| (b'A'..=b'P').contains(&b.to_ascii_uppercase()))
}

/// The name without padding and suffix, as Zeek shows it: NULs stay, they are the wildcard's own.
pub fn decode(label: &[u8]) -> String {
    let nibble = |b: &u8| b.to_ascii_uppercase().wrapping_sub(b'A') & 0xf;
    let bytes: Vec<u8> = label
        .chunks_exact(2)
        .filter_map(|pair| Some(nibble(pair.first()?) << 4 | nibble(pair.last()?)))
        .take(NAME_LEN)
        .collect();
    readable(bytes.trim_ascii_end())
}

/// The name of a record type in this service, where DNS calls the number otherwise.
pub const fn type_name(number: u16) -> Option<&'static str> {
    match number {
        rtype::NB => Some("NB"),
        rtype::NBSTAT => Some("NBSTAT"),
        _ => None,
    }
}

/// The addresses of a name, or the names of a node.
pub fn show(rtype: u16, rdata: &[u8]) -> Option<String> {
    if rtype == rtype::NB { addresses(rdata) } else { node_status(rdata) }
}

/// RFC 1002 section 4.2.13: entries of flags and address.
fn addresses(rdata: &[u8]) -> Option<String> {
    let addrs = rdata.chunks_exact(6).filter_map(|entry| {
        let addr: [u8; 4] = entry.get(2..)?.try_into().ok()?;
        Some(Ipv4Addr::from(addr).to_string())
    });
    let addrs: Vec<_> = addrs.collect();
    (!addrs.is_empty()).then(|| addrs.join(" "))
}

/// RFC 1002 section 4.2.18: a count, then entries of name, suffix and flags.
fn node_status(rdata: &[u8]) -> Option<String> {
    let mut c = Cursor::new(rdata);
    let count = c.u8()?;
    let mut names = Vec::new();
    for _ in 0..count {
        let (Some(name), Some(suffix), Some(_)) = (c.take(NAME_LEN), c.u8(), c.be16()) else {
            break;
        };
        names.push(format!("{}<{suffix:02x}>", readable(name.trim_ascii_end())));
    }
    Some(names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        // The example of RFC 1001 section 14.1, whose third letter pair is misprinted there.
        let label = b"FEGIGFCAEOGFHEECEJEPFDCAGOGBGNGF";
        assert!(is_encoded(label) && is_encoded(&label.to_ascii_lowercase()));
        assert_eq!(decode(label), "The NetBIOS nam");
        assert_eq!(decode(b"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), format!("*{}", "\\x00".repeat(14)));
        assert_eq!(decode(b"FDFCCACACACACACACACACACACACACACA"), "SR");
        assert!(!is_encoded(b"FEGIGFCAEOGFHEECEJEPFDCAGOGBGNG"));
        assert!(!is_encoded(b"FEGIGFCAEOGFHEECEJEPFDCAGOGBGNGQ"));
    }

    #[test]
    fn replies_are_read() {
        assert_eq!(
            addresses(&[0, 0, 192, 0, 2, 1, 0, 0, 192, 0, 2, 2]).unwrap(),
            "192.0.2.1 192.0.2.2"
        );
        assert_eq!(addresses(&[0; 5]), None);
        let entry = [b"HOST           ".as_slice(), &[0x20, 4, 0]].concat();
        let status = [&[2], entry.as_slice(), &entry[..9]].concat();
        assert_eq!(node_status(&status).unwrap(), "HOST<20>");
    }
}
