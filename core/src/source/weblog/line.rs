//! One line of an access log: `[vhost] host ident user [time] "request" status bytes ["referrer" "agent"] …`.

use crate::event::{Body, Endpoint, Event, Flow, Http, Origin, Transport};
use crate::source::row::words;
use crate::stamp;
use crate::text::{Text, from_bytes};
use std::net::IpAddr;
use std::ops::Range;

/// The places of a line's parts.
#[derive(Debug)]
pub(super) struct Line<'a> {
    bytes: &'a [u8],
    vhost: Option<Range<usize>>,
    host: Range<usize>,
    user: Option<Range<usize>>,
    stamp: Range<usize>,
    request: Range<usize>,
    status: Option<Range<usize>>,
    size: Option<Range<usize>>,
    referrer: Option<Range<usize>>,
    agent: Option<Range<usize>>,
    is_open: bool,
}

/// The typographic quotes that word processors and web pages make of plain ones, in UTF-8.
const CURLY: [&[u8]; 2] = [b"\xe2\x80\x9c", b"\xe2\x80\x9d"];

impl<'a> Line<'a> {
    /// `None` when there is no stamp in brackets with a quoted request behind it.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (stamp, after) = find_stamp(bytes)?;
        let mut quotes = Quotes { bytes, at: after, is_open: false };
        let request = quotes.next()?;
        let mut rest = words(bytes.get(quotes.at..)?);
        let mut number = || {
            let range = rest.next()?;
            let range = range.start + quotes.at..range.end + quotes.at;
            bytes
                .get(range.clone())?
                .iter()
                .all(|b| b.is_ascii_digit() || *b == b'-')
                .then_some(range)
        };
        let (status, size) = (number(), number());
        if let Some(last) = size.as_ref().or(status.as_ref()) {
            quotes.at = last.end;
        }
        let (vhost, host, user) = before(bytes, stamp.start - 1)?;
        let (referrer, agent) = (quotes.next(), quotes.next());
        let is_open = quotes.is_open;
        Some(Self {
            bytes,
            vhost,
            host,
            user,
            stamp,
            request,
            status,
            size,
            referrer,
            agent,
            is_open,
        })
    }

    /// What in it breaks the format.
    pub(super) fn oddities(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        if self.is_open {
            found.push("a quoted field is not closed");
        }
        if stamp::clf(&self.str(&self.stamp)).is_none() {
            found.push("the time is impossible: the line has none");
        }
        if self.client().is_none() {
            found.push("the client is a name, not an address: it is left unset");
        }
        if self.status.is_none() {
            found.push("the line is cut behind the request");
        }
        found
    }

    /// Every part with its place.
    pub(super) fn fields(&self) -> Vec<(&'static str, Range<usize>)> {
        let request = self.request();
        let some = |name, range: &Option<Range<usize>>| range.clone().map(|r| (name, r));
        [
            some("host", &self.vhost),
            Some(("id.orig_h", self.host.clone())),
            some("username", &self.user),
            Some(("ts", self.stamp.clone())),
            some("method", &request.method),
            some("uri", &request.uri),
            some("version", &request.version),
            some("status_code", &self.status),
            some("response_body_len", &self.size),
            some("referrer", &self.referrer),
            some("user_agent", &self.agent),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The event of the line.
    pub(super) fn event(&self, at: Origin) -> Event {
        let request = self.request();
        let text = |range: &Option<Range<usize>>| self.text(range.as_ref()?);
        let number = |range: &Option<Range<usize>>| self.str(range.as_ref()?).parse().ok();
        let (host, port) = self.vhost();
        let http = Http {
            method: text(&request.method),
            host,
            uri: text(&request.uri),
            version: text(&request.version),
            referrer: text(&self.referrer),
            user_agent: text(&self.agent),
            username: text(&self.user),
            status_code: number(&self.status),
            response_body_len: number(&self.size),
            server_log: Some(true),
            ..Http::default()
        };
        Event {
            ts: stamp::clf(&self.str(&self.stamp)),
            at,
            also: Vec::new(),
            flow: Flow {
                transport: Some(Transport::Tcp),
                orig: Endpoint { addr: self.client(), port: None },
                resp: Endpoint { addr: None, port },
                ..Flow::default()
            },
            body: Body::Http(http),
        }
    }

    fn client(&self) -> Option<IpAddr> {
        self.str(&self.host).parse::<IpAddr>().ok().map(|a| a.to_canonical())
    }

    fn part(&self, range: &Range<usize>) -> &'a [u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    fn str(&self, range: &Range<usize>) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.part(range))
    }

    /// The text of a part; `-` and nothing are unset. A backslash before a quote is the server's.
    fn text(&self, range: &Range<usize>) -> Option<Text> {
        let text = from_bytes(self.part(range));
        match &*text {
            "-" | "" => None,
            t if t.contains("\\\"") => Some(t.replace("\\\"", "\"").into()),
            _ => Some(text),
        }
    }

    /// The virtual host and its port.
    fn vhost(&self) -> (Option<Text>, Option<u16>) {
        let Some(text) = self.vhost.as_ref().and_then(|r| self.text(r)) else {
            return (None, None);
        };
        match text.rsplit_once(':').map(|(name, port)| (name, port.parse())) {
            Some((name, Ok(port))) => (Some(name.into()), Some(port)),
            _ => (Some(text), None),
        }
    }

    /// Method, target and version; a request that has not this form is a target as a whole.
    fn request(&self) -> Request {
        let line = self.part(&self.request);
        let start = self.request.start;
        let as_it_is = Request { method: None, uri: Some(self.request.clone()), version: None };
        let Some(space) = memchr::memchr(b' ', line) else { return as_it_is };
        let is_method = |m: &[u8]| {
            !m.is_empty() && m.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
        };
        if !is_method(line.get(..space).unwrap_or_default()) {
            return as_it_is;
        }
        let last = memchr::memrchr(b' ', line).unwrap_or(space);
        let tail = line.get(last + 1..).unwrap_or_default();
        let has_version = last > space && tail.starts_with(b"HTTP/");
        let end = if has_version { last } else { line.len() };
        Request {
            method: Some(start..start + space),
            uri: Some(start + space + 1..start + end),
            version: has_version.then(|| start + last + 6..start + line.len()),
        }
    }
}

