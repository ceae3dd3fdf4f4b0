//! JSON objects out of chunks: one a line, spread over lines, or in a list; a broken one costs only itself.

use super::lines::MAX_LINE;
use super::{FEED_BUDGET, Sink};
use crate::event::{NodeId, Origin};
use crate::note::{FILE_CUT, LINE_MALFORMED, LINE_TOO_LONG, Note, NoteKind};

/// Cuts a stream into top-level objects and remembers where each one is.
#[derive(Debug)]
pub struct Objects {
    node: NodeId,
    state: State,
    /// Line number and offset of the next byte.
    line: u64,
    offset: u64,
    /// Offset of this line's first byte.
    line_at: u64,
    /// True until a byte that is no blank was seen in this line.
    is_line_start: bool,
    held: Vec<u8>,
    /// Where the current object or junk began.
    start: (u64, u64),
    depth: u32,
    in_string: bool,
    is_escaped: bool,
    /// The last byte of the object that was no blank, outside strings.
    last: u8,
    /// True when something follows the brace in the object's first line: it is meant to be one line.
    is_compact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Object,
    /// The current object is too long: its bytes are not kept.
    Skipping,
    /// Something that is no object, up to the end of its line.
    Junk,
    /// Behind a broken object: up to the next line that begins one.
    Lost,
}

/// What takes objects: the bytes from brace to brace, and where they are.
pub type OnObject<'a> = dyn FnMut(&[u8], Origin, &mut dyn Sink) + 'a;

impl Objects {
    /// Objects of the node's bytes from their start.
    pub const fn new(node: NodeId) -> Self {
        Self {
            node,
            state: State::Between,
            line: 1,
            offset: 0,
            line_at: 0,
            is_line_start: true,
            held: Vec::new(),
            start: (1, 0),
            depth: 0,
            in_string: false,
            is_escaped: false,
            last: 0,
            is_compact: false,
        }
    }

    /// Cuts `bytes` into objects; returns how many bytes were consumed within the work budget.
    pub fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink, on: &mut OnObject<'_>) -> usize {
        let bytes = bytes.get(..FEED_BUDGET).unwrap_or(bytes);
        for &b in bytes {
            self.byte(b, out, on);
            self.offset += 1;
            match b {
                b'\n' => {
                    self.line += 1;
                    self.line_at = self.offset;
                    self.is_line_start = true;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => self.is_line_start = false,
            }
        }
        bytes.len()
    }

    /// The bytes are at their end.
    pub fn finish(&mut self, out: &mut dyn Sink) {
        match self.state {
            State::Object => self.note(&FILE_CUT, "the object is not closed", out),
            State::Skipping => self.end_of_skipped(out),
            State::Junk => self.end_of_junk(out),
            _ => {}
        }
    }

    fn byte(&mut self, b: u8, out: &mut dyn Sink, on: &mut OnObject<'_>) {
        match self.state {
            State::Between => self.between(b),
            State::Lost => {
                if b == b'{' && self.is_line_start {
                    self.begin(b);
                }
            }
            State::Junk => {
                if b == b'\n' {
                    self.end_of_junk(out);
                } else if self.held.len() < JUNK_SHOWN {
                    self.held.push(b);
                }
            }
            State::Object | State::Skipping => {
                if b == b'{' && self.is_line_start && self.starts_another() {
                    self.broken("another object begins inside it", out);
                    self.begin(b);
                } else {
                    self.inside(b, out, on);
                }
            }
        }
    }

    fn between(&mut self, b: u8) {
        match b {
            b'{' => self.begin(b),
            // Blanks, the brackets and commas of a list, a byte order mark.
            b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b',' | 0xef | 0xbb | 0xbf | 0x1e => {}
            _ => {
                self.state = State::Junk;
                self.start = (self.line, self.offset);
                self.held.clear();
                self.held.push(b);
            }
        }
    }

    fn begin(&mut self, b: u8) {
        self.state = State::Object;
        self.start = (self.line, self.offset);
        self.held.clear();
        self.held.push(b);
        (self.depth, self.in_string, self.is_escaped) = (1, false, false);
        (self.last, self.is_compact) = (b, false);
    }

    /// True when a brace that begins a line cannot belong to the object it seems to be in.
    fn starts_another(&self) -> bool {
        let is_margin = self.offset == self.line_at;
        self.is_compact && is_margin || !matches!(self.last, b':' | b',' | b'[')
    }

