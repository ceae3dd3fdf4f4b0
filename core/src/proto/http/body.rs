//! Where a message's body ends (RFC 9112 section 6), counted without keeping it.

use super::gzip::{self, Coding};
use super::headers::Content;
use super::parts::{Files, Parts};
use super::wire;
use crate::proto::mime::{self, Head};

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

/// A body being skipped: its length, its first bytes for the MIME type, its last for gzip's length.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    chunk: Chunk,
    content: Content,
    parts: Option<Box<Parts>>,
    head: Head,
    /// The last four bytes, least significant first.
    tail: u32,
    /// Bytes of the body so far, transfer coding removed.
    len: u64,
    has_gap: bool,
    has_end: bool,
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
    /// A body that ends as `framing` says, and has what `content` says.
    pub fn new(framing: Framing, content: Content) -> Self {
        Self {
            framing,
            chunk: Chunk::Size,
            parts: Parts::new(&content.boundary).map(Box::new),
            content,
            head: Head::default(),
            tail: 0,
            len: 0,
            has_gap: false,
            has_end: false,
        }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, data: &[u8]) -> Taken {
        let taken = self.take_framed(data);
        self.has_end |= matches!(taken, Taken::End(_));
        taken
    }

    /// The end of a body came whose framing does not tell it.
    pub const fn end(&mut self) {
        self.has_end = true;
    }

    fn take_framed(&mut self, data: &[u8]) -> Taken {
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
        self.has_gap = true;
        self.head.end();
        if let Some(parts) = &mut self.parts {
            parts.skip(len);
        }
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
        if let Some(parts) = &mut self.parts {
            parts.take(data);
        }
        self.len = self.len.saturating_add(data.len() as u64);
        self.head.take(data);
        let last = data.get(data.len().saturating_sub(4)..).unwrap_or_default();
        self.tail = last.iter().fold(self.tail, |tail, b| tail >> 8 | u32::from(*b) << 24);
    }

    /// Bytes of the content: of a gzip body that came whole what its trailer states, where that can
    /// be; else the bytes of the body so far, transfer coding removed.
    pub fn size(&self) -> u64 {
        let is_whole = self.has_end && !self.has_gap;
        let stated = match self.content.coding {
            Coding::Gzip if is_whole => gzip::content_len(self.head.bytes(), self.len, self.tail),
            _ => None,
        };
        stated.unwrap_or(self.len)
    }

    /// The files in it, once no more bytes come: its parts, or the whole.
    pub fn files(mut self) -> Files {
        match self.parts.take() {
            Some(parts) => parts.finish(),
            None if self.len == 0 => Files::default(),
            None => Files {
                types: self.mime().into_iter().collect(),
                names: self.content.filename.into_iter().collect(),
            },
        }
    }

    /// The MIME type by content; of what is inside, for a body that is gzip by its header.
    fn mime(&self) -> Option<&'static str> {
        match self.content.coding {
            _ if self.content.is_later_range => None,
            Coding::Other => mime::of(self.head.bytes()),
            Coding::Gzip | Coding::GzipAmong => gzip::mime(self.head.bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(framing: Framing, data: &[u8], step: usize) -> (u64, Option<usize>) {
        let (mut body, mut at, mut end) =
            (Body::new(framing, Content::default()), 0, step.min(data.len()));
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
        let mut body = Body::new(Framing::Length(10), Content::default());
        assert!(body.skip(10));
        assert_eq!(body.take(b"x"), Taken::End(0));
        assert!(!Body::new(Framing::Length(10), Content::default()).skip(11));
    }

    /// `content` as a gzip member.
    fn packed(content: &[u8]) -> Vec<u8> {
        let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut coder, content).unwrap();
        coder.finish().unwrap()
    }

    /// The size of a body given `step` bytes at a time.
    fn size(framing: Framing, coding: Coding, data: &[u8], step: usize) -> u64 {
        let content = Content { coding, ..Content::default() };
        let (mut body, mut at, mut end) = (Body::new(framing, content), 0, 0);
        while end < data.len() {
            end = (end + step).min(data.len());
            match body.take(&data[at..end]) {
                Taken::All => at = end,
                Taken::Some(n) | Taken::End(n) | Taken::Broken(n) => at += n,
            }
        }
        body.size()
    }

    #[test]
    fn a_whole_gzip_body_has_the_size_that_its_trailer_states_in_any_cut() {
        let gz = packed(&[b'x'; 5000]);
        let n = gz.len() as u64;
        let (a, b) = gz.split_at(gz.len() - 2);
        let chunk =
            |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        let chunks = [chunk(a), chunk(b), b"0\r\n\r\n".to_vec()].concat();
        for step in 1..=chunks.len() {
            assert_eq!(size(Framing::Length(n), Coding::Gzip, &gz, step), 5000, "step {step}");
            assert_eq!(size(Framing::Chunked, Coding::Gzip, &chunks, step), 5000, "step {step}");
        }
        // One that is not said to be gzip, or is coded again inside, is as long as it is.
        for coding in [Coding::Other, Coding::GzipAmong] {
            assert_eq!(size(Framing::Length(n), coding, &gz, 7), n);
        }
    }

    #[test]
    fn a_gzip_body_that_is_cut_or_has_a_gap_is_as_long_as_it_came() {
        let gz = packed(&[b'x'; 5000]);
        let n = gz.len() as u64;
        assert_eq!(size(Framing::Length(n + 1), Coding::Gzip, &gz, 7), n);
        assert_eq!(size(Framing::UntilClose, Coding::Gzip, &gz, 7), n);
        // Cut within the last chunk, and within the line that ends it.
        let head = format!("{n:x}\r\n");
        let chunks = [head.as_bytes(), &gz, b"\r\n0\r\n\r\n"].concat();
        for left in 1..7 {
            let cut = &chunks[..chunks.len() - left];
            assert_eq!(size(Framing::Chunked, Coding::Gzip, cut, 9), n, "{left} bytes missing");
        }
        let content = Content { coding: Coding::Gzip, ..Content::default() };
        let mut body = Body::new(Framing::Length(n), content);
        body.take(&gz[..12]);
        assert!(body.skip(4));
        assert_eq!(body.take(&gz[16..]), Taken::End(gz.len() - 16));
        assert_eq!(body.size(), n);
    }

    #[test]
    fn a_trailer_that_lies_is_not_believed() {
        let mut gz = packed(b"a few words");
        let n = gz.len() as u64;
        let end = gz.len() - 4;
        gz[end..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(size(Framing::Length(n), Coding::Gzip, &gz, 5), n);
        // Of several members the last would speak for all.
        let two =
            [packed(&(0..9000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>()), packed(b"end")]
                .concat();
        let n = two.len() as u64;
        assert_eq!(size(Framing::Length(n), Coding::Gzip, &two, 500), n);
    }
}
