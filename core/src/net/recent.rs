//! The segments delivered last, to see that a repetition says something else.

use std::hash::{BuildHasher, Hasher};

/// Segments remembered of one direction. An injected answer races the true one: they come together.
const REMEMBERED: usize = 4;

/// Places and hashes of the segments delivered last.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    segments: [Segment; REMEMBERED],
    next: u8,
}

#[derive(Debug, Clone, Copy, Default)]
struct Segment {
    seq: u64,
    len: u32,
    hash: u64,
}

impl Recent {
    /// Remembers a segment in place of the oldest.
    pub(crate) fn remember(&mut self, seq: u64, data: &[u8]) {
        let slot = usize::from(self.next) % REMEMBERED;
        if let Some(slot) = self.segments.get_mut(slot) {
            *slot = Segment { seq, len: data.len() as u32, hash: digest(data) };
        }
        self.next = self.next.wrapping_add(1);
    }

    /// True when the very same place was delivered with other bytes. One byte is a keep-alive's,
    /// which may be anything (RFC 9293, section 3.8.4).
    pub(crate) fn said_otherwise(&self, seq: u64, data: &[u8]) -> bool {
        let is_place = |s: &&Segment| s.seq == seq && s.len as usize == data.len();
        let before = self.segments.iter().find(is_place);
        data.len() > 1 && before.is_some_and(|s| s.hash != digest(data))
    }
}

/// A quick hash of a segment. It only decides whether a `weird` is written: an adversary who makes
/// two texts collide hides that one line.
fn digest(data: &[u8]) -> u64 {
    let mut hasher = foldhash::fast::FixedState::with_seed(0).build_hasher();
    hasher.write(data);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_are_remembered_and_a_keep_alive_says_nothing() {
        let mut recent = Recent::default();
        recent.remember(1, b"good");
        assert!(recent.said_otherwise(1, b"evil"));
        assert!(!recent.said_otherwise(1, b"good") && !recent.said_otherwise(2, b"evil"));
        recent.remember(5, b"x");
        assert!(!recent.said_otherwise(5, b"y"));
        (0..REMEMBERED as u64).for_each(|n| recent.remember(10 + n, b"more"));
        assert!(!recent.said_otherwise(1, b"evil"));
    }
}
