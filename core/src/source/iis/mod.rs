//! W3C extended logs, as IIS writes them for HTTP and FTP: with `#Fields` or without, bare or through syslog.

mod columns;
mod event;
mod sessions;

use self::columns::{Column, Columns, cells};
use self::event::Row;
use self::sessions::Sessions;
use super::lines::Lines;
use super::row::{self, Layouts};
use super::syslog::{self, Message};
use super::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::event::{Kind, NodeId, Origin};
use crate::note::{Note, RELAY_TIME, TIME_ASSUMED_ZONE, TIME_BY_FORMAT};
use crate::report::Item;
use crate::stamp;
use crate::time::{Clock, Interval, Time};

/// The format.
pub const IIS_W3C: Format = Format {
    name: "iis-w3c",
    title: "W3C extended log (IIS and others), HTTP or FTP",
    emits: &[Kind::Ftp, Kind::Http],
    sniff,
    open,
    show,
};

/// How many first lines are looked at for a header or a row.
const LINES_SNIFFED: usize = 20;

fn sniff(head: &Head<'_>) -> Sniff {
    let mut best = Sniff::No("no #Fields line, and no row in one of IIS's default orders");
    let lines = head.bytes.split(|b| *b == b'\n').take(LINES_SNIFFED);
    for (item, line) in (1..).zip(lines) {
        let line = inner(line, item).text;
        let fields = line.strip_prefix(b"#Fields:").map(String::from_utf8_lossy);
        if fields.and_then(|f| Columns::parse(&f)).is_some_and(|c| c.n_known().1 >= 2) {
            return Sniff::Certain;
        }
        let is_iis = line.starts_with(b"#Software: Microsoft Internet Information");
        if is_iis || Columns::of_row(&line).is_some() {
            best = Sniff::Strong;
        }
    }
    best
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(W3cLog { lines: Lines::new(opening.node), rows: Rows::new(opening.node) })
}

/// A relay that stamps a row this much later than the row itself is told: it was replayed, or a
/// clock is wrong. A day is beyond any queue or time zone.
const RELAY_LATE: Interval = Interval::from_secs(86_400);

/// A line without a relay's prefix, end and byte order mark.
fn inner(line: &[u8], item: u64) -> Message<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(message) = syslog::unwrap(line) {
        // A row's own date and time look like a relay's stamp: then its client looks like a host.
        if !line.starts_with(b"#") && Columns::of_row(line).is_none() {
            return message;
        }
    }
    match line.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if item == 1 => Message { text: rest.into(), start: 3, relayed: None },
        _ => Message { text: line.into(), start: 0, relayed: None },
    }
}

struct W3cLog {
    lines: Lines,
    rows: Rows,
}

impl Reader for W3cLog {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { lines, rows } = self;
        lines.feed(bytes, out, &mut |line, at, out| rows.line(line, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let Self { lines, rows } = self;
        lines.finish(out, &mut |line, at, out| rows.line(line, at, out));
    }
}

/// What a row needs of those before it.
struct Rows {
    node: NodeId,
    /// By the last `#Fields`; without one by the last row that had a default order.
    columns: Option<Columns>,
    has_header: bool,
    /// The day of rows that have none: from `#Date`, moved on at midnight.
    day: Option<Time>,
    last: Option<Time>,
    sessions: Sessions,
    layouts: Layouts,
    is_zone_noted: bool,
    is_relay_noted: bool,
    is_order_noted: bool,
}

/// A time of day this much before the last one is the next day's.
const MIDNIGHT: Interval = Interval::from_secs(12 * 3600);

impl Rows {
    fn new(node: NodeId) -> Self {
        Self {
            node,
            columns: None,
            has_header: false,
            day: None,
            last: None,
            sessions: Sessions::default(),
            layouts: Layouts::default(),
            is_zone_noted: false,
            is_relay_noted: false,
            is_order_noted: false,
        }
    }

    fn line(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        let message = inner(line, at.item);
        let line: &[u8] = &message.text;
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        match line.strip_prefix(b"#") {
            Some(directive) => self.directive(&String::from_utf8_lossy(directive), at, out),
            None => self.row(line, message.relayed, at, out),
        }
    }

