//! Access logs of Apache, nginx and their kin: common and combined format, also through syslog.

mod json;
mod line;

pub use self::json::ACCESS_LOG_JSON;
use self::line::Line;
use super::lines::Lines;
use super::row;
use super::syslog;
use super::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::event::{Kind, NodeId, Origin};
use crate::report::Item;
use crate::time::Clock;

/// The format.
pub const ACCESS_LOG: Format = Format {
    name: "access-log",
    title: "Web server access log",
    emits: &[Kind::Http],
    sniff,
    open,
    show,
};

/// How many first lines are looked at for one of this form.
const LINES_SNIFFED: usize = 20;

fn sniff(head: &Head<'_>) -> Sniff {
    let lines = head.bytes.split(|b| *b == b'\n').take(LINES_SNIFFED);
    let lines = lines.filter(|l| !l.is_empty());
    let (mut n_found, mut n_lines) = (0, 0);
    for line in lines {
        n_lines += 1;
        n_found += usize::from(with_line(line, |line, _| line.is_some()));
    }
    match n_found {
        0 => Sniff::No("no line with a [dd/Mon/yyyy:hh:mm:ss zone] stamp before a quoted request"),
        // Another text may quote such a line.
        n if n * 2 < n_lines => Sniff::Weak,
        _ => Sniff::Strong,
    }
}

/// Parses a line, bare or relayed, and says how many bytes stand before what was parsed.
fn with_line<T>(bytes: &[u8], with: impl FnOnce(Option<Line<'_>>, usize) -> T) -> T {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    match syslog::unwrap(bytes) {
        Some(message) => with(Line::parse(&message.text), message.start),
        None => with(Line::parse(bytes), 0),
    }
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(AccessLog { lines: Lines::new(opening.node), node: opening.node, is_begun: false })
}

struct AccessLog {
    lines: Lines,
    node: NodeId,
    is_begun: bool,
}

impl Reader for AccessLog {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        if !std::mem::replace(&mut self.is_begun, true) {
            out.node(self.node).clock = Clock::Utc;
        }
        self.lines.feed(bytes, out, &mut take)
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        self.lines.finish(out, &mut take);
    }
}

fn take(bytes: &[u8], at: Origin, out: &mut dyn Sink) {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    with_line(bytes, |line, _| match line {
        Some(line) => {
            for oddity in line.oddities() {
                row::lenient(at, oddity.to_owned(), out);
            }
            out.event(line.event(at));
        }
        None => row::malformed(at, "no access log line", bytes, out),
    });
}

fn show(_: &Node, at: Origin, bytes: &[u8]) -> Item {
    let fields = with_line(bytes, |line, start| {
        let fields = line.map(|l| l.fields()).unwrap_or_default();
        let shift = |(name, range): (&'static str, std::ops::Range<usize>)| {
            (name, range.start + start..range.end + start)
        };
        fields.into_iter().map(shift).collect::<Vec<_>>()
    });
    let fields = fields.into_iter().map(|(name, range)| {
        let text = bytes.get(range.clone()).unwrap_or_default();
        (name, crate::text::from_bytes(text).into(), range)
    });
    row::item(at, bytes, fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::read;

    /// The article's access.log, first and last line; the last one's closing quote is typographic.
    const ARTICLE: &str = "123.150.207.231 - - [30/Aug/2023:09:18:58 +0000] \"GET //phpMyAdmin-2.2.3/scripts/setup.php HTTP/1.1\" 404 310 \"-\" \"-\"
123.150.207.231 - - [30/Aug/2023:09:19:42 +0000] \"GET //phpMyAdmin-2.8.2/scripts/setup.php HTTP/1.1\" 404 310 \"-\" \"-\u{201d}
";

    #[test]
    fn a_typographic_quote_costs_nothing_and_is_noted() {
        let sunk = read(ARTICLE.as_bytes());
        assert_eq!(sunk.format(), Some("access-log"));
        assert_eq!(
            sunk.lines(),
            [
                "1 2023-08-30T09:18:58Z http 123.150.207.231 > * tcp method=GET uri=//phpMyAdmin-2.2.3/scripts/setup.php version=1.1 response_body_len=310 status_code=404 server_log=true",
                "2 2023-08-30T09:19:42Z http 123.150.207.231 > * tcp method=GET uri=//phpMyAdmin-2.8.2/scripts/setup.php version=1.1 response_body_len=310 status_code=404 server_log=true",
            ]
        );
        assert_eq!(sunk.notes(), ["line-lenient 2: a quoted field is not closed"]);
        assert_eq!(sunk.nodes[&0].clock, Clock::Utc);
    }

    #[test]
    fn relayed_lines_are_read_as_they_were_written() {
        let line = "Sep 15 16:13:46 web.example nginx[2869]: 81.150.104.130 - bob [15/Sep/2021:18:13:46 +0200] \"POST /wp-login.php HTTP/1.1\" 200 5364 \"-\" \"Mozilla/5.0 (X)\"\n";
        let sunk = read(line.as_bytes());
        assert_eq!(
            sunk.lines(),
            [
                "1 2021-09-15T16:13:46Z http 81.150.104.130 > * tcp method=POST uri=/wp-login.php version=1.1 user_agent=Mozilla/5.0 (X) response_body_len=5364 status_code=200 username=bob server_log=true"
            ]
        );
        let item = show(&Node::default(), sunk.events[0].at, line.trim_end().as_bytes());
        let uri = item.fields.iter().find(|f| f.name == "uri").unwrap();
        let start = uri.start as usize;
        assert_eq!(&line[start..start + uri.len as usize], "/wp-login.php");
    }

    #[test]
    fn other_lines_are_left_out_with_a_note() {
        let text = format!(
            "{ARTICLE}[Thu Oct 13 12:24:49.880562 2022] [auth_basic:error] user sss not found\n\0\0\0\n[01/Jan/2024"
        );
        let sunk = read(text.as_bytes());
        assert_eq!(sunk.events.len(), 2);
        let left_out: Vec<_> = sunk
            .notes
            .iter()
            .filter(|n| n.kind.code == "line-malformed")
            .map(|n| n.at.item)
            .collect();
        assert_eq!(left_out, [3, 4, 5]);
    }

    #[test]
    fn other_text_is_refused() {
        let head = Head { bytes: b"hello [world] \"x\"\n", is_whole: true };
        assert!(matches!(sniff(&head), Sniff::No(_)));
    }
}
