//! Apache's and nginx's access logs: the common and the combined format, a virtual host before or
//! more fields behind them, bare or relayed by syslog.

use super::{head_lines, item};
use crate::event::{Body, Event, Flow, Http, Kind, NodeId, Origin, Transport};
use crate::note::{LINE_LENIENT, LINE_MALFORMED, Note};
use crate::report::Item;
use crate::source::lines::Lines;
use crate::source::syslog;
use crate::source::{Format, Head, Node, Reader, Sink, Sniff};
use crate::stamp;
use crate::text::{Text, from_bytes};
use crate::time::Clock;
use std::net::IpAddr;
use std::ops::Range;

/// The format.
pub const FORMAT: Format = Format {
    name: "access-log",
    title: "Web server access log (common or combined)",
    emits: &[Kind::Http],
    sniff,
    open: |opening| Box::new(AccessLog { lines: Lines::new(opening.node), node: opening.node }),
    show,
};

/// Quotation marks that word processors put for `"`.
const TYPOGRAPHIC: [&[u8]; 2] = ["\u{201c}".as_bytes(), "\u{201d}".as_bytes()];

fn sniff(head: &Head<'_>) -> Sniff {
    let (mut good, mut all) = (0, 0);
    for line in head_lines(head) {
        all += 1;
        good += usize::from(parse(line).is_some());
    }
    if good > 0 && good * 2 >= all {
        Sniff::Strong
    } else {
        Sniff::No("its first lines are not: client, [date], \"request\", status")
    }
}

struct AccessLog {
    lines: Lines,
    node: NodeId,
}

impl Reader for AccessLog {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        self.lines.feed(bytes, out, &mut line)
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        self.lines.finish(out, &mut line);
        out.node(self.node).clock = Clock::Utc;
    }
}

/// Where the parts of a line are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    vhost: Option<Range<usize>>,
    client: Range<usize>,
    user: Range<usize>,
    time: Range<usize>,
    request: Range<usize>,
    status: Range<usize>,
    bytes: Range<usize>,
    referrer: Option<Range<usize>>,
    agent: Option<Range<usize>>,
    /// A closing quotation mark was typographic or missing.
    is_lenient: bool,
}

fn line(line: &[u8], at: Origin, out: &mut dyn Sink) {
    if line.trim_ascii().is_empty() {
        return;
    }
    let Some(parts) = parse(line) else {
        let shown = from_bytes(line.get(..80).unwrap_or(line));
        return out.note(Note { at, kind: &LINE_MALFORMED, detail: shown.into() });
    };
    if parts.is_lenient {
        let detail = "a closing quotation mark is missing or typographic".to_owned();
        out.note(Note { at, kind: &LINE_LENIENT, detail });
    }
    let event = event(line, &parts, at);
    if event.ts.is_none() {
        let time = line.get(parts.time).unwrap_or_default();
        let detail = format!("no such time: {}; the row is used without one", from_bytes(time));
        out.note(Note { at, kind: &LINE_LENIENT, detail });
    }
    out.event(event);
}

/// Finds the parts: everything hangs on the bracketed time and the quotation marks.
fn parse(line: &[u8]) -> Option<Parts> {
    let inner = syslog::unwrap(line).inner;
    let open = inner + time_bracket(line.get(inner..)?)?;
    let close = open + memchr::memchr(b']', line.get(open..)?)?;
    let mut parts = Parts { time: open + 1..close, ..Parts::default() };
    before_time(line, inner..open, &mut parts)?;
    let mut at = close + 1;
    parts.request = quoted(line, &mut at, &mut parts.is_lenient)?;
    parts.status = word(line, &mut at);
    parts.bytes = word(line, &mut at);
    let is_number = |r: &Range<usize>| {
        line.get(r.clone())
            .is_some_and(|w| w == b"-" || (!w.is_empty() && w.iter().all(u8::is_ascii_digit)))
    };
    if !is_number(&parts.status) || !(is_number(&parts.bytes) || parts.bytes.is_empty()) {
        return None;
    }
    parts.referrer = quoted(line, &mut at, &mut parts.is_lenient);
    parts.agent = quoted(line, &mut at, &mut parts.is_lenient);
    Some(parts)
}

/// Offset of the bracket that opens `[30/Aug/2023:…`. A user name may hold brackets of its own.
fn time_bracket(line: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'[', line).find(|at| {
        let shape = line.get(at + 1..at + 13).unwrap_or_default();
        matches!(shape, [d, e, b'/', .., b':'] if d.is_ascii_digit() && e.is_ascii_digit())
    })
}