    fn directive(&mut self, text: &str, at: Origin, out: &mut dyn Sink) {
        if let Some(names) = text.strip_prefix("Fields:") {
            self.columns = Columns::parse(names);
            self.has_header = self.columns.is_some();
            self.layouts.add(out.node(self.node), at, names.trim());
        } else if let Some(date) = text.strip_prefix("Date:") {
            let day =
                date.split_ascii_whitespace().next().and_then(|d| stamp::civil(d, "00:00:00"));
            self.day = day.or(self.day);
            self.last = None;
        }
    }

    fn row(&mut self, line: &[u8], relayed: Option<Time>, at: Origin, out: &mut dyn Sink) {
        if !self.has_header {
            // Each row is held against the orders anew, since a relay may mix servers.
            self.columns = Columns::of_row(line).or_else(|| self.columns.take());
        }
        let cells: Vec<_> = cells(line).collect();
        let Some(columns) =
            self.columns.clone().filter(|c| self.has_header || c.n_known().0 == cells.len())
        else {
            return row::malformed(at, "no #Fields line, and no default order fits", line, out);
        };
        let row = Row { line, columns: &columns, cells: &cells };
        if row.is_blank() {
            return row::malformed(at, "no row of a W3C log", line, out);
        }
        self.order(&columns, at, out);
        let n = columns.n_known().0;
        if cells.len() != n {
            row::lenient(at, format!("{} columns instead of {n}", cells.len()), out);
        }
        let ts = self.time(&row);
        if ts.is_none() {
            row::lenient(at, "the time is impossible or missing: the row has none".to_owned(), out);
        }
        self.zone(&columns, ts, at, out);
        self.relay(relayed, ts, at, out);
        out.event(row.event(ts, at, &mut self.sessions));
    }

    /// When the row says it was, or `#Date` for a row with a time of day alone.
    fn time(&mut self, row: &Row<'_>) -> Option<Time> {
        let date = row.text(Column::Date).or_else(|| row.text(Column::LocalDate));
        let clock = row.text(Column::Time).or_else(|| row.text(Column::LocalTime))?;
        if let Some(date) = date {
            return stamp::civil(&date, &clock);
        }
        let (h, m, s, nanos) = stamp::hms(&clock)?;
        let at = |day: Time| {
            let (y, mo, d, ..) = day.civil();
            Time::from_civil(y, mo, d, h, m, s, nanos)
        };
        let mut time = at(self.day?)?;
        if self.last.is_some_and(|last| last.since(time) > MIDNIGHT) {
            let next = self.day?.plus(Interval::from_secs(86_400));
            self.day = Some(next);
            time = at(next)?;
        }
        self.last = Some(time);
        Some(time)
    }

    /// Says once that a relay wrote much later than the row says of itself.
    fn relay(&mut self, relayed: Option<Time>, ts: Option<Time>, at: Origin, out: &mut dyn Sink) {
        let (Some(relayed), Some(ts), false) = (relayed, ts, self.is_relay_noted) else { return };
        let by = relayed.since(ts);
        if by > RELAY_LATE {
            self.is_relay_noted = true;
            let detail =
                format!("relayed {relayed}, {by} after the row's own time {ts}, which is used");
            out.note(Note { at, kind: &RELAY_TIME, detail });
        }
    }

    /// Says once in which order the columns of a log without header were taken.
    fn order(&mut self, columns: &Columns, at: Origin, out: &mut dyn Sink) {
        if !self.has_header && !std::mem::replace(&mut self.is_order_noted, true) {
            let names: Vec<_> = columns.iter().map(|(_, name)| name).collect();
            let names = names.join(" ");
            self.layouts.add(out.node(self.node), at, &names);
            row::lenient(at, format!("no #Fields line; its columns fit: {names}"), out);
        }
    }

