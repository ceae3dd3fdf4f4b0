//! Log lines that came through syslog: finds where the relayed line begins.

use crate::stamp;
use crate::time::Time;
use std::borrow::Cow;

/// A line without what a relay put before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// The relayed line, escapes of the relay undone.
    pub(super) text: Cow<'a, [u8]>,
    /// How many bytes of the line stand before it.
    pub(super) start: usize,
    /// When the relay wrote, where its stamp has a year.
    pub(super) relayed: Option<Time>,
}

/// Takes a relay's prefix off: RFC 5424, RFC 3164, or rsyslog's ISO stamp. `None` when the line
/// has none: it is then what it is.
///
/// The relay's time is when it wrote, which may be months later: never the event's.
pub(super) fn unwrap(line: &[u8]) -> Option<Message<'_>> {
    let start = prefix(line)?;
    let text = line.get(start..)?;
    Some(Message { text: unescape(text), start, relayed: relayed(line) })
}

/// The relay's own time, if it is an ISO stamp.
fn relayed(line: &[u8]) -> Option<Time> {
    let rest = line.get(priority(line)..)?;
    let rest = rest.strip_prefix(b"1 ").unwrap_or(rest);
    let word = rest.get(..memchr::memchr(b' ', rest)?)?;
    stamp::iso(std::str::from_utf8(word).ok()?).map(|(time, _)| time)
}

/// Length of the relay's prefix.
fn prefix(line: &[u8]) -> Option<usize> {
    let mut words = Words { line, at: priority(line) };
    let rest = line.get(words.at..)?;
    if let Some(after) = rest.strip_prefix(b"1 ") {
        return rfc5424(line, line.len() - after.len());
    }
    if starts_with_iso(rest) {
        words.word()?;
        // rsyslog's ISO stamp has a T; `2021-05-28 18:08:01,124 host` writes the time apart.
        if rest.get(10) == Some(&b' ') {
            words.word()?;
        }
    } else if starts_with_bsd(rest) {
        words.word()?;
        words.word()?;
        let clock = words.word()?;
        stamp::hms(std::str::from_utf8(clock).ok()?)?;
        // Some relays add the year.
        let year = words.clone().word()?;
        if year.len() == 4 && year.iter().all(u8::is_ascii_digit) {
            words.word()?;
        }
    } else {
        return None;
    }
    let host = words.word()?;
    // A log's own stamp followed by its own fields is no relay's: hosts are not dates or times.
    if host.contains(&b':') && !host.contains(&b'.') || !is_host(host) {
        return None;
    }
    tag(line, words.at)
}

/// The program's name behind the host: `nginx[2869]:`, or one glued to the date of the line.
fn tag(line: &[u8], at: usize) -> Option<usize> {
    let mut words = Words { line, at };
    let word = words.word()?;
    let end = words.at;
    if word.ends_with(b":") {
        return Some(end + line.get(end..)?.iter().take_while(|b| **b == b' ').count());
    }
    // `-2023-01-16 19:27:25`: the name is `-`.
    let date = word.len().checked_sub(10)?;
    let tail = std::str::from_utf8(word.get(date..)?).unwrap_or_default();
    if stamp::ymd(tail).is_some() {
        return Some(end - 10);
    }
    Some(end - word.len())
}

/// RFC 5424 section 6: time, host, application, process, message id, structured data, message.
fn rfc5424(line: &[u8], at: usize) -> Option<usize> {
    let mut words = Words { line, at };
    let stamp = words.word()?;
    if stamp != b"-" && !starts_with_iso(stamp) {
        return None;
    }
    for _ in 0..4 {
        words.word()?;
    }
    let mut at = words.at + 1;
    if line.get(at) == Some(&b'-') {
        at += 1;
    } else {
        while line.get(at) == Some(&b'[') {
            at = end_of_element(line, at)?;
        }
    }
    let at = at + line.get(at..)?.iter().take_while(|b| **b == b' ').count();
    let bom = line.get(at..)?.starts_with(b"\xef\xbb\xbf");
    Some(if bom { at + 3 } else { at })
}

