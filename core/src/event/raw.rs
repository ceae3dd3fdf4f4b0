//! A value as a log writes it, before the field it belongs to gives it a type.

use crate::stamp;
use crate::text::{MAX_FIELD, Text, from_bytes};
use crate::time::{Interval, Time};
use std::borrow::Cow;
use std::net::IpAddr;

/// A value as written. Every reading of it is `None` when it is not of that type.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw<'a> {
    /// Written as absent: `null`, `-`.
    Unset,
    /// `true` or `false`.
    Bool(bool),
    /// A number, in the digits it was written with.
    Number(&'a str),
    /// Text, escapes resolved.
    Text(Cow<'a, str>),
    /// Several values.
    List(Vec<Raw<'a>>),
    /// An object begins here, as an element of a list; its fields follow.
    Object,
}

impl<'a> Raw<'a> {
    /// The scalar's words.
    fn word(&self) -> Option<&str> {
        match self {
            Self::Number(n) => Some(n),
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    /// True when the source says that there is no value.
    pub const fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }

    /// The values of a list; a scalar is a list of one.
    pub fn items(&self) -> &[Raw<'a>] {
        match self {
            Self::List(items) => items,
            Self::Unset => &[],
            one => std::slice::from_ref(one),
        }
    }

    /// Any scalar as text, cut at the longest field kept.
    pub fn text(&self) -> Option<Text> {
        match self {
            Self::Bool(b) => Some(if *b { "true" } else { "false" }.into()),
            _ => self.word().map(|w| match w.len() {
                0..=MAX_FIELD => w.into(),
                _ => from_bytes(w.as_bytes()),
            }),
        }
    }

    /// `true`, `T`, `1` and their opposites.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => match self.word()? {
                "T" | "true" | "1" => Some(true),
                "F" | "false" | "0" => Some(false),
                _ => None,
            },
        }
    }

    /// A whole number without sign, also when written `3.0`.
    pub fn count(&self) -> Option<u64> {
        let word = self.word()?;
        word.parse().ok().or_else(|| u64::try_from(stamp::whole(word)?).ok())
    }

    /// A span of seconds, with fraction.
    pub fn interval(&self) -> Option<Interval> {
        stamp::decimal_nanos(self.word()?).map(Interval)
    }

    /// A point in time: since the epoch, or ISO 8601.
    pub fn time(&self) -> Option<Time> {
        let word = self.word()?;
        stamp::epoch(word).or_else(|| stamp::iso(word).map(|(time, _)| time))
    }

    /// An IP address; an IPv4 address mapped into IPv6 becomes the IPv4 one.
    pub fn addr(&self) -> Option<IpAddr> {
        self.word()?.parse::<IpAddr>().ok().map(|a| a.to_canonical())
    }

    /// A port.
    pub fn port(&self) -> Option<u16> {
        self.word()?.split('/').next()?.parse().ok()
    }

    /// A person's form of it, for showing the row.
    pub fn show(&self) -> String {
        match self {
            Self::Unset => "-".to_owned(),
            Self::Object => String::new(),
            Self::List(items) => items.iter().map(Raw::show).collect::<Vec<_>>().join(", "),
            one => one.text().map(String::from).unwrap_or_default(),
        }
    }
}
