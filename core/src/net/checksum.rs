//! The Internet checksum (RFC 1071) over a transport segment and its pseudo header.

use etherparse::checksum::u64_16bit_word as sum;
use std::net::IpAddr;

/// True when the checksum in `segment` fits, computed with the pseudo header of RFC 9293 section
/// 3.1 or RFC 8200 section 8.1. Only whole segments can be judged.
pub(super) fn is_ok(src: IpAddr, dst: IpAddr, protocol: u8, segment: &[u8]) -> bool {
    let start = match (src, dst) {
        (IpAddr::V4(a), IpAddr::V4(b)) => add4(add4(0, a.octets()), b.octets()),
        (IpAddr::V6(a), IpAddr::V6(b)) => add16(add16(0, a.octets()), b.octets()),
        _ => return true,
    };
    let len = (segment.len() as u32).to_be_bytes();
    let start = sum::add_2bytes(sum::add_4bytes(start, len), [0, protocol]);
    sum::ones_complement(sum::add_slice(start, segment)) == 0
}

fn add4(start: u64, octets: [u8; 4]) -> u64 {
    sum::add_4bytes(start, octets)
}

fn add16(start: u64, o: [u8; 16]) -> u64 {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, p, q] = o;
    sum::add_8bytes(sum::add_8bytes(start, [a, b, c, d, e, f, g, h]), [i, j, k, l, m, n, p, q])
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
}
