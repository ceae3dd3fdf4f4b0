//! nfdump's text outputs: `-o line`, `long`, `extended`, `biline` and `csv`, of versions 1.6 and 1.7.

use super::columns::{Cell, Column, Shape};
use crate::event::{Body, Endpoint, Event, Flow, Kind, Netflow, NodeId, Origin, Transport};
use crate::note::{Note, TIME_ASSUMED_ZONE};
use crate::report::Item;
use crate::source::lines::Lines;
use crate::source::row::{self, Layouts};
use crate::source::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::stamp;
use crate::text::Text;
use crate::time::{Clock, Interval, NANOS, Time};
use std::net::IpAddr;

/// The format.
pub const NFDUMP_TEXT: Format = Format {
    name: "nfdump-text",
    title: "nfdump text output",
    emits: &[Kind::Netflow, Kind::Conn],
    sniff,
    open,
    show,
};

/// How many first lines are looked at for a header or a row.
const LINES_SNIFFED: usize = 20;

fn sniff(head: &Head<'_>) -> Sniff {
    let mut best = Sniff::No(
        "no nfdump header, and no row of date, duration, protocol, address:port -> address:port",
    );
    for line in head.bytes.split(|b| *b == b'\n').take(LINES_SNIFFED) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if std::str::from_utf8(line).is_ok_and(|l| Shape::of_header(l).is_some()) {
            return Sniff::Certain;
        }
        if Shape::of_row(line).is_some_and(|s| Row::read(&s, line).is_some_and(|r| r.is_whole())) {
            best = Sniff::Strong;
        }
    }
    best
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(Nfdump {
        lines: Lines::new(opening.node),
        rows: Rows {
            node: opening.node,
            shape: None,
            is_over: false,
            is_zone_noted: false,
            layouts: Layouts::default(),
        },
    })
}

struct Nfdump {
    lines: Lines,
    rows: Rows,
}

struct Rows {
    node: NodeId,
    /// How the rows are laid out, once a header or a row told.
    shape: Option<Shape>,
    /// Behind the word that begins the summary of a csv output.
    is_over: bool,
    is_zone_noted: bool,
    layouts: Layouts,
}

impl Reader for Nfdump {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { lines, rows } = self;
        lines.feed(bytes, out, &mut |line, at, out| rows.line(line, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let Self { lines, rows } = self;
        lines.finish(out, &mut |line, at, out| rows.line(line, at, out));
    }
}

impl Rows {
    fn line(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        let text = std::str::from_utf8(line).unwrap_or_default();
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        if let Some(shape) = Shape::of_header(text) {
            self.layouts.add(out.node(self.node), at, text);
            self.shape = Some(shape);
            self.is_over = false;
            return;
        }
        self.is_over |= text.trim() == "Summary";
        if self.is_over || is_footer(text) {
            return;
        }
        let shape = self.shape.clone().or_else(|| Shape::of_row(line));
        match shape.as_ref().and_then(|s| Row::read(s, line)) {
            Some(row) => {
                self.shape = shape;
                self.emit(&row, at, out);
            }
            None => row::malformed(at, "no flow row", line, out),
        }
    }

    fn emit(&mut self, row: &Row, at: Origin, out: &mut dyn Sink) {
        if row.is_shortened {
            let detail =
                "an IPv6 address was shortened by nfdump and is unknown (print with -6)".to_owned();
            row::lenient(at, detail, out);
        }
        if row.ts.is_none() {
            row::lenient(at, "the time could not be read".to_owned(), out);
        } else if !std::mem::replace(&mut self.is_zone_noted, true) {
            out.node(self.node).clock = Clock::Unknown;
            let detail = "nfdump prints the local time of the machine it ran on".to_owned();
            out.note(Note { at, kind: &TIME_ASSUMED_ZONE, detail });
        }
        out.event(row.event(at, false));
        // A bidirectional row is two records in one line.
        if row.back_pkts.is_some_and(|n| n > 0) {
            out.event(row.event(at, true));
        }
    }
}

/// The lines around the rows.
fn is_footer(text: &str) -> bool {
    const STARTS: [&str; 12] = [
        "Summary:",
        "Time window:",
        "Total flows",
        "Sys:",
        "Ident:",
        "Aggregated",
        "Top ",
        "No matched flows",
        "No matching flows",
        "Byte limit:",
        "Packet limit:",
        "Skipped ",
    ];
    STARTS.iter().any(|s| text.starts_with(s))
}

/// One row, its values read.
#[derive(Debug, Default)]
struct Row {
    ts: Option<Time>,
    last: Option<Time>,
    duration: Option<Interval>,
    transport: Option<Transport>,
    src: Endpoint,
    dst: Endpoint,
    /// ICMP type and code.
    icmp: Option<(u16, u16)>,
    flags: Option<Text>,
    pkts: Option<u64>,
    bytes: Option<u64>,
    back_pkts: Option<u64>,
    back_bytes: Option<u64>,
    flows: Option<u64>,
    is_rounded: bool,
    is_shortened: bool,
}

impl Row {
    /// `None` when the row has no addresses: it is no flow row.
    fn read(shape: &Shape, line: &[u8]) -> Option<Self> {
        let mut row = Self::default();
        for cell in shape.cells(line) {
            let text = std::str::from_utf8(line.get(cell.range.clone())?).ok()?.trim();
            row.take(&cell, text);
        }
        if row.transport == Some(Transport::Icmp) {
            let (kind, code) = row.icmp.unwrap_or_else(|| {
                // Type and code in one number, as the wire has them.
                let both = row.dst.port.unwrap_or(0);
                (both >> 8, both & 0xff)
            });
            (row.src.port, row.dst.port) = (Some(kind), Some(code));
        }
        let has_ends = row.src.addr.is_some() && row.dst.addr.is_some() || row.is_shortened;
        (has_ends && row.transport.is_some()).then_some(row)
    }

