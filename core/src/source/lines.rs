//! Lines out of chunks: any cut of the bytes gives the same lines, and no line grows without end.

use super::{FEED_BUDGET, Sink};
use crate::event::{NodeId, Origin};
use crate::note::{LINE_TOO_LONG, Note};

/// Longest line that is kept. The longest real ones seen are EVE and JSON rows of some 100 KB.
pub const MAX_LINE: usize = 1 << 20;

/// Cuts a stream into lines and remembers where each one is.
#[derive(Debug)]
pub struct Lines {
    node: NodeId,
    carry: Vec<u8>,
    /// Offset of the current line's first byte.
    offset: u64,
    /// Bytes of an overlong line skipped so far; `None` when the line is kept.
    skipped: Option<u64>,
    item: u64,
}

/// What takes lines: the line without its end, and where it is.
pub type OnLine<'a> = dyn FnMut(&[u8], Origin, &mut dyn Sink) + 'a;

impl Lines {
    /// Lines of the node's bytes from their start.
    pub const fn new(node: NodeId) -> Self {
        Self { node, carry: Vec::new(), offset: 0, skipped: None, item: 0 }
    }

    /// Cuts `bytes` into lines; returns how many were consumed within the work budget.
    pub fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink, on: &mut OnLine<'_>) -> usize {
        let bytes = bytes.get(..FEED_BUDGET).unwrap_or(bytes);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let piece = bytes.get(start..end).unwrap_or_default();
            self.line(piece, 1, out, on);
            start = end + 1;
        }
        self.hold(bytes.get(start..).unwrap_or_default());
        bytes.len()
    }

    /// The last line, if it has no end.
    pub fn finish(&mut self, out: &mut dyn Sink, on: &mut OnLine<'_>) {
        if !self.carry.is_empty() || self.skipped.is_some() {
            self.line(&[], 0, out, on);
        }
    }

    /// Keeps the start of a line whose end has not come; lets it go when it is too long.
    fn hold(&mut self, piece: &[u8]) {
        if let Some(skipped) = &mut self.skipped {
            *skipped += piece.len() as u64;
        } else if self.carry.len() + piece.len() > MAX_LINE {
            self.skipped = Some((self.carry.len() + piece.len()) as u64);
            self.carry = Vec::new();
        } else {
            self.carry.extend_from_slice(piece);
        }
    }

    /// A whole line: what was held and `piece`, followed by an end of `end` bytes.
    fn line(&mut self, piece: &[u8], end: u64, out: &mut dyn Sink, on: &mut OnLine<'_>) {
        self.item += 1;
        if self.carry.is_empty() && self.skipped.is_none() && piece.len() <= MAX_LINE {
            self.emit(piece, out, on);
            self.offset += piece.len() as u64 + end;
            return;
        }
        self.hold(piece);
        let len = match self.skipped.take() {
            Some(len) => {
                let at = self.origin(0);
                let detail = format!("line {} has {len} bytes; the limit is {MAX_LINE}", self.item);
                out.note(Note { at, kind: &LINE_TOO_LONG, detail });
                len
            }
            None => {
                let line = std::mem::take(&mut self.carry);
                self.emit(&line, out, on);
                let len = line.len() as u64;
                self.carry = line;
                self.carry.clear();
                len
            }
        };
        self.offset += len + end;
    }

    fn emit(&self, line: &[u8], out: &mut dyn Sink, on: &mut OnLine<'_>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        on(line, self.origin(line.len()), out);
    }

    fn origin(&self, len: usize) -> Origin {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        Origin { node: self.node, item: self.item, offset: self.offset, len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::source::Node;

    #[derive(Default)]
    struct Sunk(Vec<Note>, Node);

    impl Sink for Sunk {
        fn event(&mut self, _: Event) {}
        fn note(&mut self, note: Note) {
            self.0.push(note);
        }
        fn child(&mut self, _: NodeId, _: &str) -> NodeId {
            NodeId(1)
        }
        fn node(&mut self, _: NodeId) -> &mut Node {
            &mut self.1
        }
    }

    fn cut(bytes: &[u8], step: usize) -> (Vec<(String, u64, u64)>, usize) {
        let (mut lines, mut out, mut got) = (Lines::new(NodeId(0)), Sunk::default(), Vec::new());
        let mut on = |line: &[u8], at: Origin, _: &mut dyn Sink| {
            got.push((String::from_utf8_lossy(line).into_owned(), at.item, at.offset));
        };
        for chunk in bytes.chunks(step) {
            assert_eq!(lines.feed(chunk, &mut out, &mut on), chunk.len());
        }
        lines.finish(&mut out, &mut on);
        (got, out.0.len())
    }

    #[test]
    fn any_chunking_gives_the_same_lines_and_offsets_point_back() {
        let text = b"one\r\n\ntwo\nlast";
        let (whole, _) = cut(text, text.len());
        for step in 1..text.len() {
            assert_eq!(cut(text, step).0, whole);
        }
        for (line, _, offset) in &whole {
            assert!(text[*offset as usize..].starts_with(line.as_bytes()));
        }
        assert_eq!(whole.last().unwrap(), &("last".to_owned(), 4, 10));
    }

    #[test]
    fn a_line_over_the_limit_is_noted_and_the_next_one_read() {
        for extra in [0, 1] {
            let mut text = vec![b'x'; MAX_LINE + extra];
            text.extend_from_slice(b"\ngood");
            let (lines, n_notes) = cut(&text, 100_000);
            assert_eq!(lines.last().unwrap().0, "good");
            assert_eq!((lines.len(), n_notes), (2 - extra, extra));
        }
    }
}
