//! Shapes of hellos as short texts: JA3, JA3S and JA4 (the client's only).

use super::codes::{extension, is_grease};
use super::wire::{ClientHello, ServerHello, u16s};
use md5::Md5;
use sha2::{Digest, Sha256};

/// What carries the handshake: JA4's first letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// TLS over a stream.
    Stream,
    /// DTLS.
    Datagrams,
    /// QUIC.
    Quic,
}

/// JA3: MD5 of version, ciphers, extensions, groups and point formats, GREASE left out.
pub fn ja3(hello: &ClientHello<'_>) -> String {
    let formats = hello.extensions.point_formats().iter().map(|b| u16::from(*b));
    let text = format!(
        "{},{},{},{},{}",
        hello.version,
        decimal(u16s(hello.ciphers)),
        decimal(hello.extensions.iter().map(|(number, _)| number)),
        decimal(hello.extensions.numbers(extension::SUPPORTED_GROUPS)),
        decimal(formats),
    );
    base16ct::lower::encode_string(&Md5::digest(text))
}

/// JA3S: MD5 of version, cipher and extensions.
pub fn ja3s(hello: &ServerHello<'_>) -> String {
    let extensions = decimal(hello.extensions.iter().map(|(number, _)| number));
    let text = format!("{},{},{extensions}", hello.version, hello.cipher);
    base16ct::lower::encode_string(&Md5::digest(text))
}

/// JA4 of a ClientHello.
pub fn ja4(hello: &ClientHello<'_>, carrier: Carrier) -> String {
    let real = |numbers: &mut dyn Iterator<Item = u16>| -> Vec<u16> {
        numbers.filter(|n| !is_grease(*n)).collect()
    };
    let mut ciphers = real(&mut u16s(hello.ciphers));
    let mut extensions = real(&mut hello.extensions.iter().map(|(number, _)| number));
    let signatures = real(&mut hello.extensions.numbers(extension::SIGNATURE_ALGORITHMS));
    let carrier = match carrier {
        Carrier::Stream => 't',
        Carrier::Datagrams => 'd',
        Carrier::Quic => 'q',
    };
    let has_name = extensions.contains(&extension::SERVER_NAME);
    let head = format!(
        "{carrier}{}{}{:02}{:02}{}",
        version(hello),
        if has_name { 'd' } else { 'i' },
        ciphers.len().min(99),
        extensions.len().min(99),
        alpn(hello),
    );
    ciphers.sort_unstable();
    extensions.retain(|n| !matches!(*n, extension::SERVER_NAME | extension::ALPN));
    extensions.sort_unstable();
    let mut shape = hex(&extensions);
    if !signatures.is_empty() {
        shape = format!("{shape}_{}", hex(&signatures));
    }
    let hash = |empty: bool, text: &str| match empty {
        true => "0".repeat(12),
        false => base16ct::lower::encode_string(&Sha256::digest(text)).chars().take(12).collect(),
    };
    format!(
        "{head}_{}_{}",
        hash(ciphers.is_empty(), &hex(&ciphers)),
        hash(extensions.is_empty(), &shape)
    )
}

/// The highest version offered, in two characters; drafts of TLS 1.3 have none.
fn version(hello: &ClientHello<'_>) -> &'static str {
    let offered = hello.extensions.versions().filter(|v| !is_grease(*v));
    // DTLS counts its versions downwards.
    let rank = |v: &u16| if v >> 8 == 0xfe { u32::from(0xffff - v) } else { u32::from(*v) };
    match offered.max_by_key(rank).unwrap_or(hello.version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// First and last character of the first application protocol; of its hex form where one of them
/// is no letter or digit; `00` without any.
fn alpn(hello: &ClientHello<'_>) -> String {
    let Some(first) = hello.extensions.alpn().next() else { return "00".into() };
    let (Some(&a), Some(&b)) = (first.first(), first.last()) else { return "00".into() };
    if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() {
        return [a, b].map(char::from).iter().collect();
    }
    let digits = |byte: u8| format!("{byte:02x}");
    digits(a).chars().take(1).chain(digits(b).chars().skip(1)).collect()
}

fn decimal(numbers: impl Iterator<Item = u16>) -> String {
    let numbers: Vec<_> = numbers.filter(|n| !is_grease(*n)).map(|n| n.to_string()).collect();
    numbers.join("-")
}

fn hex(numbers: &[u16]) -> String {
    let numbers: Vec<_> = numbers.iter().map(|n| format!("{n:04x}")).collect();
    numbers.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::tls::wire::Extensions;

    #[test]
    fn the_worked_example_of_the_specification() {
        // FoxIO's JA4 technical details: a hello of TLS 1.3 with 15 ciphers and 16 extensions.
        let ciphers = "130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035";
        let ciphers = base16ct::lower::decode_vec(ciphers.as_bytes()).unwrap();
        let mut extensions = Vec::new();
        let signatures = "0010040308040401050308050501080606010000";
        let signatures = base16ct::lower::decode_vec(signatures.as_bytes()).unwrap();
        for number in [
            0x1b, 0, 0x33, 0x10, 0x4469, 0x17, 0x2d, 0x0d, 5, 0x23, 0x12, 0x2b, 0xff01, 0x0b, 0x0a,
            0x15_u16,
        ] {
            let body: &[u8] = match number {
                0x0d => &signatures[..18],
                0x10 => b"\x00\x03\x02h2",
                0x2b => b"\x02\x03\x04",
                _ => b"",
            };
            extensions.extend(number.to_be_bytes());
            extensions.extend((body.len() as u16).to_be_bytes());
            extensions.extend(body);
        }
        let hello = ClientHello {
            version: 0x0303,
            ciphers: &ciphers,
            extensions: Extensions(&extensions),
            ..ClientHello::default()
        };
        assert_eq!(ja4(&hello, Carrier::Stream), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn an_empty_hello_has_zeros() {
        let hello = ClientHello { version: 0x0300, ..ClientHello::default() };
        assert_eq!(ja4(&hello, Carrier::Quic), "qs3i000000_000000000000_000000000000");
        // MD5 of `768,,,,`.
        assert_eq!(ja3(&hello), base16ct::lower::encode_string(&Md5::digest("768,,,,")));
    }

    #[test]
    fn protocols_that_are_no_text_show_their_hex() {
        let name = |alpn: &[u8]| {
            let len = alpn.len() as u16;
            let body = [(len + 1).to_be_bytes().as_slice(), &[len as u8], alpn].concat();
            let extension =
                [&[0, 16], (body.len() as u16).to_be_bytes().as_slice(), &body].concat();
            let hello =
                ClientHello { extensions: Extensions(&extension), ..ClientHello::default() };
            super::alpn(&hello)
        };
        assert_eq!(name(b"http/1.1"), "h1");
        assert_eq!(name(b"h"), "hh");
        assert_eq!(name(b"\xab\xcd"), "ad");
        assert_eq!(name(b""), "00");
    }
}
