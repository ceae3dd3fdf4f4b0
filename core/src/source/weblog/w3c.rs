//! W3C extended logs (W3C WD-logfile, 1996): IIS and others, HTTP and FTP, with or without their
//! `#Fields` line, bare or relayed by syslog.

use super::{head_lines, item, layouts, w3c_row};
use crate::event::{Event, Kind, NodeId, Origin};
use crate::note::{LINE_LENIENT, LINE_MALFORMED, Note, RELAY_TIME, TIME_BY_FORMAT};
use crate::report::Item;
use crate::source::lines::Lines;
use crate::source::{Format, Head, Node, Reader, Sink, Sniff, syslog};
use crate::stamp;
use crate::text::from_bytes;
use crate::time::{Clock, Interval, Time};
use std::ops::Range;

/// The format.
pub const FORMAT: Format = Format {
    name: "w3c-extended",
    title: "W3C extended log (IIS and others), HTTP or FTP",
    emits: &[Kind::Ftp, Kind::Http],
    sniff,
    open: |opening| {
        Box::new(W3c { lines: Lines::new(opening.node), table: Table::new(opening.node) })
    },
    show,
};

/// Columns of a row that are looked at; the widest known layout has some 30.
const MAX_COLUMNS: usize = 200;

/// A relay that stamps a row this much later than the row itself is told: it was replayed, or a
/// clock is wrong. A day is beyond any queue or time zone.
const RELAY_LATE: Interval = Interval::from_secs(86_400);

fn sniff(head: &Head<'_>) -> Sniff {
    let (mut rows, mut all) = (0, 0);
    for line in head_lines(head) {
        let inner = inner(line);
        let text = line.get(inner.clone()).unwrap_or_default();
        if text.starts_with(b"#Fields:") {
            return Sniff::Certain;
        }
        all += usize::from(!text.starts_with(b"#"));
        rows += usize::from(layouts::guess(&texts(line, &split(line, inner))).is_some());
    }
    if rows > 0 && rows * 2 >= all {
        Sniff::Strong
    } else {
        Sniff::No("no #Fields: line, and its rows fit no known default of IIS")
    }
}

/// Where the log's own line is: behind a relay's header, and behind what that glued to the date.
fn inner(line: &[u8]) -> Range<usize> {
    let line = syslog::trim_escaped_end(line);
    let from = syslog::unwrap(line).inner;
    let rest = line.get(from..).unwrap_or_default();
    // The relay may have taken part of the line for a program name: the date tells where it begins.
    let glued = rest.iter().take(64).take_while(|b| !b.is_ascii_digit() && **b != b'#').count();
    let is_row = |at: usize| {
        let text = rest.get(at..).unwrap_or_default();
        let date = text.get(..10).and_then(|d| std::str::from_utf8(d).ok());
        text.starts_with(b"#") || date.and_then(stamp::ymd).is_some()
    };
    let start = from + if glued > 0 && is_row(glued) { glued } else { 0 };
    start..line.len()
}

/// The words of a row: separated by spaces or tabs, quoted ones whole.
fn split(line: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = range.start;
    while at < range.end && words.len() < MAX_COLUMNS {
        let rest = line.get(at..range.end).unwrap_or_default();
        let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let rest = rest.get(blank..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let start = at + blank;
        let (from, len, end) = match rest.strip_prefix(b"\"").and_then(|q| memchr::memchr(b'"', q))
        {
            Some(len) => (start + 1, len, start + len + 2),
            None => {
                let len = rest.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
                (start, len, start + len)
            }
        };
        words.push(from..from + len);
        at = end;
    }
    words
}

fn texts<'a>(line: &'a [u8], words: &[Range<usize>]) -> Vec<&'a [u8]> {
    words.iter().map(|r| line.get(r.clone()).unwrap_or_default()).collect()
}

struct W3c {
    lines: Lines,
    table: Table,
}

impl Reader for W3c {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { lines, table } = self;
        lines.feed(bytes, out, &mut |line, at, out| table.line(line, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let Self { lines, table } = self;
        lines.finish(out, &mut |line, at, out| table.line(line, at, out));
    }
}

/// What the lines so far say of those to come.
struct Table {
    node: NodeId,
    /// Field names; empty before the first `#Fields` line.
    fields: Vec<String>,
    /// Day of rows that have only a time of day: `#Date`.
    date: String,
    n_layouts: usize,
    users: w3c_row::Users,
    has_said_zone: bool,
    has_said_relay: bool,
}

impl Table {
    const fn new(node: NodeId) -> Self {
        Self {
            node,
            fields: Vec::new(),
            date: String::new(),
            n_layouts: 0,
            users: w3c_row::Users::new(),
            has_said_zone: false,
            has_said_relay: false,
        }
    }

