//! For tests: writes small databases in MaxMind's format.

use super::mmdb::{MARKER, SEPARATOR};

/// A text.
pub fn text(t: &str) -> Vec<u8> {
    match t.len() {
        len @ ..29 => [&[2 << 5 | len as u8], t.as_bytes()].concat(),
        len => [&[2 << 5 | 29, len as u8 - 29], t.as_bytes()].concat(),
    }
}

fn number(n: u32) -> Vec<u8> {
    [&[6 << 5 | 4], n.to_be_bytes().as_slice()].concat()
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![7 << 5 | pairs.len() as u8];
    for (key, value) in pairs {
        out.extend(text(key));
        out.extend(value);
    }
    out
}

/// Metadata of a tree.
pub fn metadata(nodes: u32, bits: u32, version: u32) -> Vec<u8> {
    let of = map(&[
        ("node_count", number(nodes)),
        ("record_size", number(bits)),
        ("ip_version", number(version)),
        ("build_epoch", number(1_700_000_000)),
        ("database_type", text("Test-ASN")),
    ]);
    [MARKER, &of].concat()
}

/// A database of one network: the leading `len` bits of `bits`, with records of `size`.
pub fn database(bits: u128, len: u32, version: u32, size: u32, data: &[u8]) -> Vec<u8> {
    let width = if version == 6 { 128 } else { 32 };
    let mut out = Vec::new();
    for n in 0..len {
        let next = if n + 1 == len { len + 16 } else { n + 1 };
        let is_right = bits >> (width - 1 - n) & 1 == 1;
        let (left, right) = if is_right { (len, next) } else { (next, len) };
        match size {
            24 => {
                out.extend(&left.to_be_bytes()[1..]);
                out.extend(&right.to_be_bytes()[1..]);
            }
            28 => {
                out.extend(&left.to_be_bytes()[1..]);
                out.push(((left >> 24) << 4 | right >> 24) as u8);
                out.extend(&right.to_be_bytes()[1..]);
            }
            _ => {
                out.extend(left.to_be_bytes());
                out.extend(right.to_be_bytes());
            }
        }
    }
    out.extend([0; SEPARATOR]);
    out.extend(data);
    out.extend(metadata(len, size, version));
    out
}

/// What is known of a network.
pub fn entry() -> Vec<u8> {
    let country = map(&[("iso_code", text("CH"))]);
    map(&[
        ("autonomous_system_number", number(64_500)),
        ("autonomous_system_organization", text("Example")),
        ("country", country),
        ("is_anonymous_vpn", vec![1, 7]),
    ])
}
