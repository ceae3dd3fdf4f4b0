//! HTTP/1 lines and headers (RFC 9112), as lenient as the servers that accept them.

use crate::text;
use std::borrow::Cow;

/// Longest part of one line that is looked at. Servers refuse longer ones (8 KB is usual); the
/// line is read to its end, but only so much of it is kept.
pub const MAX_LINE: usize = 64 << 10;

/// A request's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// The method, as sent.
    pub method: &'a [u8],
    /// The target, as sent; empty when there is none.
    pub target: &'a [u8],
    /// `1.1`; `0.9` when the line has no version.
    pub version: &'a str,
}

/// A reply's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusLine<'a> {
    /// `1.1`.
    pub version: &'a str,
    /// The status code; 0 when it is no number.
    pub code: u64,
    /// The reason phrase, maybe of no words; `None` where the version knows none (HTTP/2).
    pub reason: Option<&'a [u8]>,
}

/// The next line of `data` without its end, and how many bytes it takes with it; `None` when its
/// end is not there yet.
pub fn line(data: &[u8]) -> Option<(&[u8], usize)> {
    let end = memchr::memchr(b'\n', data)?;
    let line = data.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// Splits a request line. `None` when it has no method followed by a space.
pub fn request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let space = memchr::memchr(b' ', line)?;
    let (method, rest) = line.split_at_checked(space)?;
    if !is_token(method) {
        return None;
    }
    let rest = rest.trim_ascii();
    let cut = rest.windows(5).rposition(|w| w.eq_ignore_ascii_case(b"HTTP/"));
    let (target, version) = match cut {
        // The version stands alone: at the start, or behind a space.
        Some(at) if at == 0 || rest.get(at - 1) == Some(&b' ') => {
            let (target, version) = rest.split_at_checked(at)?;
            (target.trim_ascii_end(), std::str::from_utf8(version.get(5..)?).ok()?)
        }
        _ => (rest, "0.9"),
    };
    Some(RequestLine { method, target, version })
}

/// Whether a whole line that begins with a method is one of HTTP. Other protocols have methods of the
/// same names: RTSP and SIP end their lines with a version of their own, NATS goes on with an object.
/// HTTP/0.9, which has no version, asks for a path; so do those who forget it.
pub fn is_request(line: &[u8]) -> bool {
    request_line(line).is_some_and(|r| {
        let begins = |word: &[u8]| text::begins(r.target, word);
        r.version != "0.9" || begins(b"/") || begins(b"http://") || begins(b"https://")
    })
}

/// True for a token, RFC 9110 section 5.6.2: a method or a header's name.
pub fn is_token(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|b| is_token_byte(*b))
}

/// Splits a status line. `None` when it does not begin with `HTTP/`.
pub fn status_line(line: &[u8]) -> Option<StatusLine<'_>> {
    if !text::begins(line, b"HTTP/") {
        return None;
    }
    let rest = line.get(5..)?;
    let space = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    let (version, rest) = rest.split_at_checked(space)?;
    let rest = rest.trim_ascii();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let code = rest.get(..digits).and_then(number).unwrap_or(0);
    let reason = rest.get(digits..).map(<[u8]>::trim_ascii);
    Some(StatusLine { version: std::str::from_utf8(version).ok()?, code, reason })
}

/// Splits a header line into name and value. `None` without a colon.
pub fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    Some((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()))
}

/// A decimal number; `None` when it is none or too large.
pub fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The size at the start of a chunk's first line (RFC 9112 section 7.1), extensions left out.
pub fn chunk_size(line: &[u8]) -> Option<u64> {
    let hex = line.split(|b| *b == b';').next()?.trim_ascii();
    u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

/// The value of a parameter such as `boundary=` in a header value, quotes removed.
pub fn parameter<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let is_behind = |at| ends_with(value.get(..at).unwrap_or_default().trim_ascii_end(), name);
    if !memchr::memchr_iter(b'=', value).any(is_behind) {
        return None;
    }
    let (mut is_quoted, mut last) = (false, 0);
    // What is quoted may hold separators, and quotes behind a backslash (RFC 9110 section 5.6.4).
    let is_end = |b: &u8| {
        is_quoted ^= *b == b'"' && last != b'\\';
        last = *b;
        !is_quoted && matches!(b, b';' | b',')
    };
    value.split(is_end).find_map(|part| {
        let eq = memchr::memchr(b'=', part)?;
        let (key, val) = part.split_at_checked(eq)?;
        let key = key.trim_ascii_end().rsplit(u8::is_ascii_whitespace).next()?;
        let val = val.get(1..)?.trim_ascii();
        let val = val.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(val);
        key.eq_ignore_ascii_case(name.as_bytes()).then_some(val)
    })
}