#[derive(Debug)]
struct Request {
    method: Option<Range<usize>>,
    uri: Option<Range<usize>>,
    version: Option<Range<usize>>,
}

/// The stamp inside its brackets, and where the line goes on. A user name may hold a bracket, so
/// the first one with the shape of a stamp counts.
fn find_stamp(bytes: &[u8]) -> Option<(Range<usize>, usize)> {
    let is_stamp = |s: &[u8]| matches!(s, [_, _, b'/', _, _, _, b'/', _, _, _, _, b':', _, _, b':', ..] if s.len() <= 40);
    for at in memchr::memchr_iter(b'[', bytes) {
        let inside = bytes.get(at + 1..)?;
        let Some(len) = memchr::memchr(b']', inside.get(..50).unwrap_or(inside)) else { continue };
        if inside.get(..len).is_some_and(is_stamp) {
            return Some((at + 1..at + 1 + len, at + len + 2));
        }
    }
    None
}

type Before = (Option<Range<usize>>, Range<usize>, Option<Range<usize>>);

/// Virtual host, client and user, which stand before the stamp at `end`. The user may hold blanks;
/// the identity of RFC 1413 before it is always `-` nowadays, and left out by some.
fn before(bytes: &[u8], end: usize) -> Option<Before> {
    let head = bytes.get(..end)?;
    let parts: Vec<_> = words(head).collect();
    let is_addr = |r: &Range<usize>| {
        let text = head.get(r.clone()).and_then(|w| std::str::from_utf8(w).ok());
        text.is_some_and(|t| t.parse::<IpAddr>().is_ok())
    };
    // A name that is no address, before an address, is the virtual host.
    let has_vhost = match (parts.first(), parts.get(1)) {
        (Some(first), Some(second)) => !is_addr(first) && is_addr(second),
        _ => false,
    };
    let client = usize::from(has_vhost);
    let vhost = if has_vhost { parts.first().cloned() } else { None };
    let host = parts.get(client)?.clone();
    let user = match (parts.get(client + 2), parts.last()) {
        (Some(first), Some(last)) => Some(first.start..last.end),
        _ => None,
    };
    Some((vhost, host, user))
}

/// Quoted fields, one after the other.
struct Quotes<'a> {
    bytes: &'a [u8],
    at: usize,
    /// A field had no closing quote.
    is_open: bool,
}

impl Quotes<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.bytes.get(self.at..)?;
        let blanks = rest.iter().take_while(|b| **b == b' ').count();
        let rest = rest.get(blanks..)?;
        let curly = CURLY.iter().find(|q| rest.starts_with(q)).map(|q| q.len());
        let quote = if rest.first() == Some(&b'"') { 1 } else { curly? };
        let start = self.at + blanks + quote;
        let body = self.bytes.get(start..)?;
        let close = close_of(body);
        let len = close.map_or(body.len(), |(len, _)| len);
        self.at = start + len + close.map_or(0, |(_, quote)| quote);
        self.is_open |= curly.is_some() || close.is_none_or(|(_, quote)| quote != 1);
        Some(start..start + len)
    }
}