    fn line(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        let inner = inner(line);
        let text = line.get(inner.clone()).unwrap_or_default().trim_ascii();
        if text.is_empty() {
            return;
        }
        if text.starts_with(b"#") {
            return self.directive(&String::from_utf8_lossy(text), at, out);
        }
        let words = texts(line, &split(line, inner));
        let event = self.row(&words, at, out);
        let Some(event) = event else {
            let shown = from_bytes(line.get(..80).unwrap_or(line));
            return out.note(Note { at, kind: &LINE_MALFORMED, detail: shown.into() });
        };
        self.tell_clock(syslog::unwrap(line).relayed, event.ts, at, out);
        out.event(event);
    }

    fn directive(&mut self, text: &str, at: Origin, out: &mut dyn Sink) {
        if let Some(fields) = text.strip_prefix("#Fields:") {
            self.fields =
                fields.split_ascii_whitespace().take(MAX_COLUMNS).map(Into::into).collect();
            self.remember(at, out);
        } else if let Some(date) =
            text.strip_prefix("#Date:").or_else(|| text.strip_prefix("#Start-Date:"))
        {
            self.date = date.split_ascii_whitespace().next().unwrap_or_default().to_owned();
        }
    }

    /// Keeps the field names in the node for the second pass: `line<TAB>names`, one a line.
    fn remember(&mut self, at: Origin, out: &mut dyn Sink) {
        self.n_layouts += 1;
        if self.n_layouts <= layouts::MAX_LAYOUTS {
            let node = out.node(self.node);
            node.layout = format!("{}{}\t{}\n", node.layout, at.item, self.fields.join(" ")).into();
        }
    }

    fn row(&mut self, words: &[&[u8]], at: Origin, out: &mut dyn Sink) -> Option<Event> {
        if self.fields.is_empty() {
            let layout = layouts::guess(words)?;
            self.fields = layout.split(' ').map(Into::into).collect();
            self.remember(at, out);
            let detail = format!("no #Fields line; its columns fit: {layout}");
            out.note(Note { at, kind: &LINE_LENIENT, detail });
        }
        if words.len() != self.fields.len() {
            let detail = format!("{} columns, the header names {}", words.len(), self.fields.len());
            out.note(Note { at, kind: &LINE_LENIENT, detail });
        }
        let row = w3c_row::Row::new(&self.fields, words);
        row.event(&self.date, &mut self.users, at)
    }

    /// Says once what the times rest on, and once that a relay's stamp is another.
    fn tell_clock(
        &mut self,
        relayed: Option<Time>,
        ts: Option<Time>,
        at: Origin,
        out: &mut dyn Sink,
    ) {
        let Some(ts) = ts else { return };
        if !self.has_said_zone {
            self.has_said_zone = true;
            out.node(self.node).clock = Clock::UtcByFormat;
            let detail = "the W3C format says UTC; nothing in the file does".to_owned();
            out.note(Note { at, kind: &TIME_BY_FORMAT, detail });
        }
        let late = relayed.map(|r| (r, r.since(ts))).filter(|(_, by)| *by > RELAY_LATE);
        if let Some((relayed, by)) = late.filter(|_| !self.has_said_relay) {
            self.has_said_relay = true;
            let detail =
                format!("relayed {relayed}, {by} after the row's own time {ts}, which is used");
            out.note(Note { at, kind: &RELAY_TIME, detail });
        }
    }
}

/// The names in force at a line: those of the last header before it.
fn names_at(layout: &str, item: u64) -> impl Iterator<Item = &str> {
    let headers = layout.lines().filter_map(|l| l.split_once('\t'));
    let before = headers.take_while(|(at, _)| at.parse::<u64>().is_ok_and(|at| at <= item));
    before.last().map_or("", |(_, names)| names).split(' ').filter(|n| !n.is_empty())
}

fn show(node: &Node, at: Origin, bytes: &[u8]) -> Item {
    let words = split(bytes, inner(bytes));
    let names = names_at(&node.layout, at.item).chain(std::iter::repeat("(not named)"));
    item(at, bytes, names.zip(words))
}

#[cfg(test)]
mod tests {
    use crate::event::Origin;
    use crate::source::testing::read;

