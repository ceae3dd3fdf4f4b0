//! A value to hold cells against, made once for a column's type.

use super::literal::{Net, span, time};
use super::mention::Mention;
use super::parse::{Literal, Op};
use crate::event::Type;
use crate::records::view::View;
use memchr::memmem::Finder;
use std::cmp::Ordering;
use std::net::IpAddr;

/// A comparison ready to be applied to cells of one column.
#[derive(Debug)]
pub(super) enum Test {
    /// The source had the field, or had not.
    IsSet(bool),
    /// The field is set, and one of these holds (or, for `!=`, none).
    Holds { any: Vec<Atom>, is_not: bool },
}

/// One comparison with one value.
#[derive(Debug)]
pub(super) enum Atom {
    Bool(bool),
    Number(Op, i128),
    /// From and until, not included.
    Time(Op, i64, i64),
    Span(Op, i64),
    Text(Op, String),
    Glob(Glob),
    /// Looked for in lower case, in the cell's text.
    Contains(Box<Finder<'static>>),
    Mentions(Box<Mention>),
    Net(Net),
    Addr(Op, IpAddr),
}

impl Test {
    /// The comparison for cells of type `ty`; else what kind of value was expected.
    pub(super) fn new(ty: Type, op: Op, values: &[Literal]) -> Result<Self, (usize, &'static str)> {
        match op {
            Op::IsSet | Op::IsUnset => return Ok(Self::IsSet(op == Op::IsSet)),
            _ => {}
        }
        let (op, is_not) = match op {
            Op::NotEqual => (Op::Equal, true),
            op => (op, false),
        };
        let atom = |(i, v): (usize, &Literal)| Atom::new(ty, op, &v.text).map_err(|why| (i, why));
        let any = values.iter().enumerate().map(atom).collect::<Result<_, _>>()?;
        Ok(Self::Holds { any, is_not })
    }

    /// True when the cell passes. A cell that is unset passes no comparison, not even `!=`.
    pub(super) fn passes(&self, cell: &View<'_>) -> bool {
        match self {
            Self::IsSet(want) => cell.is_unset() != *want,
            Self::Holds { any, is_not } => {
                !cell.is_unset() && any.iter().any(|atom| atom.holds(cell)) != *is_not
            }
        }
    }
}

impl Atom {
    fn new(ty: Type, op: Op, text: &str) -> Result<Self, &'static str> {
        if op == Op::Contains {
            return Ok(Self::contains(text));
        }
        if op == Op::Mentions {
            return Ok(Self::Mentions(Box::new(Mention::new(&unescape(text)))));
        }
        let order = if op == Op::In { Op::Equal } else { op };
        match ty {
            Type::Bool => boolean(text)
                .filter(|_| order == Op::Equal)
                .map(Self::Bool)
                .ok_or("== or != and `T` or `F`"),
            Type::Count | Type::Int | Type::Port => text
                .parse()
                .ok()
                .filter(|_| order != Op::Like)
                .map(|n| Self::Number(order, n))
                .ok_or("a whole number"),
            Type::Time => time(text)
                .filter(|_| order != Op::Like)
                .map(|(from, until)| Self::Time(order, from, until))
                .ok_or("a time such as 2023-10-23, 2023-10-23T22:57:52Z or seconds since 1970"),
            Type::Interval | Type::Intervals => span(text)
                .filter(|_| order != Op::Like)
                .map(|nanos| Self::Span(order, nanos))
                .ok_or("a span such as 5s, 3min or 0.25"),
            Type::Addr => Self::addr(order, text),
            Type::String | Type::Strings | Type::StringSet => Ok(Self::text(op, text)),
        }
    }

