//! A hash that is the same on every machine, word size and seed, for choosing what a full table keeps.
//!
//! What is kept under a cap reaches the report, so it must not depend on the host's seed, and the
//! page (32 bits) must keep what the command (64 bits) keeps. Tables use the host's seed instead.

use std::hash::{Hash, Hasher};

/// The stable hash of a value.
pub fn stable(value: &impl Hash) -> u64 {
    let mut hasher = Stable(0x9e37_79b9_7f4a_7c15);
    value.hash(&mut hasher);
    hasher.finish()
}

struct Stable(u64);

impl Stable {
    /// Up to eight bytes as a number, little end first; how many makes a difference.
    fn write_part(&mut self, word: u64, len: usize) {
        self.write_u64(word ^ ((len as u64) << 60));
    }

    /// The finaliser of SplitMix64: every input bit moves every output bit.
    const fn mix(mut x: u64) -> u64 {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

impl Hasher for Stable {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_part(u64::from_le_bytes(*word), 8);
        }
        if !rest.is_empty() {
            let word = rest.iter().rev().fold(0u64, |w, b| (w << 8) | u64::from(*b));
            self.write_part(word, rest.len());
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }
    fn write_u16(&mut self, n: u16) {
        self.write_u64(u64::from(n));
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = Self::mix(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ n);
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as i64 as u64);
    }
    fn finish(&self) -> u64 {
        Self::mix(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn values_are_fixed_for_all_time() {
        let addr: IpAddr = "192.0.2.1".parse().unwrap();
        // A change of these numbers changes what full tables keep.
        assert_eq!(stable(&(addr, 443u16)), 0x5714_f763_0fb8_bd3f);
        assert_eq!(stable(&"name"), 0x8d79_bff0_46f5_1770);
        assert_eq!(stable(&(1u8, 2u32, 3u64, 4usize, -5isize)), 0x1a64_13a7_55ca_0811);
        assert_ne!(stable(&(addr, 443u16)), stable(&(addr, 444u16)));
        assert_ne!(stable(&"ab"), stable(&"ba"));
    }

    #[test]
    fn spreads_neighbours_over_the_whole_range() {
        let high = (0..1000u16).filter(|p| stable(p) > u64::MAX / 2).count();
        assert!((400..600).contains(&high), "{high}");
    }
}
