//! Text in UTF-16, as Windows tools save logs: read as the same text in UTF-8.

use super::child::Child;
use crate::report::Item;
use crate::source::{Format, Head, Opening, Reader, Sink, Sniff};

/// The format.
pub const UTF16: Format = Format {
    name: "utf-16",
    title: "Text in UTF-16",
    emits: &[],
    sniff,
    open,
    show: |_, at, bytes| Item::raw(at, bytes),
};

/// Input decoded at a time.
const STEP: usize = 32 << 10;

fn sniff(head: &Head<'_>) -> Sniff {
    // A byte order mark and an ASCII character behind it; UTF-32 has two zeros there.
    match head.bytes {
        [0xff, 0xfe, c, 0, ..] | [0xfe, 0xff, 0, c, ..] if *c > 0 => Sniff::Certain,
        _ => Sniff::No("does not begin with the byte order mark of UTF-16"),
    }
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(Utf16 {
        child: Child::new(opening),
        is_big: opening.head.bytes.first() == Some(&0xfe),
        node: opening.node,
        odd: None,
        high: None,
        is_begun: false,
    })
}

struct Utf16 {
    child: Child,
    node: crate::event::NodeId,
    is_big: bool,
    /// The first byte of a unit whose second has not come.
    odd: Option<u8>,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    is_begun: bool,
}

impl Reader for Utf16 {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        self.child.refill();
        if !self.is_begun {
            self.is_begun = true;
            let name = out.node(self.node).name.clone();
            self.child.open(&name, out);
        }
        let mut used = 0;
        for step in bytes.chunks(STEP) {
            if !self.child.drain(out) {
                return used;
            }
            self.decode(step);
            used += step.len();
        }
        self.child.drain(out);
        used
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        if self.high.take().is_some() || self.odd.take().is_some() {
            push(self.child.pending(), char::REPLACEMENT_CHARACTER);
        }
        self.child.finish(out);
    }
}

impl Utf16 {
    fn decode(&mut self, bytes: &[u8]) {
        for b in bytes {
            let Some(first) = self.odd.take() else {
                self.odd = Some(*b);
                continue;
            };
            let pair = [first, *b];
            let unit =
                if self.is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            self.unit(unit);
        }
    }

    fn unit(&mut self, unit: u16) {
        let high = self.high.take();
        let pending = self.child.pending();
        match (high, unit) {
            (None, 0xd800..0xdc00) => self.high = Some(unit),
            (Some(high), 0xdc00..0xe000) => {
                let code = 0x10000 + ((u32::from(high) & 0x3ff) << 10) + (u32::from(unit) & 0x3ff);
                push(pending, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (Some(_), _) => {
                push(pending, char::REPLACEMENT_CHARACTER);
                self.unit(unit);
            }
            (None, _) => {
                let c = char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
                push(pending, c);
            }
        }
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use crate::source::testing::read;

    #[test]
    fn both_orders_and_characters_beyond_the_plane() {
        let row = "\u{feff}{\"_path\":\"dns\",\"query\":\"\u{1f600}é\"}\n";
        let little: Vec<u8> = row.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = row.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            let sunk = read(&bytes);
            assert_eq!(sunk.lines(), ["1 dns * > * ? query=\u{1f600}é"]);
            assert!(sunk.notes.is_empty());
        }
    }

    #[test]
    fn broken_units_are_shown_as_such() {
        let mut bytes: Vec<u8> = "\u{feff}{\"_path\":\"dns\",\"query\":\""
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        bytes.extend([0x00, 0xd8]);
        bytes.extend("x\"}".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.push(7);
        let sunk = read(&bytes);
        assert_eq!(sunk.lines(), ["1 dns * > * ? query=\u{fffd}x"]);
    }
}
