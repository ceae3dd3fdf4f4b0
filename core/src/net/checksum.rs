//! The Internet checksum (RFC 1071) over a transport segment and its pseudo header.

use std::net::IpAddr;

/// True when the checksum in `segment` fits, computed with the pseudo header of RFC 9293 section
/// 3.1 or RFC 8200 section 8.1. Only whole segments can be judged.
///
/// A sum in ones' complement does not depend on the order of bytes within the words (RFC 1071
/// section 2), so words are taken as the machine has them: this runs over every byte captured.
pub(super) fn is_ok(src: IpAddr, dst: IpAddr, protocol: u8, segment: &[u8]) -> bool {
    pseudo(src, dst, protocol, segment.len())
        .is_none_or(|header| fold(header + sum(segment)) == u16::MAX)
}

/// True when the checksum, two bytes at `at` of `segment`, is what a sender leaves there for its
/// network card to finish: nothing, or the sum of the pseudo header, in which the length of a segment
/// that the card will cut stands for nothing. A packet captured on its way to the card has it, and so
/// has one that the kernel joined from several that it received. Damage looks like that once in
/// 20 000 times.
pub(super) fn is_unfinished(
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    segment: &[u8],
    at: usize,
) -> bool {
    let field = segment.get(at..).and_then(|rest| rest.first_chunk().copied());
    let Some(field) = field.map(u16::from_ne_bytes) else { return false };
    let is_of = |len| pseudo(src, dst, protocol, len).is_some_and(|header| fold(header) == field);
    field == 0 || is_of(segment.len()) || is_of(0)
}

/// The sum of the pseudo header; `None` where the two addresses are of two families.
fn pseudo(src: IpAddr, dst: IpAddr, protocol: u8, len: usize) -> Option<u64> {
    let addresses = match (src, dst) {
        (IpAddr::V4(a), IpAddr::V4(b)) => sum(&a.octets()) + sum(&b.octets()),
        (IpAddr::V6(a), IpAddr::V6(b)) => sum(&a.octets()) + sum(&b.octets()),
        _ => return None,
    };
    Some(addresses + sum(&(len as u32).to_be_bytes()) + sum(&[0, protocol]))
}

/// The sum of 32-bit words, an odd end filled with zeros. Four lanes, so that it becomes simd;
/// a lane of 64 bits holds the sum of 2^32 words.
fn sum(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<16>();
    let mut lanes = [0u64; 4];
    for block in blocks {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<4>().0) {
            *lane += u64::from(u32::from_ne_bytes(*word));
        }
    }
    let (words, end) = rest.as_chunks::<4>();
    let mut last = [0; 4];
    last.iter_mut().zip(end).for_each(|(to, from)| *to = *from);
    let tail = words.iter().chain([&last]).map(|w| u64::from(u32::from_ne_bytes(*w)));
    lanes.into_iter().chain(tail).sum()
}

/// Folds a sum to 16 bits, carries added back in.
fn fold(mut sum: u64) -> u16 {
    while sum > u64::from(u16::MAX) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correct_datagram_passes_and_a_flipped_bit_does_not() {
        // UDP 53 -> 1024, 4 bytes of payload, sum worked out by hand from RFC 768.
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let mut udp = [0x00, 0x35, 0x04, 0x00, 0x00, 0x0c, 0, 0, 1, 2, 3, 4];
        let words = [0x0a00, 0x0001, 0x0a00, 0x0002, 17, 12, 0x35, 0x0400, 12, 0x0102, 0x0304u32];
        let total: u32 = words.iter().sum();
        let folded = !((total & 0xffff) + (total >> 16)) as u16;
        [udp[6], udp[7]] = folded.to_be_bytes();
        assert!(is_ok(a, b, 17, &udp));
        udp[9] ^= 1;
        assert!(!is_ok(a, b, 17, &udp));
    }

    #[test]
    fn what_is_left_to_the_network_card_is_told_from_damage() {
        // A TCP segment of 8 bytes behind the ports; the words of its pseudo header by hand.
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let with = |sum: u16| {
            let mut segment = vec![7; 28];
            segment[16..18].copy_from_slice(&sum.to_be_bytes());
            segment
        };
        let header = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6;
        for sum in [0, header, header + 28] {
            assert!(is_unfinished(a, b, 6, &with(sum), 16), "{sum:04x}");
            assert!(!is_ok(a, b, 6, &with(sum)), "{sum:04x}");
        }
        for sum in [1, header - 1, header + 27] {
            assert!(!is_unfinished(a, b, 6, &with(sum), 16), "{sum:04x}");
        }
        assert!(!is_unfinished(a, b, 6, &with(header)[..17], 16), "cut");
    }
}
