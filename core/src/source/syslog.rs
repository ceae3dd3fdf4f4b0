//! Syslog around another log: where the relayed line begins (RFC 5424, RFC 3164, rsyslog's file form).

use crate::stamp;
use crate::time::Time;

/// What a relay put in front of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wrap {
    /// Offset of the relayed line.
    pub inner: usize,
    /// When the relay wrote it, where that stamp has a year.
    pub relayed: Option<Time>,
}

/// Finds the relayed line. Without a syslog header it begins at 0.
pub fn unwrap(line: &[u8]) -> Wrap {
    let mut words = Words { line, at: priority(line) };
    let start = words.at;
    if words.line.get(start..).is_some_and(|l| l.starts_with(b"1 ")) {
        words.next();
        return rfc5424(words).unwrap_or_default();
    }
    let Some(relayed) = stamp_of(&mut words) else { return Wrap::default() };
    words.next(); // The host.
    skip_tag(&mut words);
    Wrap { inner: words.at, relayed }
}

/// The line without what rsyslog makes of a carriage return at its end.
pub fn trim_escaped_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"#015").unwrap_or(line)
}

/// Steps over the words of a line, one space between them or more.
struct Words<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.line.get(self.at..)?;
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let gap = rest.get(end..)?.iter().take_while(|b| **b == b' ').count();
        self.at += end + gap;
        rest.get(..end).filter(|w| !w.is_empty())
    }
}

/// Length of `<PRI>`, if the line begins with one.
fn priority(line: &[u8]) -> usize {
    let digits = line.iter().skip(1).take(3).take_while(|b| b.is_ascii_digit()).count();
    let is_one = line.first() == Some(&b'<') && digits > 0 && line.get(digits + 1) == Some(&b'>');
    if is_one { digits + 2 } else { 0 }
}

/// Takes a stamp: an ISO 8601 word, or `Mmm dd hh:mm:ss`, which has no year and so gives no time.
fn stamp_of(words: &mut Words<'_>) -> Option<Option<Time>> {
    let first = std::str::from_utf8(words.next()?).ok()?;
    if let Some((time, _)) = stamp::iso(first).filter(|_| first.contains('T')) {
        return Some(Some(time));
    }
    stamp::month(first)?;
    let day = std::str::from_utf8(words.next()?).ok()?;
    day.parse::<u32>().ok().filter(|d| (1..=31).contains(d))?;
    stamp::hms(std::str::from_utf8(words.next()?).ok()?)?;
    Some(None)
}

/// `program[pid]:`, if the next word is one.
fn skip_tag(words: &mut Words<'_>) {
    let before = words.at;
    if !words.next().is_some_and(|w| w.ends_with(b":")) {
        words.at = before;
    }
}

/// Behind the version: stamp, host, application, process, message id, structured data.
fn rfc5424(mut words: Words<'_>) -> Option<Wrap> {
    let relayed = stamp::iso(std::str::from_utf8(words.next()?).ok()?).map(|(t, _)| t);
    for _ in 0..4 {
        words.next()?;
    }
    while words.line.get(words.at) == Some(&b'[') {
        let rest = words.line.get(words.at..)?;
        let end = rest.windows(2).position(|w| w.ends_with(b"]") && !w.starts_with(b"\\"))? + 2;
        let gap = rest.get(end..)?.iter().take_while(|b| **b == b' ').count();
        words.at += end + gap;
    }
    if words.line.get(words.at..)?.starts_with(b"- ") {
        words.next();
    }
    let bom = words.line.get(words.at..)?.starts_with(b"\xef\xbb\xbf");
    Some(Wrap { inner: words.at + if bom { 3 } else { 0 }, relayed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(line: &str) -> &str {
        &line[unwrap(line.as_bytes()).inner..]
    }

    #[test]
    fn every_form_of_header_is_stepped_over() {
        assert_eq!(inner("Sep 15 16:13:46 web nginx[2869]: 81.1.1.1 - -"), "81.1.1.1 - -");
        assert_eq!(inner("<134>Sep  5 16:13:46 web nginx: 81.1.1.1"), "81.1.1.1");
        assert_eq!(
            inner("2023-06-19T02:29:12.325818+00:00 ftp01 -2023-01-16 19:27:25 x"),
            "-2023-01-16 19:27:25 x"
        );
        assert_eq!(
            inner("<165>1 2003-10-11T22:14:15.003Z h app 1 ID47 [a b=\"c\\]\"][d] msg"),
            "msg"
        );
        assert_eq!(inner("<165>1 2003-10-11T22:14:15.003Z h app - - - msg"), "msg");
        assert_eq!(inner("10.0.0.1 - - [x]"), "10.0.0.1 - - [x]");
        assert_eq!(inner("2023-01-16 19:27:25 10.0.0.1"), "2023-01-16 19:27:25 10.0.0.1");
    }

    #[test]
    fn the_relays_time_is_kept_where_it_has_a_year() {
        let wrap = unwrap(b"2023-06-19T02:29:12+00:00 ftp01 x");
        assert_eq!(wrap.relayed.unwrap().to_string(), "2023-06-19T02:29:12Z");
        assert_eq!(unwrap(b"Jan  7 18:26:02 host x").relayed, None);
    }
}