/// `[vhost[:port]] client ident user`; a user name may hold spaces.
fn before_time(line: &[u8], range: Range<usize>, parts: &mut Parts) -> Option<()> {
    let mut at = range.start;
    let mut words = Vec::new();
    // More words than these are part of the user's name.
    while at < range.end && words.len() < 4 {
        let w = word(line.get(..range.end)?, &mut at);
        if !w.is_empty() {
            words.push(w);
        }
    }
    let is_addr = |r: &Range<usize>| addr(line.get(r.clone()).unwrap_or_default()).is_some();
    let client = match words.as_slice() {
        [first, second, ..] if !is_addr(first) && is_addr(second) => 1,
        [_, ..] => 0,
        [] => return None,
    };
    if client == 1 {
        parts.vhost = words.first().cloned();
    }
    parts.client = words.get(client)?.clone();
    let user = words.get(client + 2)?.start;
    let text = line.get(user..range.end)?.trim_ascii_end();
    parts.user = user..user + text.len();
    Some(())
}

/// The next word behind spaces.
fn word(line: &[u8], at: &mut usize) -> Range<usize> {
    let rest = line.get(*at..).unwrap_or_default();
    let start = *at + rest.iter().take_while(|b| **b == b' ').count();
    let rest = line.get(start..).unwrap_or_default();
    let end = start + memchr::memchr(b' ', rest).unwrap_or(rest.len());
    *at = end;
    start..end
}

/// The next quoted text behind spaces, without its marks. `None` when what comes is not quoted.
fn quoted(line: &[u8], at: &mut usize, is_lenient: &mut bool) -> Option<Range<usize>> {
    let mut from = *at;
    let first = word(line, &mut from).start;
    let rest = line.get(first..)?;
    let fancy = |text: &[u8]| TYPOGRAPHIC.iter().find(|q| text.starts_with(q)).map(|q| q.len());
    let opening = match rest.first()? {
        b'"' => 1,
        _ => fancy(rest).inspect(|_| *is_lenient = true)?,
    };
    let start = first + opening;
    let text = line.get(start..)?;
    // A mark closes when a space or the line's end follows and no backslash escapes it.
    let closes = |at: &usize| {
        let slashes =
            text.get(..*at).unwrap_or_default().iter().rev().take_while(|b| **b == b'\\').count();
        slashes % 2 == 0 && text.get(at + 1).is_none_or(|b| *b == b' ')
    };
    let (end, mark) = match memchr::memchr_iter(b'"', text).find(closes) {
        Some(end) => (end, 1),
        None => {
            *is_lenient = true;
            let fancy_end = (0..text.len()).find_map(|i| fancy(text.get(i..)?).map(|n| (i, n)));
            fancy_end.unwrap_or((text.len(), 0))
        }
    };
    *at = start + end + mark;
    Some(start..start + end)
}

fn addr(word: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(word).ok()?;
    text.parse::<IpAddr>().ok().map(|a| a.to_canonical())
}

fn event(line: &[u8], parts: &Parts, at: Origin) -> Event {
    let raw = |r: &Range<usize>| line.get(r.clone()).unwrap_or_default();
    let text = |r: &Range<usize>| value(raw(r));
    let number = |r: &Range<usize>| std::str::from_utf8(raw(r)).ok()?.parse::<u64>().ok();
    let mut http = Http {
        host: parts.vhost.as_ref().and_then(text),
        status_code: number(&parts.status),
        response_body_len: number(&parts.bytes),
        referrer: parts.referrer.as_ref().and_then(text),
        user_agent: parts.agent.as_ref().and_then(text),
        username: text(&parts.user),
        server_log: Some(true),
        ..Http::default()
    };
    request(raw(&parts.request), &mut http);
    let mut flow = Flow { transport: Some(Transport::Tcp), ..Flow::default() };
    flow.orig.addr = addr(raw(&parts.client));
    let ts = std::str::from_utf8(raw(&parts.time)).ok().and_then(stamp::clf);
    Event { ts, at, also: Vec::new(), flow, body: Body::Http(http) }
}

/// `GET /path HTTP/1.1`; what is not of that shape is kept as the target, without a method.
fn request(raw: &[u8], http: &mut Http) {
    let text = unescape(raw);
    let is_method = |m: &str| {
        !m.is_empty()
            && m.len() <= 32
            && m.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'_')
    };
    match text.split_once(' ') {
        Some((method, rest)) if is_method(method) && method != "-" => {
            http.method = Some(method.into());
            let (uri, version) = match rest.rsplit_once(" HTTP/") {
                Some((uri, version)) => (uri, Some(version)),
                None => (rest, None),
            };
            http.uri = Some(uri.into());
            http.version = version.map(Into::into);
        }
        _ => http.uri = (&*text != "-" && !text.is_empty()).then_some(text),
    }
}

