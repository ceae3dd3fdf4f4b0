//! The line of a row: what it has in common with another one is kept once.

use crate::stable::stable;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

/// Lines that others are told from: one for each kind of event and server, more or less.
const N_BASES: usize = 64;
/// A base is worth keeping for a line that has this share of its own in common with it.
const MIN_SHARED: f64 = 0.5;

/// A line of text, as what it begins and ends with like its base and what is its own between.
///
/// Rows of one finding are alike: forty failed logins differ by a port and a number. Findings keep
/// many thousands of them.
#[derive(Clone)]
pub struct Line {
    base: Rc<str>,
    /// Bytes from the base's start.
    head: u16,
    /// Bytes to the base's end.
    tail: u16,
    own: Box<str>,
}

impl Line {
    /// The parts that, one behind the other, are the text.
    fn parts(&self) -> [&str; 3] {
        let head = self.base.get(..usize::from(self.head)).unwrap_or_default();
        let tail = self.base.len() - usize::from(self.tail);
        [head, &self.own, self.base.get(tail..).unwrap_or_default()]
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self { base: "".into(), head: 0, tail: 0, own: text.into() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().into_iter().try_for_each(|part| f.write_str(part))
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
    bases: RefCell<[Option<Rc<str>>; N_BASES]>,
    scratch: Cell<String>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { bases: RefCell::new([const { None }; N_BASES]), scratch: Cell::default() }
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lines").field(&self.bases).finish()
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
        let mut bases = self.bases.borrow_mut();
        let Some(base) = bases.get_mut(stable(group) as usize % N_BASES) else {
            return text.into();
        };
        if let Some(base) = base {
            let head = common_start(text.as_bytes(), base.as_bytes());
            // What is common is so byte for byte: where a character ends, it ends in both.
            let head = text.floor_char_boundary(head);
            let [own, its] = [text, base].map(|of| of.as_bytes().get(head..).unwrap_or_default());
            let tail = common(own.iter().rev().zip(its.iter().rev()));
            let at = text.ceil_char_boundary(text.len() - tail);
            let shared = head + text.len() - at;
            if shared as f64 >= MIN_SHARED * text.len() as f64
                && let (Ok(head), Ok(tail)) = (u16::try_from(head), u16::try_from(text.len() - at))
                && let Some(own) = text.get(usize::from(head)..at)
            {
                return Line { base: Rc::clone(base), head, tail, own: own.into() };
            }
        }
        let Ok(head) = u16::try_from(text.len()) else { return text.into() };
        let whole: Rc<str> = text.into();
        *base = Some(Rc::clone(&whole));
        Line { base: whole, head, tail: 0, own: "".into() }
    }
}

/// How many bytes are equal from the start on; by words, as most lines have most in common.
fn common_start(a: &[u8], b: &[u8]) -> usize {
    let ((words_a, _), (words_b, _)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = 8 * words_a.iter().zip(words_b).take_while(|(a, b)| a == b).count();
    words + common(a.iter().zip(b).skip(words))
}

/// How many pairs are equal before the first that is not.
fn common<T: PartialEq>(pairs: impl Iterator<Item = (T, T)>) -> usize {
    pairs.take_while(|(a, b)| a == b).count()
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
        let first = lines.line(&0, "http 10.0.0.1:40000 > 10.0.0.2:80");
        let like = lines.line(&0, "http 10.0.0.1:41000 > 10.0.0.2:80");
        assert_eq!((&*first.own, &*like.own), ("", "1"));
        assert!(Rc::ptr_eq(&first.base, &like.base));
        // Half of a line in common is enough, less is not.
        let of = |text: &str| Rc::ptr_eq(&lines.line(&1, text).base, &lines.line(&1, "abcd").base);
        lines.line(&1, "abcd");
        assert!(of("abxy"));
        assert!(!of("axyz"));
    }

    #[test]
    fn lines_are_equal_as_their_texts() {
        let lines = Lines::default();
        let [a, b] = ["same 1 end", "same 2 end"].map(|text| lines.line(&0, text));
        assert!(a != b && a == Line::from("same 1 end"));
        assert_eq!(format!("{b:?}"), "\"same 2 end\"");
    }
}
