//! Puts pieces of a byte sequence in order that come in any order, twice, or overlapping.

use std::collections::BTreeMap;

/// Bytes held that wait for earlier ones. A ClientHello with post-quantum keys has about 2 KB,
/// a chain of certificates under 100 KB; what goes beyond is dropped.
pub const MAX_HELD: usize = 128 << 10;

/// Pieces held that wait for earlier ones, so that pieces of one byte cannot fill the memory with
/// their bookkeeping. Senders that scatter their ClientHello on purpose use some dozen.
pub const MAX_PIECES: usize = 256;

/// The pieces of one sequence.
#[derive(Debug, Default)]
pub struct Reorder {
    next: u64,
    later: BTreeMap<u64, Vec<u8>>,
    held: usize,
}

impl Reorder {
    /// Bytes held that wait for earlier ones.
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Takes a piece; gives back the bytes that are now in order. `None` when there was no room.
    pub fn push(&mut self, offset: u64, bytes: &[u8]) -> Option<Vec<u8>> {
        let end = offset.checked_add(bytes.len() as u64)?;
        if end <= self.next {
            return Some(Vec::new());
        }
        if offset > self.next {
            return self.hold(offset, bytes);
        }
        let mut out = self.fresh(offset, bytes).to_vec();
        self.next = end;
        while let Some((&at, _)) = self.later.first_key_value().filter(|(at, _)| **at <= self.next)
        {
            let piece = self.later.remove(&at)?;
            self.held -= piece.len();
            let fresh = self.fresh(at, &piece);
            self.next += fresh.len() as u64;
            out.extend_from_slice(fresh);
        }
        Some(out)
    }

    fn hold(&mut self, offset: u64, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.later.get(&offset).is_some_and(|have| have.len() >= bytes.len()) {
            return Some(Vec::new());
        }
        if self.held + bytes.len() > MAX_HELD || self.later.len() >= MAX_PIECES {
            return None;
        }
        self.held += bytes.len();
        if let Some(shorter) = self.later.insert(offset, bytes.to_vec()) {
            self.held -= shorter.len();
        }
        Some(Vec::new())
    }

    /// The part of a piece that was not given back yet.
    fn fresh<'a>(&self, offset: u64, bytes: &'a [u8]) -> &'a [u8] {
        let old = usize::try_from(self.next.saturating_sub(offset)).unwrap_or(usize::MAX);
        bytes.get(old..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_gives_the_same_bytes() {
        let text = b"0123456789abcdef";
        let pieces = [(0, 4), (2, 7), (7, 9), (9, 10), (10, 16), (0, 16), (3, 12)];
        for turn in 0..pieces.len() {
            for step in [1, 2, 3, 4, 5, 6] {
                let mut r = Reorder::default();
                let mut out = Vec::new();
                for n in 0..pieces.len() {
                    let (from, to) = pieces[(turn + n * step) % pieces.len()];
                    out.extend(r.push(from as u64, &text[from..to]).unwrap());
                }
                assert_eq!(out, text, "from {turn} by {step}");
                assert_eq!((r.next, r.held, r.later.len()), (16, 0, 0));
            }
        }
    }

    #[test]
    fn what_is_held_has_its_limits() {
        let mut r = Reorder::default();
        assert!(r.push(1, &vec![0; MAX_HELD]).is_some());
        assert_eq!(r.push(MAX_HELD as u64 + 9, b"x"), None);
        let mut r = Reorder::default();
        (0..MAX_PIECES as u64).for_each(|n| assert!(r.push(2 + 2 * n, b"x").is_some()));
        assert_eq!(r.push(1, b"x"), None);
        assert_eq!(r.push(u64::MAX, b"xx"), None);
        // Room or not, what comes in order is taken.
        assert_eq!(r.push(0, b"ab").unwrap(), b"abx");
    }
}