    /// True when everything that a real row has is there.
    const fn is_whole(&self) -> bool {
        self.ts.is_some() && self.pkts.is_some() && self.bytes.is_some()
    }

    fn take(&mut self, cell: &Cell, text: &str) {
        let number = || number(text, cell.unit);
        match cell.column {
            Column::First => self.ts = time(text),
            Column::Last => self.last = time(text),
            Column::Duration => self.duration = duration(text),
            Column::Proto => self.transport = Transport::parse(text),
            Column::Src => self.src = self.endpoint(text),
            Column::Dst => self.dst = self.endpoint(text),
            Column::SrcAddr => self.src.addr = text.parse().ok(),
            Column::DstAddr => self.dst.addr = text.parse().ok(),
            Column::SrcPort => self.src.port = text.parse().ok(),
            Column::DstPort => {
                self.icmp = icmp(text);
                self.dst.port = text.parse().ok();
            }
            Column::Flags => self.flags = flags(text),
            Column::Packets => self.pkts = number(),
            Column::Bytes => self.bytes = number(),
            Column::BackPackets => self.back_pkts = number(),
            Column::BackBytes => self.back_bytes = number(),
            Column::Flows => self.flows = number(),
            Column::Other => {}
        }
        let is_count = !matches!(cell.column, Column::Other | Column::Flows);
        self.is_rounded |= is_count && cell.unit.is_some();
    }

    /// `10.0.0.1:80`, `2001:db8::1.80`, `10.0.0.1:8.0` (ICMP), an address alone. nfdump shortens
    /// long IPv6 addresses with two points unless told not to: they are not guessed.
    fn endpoint(&mut self, text: &str) -> Endpoint {
        let is_v6 = text.matches(':').count() > 1;
        if is_v6 && text.contains("..") {
            self.is_shortened = true;
            let port = text.rsplit('.').next().and_then(|p| p.parse().ok());
            return Endpoint { addr: None, port };
        }
        let addr = |a: &str| a.parse::<IpAddr>().ok();
        if let Some(addr) = addr(text) {
            return Endpoint { addr: Some(addr), port: None };
        }
        let split = if is_v6 { text.split_once('.') } else { text.split_once(':') };
        let Some((host, port)) = split else { return Endpoint::default() };
        self.icmp = icmp(port).or(self.icmp);
        Endpoint { addr: addr(host), port: port.parse().ok() }
    }