/// Where a quoted field ends, and how long its quote is: at a quote that is not escaped and has a
/// blank or nothing behind it (old servers do not escape quotes inside).
fn close_of(body: &[u8]) -> Option<(usize, usize)> {
    let is_end = |at: usize| matches!(body.get(at), None | Some(b' ' | b'\r' | b'\t'));
    let mut at = 0;
    while let Some(rest) = body.get(at..).filter(|r| !r.is_empty()) {
        let step = memchr::memchr3(b'"', b'\\', 0xe2, rest)?;
        at += step;
        match body.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') if is_end(at + 1) => return Some((at, 1)),
            Some(0xe2)
                if CURLY.iter().any(|q| body.get(at..).is_some_and(|b| b.starts_with(q))) =>
            {
                if is_end(at + 3) {
                    return Some((at, 3));
                }
                at += 3;
            }
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::line;

    fn shown(text: &str) -> String {
        match Line::parse(text.as_bytes()) {
            Some(l) => {
                let event = line(&l.event(Origin::default()));
                event.trim_start_matches("0 ").replace(" server_log=true", "")
            }
            None => "none".into(),
        }
    }

    #[test]
    fn fields_that_servers_add_or_leave_out() {
        let at = "[08/Jun/2020:08:04:43 +0000]";
        let ts = "2020-06-08T08:04:43Z";
        let get = "method=GET uri=/x version=1.1";
        let case = |text: String, expect: String| assert_eq!(shown(&text), expect, "{text}");
        case(
            format!("1.2.3.4 - - {at} \"GET /x HTTP/1.1\" 200 -"),
            format!("{ts} http 1.2.3.4 > * tcp {get} status_code=200"),
        );
        case(format!("www.a.net:443 ::1 - bob smith {at} \"GET /x HTTP/1.1\" 200 1"), format!("{ts} http ::1 > *:443 tcp {get} host=www.a.net response_body_len=1 status_code=200 username=bob smith").replace(&format!("{get} host=www.a.net"), "method=GET host=www.a.net uri=/x version=1.1"));
        case(
            format!(
                "1.2.3.4 - {at} \"GET /x HTTP/1.1\" - - \"-\" \"a \\\" b\" 500 \"test@docker\" 0ms"
            ),
            format!("{ts} http 1.2.3.4 > * tcp {get} user_agent=a \" b"),
        );
        case(
            format!("client.example - - {at} \"GET /a\"b c HTTP/1.1\" 200 7 \"http://r/\""),
            format!(
                "{ts} http * > * tcp method=GET uri=/a\"b c referrer=http://r/ version=1.1 response_body_len=7 status_code=200"
            ),
        );
    }

    #[test]
    fn requests_that_are_none_are_kept_as_text() {
        let case = |request: &str| {
            shown(&format!("1.2.3.4 - - [01/Jan/2024:00:00:02 +0000] \"{request}\" 400 226"))
        };
        let start = "2024-01-01T00:00:02Z http 1.2.3.4 > * tcp";
        let end = "response_body_len=226 status_code=400";
        assert_eq!(
            case("\\x16\\x03\\x01\\x01 \\x02"),
            format!("{start} uri=\\x16\\x03\\x01\\x01 \\x02 {end}")
        );
        assert_eq!(case("-"), format!("{start} {end}"));
        assert_eq!(case(""), format!("{start} {end}"));
        assert_eq!(case("GET /old"), format!("{start} method=GET uri=/old {end}"));
    }

    #[test]
    fn impossible_times_and_cut_lines_are_said() {
        let odd = |text: &str| Line::parse(text.as_bytes()).unwrap().oddities();
        assert_eq!(
            odd("1.2.3.4 - - [31/Feb/2024:25:61:61 +9999] \"GET / HTTP/1.1\" 200 5"),
            ["the time is impossible: the line has none"]
        );
        assert_eq!(
            odd("1.2.3.4 - - [01/Jan/2024:00:00:00 +0000] \"GET /"),
            ["a quoted field is not closed", "the line is cut behind the request"]
        );
        assert!(
            odd("1.2.3.4 - - [01/Jan/2024:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5").is_empty()
        );
        for text in ["", "[01/Jan/2024:00:00:00 +0000] \"GET /\" 200 1", "1.2.3.4 - - [01/Jan/2024"]
        {
            assert_eq!(shown(text), "none", "{text}");
        }
    }
}