/// The end of a structured element; a bracket inside quotes is none.
fn end_of_element(line: &[u8], start: usize) -> Option<usize> {
    let (mut is_quoted, mut at) = (false, start);
    loop {
        match line.get(at)? {
            b'\\' => at += 1,
            b'"' => is_quoted = !is_quoted,
            b']' if !is_quoted => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

/// Length of `<34>`.
fn priority(line: &[u8]) -> usize {
    let Some(rest) = line.strip_prefix(b"<") else { return 0 };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if (1..=3).contains(&digits) && rest.get(digits) == Some(&b'>') { digits + 2 } else { 0 }
}

fn starts_with_iso(text: &[u8]) -> bool {
    let date = text.get(..10).and_then(|d| std::str::from_utf8(d).ok());
    date.is_some_and(|d| stamp::ymd(d).is_some())
        && text.get(13) == Some(&b':')
        && matches!(text.get(10), Some(b'T' | b' '))
}

/// `Sep 15 16:13:46`.
fn starts_with_bsd(text: &[u8]) -> bool {
    let month = text.get(..3).and_then(|m| std::str::from_utf8(m).ok());
    month.is_some_and(|m| stamp::month(m).is_some()) && text.get(3) == Some(&b' ')
}

fn is_host(word: &[u8]) -> bool {
    let ok = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    word.iter().all(ok) && word.iter().any(u8::is_ascii_alphanumeric)
}

#[derive(Clone)]
struct Words<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    fn word(&mut self) -> Option<&'a [u8]> {
        let rest = self.line.get(self.at..)?;
        let skip = rest.iter().take_while(|b| **b == b' ').count();
        let rest = rest.get(skip..)?;
        let len = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        self.at += skip + len;
        rest.get(..len).filter(|w| !w.is_empty())
    }
}

/// Undoes what rsyslog does to control characters: `#011` is a tab, `#015` at the end a carriage
/// return. Others stay as written.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    let text = text.strip_suffix(b"#015").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if memchr::memmem::find(text, b"#011").is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, b"#011") {
        out.extend_from_slice(text.get(from..at).unwrap_or_default());
        out.push(b'\t');
        from = at + 4;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(line: &str) -> Option<String> {
        let message = unwrap(line.as_bytes())?;
        Some(String::from_utf8_lossy(&message.text).into_owned())
    }

    #[test]
    fn all_three_forms_of_relays() {
        let line = "1.2.3.4 - - [x] \"GET /\"";
        for prefix in [
            "<34>1 2003-10-11T22:14:15.003Z web-1 nginx 123 ID47 [a@1 b=\"]\\\"\"][c] ",
            "<34>1 2003-10-11T22:14:15.003Z web-1 nginx - - - \u{feff}",
            "Sep 15 16:13:46 ip-172-31-43-28.us-east-2.compute.internal nginx[2869]: ",
            "<13>Sep  5 16:13:46 2021 host nginx: ",
            "2023-06-19T02:29:12.325818+00:00 web01 nginx[2]: ",
        ] {
            assert_eq!(inner(&format!("{prefix}{line}")).as_deref(), Some(line), "{prefix}");
        }
    }

    /// The article's ftp-iis-syslog.log: the program's name is glued to the date.
    #[test]
    fn a_name_glued_to_the_date_and_escapes_of_the_relay() {
        let line =
            "2023-06-19T02:29:12.325818+00:00 ftp01 -2023-01-16 19:27:25 178.11.91.64#011x#015";
        assert_eq!(inner(line).as_deref(), Some("2023-01-16 19:27:25 178.11.91.64\tx"));
        assert_eq!(unwrap(line.as_bytes()).unwrap().start, 40);
        let line = "Jun 19 02:29:12 ftp01 2023-01-16 19:27:25 178.11.91.64";
        assert_eq!(inner(line).as_deref(), Some("2023-01-16 19:27:25 178.11.91.64"));
    }

    #[test]
    fn lines_without_a_relay_are_left_alone() {
        for line in [
            "",
            "x",
            "1.2.3.4 - - [01/Jan/2024:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5",
            "2021-04-01 00:00:21 111.111.111.111 GET /foo - 80",
            "<99",
            "<34>1 ",
            "Sep 15",
            "2021-04-01T00:00:21Z",
            "<34>1 - h a p m [x",
        ] {
            assert_eq!(
                inner(line).filter(|i| !line.starts_with("2021-04-01 ") || i != line),
                None,
                "{line}"
            );
        }
    }
}