    fn event(&self, at: Origin, is_back: bool) -> Event {
        let (mut orig, mut resp) = (self.src, self.dst);
        let (mut pkts, mut bytes) = (self.pkts, self.bytes);
        if is_back {
            (orig, resp) = (resp, orig);
            (pkts, bytes) = (self.back_pkts, self.back_bytes);
        }
        let between = || Some(self.last?.since(self.ts?)).filter(|d| d.0 >= 0);
        let netflow = Netflow {
            duration: self.duration.or_else(between),
            pkts,
            bytes,
            tcp_flags: self.flags.clone().filter(|_| self.transport == Some(Transport::Tcp)),
            flows: self.flows,
            rounded: Some(self.is_rounded),
        };
        Event {
            ts: self.ts,
            at,
            also: Vec::new(),
            flow: Flow { transport: self.transport, orig, resp, ..Flow::default() },
            body: Body::Netflow(netflow),
        }
    }
}

fn time(text: &str) -> Option<Time> {
    stamp::iso(text).map(|(time, _)| time)
}

/// `00:00:00.010`, `1d 02:03:04.500`, or seconds: `0.010`.
fn duration(text: &str) -> Option<Interval> {
    let (days, clock) = text.split_once("d ").unwrap_or(("0", text));
    if !clock.contains(':') {
        return stamp::decimal_nanos(text).map(Interval).filter(|d| d.0 >= 0);
    }
    let mut parts = clock.splitn(3, ':');
    let (h, m) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?);
    let secs = stamp::decimal_nanos(parts.next()?).filter(|s| *s >= 0)?;
    let whole = i64::from(days.trim().parse::<u32>().ok()?) * 86_400
        + i64::from(h) * 3600
        + i64::from(m) * 60;
    whole.checked_mul(NANOS)?.checked_add(secs).map(Interval)
}