    /// Two rows of the article's sample: relayed five months later, `#015` for the carriage return.
    const RELAYED: &str = "2023-06-19T02:29:12.325818+00:00 ftp01 -2023-01-16 19:27:25 178.11.91.64 FTP01\\hawkeye 172.16.10.12 21 RETR archive.7z 550 4294967295 0 212cb731-09d9-458a-a545-ddac00b492fc /users/hawkeye/archive.7z#015\n\
        2023-06-19T02:41:21.153059+00:00 ftp01 -2023-01-16 19:38:06 22.126.94.145 FTP01\\hawkeye 172.16.10.12 51555 DataChannelOpened - - 0 0 725c269b-7008-4681-b6a3-784fac059b2b -#015\n";

    #[test]
    fn relayed_rows_without_a_header_keep_their_own_time() {
        let got = read(RELAYED.as_bytes());
        assert_eq!(got.format(), Some("w3c-extended"));
        let lines = got.lines();
        assert!(
            lines[0].starts_with("1 2023-01-16T19:27:25Z ftp 178.11.91.64 > 172.16.10.12:21 tcp"),
            "{}",
            lines[0]
        );
        for part in [
            "user=FTP01\\hawkeye",
            "command=RETR",
            "reply_code=550",
            "path=/users/hawkeye/archive.7z",
        ] {
            assert!(lines[0].contains(part), "{part}: {}", lines[0]);
        }
        assert!(
            lines[1].contains("172.16.10.12:51555")
                && lines[1].contains("command=DataChannelOpened")
        );
        let notes = got.notes().join("\n");
        for code in ["line-lenient 1: no #Fields", "time-zone-by-format 1", "relay-time-differs 1"]
        {
            assert!(notes.contains(code), "{code}: {notes}");
        }
    }

    #[test]
    fn headers_change_and_rows_of_other_widths_are_used() {
        let log = "#Software: Microsoft Internet Information Services 6.0\r\n#Date: 2013-07-30 00:00:00\r\n#Fields: time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status\r\n\
                   00:00:03 10.0.0.1 GET /a.jpg x=1 80 22.2.2.2 Mozilla/4.0+(compatible) 404\r\n\
                   #Fields: date time c-ip cs-method cs-uri sc-status bytes\r\n\
                   2014-11-18 00:00:01 10.0.0.9 POST \"/b c\" 200 17 more\r\nrubbish\r\n";
        let got = read(log.as_bytes());
        let lines = got.lines();
        assert!(
            lines[0].contains("2013-07-30T00:00:03Z http 22.2.2.2 > 10.0.0.1:80"),
            "{}",
            lines[0]
        );
        assert!(
            lines[0].contains("uri=/a.jpg?x=1")
                && lines[0].contains("user_agent=Mozilla/4.0 (compatible)"),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].contains("uri=/b c") && lines[1].contains("response_body_len=17"),
            "{}",
            lines[1]
        );
        let notes = got.notes().join("\n");
        assert!(
            notes.contains("line-lenient 6: 8 columns") && notes.contains("line-malformed 7"),
            "{notes}"
        );
    }

    #[test]
    fn a_shown_row_names_the_columns_of_its_own_header() {
        let got = read(RELAYED.as_bytes());
        let line = RELAYED.lines().next().unwrap().as_bytes();
        let at = Origin { item: 1, ..Origin::default() };
        let item = super::show(&got.nodes[&0], at, line);
        let user = item.fields.iter().find(|f| f.name == "cs-username").unwrap();
        assert_eq!(user.value, "FTP01\\hawkeye");
        assert_eq!(&line[user.start as usize..][..user.len as usize], b"FTP01\\hawkeye");
    }

    #[test]
    fn older_iis_names_the_user_only_in_its_own_command() {
        let log = "#Software: Microsoft Internet Information Server 4.0\n#Date: 2000-10-09 16:44:49\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n\
                   16:44:49 1.1.1.1 [2]USER anonymous 331\n16:44:49 1.1.1.1 [2]PASS - 230\n16:45:06 1.1.1.1 [2]sent /readme.txt 226\n";
        let lines = read(log.as_bytes()).lines();
        assert!(
            lines[1].contains("user=anonymous") && lines[1].contains("command=PASS"),
            "{}",
            lines[1]
        );
        assert!(
            lines[2].contains("command=RETR") && lines[2].contains("session=2"),
            "{}",
            lines[2]
        );
    }
}