    /// Says once what the times rest on.
    fn zone(&mut self, columns: &Columns, ts: Option<Time>, at: Origin, out: &mut dyn Sink) {
        if ts.is_none() || std::mem::replace(&mut self.is_zone_noted, true) {
            return;
        }
        let is_local = columns.has(Column::LocalTime) && !columns.has(Column::Time);
        let (clock, kind, detail) = if is_local {
            (Clock::Unknown, &TIME_ASSUMED_ZONE, "date-local and time-local are the server's own")
        } else {
            (Clock::UtcByFormat, &TIME_BY_FORMAT, "W3C extended logs are in UTC by specification")
        };
        out.node(self.node).clock = clock;
        out.note(Note { at, kind, detail: detail.to_owned() });
    }
}

fn show(node: &Node, at: Origin, bytes: &[u8]) -> Item {
    let Message { text: line, start, .. } = inner(bytes, at.item);
    let header = row::layout(node, at);
    let columns = Columns::parse(header).or_else(|| Columns::of_row(&line));
    let columns = columns.iter().flat_map(Columns::iter).map(Some).chain(std::iter::repeat(None));
    let fields = cells(&line).zip(columns).map(|(range, column)| {
        let text = line.get(range.clone()).unwrap_or_default();
        let mut value = String::from(crate::text::from_bytes(text));
        // Windows logs -1 as a number without sign.
        if column.is_some_and(|(c, _)| c == Column::Win32Status) && value == "4294967295" {
            value.push_str(" (-1)");
        }
        (
            column.map_or("(no name)", |(_, name)| name),
            value,
            range.start + start..range.end + start,
        )
    });
    row::item(at, bytes, fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::read;

    /// The article's ftp-iis-syslog.log, in part.
    const RELAYED: &str = "2023-06-19T02:29:12.325818+00:00 ftp01 -2023-01-16 19:27:25 178.11.91.64 FTP01\\hawkeye 172.16.10.12 21 RETR archive.7z 550 4294967295 0 212cb731-09d9-458a-a545-ddac00b492fc /users/hawkeye/archive.7z#015
2023-06-19T02:41:21.153059+00:00 ftp01 -2023-01-16 19:38:06 22.126.94.145 FTP01\\hawkeye 172.16.10.12 51555 DataChannelOpened - - 0 0 725c269b-7008-4681-b6a3-784fac059b2b -#015
";

    #[test]
    fn relayed_rows_without_header_keep_their_own_time() {
        let sunk = read(RELAYED.as_bytes());
        assert_eq!(sunk.format(), Some("iis-w3c"));
        assert_eq!(
            sunk.lines(),
            [
                "1 2023-01-16T19:27:25Z ftp 178.11.91.64 > 172.16.10.12:21 tcp user=FTP01\\hawkeye command=RETR arg=archive.7z reply_code=550 session=212cb731-09d9-458a-a545-ddac00b492fc path=/users/hawkeye/archive.7z",
                "2 2023-01-16T19:38:06Z ftp 22.126.94.145 > 172.16.10.12:51555 tcp user=FTP01\\hawkeye command=DataChannelOpened data_channel.resp_h=172.16.10.12 data_channel.resp_p=51555 session=725c269b-7008-4681-b6a3-784fac059b2b",
            ]
        );
        let codes: Vec<_> = sunk.notes.iter().map(|n| (n.kind.code, n.at.item)).collect();
        assert_eq!(
            codes,
            [("line-lenient", 1), ("time-zone-by-format", 1), ("relay-time-differs", 1)]
        );
        assert_eq!(sunk.nodes[&0].clock, Clock::UtcByFormat);
        let line = RELAYED.lines().next().unwrap();
        let item = show(&sunk.nodes[&0], sunk.events[0].at, line.as_bytes());
        let status = item.fields.iter().find(|f| f.name == "sc-win32-status").unwrap();
        assert_eq!(status.value, "4294967295 (-1)");
        let start = status.start as usize;
        assert_eq!(&line[start..start + status.len as usize], "4294967295");
    }

    #[test]
    fn web_rows_by_their_header_which_may_change() {
        let text = "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n2021-04-01 00:00:21 111.1.1.1 GET /a.asp x=1 80 - 222.2.2.2 Mozilla/5.0+(Windows+NT) http://r/ 200 0 0 65\r\n#Fields: date time cs-method cs-uri-stem c-ip cs(Host) cs(User-Agent)\r\n2021-04-01 00:00:22 POST /b 2001:db8::1 \"h.example\" \"Mozilla 5\"\r\n";
        let sunk = read(text.as_bytes());
        assert_eq!(
            sunk.lines(),
            [
                "3 2021-04-01T00:00:21Z http 222.2.2.2 > 111.1.1.1:80 tcp method=GET uri=/a.asp?x=1 referrer=http://r/ user_agent=Mozilla/5.0 (Windows NT) status_code=200 server_log=true",
                "5 2021-04-01T00:00:22Z http 2001:db8::1 > * tcp method=POST host=h.example uri=/b user_agent=Mozilla 5 server_log=true",
            ]
        );
        let headless = text.lines().nth(2).unwrap();
        assert_eq!(
            read(headless.as_bytes()).lines()[0].trim_start_matches('1'),
            sunk.lines()[0].trim_start_matches('3')
        );
    }

    /// lnav's sample of an IIS 4 FTP log, shortened, run over midnight.
    #[test]
    fn rows_with_a_time_alone_and_numbered_sessions() {
        let text = "#Software: Microsoft Internet Information Server 4.0\n#Date: 2000-10-09 16:44:49\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n23:59:49 1.1.1.1 [2]USER anonymous 331\n00:00:10 1.1.1.1 [2]PASS user@domain.com 230\n00:00:11 1.1.1.1 [2]sent /a.txt 226\n00:00:12 1.1.1.1 [2]QUIT - 226\n00:00:13 1.1.1.1 [2]QUIT - 226\n";
        let lines = read(text.as_bytes()).lines();
        assert_eq!(
            lines,
            [
                "4 2000-10-09T23:59:49Z ftp 1.1.1.1 > * tcp user=anonymous command=USER arg=anonymous reply_code=331 session=2",
                "5 2000-10-10T00:00:10Z ftp 1.1.1.1 > * tcp user=anonymous command=PASS reply_code=230 session=2",
                "6 2000-10-10T00:00:11Z ftp 1.1.1.1 > * tcp user=anonymous command=RETR arg=/a.txt reply_code=226 session=2",
                "7 2000-10-10T00:00:12Z ftp 1.1.1.1 > * tcp user=anonymous command=QUIT reply_code=226 session=2",
                "8 2000-10-10T00:00:13Z ftp 1.1.1.1 > * tcp command=QUIT reply_code=226 session=2",
            ]
        );
    }

    #[test]
    fn short_long_and_impossible_rows_cost_as_little_as_possible() {
        let text = "\u{feff}#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time c-ip cs-username sc-status\r\n2024-01-01 00:00:00 1.2.3.4 u\r\n2024-01-01 00:00:00 1.2.3.4 u 230 extra extra\r\n#Fields:\r\nx y z\r\n#Fields: time date sc-status c-ip\r\n00:00:02 2024-01-01 530 5.6.7.8\r\n2024-02-30 24:00:00 - -\r\n";
        let sunk = read(text.as_bytes());
        let places: Vec<_> = sunk.events.iter().map(|e| e.at.item).collect();
        assert_eq!(places, [3, 4, 8]);
        let codes: Vec<_> = sunk.notes.iter().map(|n| (n.kind.code, n.at.item)).collect();
        assert_eq!(
            codes,
            [
                ("line-lenient", 3),
                ("time-zone-by-format", 3),
                ("line-lenient", 4),
                ("line-malformed", 6),
                ("line-malformed", 9)
            ]
        );
    }

    #[test]
    fn other_text_is_refused() {
        let no = |text: &str| {
            matches!(sniff(&Head { bytes: text.as_bytes(), is_whole: true }), Sniff::No(_))
        };
        assert!(no("#fields\tts\tuid\n1 2\n") && no("hello\n") && no("#Fields: a b\n"));
    }
}
