//! What all readers of rows share: notes about a row, and showing one field by field.

use super::{Node, Sink};
use crate::event::{Origin, Raw};
use crate::note::{LINE_LENIENT, LINE_MALFORMED, Note};
use crate::report::{Item, ItemField};
use crate::text::visible;
use std::collections::BTreeSet;
use std::ops::Range;

/// Longest piece of a row that a note repeats.
const SHOWN: usize = 60;

/// Headers of one file that are kept for showing rows; concatenated logs seldom have more.
const MAX_LAYOUTS: usize = 64;

/// Notes a value that is not of its field's type.
pub(super) fn misfit(at: Origin, name: &str, value: &Raw<'_>, out: &mut dyn Sink) {
    let detail = format!("{name}: \"{}\" does not fit and was left unset", excerpt(&value.show()));
    lenient(at, detail, out);
}

/// Notes a row that was used although it breaks the format.
pub(super) fn lenient(at: Origin, detail: String, out: &mut dyn Sink) {
    out.note(Note { at, kind: &LINE_LENIENT, detail });
}

/// Notes a row that was left out, with its beginning.
pub(super) fn malformed(at: Origin, why: &str, line: &[u8], out: &mut dyn Sink) {
    let start = String::from_utf8_lossy(line.get(..SHOWN * 4).unwrap_or(line));
    let detail = format!("{why}: {}", excerpt(&start));
    out.note(Note { at, kind: &LINE_MALFORMED, detail });
}

/// The beginning of a text, as a person can see it.
fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    visible(&start).into_owned()
}

/// One row for a person: its line, and each field with its place in it.
pub(super) fn item<'a>(
    at: Origin,
    bytes: &[u8],
    fields: impl Iterator<Item = (&'a str, String, Range<usize>)>,
) -> Item {
    let fields = fields.map(|(name, value, range)| field(name, value, range)).collect();
    Item { at, title: format!("line {}", at.item), is_text: true, bytes: bytes.to_vec(), fields }
}

/// A field that says something about the row instead of being in it.
pub(super) fn remark(name: &str, value: String, at: usize) -> ItemField {
    field(name, value, at..at)
}

fn field(name: &str, value: String, range: Range<usize>) -> ItemField {
    ItemField {
        depth: 0,
        name: name.to_owned(),
        value,
        start: u32::try_from(range.start).unwrap_or(u32::MAX),
        len: u32::try_from(range.len()).unwrap_or(0),
    }
}

/// Longest name that is counted whole. Paths of fields have at most some 60 characters.
const MAX_NAME: usize = 200;

/// Names counted each under its own; further ones count together. A log has some hundred.
pub(super) const MAX_NAMES: usize = 300;

/// What of a file is not read, counted by its name.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Counts `what name` in a node; true for a new one.
    pub(super) fn count(&mut self, node: &mut Node, what: &str, name: &str) -> bool {
        let name: String = format!("{what} ").chars().chain(name.chars()).take(MAX_NAME).collect();
        if self.0.contains(&name) {
            node.count(&name, 1);
            return false;
        }
        if self.0.len() >= MAX_NAMES {
            node.count(&format!("{what} others"), 1);
            return false;
        }
        node.count(&name, 1);
        self.0.insert(name)
    }
}

/// Headers of a file, kept in [`Node::layout`] so that a second pass can name the columns of a row
/// without reading the file from its start.
#[derive(Debug, Default)]
pub(super) struct Layouts(usize);

impl Layouts {
    /// Keeps a header, in the reader's own words, that holds from the row at `at` on.
    pub(super) fn add(&mut self, node: &mut Node, at: Origin, header: &str) {
        // In this order: a file of nothing but headers must not look for the last one each time.
        if self.0 < MAX_LAYOUTS && layout(node, at) != header {
            self.0 += 1;
            let header = header.replace(['\n', '\r'], " ");
            node.layout = format!("{}{} {header}\n", node.layout, at.item).into();
        }
    }
}

/// The last header that stands before the row at `at`, or on it.
pub(super) fn layout(node: &Node, at: Origin) -> &str {
    let headers = node.layout.lines().rev().filter_map(|l| l.split_once(' '));
    let mut before = headers.filter(|(item, _)| item.parse::<u64>().is_ok_and(|i| i <= at.item));
    before.next().map_or("", |(_, header)| header)
}

/// The places of the words of a line between blanks.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = line.get(at..)?;
        let start = at + rest.iter().position(|b| !is_blank(*b))?;
        let rest = line.get(start..)?;
        let len = rest.iter().position(|b| is_blank(*b)).unwrap_or(rest.len());
        at = start + len;
        Some(start..at)
    })
}

const fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_by_the_last_header_before_it() {
        let (mut node, mut layouts) = (Node::default(), Layouts::default());
        let at = |item| Origin { item, ..Origin::default() };
        layouts.add(&mut node, at(3), "a b");
        layouts.add(&mut node, at(9), "c\nd");
        layouts.add(&mut node, at(10), "c d");
        assert_eq!(layout(&node, at(2)), "");
        assert_eq!(layout(&node, at(8)), "a b");
        assert_eq!(layout(&node, at(20)), "c d");
        assert_eq!(node.layout.lines().count(), 2);
    }

    #[test]
    fn headers_kept_have_a_limit() {
        let (mut node, mut layouts) = (Node::default(), Layouts::default());
        for item in 0..MAX_LAYOUTS as u64 + 5 {
            let at = Origin { item, ..Origin::default() };
            layouts.add(&mut node, at, &format!("h{item}"));
        }
        assert_eq!(node.layout.lines().count(), MAX_LAYOUTS);
    }

    #[test]
    fn many_headers_behind_a_long_one_cost_only_themselves() {
        let (mut node, mut layouts) = (Node::default(), Layouts::default());
        let at = |item| Origin { item, ..Origin::default() };
        for item in 1..MAX_LAYOUTS as u64 {
            layouts.add(&mut node, at(item), &format!("h{item}"));
        }
        layouts.add(&mut node, at(99), &"x".repeat(4 << 20));
        let start = std::time::Instant::now();
        (100..200_000).for_each(|item| layouts.add(&mut node, at(item), "h"));
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn names_are_counted_by_their_beginning() {
        let (mut node, mut names) = (Node::default(), Names::default());
        let long = "é".repeat(100_000);
        assert!(names.count(&mut node, "rows:", &long));
        assert!(!names.count(&mut node, "rows:", &long));
        let (name, n) = node.counters.first_key_value().unwrap();
        assert_eq!((name.chars().count(), *n), (MAX_NAME, 2));
    }

    #[test]
    fn words_point_into_the_line() {
        let line = b" a\t bc  d";
        let found: Vec<_> = words(line).map(|r| &line[r]).collect();
        assert_eq!(found, [&b"a"[..], b"bc", b"d"]);
        assert_eq!(words(b"  ").count(), 0);
    }
}