fn ends_with(text: &[u8], word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

/// The file's name that a content disposition states (RFC 6266 section 4.3), percent-decoded. The
/// form with a character set comes first; browsers encode quotes in the other form too.
pub fn filename(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let extended = parameter(value, "filename*");
    // Character set, language and name (RFC 8187 section 3.2).
    let name = extended.map(|v| v.splitn(3, |b| *b == b'\'').nth(2).unwrap_or(v));
    Some(text::percent_decoded(name.or_else(|| parameter(value, "filename"))?))
}

/// Whether what a content range (RFC 9110 section 14.4) places is not known to begin with a file's
/// first byte. One that places nothing (`bytes */9`) tells of no piece.
pub fn is_later_range(value: &[u8]) -> bool {
    let place = value.split(u8::is_ascii_whitespace).nth(1).unwrap_or_default();
    let first = memchr::memchr(b'-', place).and_then(|dash| place.get(..dash));
    first.is_some_and(|first| number(first) != Some(0))
}

/// RFC 9110 section 5.6.2: what a method may be written with.
const fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines_good_and_odd() {
        let parts = |l: &'static [u8]| {
            request_line(l).map(|r| {
                let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                (text(r.method), text(r.target), r.version.to_owned())
            })
        };
        let row = |m: &str, t: &str, v: &str| Some((m.to_owned(), t.to_owned(), v.to_owned()));
        assert_eq!(parts(b"GET /a?b HTTP/1.1"), row("GET", "/a?b", "1.1"));
        assert_eq!(parts(b"OPTIONS  HTTP/1.0"), row("OPTIONS", "", "1.0"));
        assert_eq!(parts(b"GET /HTTP/1.1"), row("GET", "/HTTP/1.1", "0.9"));
        assert_eq!(parts(b"GET /a b HTTP/1.1"), row("GET", "/a b", "1.1"));
        assert_eq!(parts(b"OPTIONSHTTP/1.1"), None);
        assert_eq!(parts(b"\x16\x03\x01 x"), None);
    }

    #[test]
    fn lines_of_other_protocols_are_no_requests() {
        let http: [&[u8]; 4] = [
            b"GET /old",
            b"POST http://a.test/x",
            b"OPTIONS * HTTP/1.1",
            b"CONNECT a:443 HTTP/1.0",
        ];
        http.iter().for_each(|l| assert!(is_request(l), "{}", l.escape_ascii()));
        let others: [&[u8]; 4] = [
            b"OPTIONS rtsp://10.0.0.1:8554/ RTSP/1.0",
            b"OPTIONS sip:a@b.test SIP/2.0",
            b"CONNECT {\"verbose\":false}",
            b"DELETE ",
        ];
        others.iter().for_each(|l| assert!(!is_request(l), "{}", l.escape_ascii()));
    }

    #[test]
    fn status_lines_good_and_odd() {
        let s = status_line(b"HTTP/1.1 404 Not Found").unwrap();
        assert_eq!((s.version, s.code, s.reason), ("1.1", 404, Some(&b"Not Found"[..])));
        assert_eq!(status_line(b"HTTP/1.0 200").unwrap().reason, Some(&b""[..]));
        assert_eq!(status_line(b"HTTP/1.0 99999999999999999999 x").unwrap().code, 0);
        assert!(status_line(b"ICY 200 OK").is_none());
    }

    #[test]
    fn chunk_sizes_and_parameters() {
        assert_eq!(chunk_size(b"1a; ext=1"), Some(26));
        assert_eq!(chunk_size(b"fffffffffffffffff"), None);
        assert_eq!(parameter(b"attachment; filename=\"a.7z\"", "filename"), Some(&b"a.7z"[..]));
        let odd = br#"form-data; name="a;filename=b"; FileName = "x;\"y\",z""#;
        assert_eq!(parameter(odd, "filename"), Some(&br#"x;\"y\",z"#[..]));
        assert_eq!(
            parameter(b"Digest username=\"joe\", realm=\"x\"", "username"),
            Some(&b"joe"[..])
        );
    }

    #[test]
    fn names_of_files_and_where_a_range_begins() {
        let name = |v: &'static str| {
            filename(v.as_bytes()).map(|n| String::from_utf8_lossy(&n).into_owned())
        };
        assert_eq!(name("attachment; filename=a%20b.txt").as_deref(), Some("a b.txt"));
        let both = "attachment; filename=\"e.txt\"; filename*=UTF-8'en'%e2%82%ac.txt";
        assert_eq!(name(both).as_deref(), Some("\u{20ac}.txt"));
        assert_eq!(name("inline; filename*=plain").as_deref(), Some("plain"));
        assert_eq!(name("inline"), None);
        let later: [&[u8]; 2] = [b"bytes 1-9/10", b"bytes foo-bar/baz"];
        assert!(later.into_iter().all(is_later_range));
        let first: [&[u8]; 3] = [b"bytes 0-9/10", b"bytes */10", b""];
        assert!(!first.into_iter().any(is_later_range));
    }
}