/// `1700`, or `2.0 M` with the unit told apart: nfdump counts in thousands.
fn number(text: &str, unit: Option<u8>) -> Option<u64> {
    let power = match unit {
        None => return text.parse().ok(),
        Some(b'K') => 3,
        Some(b'M') => 6,
        Some(b'G') => 9,
        Some(_) => 12,
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let nanos = i128::from(stamp::decimal_nanos(digits)?);
    u64::try_from(nanos * 10i128.pow(power) / i128::from(NANOS)).ok()
}

/// `8.0` as type and code.
fn icmp(text: &str) -> Option<(u16, u16)> {
    let (kind, code) = text.split_once('.')?;
    Some((kind.parse::<u8>().ok()?.into(), code.parse::<u8>().ok()?.into()))
}

/// The letters of `...AP.SF`, or of a hexadecimal number, in the order UAPRSF; `None` when the row
/// has none, as exporters without flags print it.
fn flags(text: &str) -> Option<Text> {
    let letters: String = match text.strip_prefix("0x").map(|hex| u8::from_str_radix(hex, 16)) {
        Some(Ok(bits)) => {
            let set = |(i, letter): (u32, char)| (bits >> (5 - i) & 1 == 1).then_some(letter);
            (0..).zip("UAPRSF".chars()).filter_map(set).collect()
        }
        _ => text.chars().filter(|c| "UAPRSF".contains(*c)).collect(),
    };
    (!letters.is_empty()).then(|| letters.into())
}

fn show(node: &Node, at: Origin, bytes: &[u8]) -> Item {
    let shape = Shape::of_header(row::layout(node, at)).or_else(|| Shape::of_row(bytes));
    let cells = shape.map(|s| s.cells(bytes)).unwrap_or_default();
    let fields = cells.into_iter().map(|cell| {
        let value = String::from_utf8_lossy(bytes.get(cell.range.clone()).unwrap_or_default());
        (cell.column.name(), value.trim().to_owned(), cell.range)
    });
    row::item(at, bytes, fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::read;

    /// The article's nfdump-line.txt, in part.
    const LINE: &str = "Date first seen       Duration   Proto   Src IP Addr:Port     Dst IP Addr:Port  Packets  Bytes Flows
2023-08-29 13:58:57.037   00:00:00.010 TCP  123.150.207.231:38553 ->   98.252.16.36:443     2    84   1
2023-08-29 13:58:57.045   00:00:00.000 TCP    98.252.16.36:443  -> 123.150.207.231:38553    1    44   1
";

    #[test]
    fn line_output_with_the_zone_said_to_be_assumed() {
        let sunk = read(LINE.as_bytes());
        assert_eq!(sunk.format(), Some("nfdump-text"));
        assert_eq!(
            sunk.lines(),
            [
                "2 2023-08-29T13:58:57.037Z netflow 123.150.207.231:38553 > 98.252.16.36:443 tcp duration=10 ms pkts=2 bytes=84 flows=1 rounded=false",
                "3 2023-08-29T13:58:57.045Z netflow 98.252.16.36:443 > 123.150.207.231:38553 tcp duration=0 µs pkts=1 bytes=44 flows=1 rounded=false",
            ]
        );
        assert_eq!(
            sunk.notes(),
            ["time-zone-assumed 2: nfdump prints the local time of the machine it ran on"]
        );
        assert_eq!(sunk.nodes[&0].clock, Clock::Unknown);
        let headless = LINE.split_once('\n').unwrap().1;
        assert_eq!(read(headless.as_bytes()).events.len(), 2);
    }

    /// Rows printed by nfdump 1.7.1 from files of its own test suite and of a made export.
    #[test]
    fn units_flags_icmp_ipv6_and_footers() {
        let text = "Date first seen             Duration     Proto      Src IP Addr:Port          Dst IP Addr:Port     Flags Tos  Packets    Bytes Flows
2026-11-24 02:44:05.134     00:00:00.004 TCP          10.40.3.5:80    ->       10.40.3.21:59116 ...AP.SF   0     1700    2.0 M     1
2019-07-11 10:30:11.275     00:00:01.970 ICMP       172.16.2.67:0     ->  192.168.170.102:3.1   ........   0        1       22     1
2019-07-11 10:30:00.237     1d 00:00:01.997 TCP   fe80::2..:1234:0.12345 -> fe80::2..35:4321.433 ......S.   0     1      222     1
2019-07-11 10:30:00.237        1.997 UDP   2001:db8::1.12345 -> 2001:db8::2.53 ........   0     1      222     1
garbage
Summary: total flows: 62, total bytes: 28.1 M, total packets: 53200, avg bps: 1.5 M, avg pps: 344, avg bpp: 527
Time window: 2026-11-24 02:44:05 - 2026-11-24 02:46:39
";
        let sunk = read(text.as_bytes());
        assert_eq!(
            sunk.lines(),
            [
                "2 2026-11-24T02:44:05.134Z netflow 10.40.3.5:80 > 10.40.3.21:59116 tcp duration=4 ms pkts=1700 bytes=2000000 tcp_flags=APSF flows=1 rounded=true",
                "3 2019-07-11T10:30:11.275Z netflow 172.16.2.67:3 > 192.168.170.102:1 icmp duration=1.970 s pkts=1 bytes=22 flows=1 rounded=false",
                "4 2019-07-11T10:30:00.237Z netflow *:12345 > *:433 tcp duration=1 d pkts=1 bytes=222 tcp_flags=S flows=1 rounded=false",
                "5 2019-07-11T10:30:00.237Z netflow [2001:db8::1]:12345 > [2001:db8::2]:53 udp duration=1.997 s pkts=1 bytes=222 flows=1 rounded=false",
            ]
        );
        let codes: Vec<_> = sunk.notes.iter().map(|n| (n.kind.code, n.at.item)).collect();
        assert_eq!(codes, [("time-zone-assumed", 2), ("line-lenient", 4), ("line-malformed", 6)]);
    }

    #[test]
    fn csv_of_both_versions_and_rows_of_two_directions() {
        let new = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows
2026-11-24 02:44:05.134,0.004,6,10.40.3.21,59116,10.40.3.5,80,1900,107900,1
";
        assert_eq!(
            read(new.as_bytes()).lines(),
            [
                "2 2026-11-24T02:44:05.134Z netflow 10.40.3.21:59116 > 10.40.3.5:80 tcp duration=4 ms pkts=1900 bytes=107900 flows=1 rounded=false"
            ]
        );
        // Without a header, as nfdump 1.6.11 with -q; type and code in one number.
        let old = "2026-11-24 02:44:05,2026-11-24 02:44:06,0.904,10.40.3.21,10.40.3.5,0,2048,ICMP,......,0,0,19,1079,7,500,3,7,64500\nSummary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n62,28073400,53200,1454900,344,527\n";
        let sunk = read(old.as_bytes());
        assert_eq!(
            sunk.lines(),
            [
                "1 2026-11-24T02:44:05Z netflow 10.40.3.21:8 > 10.40.3.5:0 icmp duration=904 ms pkts=19 bytes=1079 rounded=false",
                "1 2026-11-24T02:44:05Z netflow 10.40.3.5:0 > 10.40.3.21:8 icmp duration=904 ms pkts=7 bytes=500 rounded=false",
            ]
        );
        assert_eq!(sunk.notes.len(), 1);
    }

    #[test]
    fn a_row_is_shown_by_its_header() {
        let sunk = read(LINE.as_bytes());
        let at = sunk.events[0].at;
        let line = LINE.lines().nth(1).unwrap().as_bytes();
        let item = show(&sunk.nodes[&0], at, line);
        let field = &item.fields[3];
        assert_eq!((&*field.name, &*field.value), ("source", "123.150.207.231:38553"));
        let (start, len) = (field.start as usize, field.len as usize);
        assert_eq!(&line[start..start + len], b"123.150.207.231:38553");
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "hello\nworld", "2023-08-29 13:58:57 a b c d e f g h i"] {
            let head = Head { bytes: text.as_bytes(), is_whole: true };
            assert!(matches!(sniff(&head), Sniff::No(_)), "{text}");
        }
    }
}
