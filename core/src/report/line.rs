//! The line of a row: the words that it has in common with another one are kept once.

use crate::stable::stable;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

/// Groups of lines: more than there are kinds of events, in the shapes they have.
const N_GROUPS: usize = 128;
/// Lines of a group that others are told from. Two programs that take turns have agents of another
/// number of words, and a busy network has a few of them; each becomes a base once.
const N_BASES: usize = 4;
/// A line that needs more than this share of its length to be told from its base becomes one.
const MAX_OWN: f64 = 0.75;

/// A line of text, as its base and the words in which it differs.
///
/// Rows are alike: a thousand connections differ by a port, a time and a number, between the same
/// names of fields. Findings and detectors keep many thousands of them.
#[derive(Clone)]
pub struct Line {
    base: Rc<str>,
    /// For each word that differs: how many words before it do not, how many bytes it begins with
    /// like the base's, how many follow, and these. Numbers are LEB128.
    own: Box<[u8]>,
}

impl Line {
    /// Gives the parts that, one behind the other, are the text.
    fn parts(&self, mut part: impl FnMut(&str) -> fmt::Result) -> fmt::Result {
        let (mut own, mut base) = (&*self.own, &*self.base);
        while let Some(skipped) = number(&mut own) {
            let (Some(shared), Some(len)) = (number(&mut own), number(&mut own)) else { break };
            let before: usize = base.split_inclusive(' ').take(skipped).map(str::len).sum();
            let (same, rest) = base.split_at_checked(before).unwrap_or((base, ""));
            let (word, behind) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
            let (differs, others) = own.split_at_checked(len).unwrap_or((own, &[]));
            part(same)?;
            part(word.get(..shared).unwrap_or_default())?;
            part(std::str::from_utf8(differs).unwrap_or_default())?;
            // The blank behind a word belongs to the next run of words.
            (own, base) = (others, behind.strip_prefix(' ').unwrap_or(behind));
            if behind.starts_with(' ') {
                part(" ")?;
            }
        }
        part(base)
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self { base: text.into(), own: Box::default() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts(|part| f.write_str(part))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

/// Makes lines, and remembers those that others can be told from. What a line says does not depend
/// on them.
pub struct Lines {
    groups: RefCell<[Group; N_GROUPS]>,
    scratch: Cell<String>,
    blanks: RefCell<Vec<usize>>,
    own: RefCell<Vec<u8>>,
}

/// The lines that those of one group are told from.
struct Group {
    bases: [Option<Base>; N_BASES],
    /// Whose place the next one takes.
    next: usize,
}

impl Group {
    const EMPTY: Self = Self { bases: [const { None }; N_BASES], next: 0 };
}

struct Base {
    text: Rc<str>,
    blanks: Vec<usize>,
}

impl Default for Lines {
    fn default() -> Self {
        let groups = RefCell::new([const { Group::EMPTY }; N_GROUPS]);
        Self {
            groups,
            scratch: Cell::default(),
            blanks: RefCell::default(),
            own: RefCell::default(),
        }
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl Lines {
    /// An empty text to write a line into, with room from those before it.
    pub fn scratch(&self) -> String {
        let mut text = self.scratch.take();
        text.clear();
        text
    }

    /// Gives the text back, for the next line.
    pub fn put_back(&self, text: String) {
        self.scratch.set(text);
    }

    /// A line of its text. Lines that are likely alike have the same `group`.
    pub fn line(&self, group: &impl Hash, text: &str) -> Line {
        let mut groups = self.groups.borrow_mut();
        let Some(group) = groups.get_mut(stable(group) as usize % N_GROUPS) else {
            return text.into();
        };
        let mut blanks = self.blanks.borrow_mut();
        blanks.clear();
        blanks.extend(memchr::memchr_iter(b' ', text.as_bytes()));
        let mut own = self.own.borrow_mut();
        for base in group.bases.iter().flatten().filter(|b| b.blanks.len() == blanks.len()) {
            own.clear();
            if tell_apart(base, text, &blanks, &mut own).is_some() {
                return Line { base: Rc::clone(&base.text), own: own.as_slice().into() };
            }
        }
        let whole = Line::from(text);
        if let Some(base) = group.bases.get_mut(group.next) {
            *base = Some(Base { text: Rc::clone(&whole.base), blanks: blanks.clone() });
        }
        group.next = (group.next + 1) % N_BASES;
        whole
    }
}

/// Writes in what a text differs from a base of as many words, word by word; `None` where they have
/// too little in common.
fn tell_apart(base: &Base, text: &str, blanks: &[usize], own: &mut Vec<u8>) -> Option<()> {
    let most = (MAX_OWN * text.len() as f64) as usize;
    // Where the rest of both begins, and how many words are before it.
    let (mut here, mut there, mut word) = (0, 0, 0);
    loop {
        let (rest, others) = (text.as_bytes().get(here..)?, base.text.as_bytes().get(there..)?);
        let Some(same) = first_difference(rest, others) else { return Some(()) };
        let first = word;
        // What is common has its blanks at the same words: they need not be looked for again.
        while blanks.get(word).is_some_and(|blank| *blank < here + same) {
            word += 1;
        }
        let before = word.checked_sub(1).and_then(|before| blanks.get(before));
        let start = before.map_or(0, |blank| blank + 1);
        let end = blanks.get(word).copied().unwrap_or(text.len());
        let differing = text.get(start..end)?;
        // What is common is so byte for byte: where a character ends, it ends in both.
        let shared = differing.floor_char_boundary(here + same - start);
        put_number(own, word - first);
        put_number(own, shared);
        put_number(own, differing.len() - shared);
        own.extend_from_slice(differing.as_bytes().get(shared..)?);
        if own.len() > most {
            return None;
        }
        // There are as many words in both: behind the last nothing is left of either.
        let Some(blank) = base.blanks.get(word) else { return Some(()) };
        (here, there, word) = (end + 1, blank + 1, word + 1);
    }
}

/// Where two texts begin to differ, looked for in steps of eight bytes; `None` for equal texts.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    const STEP: usize = 8;
    let steps = a.as_chunks::<STEP>().0.iter().zip(b.as_chunks::<STEP>().0);
    let start = STEP * steps.take_while(|(a, b)| a == b).count();
    let rest = a.iter().zip(b).skip(start).take_while(|(a, b)| a == b).count();
    let at = start + rest;
    (at < a.len() || at < b.len()).then_some(at)
}

/// Bits of a number that one byte holds; the eighth says that more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

fn put_number(out: &mut Vec<u8>, mut n: usize) {
    while n >= usize::from(MORE) {
        out.push(n as u8 | MORE);
        n >>= BITS;
    }
    out.push(n as u8);
}

/// Takes a number off the front; `None` at the end.
fn number(from: &mut &[u8]) -> Option<usize> {
    let (mut n, mut shift) = (0usize, 0);
    loop {
        let byte = *from.split_off_first()?;
        n |= usize::from(byte & !MORE).checked_shl(shift)?;
        shift += BITS;
        if byte < MORE {
            return Some(n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_says_does_not_depend_on_its_neighbours() {
        let texts = [
            "http 10.0.0.1:40000 > 10.0.0.2:80 tcp status=401",
            "http 10.0.0.1:40001 > 10.0.0.2:80 tcp status=401",
            "http 10.0.0.1:4 > 10.0.0.2:80 tcp status=401",
            "dns a.example",
            "",
            "a",
            "aa",
            "aaa",
            "aa",
            "é1é",
            "è1é",
            "è1è",
            "è1",
            "漢字é",
            "漢字è",
            "漢a字è",
            "漢a 字è",
            "漢a 字é z",
            "漢a  é",
            " ",
            "  ",
            " a",
            "a ",
            "x=1 y=2 z=3",
            "x=1 y= z=3",
            "x=1 y=22 z=4",
        ];
        for first in texts {
            for second in texts {
                let lines = Lines::default();
                for text in [first, second, first] {
                    assert_eq!(lines.line(&0, text).to_string(), text, "after {first}");
                }
            }
        }
        let long = "x".repeat(70_000);
        assert_eq!(Lines::default().line(&0, &long).to_string(), long);
    }

    #[test]
    fn like_lines_keep_only_what_differs_and_others_become_bases() {
        let lines = Lines::default();
        let first =
            lines.line(&0, "conn 10.0.0.1:40000 > 10.0.0.2:80 tcp duration=1 orig_bytes=77");
        let like = lines.line(&0, "conn 10.0.0.1:41000 > 10.0.0.2:80 tcp duration=2 orig_bytes=77");
        assert_eq!((&*first.own, &*like.own), (&b""[..], &b"\x01\x0a\x041000\x03\x09\x012"[..]));
        assert!(Rc::ptr_eq(&first.base, &like.base));
        // Three numbers and a word of five bytes: three quarters of eleven are enough, of ten not.
        let of = |base: &str, text: &str| {
            Rc::ptr_eq(&lines.line(&1, base).base, &lines.line(&1, text).base)
        };
        assert!(of("abcde 12345", "abcde xyz54"));
        assert!(!of("abcd 12345", "abcd xyz54"));
        assert!(!of("abcde 12345", "abcde 12345 6"));
    }

    #[test]
    fn lines_that_take_turns_become_bases_once_while_their_group_has_room() {
        let lines = Lines::default();
        let of = |words: usize, n: usize| {
            lines.line(&0, &format!("{} like this, number {n}", "the same word ".repeat(words)))
        };
        let bases = |kinds: usize| {
            let whole = |n| (0..kinds).filter(|words| of(*words, n).own.is_empty()).count();
            [whole(1), whole(2)]
        };
        assert_eq!(bases(N_BASES), [N_BASES, 0]);
        let lines = bases(2 * N_BASES);
        assert!(lines[1] > 0, "{lines:?}");
    }

    #[test]
    fn numbers_of_any_size_come_back() {
        let mut bytes = Vec::new();
        let all = [0, 1, 127, 128, 300, 70_000];
        all.iter().for_each(|n| put_number(&mut bytes, *n));
        let mut rest = &*bytes;
        assert!(all.iter().all(|n| number(&mut rest) == Some(*n)));
        assert_eq!((number(&mut rest), number(&mut &b"\x80"[..])), (None, None));
    }

    #[test]
    fn lines_are_equal_as_their_texts() {
        let lines = Lines::default();
        let [a, b] = ["same 1 end", "same 2 end"].map(|text| lines.line(&0, text));
        assert!(a != b && a == Line::from("same 1 end"));
        assert_eq!(format!("{b:?}"), "\"same 2 end\"");
    }
}
