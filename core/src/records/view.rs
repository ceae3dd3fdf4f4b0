//! One stored cell, read without copying: its order, its text.

use crate::time::{Interval, NANOS, Time};
use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::net::IpAddr;

/// A stored cell.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// The source did not have this field: unknown, never "no".
    Unset,
    /// `T` or `F`.
    Bool(bool),
    /// A number without sign.
    Count(u64),
    /// A number with sign.
    Int(i64),
    /// A point in time.
    Time(Time),
    /// A span of time.
    Interval(Interval),
    /// Text.
    Text(&'a str),
    /// An IP address.
    Addr(IpAddr),
    /// A transport port.
    Port(u16),
    /// A list of texts, ordered or not.
    Texts(Texts<'a>),
    /// A list of spans.
    Intervals(Intervals<'a>),
}

/// A list of texts in a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    pub(super) text: &'a str,
    pub(super) members: &'a [u64],
}

/// A list of spans in a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Intervals<'a> {
    pub(super) members: &'a [u64],
}

impl<'a> Texts<'a> {
    /// The texts, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> + Clone {
        self.members
            .iter()
            .map(move |m| self.text.get(super::chunk::unpack(*m)).unwrap_or_default())
    }
}

impl Intervals<'_> {
    /// The spans, in order.
    pub fn iter(&self) -> impl Iterator<Item = Interval> + Clone {
        self.members.iter().map(|m| Interval(m.cast_signed()))
    }
}

impl View<'_> {
    /// True when the source did not have this field.
    pub const fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }

    /// A number that is smaller only if the cell is smaller: decides most comparisons of a sort
    /// without looking at the cells. Of texts the first eight bytes, of addresses the family and
    /// what fits.
    pub(super) fn prefix(&self) -> u64 {
        let signed = |v: i64| v.cast_unsigned() ^ (1 << 63);
        match self {
            Self::Unset => u64::MAX,
            Self::Bool(v) => u64::from(*v),
            Self::Count(v) => *v,
            Self::Port(v) => u64::from(*v),
            Self::Int(v) => signed(*v),
            Self::Time(v) => signed(v.0),
            Self::Interval(v) => signed(v.0),
            Self::Text(v) => text_prefix(v),
            Self::Texts(v) => v.iter().next().map_or(0, text_prefix),
            Self::Intervals(v) => v.iter().next().map_or(0, |i| signed(i.0)),
            Self::Addr(IpAddr::V4(a)) => u64::from(u32::from(*a)),
            Self::Addr(IpAddr::V6(a)) => 1 << 63 | (u128::from(*a) >> 65) as u64,
        }
    }

    /// The order of two cells of one column; unset after everything else.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Count(a), Self::Count(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Interval(a), Self::Interval(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Addr(a), Self::Addr(b)) => a.cmp(b),
            (Self::Port(a), Self::Port(b)) => a.cmp(b),
            (Self::Texts(a), Self::Texts(b)) => a.iter().cmp(b.iter()),
            (Self::Intervals(a), Self::Intervals(b)) => a.iter().cmp(b.iter()),
            _ => self.is_unset().cmp(&other.is_unset()),
        }
    }
}

fn text_prefix(text: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, b)| *to = b);
    u64::from_be_bytes(bytes)
}

/// Seconds as an exact decimal: six digits of the fraction, nine where they are needed.
pub(super) struct Seconds(pub(super) i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (secs, nanos) =
            (self.0.unsigned_abs() / NANOS as u64, self.0.unsigned_abs() % NANOS as u64);
        if nanos.is_multiple_of(1000) {
            write!(f, "{sign}{secs}.{:06}", nanos / 1000)
        } else {
            write!(f, "{sign}{secs}.{nanos:09}")
        }
    }
}

impl fmt::Display for View<'_> {
    /// As searched and counted: times in RFC 3339, spans in seconds, lists with commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => Ok(()),
            Self::Bool(v) => f.write_str(if *v { "T" } else { "F" }),
            Self::Count(v) => v.fmt(f),
            Self::Int(v) => v.fmt(f),
            Self::Time(v) => v.fmt(f),
            Self::Interval(v) => Seconds(v.0).fmt(f),
            Self::Text(v) => f.write_str(v),
            Self::Addr(v) => v.fmt(f),
            Self::Port(v) => v.fmt(f),
            Self::Texts(v) => join(f, v.iter()),
            Self::Intervals(v) => join(f, v.iter().map(|i| Seconds(i.0))),
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item: fmt::Display>) -> fmt::Result {
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_char(',')?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_never_contradict_the_order() {
        let addr = |a: &str| View::Addr(a.parse().unwrap());
        for sorted in [
            vec![
                View::Text(""),
                View::Text("a"),
                View::Text("a\0"),
                View::Text("abcdefghi"),
                View::Text("é"),
            ],
            vec![View::Int(i64::MIN), View::Int(-1), View::Int(0), View::Int(i64::MAX)],
            vec![
                addr("0.0.0.0"),
                addr("255.0.0.1"),
                addr("::"),
                addr("::1"),
                addr("2001:db8::"),
                addr("ff02::1"),
            ],
        ] {
            assert!(sorted.is_sorted_by(|a, b| a.order(b).is_lt() && a.prefix() <= b.prefix()));
        }
    }

    #[test]
    fn seconds_are_exact_on_both_sides_of_zero() {
        assert_eq!(Seconds(1_698_101_872_187_273_000).to_string(), "1698101872.187273");
        assert_eq!(Seconds(1_698_101_872_187_273_001).to_string(), "1698101872.187273001");
        assert_eq!(Seconds(-500_000_000).to_string(), "-0.500000");
        assert_eq!(Seconds(i64::MIN).to_string(), "-9223372036.854775808");
    }
}
