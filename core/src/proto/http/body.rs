//! Where a message's body ends (RFC 9112 section 6), counted without keeping it.

use super::{mime, wire};
use std::io::Read;

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// So many bytes are still to come.
    Length(u64),
    /// Chunks, each behind a line with its size.
    Chunked,
    /// The body ends with the connection.
    UntilClose,
}

/// Where in a chunked body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

/// A body being skipped: its length, and its first bytes for the MIME type.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    chunk: Chunk,
    is_gzip: bool,
    head: Vec<u8>,
    /// Bytes of the body so far, transfer coding removed.
    pub len: u64,
}

/// What became of bytes given to [`Body::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The body goes on; all bytes were used.
    All,
    /// The body goes on; so many bytes were used, and a line's end is still missing.
    Some(usize),
    /// The body ended after so many bytes.
    End(usize),
    /// The chunks are broken after so many bytes: the end cannot be known.
    Broken(usize),
}

impl Body {
    /// A body that ends as `framing` says.
    pub const fn new(framing: Framing, is_gzip: bool) -> Self {
        Self { framing, chunk: Chunk::Size, is_gzip, head: Vec::new(), len: 0 }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, data: &[u8]) -> Taken {
        match self.framing {
            Framing::Empty => Taken::End(0),
            Framing::UntilClose => {
                self.count(data);
                Taken::All
            }
            Framing::Length(left) => {
                let used = data.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.count(data.get(..used).unwrap_or_default());
                let left = left - used as u64;
                self.framing = Framing::Length(left);
                if left == 0 { Taken::End(used) } else { Taken::All }
            }
            Framing::Chunked => self.take_chunks(data),
        }
    }

    /// `len` bytes are missing from the capture. True when they lie within the body for sure.
    pub fn skip(&mut self, len: u64) -> bool {
        let left = match (&mut self.framing, &mut self.chunk) {
            (Framing::UntilClose, _) => {
                self.len += len;
                return true;
            }
            (Framing::Length(left), _) => left,
            (Framing::Chunked, Chunk::Data(left)) => left,
            _ => return false,
        };
        // Bytes that reach the end of what is known leave nothing to find the next start by.
        let is_within = len <= *left;
        *left = left.saturating_sub(len);
        self.len += len;
        is_within
    }

    fn take_chunks(&mut self, data: &[u8]) -> Taken {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            if let Chunk::Data(left) = self.chunk {
                let n = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.count(rest.get(..n).unwrap_or_default());
                used += n;
                let left = left - n as u64;
                self.chunk = if left == 0 { Chunk::DataEnd } else { Chunk::Data(left) };
                if left > 0 {
                    return Taken::All;
                }
                continue;
            }
            let Some((line, n)) = wire::line(rest) else {
                return if rest.len() > wire::MAX_LINE {
                    Taken::Broken(used)
                } else {
                    Taken::Some(used)
                };
            };
            match self.chunk {
                Chunk::Size => match wire::chunk_size(line) {
                    Some(0) => self.chunk = Chunk::Trailer,
                    Some(size) => self.chunk = Chunk::Data(size),
                    None => return Taken::Broken(used),
                },
                Chunk::DataEnd if line.is_empty() => self.chunk = Chunk::Size,
                Chunk::DataEnd => return Taken::Broken(used),
                Chunk::Trailer if line.is_empty() => return Taken::End(used + n),
                Chunk::Trailer | Chunk::Data(_) => {}
            }
            used += n;
        }
    }

    fn count(&mut self, data: &[u8]) {
        self.len = self.len.saturating_add(data.len() as u64);
        let room = mime::HEAD.saturating_sub(self.head.len());
        if room > 0 {
            self.head.extend_from_slice(data.get(..room).unwrap_or(data));
        }
    }

    /// The MIME type by content; of what is inside, for a body that is gzip by its header.
    pub fn mime(&self) -> Option<&'static str> {
        if !self.is_gzip {
            return mime::of(&self.head);
        }
        let mut inner = [0; mime::HEAD];
        // Reading stops at the first error, which a cut head always gives: what came before counts.
        let mut decoder = flate2::read::GzDecoder::new(&*self.head);
        let mut n = 0;
        while let Some(room) = inner.get_mut(n..).filter(|room| !room.is_empty()) {
            match decoder.read(room) {
                Ok(got) if got > 0 => n += got,
                _ => break,
            }
        }
        mime::of(inner.get(..n).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(framing: Framing, data: &[u8], step: usize) -> (u64, Option<usize>) {
        let (mut body, mut at, mut end) = (Body::new(framing, false), 0, step.min(data.len()));
        loop {
            match body.take(&data[at..end]) {
                Taken::All => at = end,
                Taken::Some(n) => at += n,
                Taken::End(n) => return (body.len, Some(at + n)),
                Taken::Broken(_) => return (body.len, None),
            }
            if end == data.len() {
                return (body.len, None);
            }
            end = (end + step).min(data.len());
        }
    }

    #[test]
    fn chunks_end_at_the_same_byte_in_any_cut() {
        let data = b"4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nTrailer: 1\r\n\r\nNEXT";
        for step in 1..=data.len() {
            assert_eq!(run(Framing::Chunked, data, step), (9, Some(data.len() - 4)), "step {step}");
        }
    }

    #[test]
    fn a_chunk_size_that_is_none_breaks_and_a_huge_one_does_not_overflow() {
        assert_eq!(run(Framing::Chunked, b"zz\r\n", 9), (0, None));
        assert_eq!(run(Framing::Chunked, b"ffffffffffffffff\r\nabc", 99), (3, None));
    }

    #[test]
    fn a_gap_within_the_length_is_skipped_and_one_beyond_is_not() {
        let mut body = Body::new(Framing::Length(10), false);
        assert!(body.skip(10));
        assert_eq!(body.take(b"x"), Taken::End(0));
        assert!(!Body::new(Framing::Length(10), false).skip(11));
    }
}
