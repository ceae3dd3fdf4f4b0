//! Records out of chunks: parsed from the chunk itself, only a cut one is carried over.

use crate::source::FEED_BUDGET;

/// What a parser of records says of the bytes it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It used this many of them, at least one.
    Used(usize),
    /// It needs this many, counted from the first it was shown; more than it was shown.
    Need(usize),
}

/// The bytes a parser is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    pub data: &'a [u8],
    /// Where they begin in the node.
    pub offset: u64,
    /// True when no more will come.
    pub is_end: bool,
}

/// Carries a cut record from one chunk to the next.
#[derive(Debug, Default)]
pub(super) struct Carry {
    held: Vec<u8>,
    /// How many of the held bytes are used up.
    start: usize,
    /// How many unused bytes the parser wants to see.
    need: usize,
    /// Where the unused bytes begin in the node.
    offset: u64,
}

impl Carry {
    /// One whose first byte is at `offset` of the node.
    pub(super) fn at(offset: u64) -> Self {
        Self { offset, ..Self::default() }
    }

    /// Shows the parser one record after another; returns how many bytes were taken in.
    pub(super) fn feed(&mut self, bytes: &[u8], mut step: impl FnMut(Window<'_>) -> Step) -> usize {
        let bytes = bytes.get(..FEED_BUDGET).unwrap_or(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.unused() == 0 {
                rest = self.direct(rest, &mut step);
            } else {
                rest = self.top_up(rest, &mut step);
            }
        }
        bytes.len()
    }

    /// Shows the parser what is left, knowing that it is the end. Returns what it cannot use.
    pub(super) fn finish(&mut self, mut step: impl FnMut(Window<'_>) -> Step) -> usize {
        while self.unused() > 0 {
            let data = self.held.get(self.start..).unwrap_or_default();
            match step(Window { data, offset: self.offset, is_end: true }) {
                Step::Used(n) => self.advance(n),
                Step::Need(_) => break,
            }
        }
        self.unused()
    }

    /// Where the first byte that was not used is in the node.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    fn unused(&self) -> usize {
        self.held.len() - self.start
    }

    /// Parses out of the chunk; what is left of it when a record is cut is held.
    fn direct<'a>(
        &mut self,
        mut rest: &'a [u8],
        step: &mut impl FnMut(Window<'_>) -> Step,
    ) -> &'a [u8] {
        while !rest.is_empty() {
            match step(Window { data: rest, offset: self.offset, is_end: false }) {
                Step::Used(n) => {
                    self.offset += n.min(rest.len()) as u64;
                    rest = rest.get(n..).unwrap_or_default();
                }
                Step::Need(n) => {
                    self.held.clear();
                    self.start = 0;
                    self.held.extend_from_slice(rest);
                    self.need = n;
                    return &[];
                }
            }
        }
        rest
    }

    /// Adds what the held record needs, and parses it once it is there.
    fn top_up<'a>(
        &mut self,
        rest: &'a [u8],
        step: &mut impl FnMut(Window<'_>) -> Step,
    ) -> &'a [u8] {
        let want = self.need.saturating_sub(self.unused()).min(rest.len());
        let (now, rest) = rest.split_at_checked(want).unwrap_or((rest, &[]));
        self.held.extend_from_slice(now);
        while self.unused() >= self.need && self.unused() > 0 {
            let data = self.held.get(self.start..).unwrap_or_default();
            match step(Window { data, offset: self.offset, is_end: false }) {
                Step::Used(n) => {
                    self.advance(n);
                    self.need = 0;
                }
                Step::Need(n) => self.need = n,
            }
        }
        rest
    }

    /// Uses up held bytes. They are moved to the front now and then only, so that many small steps
    /// over much held data stay cheap.
    fn advance(&mut self, n: usize) {
        const COMPACT_AT: usize = 256 << 10;
        let n = n.min(self.unused());
        self.start += n;
        self.offset += n as u64;
        if self.unused() == 0 {
            self.held.clear();
            self.start = 0;
        } else if self.start >= COMPACT_AT {
            self.held.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of one length octet and that many bytes.
    fn read(chunks: &[&[u8]]) -> (Vec<(u64, Vec<u8>)>, usize) {
        let mut carry = Carry::default();
        let mut got = Vec::new();
        let mut step = |w: Window<'_>| {
            let n = 1 + usize::from(w.data[0]);
            match w.data.get(1..n) {
                Some(body) => {
                    got.push((w.offset, body.to_vec()));
                    Step::Used(n)
                }
                None => Step::Need(n),
            }
        };
        for chunk in chunks {
            assert_eq!(carry.feed(chunk, &mut step), chunk.len());
        }
        let left = carry.finish(&mut step);
        (got, left)
    }

    #[test]
    fn any_cut_gives_the_same_records_and_the_cut_last_one_is_told() {
        let all = b"\x03abc\x00\x01x\x05hello\x04cut";
        let (want, left) = read(&[all]);
        assert_eq!(want.len(), 4);
        assert_eq!((want[3].0, left), (7, 4));
        for i in 0..=all.len() {
            for j in i..=all.len() {
                let cut = read(&[&all[..i], &all[i..j], &all[j..]]);
                assert_eq!(cut, (want.clone(), left), "cut at {i} and {j}");
            }
        }
    }

    #[test]
    fn no_more_than_the_budget_is_taken_at_once() {
        let mut carry = Carry::default();
        let big = vec![0; FEED_BUDGET + 1];
        assert_eq!(carry.feed(&big, |_| Step::Used(1)), FEED_BUDGET);
    }
}