    fn inside(&mut self, b: u8, out: &mut dyn Sink, on: &mut OnObject<'_>) {
        self.hold(b);
        if self.in_string {
            match b {
                b'\n' => self.broken("a string is not closed in its line", out),
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match b {
            b' ' | b'\t' | b'\r' | b'\n' => return,
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.last = b;
        self.is_compact |= self.line == self.start.0;
        if self.depth == 0 {
            self.emit(out, on);
        }
    }

    fn hold(&mut self, b: u8) {
        if self.state == State::Object {
            if self.held.len() < MAX_LINE {
                self.held.push(b);
            } else {
                self.state = State::Skipping;
                self.held = Vec::new();
            }
        }
    }

    fn emit(&mut self, out: &mut dyn Sink, on: &mut OnObject<'_>) {
        if self.state == State::Skipping {
            self.end_of_skipped(out);
        } else {
            on(&self.held, self.origin(self.held.len()), out);
        }
        self.state = State::Between;
    }

    fn end_of_skipped(&mut self, out: &mut dyn Sink) {
        let len = self.offset + 1 - self.start.1;
        let detail = format!("the object has {len} bytes; the limit is {MAX_LINE}");
        self.note(&LINE_TOO_LONG, &detail, out);
    }

    fn broken(&mut self, why: &str, out: &mut dyn Sink) {
        self.note(&LINE_MALFORMED, why, out);
        self.state = State::Lost;
    }

    fn end_of_junk(&mut self, out: &mut dyn Sink) {
        let detail = format!("no object: {}", self.held.escape_ascii());
        self.note(&LINE_MALFORMED, &detail, out);
        self.state = State::Between;
    }

    fn note(&self, kind: &'static NoteKind, detail: &str, out: &mut dyn Sink) {
        let len = usize::try_from(self.offset - self.start.1).unwrap_or(usize::MAX);
        out.note(Note { at: self.origin(len), kind, detail: detail.to_owned() });
    }

    fn origin(&self, len: usize) -> Origin {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        Origin { node: self.node, item: self.start.0, offset: self.start.1, len }
    }
}

/// How much of something that is no object a note shows.
const JUNK_SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Sunk;

    fn cut(bytes: &[u8], step: usize) -> (Vec<(String, u64, u64)>, Vec<String>) {
        let (mut objects, mut out, mut got) = (Objects::new(NodeId(0)), Sunk::default(), vec![]);
        let mut on = |o: &[u8], at: Origin, _: &mut dyn Sink| {
            got.push((String::from_utf8_lossy(o).into_owned(), at.item, at.offset));
        };
        for chunk in bytes.chunks(step) {
            assert_eq!(objects.feed(chunk, &mut out, &mut on), chunk.len());
        }
        objects.finish(&mut out);
        let notes = out.notes.iter().map(|n| format!("{} {}", n.kind.code, n.at.item)).collect();
        (got, notes)
    }

    fn objects(text: &str) -> Vec<String> {
        cut(text.as_bytes(), text.len()).0.into_iter().map(|(o, ..)| o).collect()
    }

    #[test]
    fn one_a_line_spread_out_or_in_a_list() {
        assert_eq!(objects("{\"a\":1}\n{\"b\":2}\n"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(
            objects("\u{feff}[{\"a\":{}},\n{\"b\":\"}\"}]"),
            ["{\"a\":{}}", "{\"b\":\"}\"}"]
        );
        assert_eq!(
            objects("{\n \"a\": [\n{\n}\n,\n{}]\n}\n{\n}"),
            ["{\n \"a\": [\n{\n}\n,\n{}]\n}", "{\n}"]
        );
    }

    #[test]
    fn a_broken_object_does_not_cost_the_next() {
        for first in
            ["{\"a\":\"x", "{\"a\":{\"b\":1}", "{\"a\":", "{", "{\"a\":[", "nonsense", "\"x\""]
        {
            let (got, notes) = cut(format!("{first}\n{{\"ok\":1}}\n").as_bytes(), 1000);
            assert_eq!(got.len(), 1, "{first}");
            assert_eq!((&*got[0].0, got[0].1), ("{\"ok\":1}", 2));
            assert_eq!(notes, ["line-malformed 1"], "{first}");
        }
        assert_eq!(cut(b"{\"a\":1}\n{\"b\":", 3).1, ["file-cut 2"]);
    }

    #[test]
    fn any_chunking_gives_the_same_and_offsets_point_back() {
        let text = b"{\"a\":\"\\\"{\"}\r\n junk\n[{\n\"b\":1},{\"c\":[2]}]\n{\"d\n{}";
        let whole = cut(text, text.len());
        for step in 1..text.len() {
            assert_eq!(cut(text, step), whole);
        }
        assert_eq!(whole.0.len(), 4);
        for (object, _, offset) in whole.0 {
            assert!(text[offset as usize..].starts_with(object.as_bytes()));
        }
    }

    #[test]
    fn an_object_over_the_limit_is_noted_and_the_next_one_read() {
        for extra in [0, 1] {
            let mut text = format!("{{\"a\":\"{}\"}}\n", "x".repeat(MAX_LINE - 8 + extra));
            text.push_str("{\"ok\":1}");
            let (got, notes) = cut(text.as_bytes(), 100_000);
            assert_eq!((got.len(), notes.len()), (2 - extra, extra));
            assert_eq!(got.last().unwrap().0, "{\"ok\":1}");
        }
    }
}
