//! Lines of a stream for the text protocols: bounded, in any cut of the stream.

use super::{Step, Then};

/// Cuts one direction of a stream into lines.
#[derive(Debug, Default)]
pub struct Liner {
    /// Bytes at the front of the unused data that hold no line end: not searched again.
    scanned: usize,
    /// The start of a line was handed out as cut; its rest is being passed over.
    is_skipping: bool,
}

/// What is at the front of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// A line without its end.
    Line {
        /// The line, at most as long as the limit.
        line: &'a [u8],
        /// Bytes used by it and its end.
        used: usize,
        /// It is longer than the limit: this is its start.
        is_cut: bool,
    },
    /// So many bytes belong to a line that was cut before.
    Skip(usize),
    /// The line's end is not there yet.
    More,
}

impl Liner {
    /// The next line of `data`, of which at most `max` bytes count.
    pub fn next<'a>(&mut self, data: &'a [u8], max: usize) -> Next<'a> {
        let from = if self.is_skipping { 0 } else { self.scanned.min(data.len()) };
        let end = memchr::memchr(b'\n', data.get(from..).unwrap_or_default()).map(|at| from + at);
        self.scanned = 0;
        if self.is_skipping {
            self.is_skipping = end.is_none();
            return Next::Skip(end.map_or(data.len(), |e| e + 1));
        }
        let whole = data.get(..end.unwrap_or(data.len())).unwrap_or_default();
        if whole.len() > max {
            self.is_skipping = end.is_none();
            let line = whole.get(..max).unwrap_or(whole);
            return Next::Line { line, used: end.map_or(data.len(), |e| e + 1), is_cut: true };
        }
        match end {
            Some(end) => {
                let line = whole.strip_suffix(b"\r").unwrap_or(whole);
                Next::Line { line, used: end + 1, is_cut: false }
            }
            None => {
                self.scanned = data.len();
                Next::More
            }
        }
    }

    /// Hands out the lines of `data`, of which at most `max` bytes count, until one says otherwise.
    /// `line` gets the line and whether it is cut.
    pub fn each(
        &mut self,
        data: &[u8],
        max: usize,
        line: &mut dyn FnMut(&[u8], bool) -> Then,
    ) -> Step {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Done;
            }
            match self.next(rest, max) {
                Next::Line { line: text, used: n, is_cut } => {
                    used += n;
                    if let Some(step) = line(text, is_cut).step(used) {
                        return step;
                    }
                }
                Next::Skip(n) => used += n,
                Next::More => return Step::More { used, need: rest.len() + 1 },
            }
        }
    }

    /// Bytes are missing: what was seen of a line says nothing any more.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(data: &[u8], step: usize, max: usize) -> Vec<(String, bool)> {
        let (mut liner, mut held, mut got) = (Liner::default(), Vec::new(), Vec::new());
        for piece in data.chunks(step) {
            held.extend_from_slice(piece);
            loop {
                let used = match liner.next(&held, max) {
                    Next::Line { line, used, is_cut } => {
                        got.push((String::from_utf8_lossy(line).into_owned(), is_cut));
                        used
                    }
                    Next::Skip(used) => used,
                    Next::More => break,
                };
                held.drain(..used);
                if held.is_empty() {
                    break;
                }
            }
        }
        got
    }

    #[test]
    fn the_same_lines_in_any_cut_with_one_over_the_limit() {
        let data = b"USER a\r\n12345678\n123456789\nQUIT\r\n";
        let whole = lines(data, data.len(), 8);
        let texts: Vec<_> = whole.iter().map(|(l, cut)| (&**l, *cut)).collect();
        assert_eq!(
            texts,
            [("USER a", false), ("12345678", false), ("12345678", true), ("QUIT", false)]
        );
        for step in 1..data.len() {
            assert_eq!(lines(data, step, 8), whole, "step {step}");
        }
    }
}