    fn addr(op: Op, text: &str) -> Result<Self, &'static str> {
        let net = Net::parse(text).ok_or("an address or a network such as 10.0.0.0/8")?;
        match (op, net.single()) {
            (Op::Equal, _) => Ok(Self::Net(net)),
            (Op::Like, _) => Err("== and a network such as 10.0.0.0/8 instead of a pattern"),
            (_, Some(addr)) => Ok(Self::Addr(op, addr)),
            (_, None) => Err("an address; a network has no order"),
        }
    }

    fn text(op: Op, text: &str) -> Self {
        match (op, Net::parse(text)) {
            // Answers and names that are addresses can be asked for by network.
            (Op::In, Some(net)) if net.single().is_none() => Self::Net(net),
            (Op::Like, _) => Self::Glob(Glob::new(text, true)),
            (Op::Equal | Op::In, _) => Self::Glob(Glob::new(text, false)),
            (op, _) => Self::Text(op, unescape(text)),
        }
    }

    /// The text anywhere in a cell, without regard to (ASCII) case.
    pub(super) fn contains(text: &str) -> Self {
        Self::Contains(Box::new(Finder::new(&unescape(text).to_ascii_lowercase()).into_owned()))
    }

    /// True when the cell, or one member of a list, agrees.
    pub(super) fn holds(&self, cell: &View<'_>) -> bool {
        match (self, cell) {
            (Self::Contains(needle), View::Text(v)) => finds(needle, v),
            (Self::Contains(needle), View::Texts(v)) => v.iter().any(|t| finds(needle, t)),
            (Self::Contains(needle), cell) => finds(needle, &cell.to_string()),
            (Self::Mentions(name), View::Text(v)) => name.is_in(v),
            (Self::Mentions(name), View::Texts(v)) => v.iter().any(|t| name.is_in(t)),
            (Self::Mentions(name), cell) => name.is_in(&cell.to_string()),
            (Self::Bool(want), View::Bool(v)) => want == v,
            (Self::Number(op, want), View::Count(v)) => ordered(*op, i128::from(*v).cmp(want)),
            (Self::Number(op, want), View::Int(v)) => ordered(*op, i128::from(*v).cmp(want)),
            (Self::Number(op, want), View::Port(v)) => ordered(*op, i128::from(*v).cmp(want)),
            (Self::Time(op, from, until), View::Time(v)) => within(*op, v.0, *from, *until),
            (Self::Span(op, want), View::Interval(v)) => ordered(*op, v.0.cmp(want)),
            (Self::Span(op, want), View::Intervals(v)) => {
                v.iter().any(|i| ordered(*op, i.0.cmp(want)))
            }
            (Self::Addr(op, want), View::Addr(v)) => ordered(*op, v.cmp(want)),
            (Self::Net(net), View::Addr(v)) => net.holds(*v),
            (_, View::Text(v)) => self.holds_text(v),
            (_, View::Texts(v)) => v.iter().any(|t| self.holds_text(t)),
            _ => false,
        }
    }

    /// True when a word that is looked for everywhere may be this for such a cell: text is not
    /// looked for in numbers, times and addresses, since half a number says nothing.
    pub(super) const fn suits(&self, cell: &View<'_>) -> bool {
        match self {
            Self::Contains(_) => matches!(cell, View::Text(_) | View::Texts(_)),
            Self::Net(_) => matches!(cell, View::Addr(_)),
            _ => !matches!(cell, View::Text(_) | View::Texts(_)),
        }
    }

    fn holds_text(&self, text: &str) -> bool {
        match self {
            Self::Text(op, want) => ordered(*op, text.cmp(want)),
            Self::Glob(glob) => glob.matches(text),
            Self::Net(net) => text.parse().is_ok_and(|addr| net.holds(addr)),
            _ => false,
        }
    }
}

fn finds(needle: &Finder<'_>, text: &str) -> bool {
    needle.find(text.to_ascii_lowercase().as_bytes()).is_some()
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "T" | "t" | "true" => Some(true),
        "F" | "f" | "false" => Some(false),
        _ => None,
    }
}

const fn ordered(op: Op, order: Ordering) -> bool {
    match op {
        Op::Less => order.is_lt(),
        Op::LessOrEqual => order.is_le(),
        Op::Greater => order.is_gt(),
        Op::GreaterOrEqual => order.is_ge(),
        _ => order.is_eq(),
    }
}

/// A time against what a written time covers: `> 2023-10-23` begins the day after.
const fn within(op: Op, ts: i64, from: i64, until: i64) -> bool {
    match op {
        Op::Less => ts < from,
        Op::LessOrEqual => ts < until,
        Op::Greater => ts >= until,
        Op::GreaterOrEqual => ts >= from,
        _ => from <= ts && ts < until,
    }
}

/// Characters of a text, each with whether it is a star that stands for anything: `\*` is a star
/// and `\\` a backslash; any other backslash is itself.
fn characters(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        match (c, chars.peek()) {
            ('\\', Some('*' | '\\')) => Some((chars.next()?, false)),
            _ => Some((c, c == '*')),
        }
    })
}

fn unescape(text: &str) -> String {
    characters(text).map(|(c, _)| c).collect()
}

/// Text with `*` for anything.
#[derive(Debug)]
pub(super) struct Glob {
    pieces: Vec<Finder<'static>>,
    folds_case: bool,
}

impl Glob {
    fn new(pattern: &str, folds_case: bool) -> Self {
        let mut pieces = vec![String::new()];
        for (c, is_any) in characters(pattern) {
            match pieces.last_mut() {
                Some(piece) if !is_any => {
                    piece.push(if folds_case { c.to_ascii_lowercase() } else { c });
                }
                _ => pieces.push(String::new()),
            }
        }
        let pieces = pieces.iter().map(|p| Finder::new(p.as_bytes()).into_owned()).collect();
        Self { pieces, folds_case }
    }

    /// The first piece begins the text, the last ends it, the others follow each other between.
    fn matches(&self, text: &str) -> bool {
        if self.folds_case {
            self.matches_bytes(text.to_ascii_lowercase().as_bytes())
        } else {
            self.matches_bytes(text.as_bytes())
        }
    }

    fn matches_bytes(&self, text: &[u8]) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only.needle() == text);
        };
        let Some(text) = text.strip_prefix(first.needle()) else { return false };
        let Some(mut text) = text.strip_suffix(last.needle()) else { return false };
        for piece in middle {
            let Some(at) = piece.find(text) else { return false };
            text = text.get(at + piece.needle().len()..).unwrap_or_default();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_texts() {
        let is = |pattern: &str, text: &str| Glob::new(pattern, false).matches(text);
        assert!(is("*.evil.org", "c2.evil.org") && !is("*.evil.org", "evil.org"));
        assert!(is("a*b*c", "a-b-b-c") && !is("a*b*c", "a-c-b"));
        assert!(is("*", "") && is("", "") && !is("", "a") && !is("aa*aa", "aaa"));
        assert!(is(r"2\*3\\4", r"2*3\4") && !is(r"2\*3", "2x3"));
        assert!(is(r"FTP01\hawkeye", r"FTP01\hawkeye"));
        assert!(!is("A", "a") && Glob::new("A*", true).matches("abc"));
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(unescape(r"a\*b\\c\d\\*"), r"a*b\c\d\*");
    }
}
