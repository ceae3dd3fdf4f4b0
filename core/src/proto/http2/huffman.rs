//! HPACK's Huffman code (RFC 7541 section 5.2): canonical, so the lengths of its words say it all.

use std::sync::LazyLock;

/// Symbols: the octets, and the end that is never sent.
const N_SYMBOLS: usize = 257;

/// Longest word in bits.
const MAX_BITS: usize = 30;

/// Bits of each symbol's word, RFC 7541 appendix B.
#[rustfmt::skip]
const LENGTHS: [u8; N_SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Words of one length: the first of them, and their symbols in order.
#[derive(Default)]
struct Length {
    first: u32,
    symbols: Vec<u16>,
}

/// Words by length, from one bit on.
static CODE: LazyLock<Vec<Length>> = LazyLock::new(|| {
    let mut first = 0;
    let length = |bits: usize| {
        let is_it = |(symbol, len): (u16, &u8)| (usize::from(*len) == bits).then_some(symbol);
        let symbols: Vec<u16> = (0..).zip(&LENGTHS).filter_map(is_it).collect();
        first *= 2;
        let length = Length { first, symbols };
        first += length.symbols.len() as u32;
        length
    };
    (1..=MAX_BITS).map(length).collect()
});

/// The text of a word for word coding. `None` when it holds the end, or ends within a word by more
/// than the padding of ones.
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // The shortest word has five bits.
    let mut out = Vec::with_capacity(bytes.len() * 8 / 5);
    let mut lengths = CODE.iter();
    let (mut word, mut n_bits) = (0_u32, 0_u32);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1)) {
        word = word << 1 | u32::from(bit);
        n_bits += 1;
        let length = lengths.next()?;
        let symbol = word.checked_sub(length.first).and_then(|n| length.symbols.get(n as usize));
        if let Some(symbol) = symbol {
            out.push(u8::try_from(*symbol).ok()?);
            lengths = CODE.iter();
            (word, n_bits) = (0, 0);
        }
    }
    let is_padding = n_bits < 8 && word == (1 << n_bits) - 1;
    is_padding.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(hex: &str) -> Option<String> {
        decode(&base16ct::lower::decode_vec(hex.as_bytes()).unwrap())
            .map(|b| String::from_utf8(b).unwrap())
    }

    #[test]
    fn the_code_leaves_no_word_unused() {
        let sum: u64 = LENGTHS.iter().map(|len| 1 << (MAX_BITS - usize::from(*len))).sum();
        assert_eq!(sum, 1 << MAX_BITS);
    }

    #[test]
    fn examples_of_rfc_7541_appendix_c() {
        for (hex, want) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95ba97d7f", "custom-key"),
            ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
            ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
            ("", ""),
        ] {
            assert_eq!(text(hex).as_deref(), Some(want));
        }
    }

    #[test]
    fn what_is_no_coding_is_refused() {
        // The end itself, padding of a whole octet, padding of zeros.
        for hex in ["ffffffff", "a8eb10649cbfff", "f1e3c2e5f23a6ba0ab90f400"] {
            assert_eq!(text(hex), None, "{hex}");
        }
    }

    #[test]
    fn every_octet_has_its_word() {
        for octet in 0..=255_u8 {
            let mut found = None;
            for (length, bits) in CODE.iter().zip(1_u32..) {
                if let Some(n) = length.symbols.iter().position(|s| *s == u16::from(octet)) {
                    found = Some((length.first + n as u32, bits));
                }
            }
            let (word, bits) = found.unwrap();
            let padded = u64::from(word) << (40 - bits) | ((1 << (40 - bits)) - 1);
            let bytes = &padded.to_be_bytes()[3..];
            let n = (bits as usize).div_ceil(8);
            assert_eq!(decode(&bytes[..n]), Some(vec![octet]));
        }
    }
}
