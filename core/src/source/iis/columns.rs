//! The columns of W3C extended logs, by name, and the orders that IIS writes by default.

use crate::source::row::words;
use crate::stamp;
use std::net::IpAddr;
use std::ops::Range;

/// What a column holds. The prefixes of the format: c client, s server, cs client to server, sc
/// server to client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Date,
    Time,
    /// Date and time of the server's own zone, which the file does not name.
    LocalDate,
    LocalTime,
    ClientAddr,
    ClientPort,
    User,
    ServerAddr,
    ServerPort,
    Method,
    Stem,
    Query,
    Uri,
    Status,
    Substatus,
    Win32Status,
    BytesSent,
    Host,
    Agent,
    Referrer,
    Version,
    Session,
    FullPath,
    Other,
}

use Column::{
    Agent, BytesSent, ClientAddr, ClientPort, Date, FullPath, Host, LocalDate, LocalTime, Method,
    Other, Query, Referrer, ServerAddr, ServerPort, Session, Status, Stem, Substatus, Time, Uri,
    User, Version, Win32Status,
};

/// Names in lower case, as they are compared.
const NAMES: &[(&str, Column)] = &[
    ("bytes", BytesSent),
    ("c-auth-id", User),
    ("c-ip", ClientAddr),
    ("c-port", ClientPort),
    ("cs(host)", Host),
    ("cs(referer)", Referrer),
    ("cs(user-agent)", Agent),
    ("cs-host", Host),
    ("cs-method", Method),
    ("cs-uri", Uri),
    ("cs-uri-query", Query),
    ("cs-uri-stem", Stem),
    ("cs-username", User),
    ("cs-version", Version),
    ("date", Date),
    ("date-local", LocalDate),
    ("s-ip", ServerAddr),
    ("s-port", ServerPort),
    ("sc-bytes", BytesSent),
    ("sc-status", Status),
    ("sc-substatus", Substatus),
    ("sc-win32-status", Win32Status),
    ("time", Time),
    ("time-local", LocalTime),
    ("x-fullpath", FullPath),
    ("x-session", Session),
];

/// Most columns of a header that are read; IIS has some 30.
const MAX_COLUMNS: usize = 200;

/// The orders that IIS writes unless told otherwise, for logs that lost their `#Fields` line.
/// From Microsoft's documentation and from logs of each version.
const DEFAULTS: &[&str] = &[
    // FTP, IIS 7 and later.
    "date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath",
    // HTTP, IIS 7 and 7.5; IIS 8 and later.
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
    // HTTP, IIS 6 with and without the site's name; IIS 5.
    "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
    "date time c-ip cs-username s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)",
    // FTP, IIS 6 and IIS 4.
    "time c-ip cs-method cs-uri-stem sc-status sc-win32-status",
    "time c-ip cs-method cs-uri-stem sc-status",
];

/// The columns of rows, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns(Vec<(Column, Box<str>)>);

impl Columns {
    /// From what stands behind `#Fields:`; `None` when that is nothing.
    pub(super) fn parse(names: &str) -> Option<Self> {
        let column = |name: &str| {
            let lower = name.to_ascii_lowercase();
            let known = NAMES.iter().find(|(n, _)| *n == lower);
            (known.map_or(Other, |(_, c)| *c), name.into())
        };
        let columns: Vec<_> =
            names.split_ascii_whitespace().take(MAX_COLUMNS).map(column).collect();
        (!columns.is_empty()).then_some(Self(columns))
    }

    /// The default order that a row without a header has, by what its cells look like.
    pub(super) fn of_row(line: &[u8]) -> Option<Self> {
        let cells: Vec<_> = cells(line).collect();
        let text =
            |r: &Range<usize>| String::from_utf8_lossy(line.get(r.clone()).unwrap_or_default());
        let fits = |c: &Self| {
            let mut pairs = c.0.iter().zip(&cells);
            c.0.len() == cells.len() && pairs.all(|((c, _), r)| c.fits(&text(r)))
        };
        DEFAULTS.iter().filter_map(|names| Self::parse(names)).find(fits)
    }

    /// How many columns there are, and how many of them are known.
    pub(super) fn n_known(&self) -> (usize, usize) {
        (self.0.len(), self.0.iter().filter(|(c, _)| *c != Other).count())
    }

    /// True when there is such a column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.0.iter().any(|(c, _)| *c == column)
    }

    /// Each column with its name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Column, &str)> {
        self.0.iter().map(|(c, name)| (*c, &**name))
    }
}

impl Column {
    /// Whether a cell can stand in this column.
    fn fits(self, cell: &str) -> bool {
        let is_number = || !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
        match self {
            Date => stamp::ymd(cell).is_some(),
            Time => stamp::hms(cell).is_some(),
            ClientAddr | ServerAddr => cell == "-" || cell.parse::<IpAddr>().is_ok(),
            ClientPort | ServerPort => cell == "-" || cell.parse::<u16>().is_ok(),
            Status | Substatus | Win32Status | BytesSent => cell == "-" || is_number(),
            Method => {
                let word = cell.split_once(']').map_or(cell, |(_, word)| word);
                word == "-"
                    || word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'_')
            }
            Session => cell == "-" || cell.len() == 36 && cell.matches('-').count() == 4,
            _ => true,
        }
    }
}

/// The places of a row's cells: words between blanks, or quoted with blanks inside. Quotes count
/// only at the start of a cell and are not part of it; a doubled one inside stands for one.
pub(super) fn cells(line: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = line.get(at..)?;
        let word = words(rest).next()?;
        let start = at + word.start;
        if line.get(start) == Some(&b'"')
            && let Some(end) = end_of_quoted(line, start + 1)
        {
            at = end + 1;
            return Some(start + 1..end);
        }
        at += word.end;
        Some(start..at)
    })
}

/// The closing quote: one with a blank or nothing behind it.
fn end_of_quoted(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr(b'"', line.get(at..)?)?;
        match line.get(at + 1) {
            Some(b'"') => at += 2,
            None | Some(b' ' | b'\t') => return Some(at),
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_order_is_known_by_name_and_told_by_content() {
        for names in DEFAULTS {
            let columns = Columns::parse(names).unwrap();
            let row: Vec<_> = columns
                .iter()
                .map(|(c, _)| match c {
                    Date => "2023-01-16",
                    Time => "19:27:25",
                    ClientAddr | ServerAddr => "10.0.0.1",
                    ServerPort => "21",
                    Status | Substatus | Win32Status => "4294967295",
                    Session => "212cb731-09d9-458a-a545-ddac00b492fc",
                    Method => "GET",
                    _ => "1x",
                })
                .collect();
            assert_eq!(Columns::of_row(row.join(" ").as_bytes()), Some(columns), "{names}");
        }
        assert_eq!(Columns::of_row(b"2023-01-16 19:27:25 hello world"), None);
        assert_eq!(Columns::of_row(b"\xff \xfe \xfd \xfc \xfb"), None);
        assert!(NAMES.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn quoted_cells_hold_blanks() {
        let line = br#"a "b c" - " ""d"" e " "f g"#;
        let found: Vec<_> = cells(line).map(|r| String::from_utf8_lossy(&line[r])).collect();
        assert_eq!(found, ["a", "b c", "-", " \"\"d\"\" e ", "\"f", "g"]);
    }
}