/// A value; `-` and the empty one are absent.
fn value(raw: &[u8]) -> Option<Text> {
    (!raw.is_empty() && raw != b"-").then(|| unescape(raw))
}

/// `\"` and `\\` as they were; other escapes stay visible.
fn unescape(raw: &[u8]) -> Text {
    let text = from_bytes(raw);
    if !text.contains("\\\"") && !text.contains("\\\\") {
        return text;
    }
    text.replace("\\\"", "\"").replace("\\\\", "\\").into()
}

fn show(_: &Node, at: Origin, bytes: &[u8]) -> Item {
    let parts = parse(bytes);
    let fields = parts.into_iter().flat_map(|p| {
        [
            ("host", p.vhost),
            ("id.orig_h", Some(p.client)),
            ("username", Some(p.user)),
            ("ts", Some(p.time)),
            ("method, uri, version", Some(p.request)),
            ("status_code", Some(p.status)),
            ("response_body_len", Some(p.bytes)),
            ("referrer", p.referrer),
            ("user_agent", p.agent),
        ]
    });
    item(at, bytes, fields.filter_map(|(name, range)| Some((name, range?))))
}

#[cfg(test)]
mod tests {
    use crate::source::testing::read;

    /// The last line of the article's sample: its closing mark is typographic.
    const FANCY: &str = "123.150.207.231 - - [30/Aug/2023:09:19:42 +0000] \"GET //phpMyAdmin-2.8.2/scripts/setup.php HTTP/1.1\" 404 310 \"-\" \"-\u{201c}\n";

    #[test]
    fn a_typographic_mark_is_used_and_noted() {
        let got = read(FANCY.as_bytes());
        assert_eq!(got.format(), Some("access-log"));
        let lines = got.lines();
        assert!(lines[0].contains("uri=//phpMyAdmin-2.8.2/scripts/setup.php"), "{lines:?}");
        assert!(lines[0].starts_with("1 2023-08-30T09:19:42Z http 123.150.207.231"), "{lines:?}");
        assert!(!lines[0].contains("user_agent"), "{lines:?}");
        assert!(got.notes()[0].starts_with("line-lenient 1"));
    }

    #[test]
    fn variants_that_servers_write() {
        let log = "www.example.org:443 10.0.0.1 - bob smith [04/Jan/2020:07:25:02 +0100] \"GET /a\\\"b HTTP/1.1\" 200 - \"-\" \"x \\\" y\"\n\
                   ::ffff:10.0.0.2 - - [04/Jan/2020:07:25:03 +0000] \"\\x16\\x03\\x01 \\x02\" 400 226 \"-\" \"-\"\n\
                   10.0.0.3 - - [04/Jan/2020:07:25:04 +0000] \"-\" 408 0\n\
                   Sep 15 16:13:46 web nginx[1]: 2001:db8::1 - - [15/Sep/2021:16:13:46 +0000] \"POST /x HTTP/2.0\" 302 5 \"-\" \"curl/7\" \"more\" 0.1\n";
        let got = read(log.as_bytes()).lines();
        assert!(
            got[0].contains("06:25:02Z")
                && got[0].contains("host=www.example.org")
                && got[0].contains("username=bob smith"),
            "{}",
            got[0]
        );
        assert!(
            got[0].contains("uri=/a\"b")
                && got[0].contains("user_agent=x \" y")
                && !got[0].contains("body_len"),
            "{}",
            got[0]
        );
        assert!(
            got[1].contains("10.0.0.2")
                && got[1].contains("uri=\\x16\\x03\\x01 \\x02")
                && !got[1].contains("method"),
            "{}",
            got[1]
        );
        assert!(!got[2].contains("uri") && got[2].contains("status_code=408"), "{}", got[2]);
        assert!(got[3].contains("2001:db8::1") && got[3].contains("version=2.0"), "{}", got[3]);
    }

    #[test]
    fn what_is_no_row_is_noted_with_its_place_and_the_rest_is_read() {
        let good = "10.0.0.1 - - [04/Jan/2020:07:25:02 +0000] \"GET / HTTP/1.1\" 200 5\n";
        let log = format!(
            "{good}\0\0\0\n{good}10.0.0.1 - - [31/Feb/2024:25:61:61 +9999] \"GET / HTTP/1.1\" 200 5\n"
        );
        let got = read(log.as_bytes());
        assert_eq!(got.events.len(), 3);
        assert!(got.events[2].ts.is_none());
        let notes = got.notes();
        assert!(
            notes[0].starts_with("line-malformed 2") && notes[1].starts_with("line-lenient 4"),
            "{notes:?}"
        );
    }
}
