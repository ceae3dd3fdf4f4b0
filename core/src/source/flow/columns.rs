//! The columns of nfdump's text outputs, and how the cells of a row are told apart.

use std::ops::Range;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Start: a date and a time of day.
    First,
    /// End.
    Last,
    Duration,
    Proto,
    /// Address and port in one.
    Src,
    Dst,
    SrcAddr,
    SrcPort,
    DstAddr,
    DstPort,
    Flags,
    /// From source to destination.
    Packets,
    Bytes,
    /// From destination to source, in bidirectional rows.
    BackPackets,
    BackBytes,
    Flows,
    /// A word that no record has.
    Other,
}

use Column::{
    BackBytes, BackPackets, Bytes, Dst, DstAddr, DstPort, Duration, First, Flags, Flows, Last,
    Other, Packets, Proto, Src, SrcAddr, SrcPort,
};

/// The headings of `-o line`, `long`, `extended`, `biline` and their kin, longer ones before what
/// they begin with.
const HEADINGS: &[(&str, Column)] = &[
    ("Date first seen", First),
    ("Date flow start", First),
    ("Date last seen", Last),
    ("Duration", Duration),
    ("Proto", Proto),
    ("Src IP Addr:Port", Src),
    ("Dst IP Addr:Port", Dst),
    ("Src IP Addr", SrcAddr),
    ("Dst IP Addr", DstAddr),
    ("Src Pt", SrcPort),
    ("Dst Pt", DstPort),
    ("Flags", Flags),
    ("Packets", Packets),
    ("Bytes", Bytes),
    // In nfdump's words, "in" is what came in from the source.
    ("In Pkt", Packets),
    ("Out Pkt", BackPackets),
    ("In Byte", Bytes),
    ("Out Byte", BackBytes),
    ("Flows", Flows),
    ("Src AS", Other),
    ("Dst AS", Other),
    ("X-Src IP Addr:Port", Other),
    ("X-Dst IP Addr:Port", Other),
];

/// The columns of `-o csv`, by the names of nfdump 1.6 and 1.7.
const NAMES: &[(&str, Column)] = &[
    ("ts", First),
    ("te", Last),
    ("td", Duration),
    ("sa", SrcAddr),
    ("da", DstAddr),
    ("sp", SrcPort),
    ("dp", DstPort),
    ("pr", Proto),
    ("flg", Flags),
    ("ipkt", Packets),
    ("ibyt", Bytes),
    ("opkt", BackPackets),
    ("obyt", BackBytes),
    ("firstSeen", First),
    ("lastSeen", Last),
    ("duration", Duration),
    ("proto", Proto),
    ("srcAddr", SrcAddr),
    ("srcPort", SrcPort),
    ("dstAddr", DstAddr),
    ("dstPort", DstPort),
    ("flags", Flags),
    ("packets", Packets),
    ("bytes", Bytes),
    ("inPackets", Packets),
    ("inBytes", Bytes),
    ("outPackets", BackPackets),
    ("outBytes", BackBytes),
    ("flows", Flows),
];

/// The columns of `-o csv` of nfdump 1.6 where the header is missing; the rest are no record's.
const CSV_16: &[Column] = &[
    First,
    Last,
    Duration,
    SrcAddr,
    DstAddr,
    SrcPort,
    DstPort,
    Proto,
    Flags,
    Other,
    Other,
    Packets,
    Bytes,
    BackPackets,
    BackBytes,
];
/// Those of `-o csv` of nfdump 1.7.
const CSV_17: &[Column] =
    &[First, Duration, Proto, SrcAddr, SrcPort, DstAddr, DstPort, Packets, Bytes, Flows];
/// Those of `-o line`.
const LINE: &[Column] = &[First, Duration, Proto, Src, Dst, Packets, Bytes, Flows];
/// Those of `-o long`.
const LONG: &[Column] = &[First, Duration, Proto, Src, Dst, Flags, Other, Packets, Bytes, Flows];
/// Those of `-o extended`.
const EXTENDED: &[Column] =
    &[First, Duration, Proto, Src, Dst, Flags, Other, Packets, Bytes, Other, Other, Other, Flows];

/// How the rows under a header are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) columns: Vec<Column>,
    pub(super) is_csv: bool,
}

/// One cell: its column, its bytes, and the unit behind a rounded number.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) column: Column,
    pub(super) range: Range<usize>,
    pub(super) unit: Option<u8>,
}

impl Shape {
    /// From a header line; `None` when it is none.
    pub(super) fn of_header(line: &str) -> Option<Self> {
        let line = line.trim_end();
        let shape = if line.contains(',') { Self::of_names(line) } else { Self::of_headings(line) };
        let has = |c: Column| shape.columns.contains(&c);
        let is_header = has(First) && (has(Src) && has(Dst) || has(SrcAddr) && has(DstAddr));
        is_header.then_some(shape)
    }

    fn of_names(line: &str) -> Self {
        let column = |name: &str| {
            let known = NAMES.iter().find(|(n, _)| *n == name.trim());
            known.map_or(Other, |(_, column)| *column)
        };
        Self { columns: line.split(',').map(column).collect(), is_csv: true }
    }

    fn of_headings(line: &str) -> Self {
        let (mut rest, mut columns) = (line.trim_start(), Vec::new());
        while !rest.is_empty() {
            let known = HEADINGS.iter().find(|(heading, _)| rest.starts_with(heading));
            let word = rest.find(' ').unwrap_or(rest.len());
            let (len, column) = known.map_or((word, Other), |(h, column)| (h.len(), *column));
            columns.push(column);
            rest = rest.get(len..).unwrap_or_default().trim_start();
        }
        Self { columns, is_csv: false }
    }

    /// For a row without a header, by how many cells it has; `None` when it is no flow row.
    pub(super) fn of_row(line: &[u8]) -> Option<Self> {
        let n_cells = line.split(|b| *b == b',').count();
        let shape = |columns: &[Column], is_csv| Self { columns: columns.to_vec(), is_csv };
        if n_cells >= CSV_17.len() {
            let is_16 = n_cells > CSV_16.len();
            return Some(shape(if is_16 { CSV_16 } else { CSV_17 }, true));
        }
        // Flags are dots and letters, and always stand behind the addresses.
        let has_flags = |cells: &[Cell]| {
            let flags = cells.get(5).and_then(|c| line.get(c.range.clone()));
            flags.is_some_and(|f| f.len() >= 6 && f.iter().all(|b| is_flag(*b)))
        };
        let cells = shape(LONG, false).cells(line);
        let shape = match (has_flags(&cells), shape(EXTENDED, false).cells(line).len()) {
            (true, n) if n >= EXTENDED.len() => shape(EXTENDED, false),
            (true, _) => shape(LONG, false),
            (false, _) => shape(LINE, false),
        };
        (shape.cells(line).len() == shape.columns.len()).then_some(shape)
    }

    /// The cells of a row, as many as there are.
    pub(super) fn cells(&self, line: &[u8]) -> Vec<Cell> {
        if self.is_csv { self.csv_cells(line) } else { self.text_cells(line) }
    }

    fn csv_cells(&self, line: &[u8]) -> Vec<Cell> {
        let mut at = 0;
        let cell = |(column, bytes): (&Column, &[u8])| {
            let start = at;
            at += bytes.len() + 1;
            Cell { column: *column, range: start..start + bytes.len(), unit: None }
        };
        self.columns.iter().zip(line.split(|b| *b == b',')).map(cell).collect()
    }

    fn text_cells(&self, line: &[u8]) -> Vec<Cell> {
        let mut words = crate::source::row::words(line).peekable();
        let mut cells = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let Some(mut range) = words.next() else { break };
            let mut unit = None;
            match column {
                // Two words: the date and the time of day.
                First | Last => range.end = words.next().map_or(range.end, |r| r.end),
                // An arrow follows.
                Src | SrcAddr | SrcPort => {
                    let is_arrow = |r: &Range<usize>| {
                        matches!(line.get(r.clone()), Some(b"->" | b"<->" | b"<-"))
                    };
                    words.next_if(is_arrow);
                }
                Packets | Bytes | BackPackets | BackBytes | Flows | Other => {
                    let is_unit = |r: &Range<usize>| {
                        matches!(line.get(r.clone()), Some([b'K' | b'M' | b'G' | b'T']))
                    };
                    if let Some(r) = words.next_if(is_unit) {
                        unit = line.get(r.start).copied();
                        range.end = r.end;
                    }
                }
                // `1d` before the time of day.
                Duration => {
                    let has_days = line.get(range.clone()).is_some_and(|w| w.ends_with(b"d"));
                    if has_days {
                        range.end = words.next().map_or(range.end, |r| r.end);
                    }
                }
                _ => {}
            }
            cells.push(Cell { column: *column, range, unit });
        }
        cells
    }
}

impl Column {
    /// Its name for a person.
    pub(super) const fn name(self) -> &'static str {
        match self {
            First => "first seen",
            Last => "last seen",
            Duration => "duration",
            Proto => "proto",
            Src => "source",
            Dst => "destination",
            SrcAddr => "source address",
            SrcPort => "source port",
            DstAddr => "destination address",
            DstPort => "destination port",
            Flags => "tcp_flags",
            Packets => "pkts",
            Bytes => "bytes",
            BackPackets => "pkts back",
            BackBytes => "bytes back",
            Flows => "flows",
            Other => "(other)",
        }
    }
}

/// nfdump prints a letter for each flag that was seen and a dot for each that was not.
const fn is_flag(b: u8) -> bool {
    matches!(b, b'.' | b'C' | b'E' | b'U' | b'A' | b'P' | b'R' | b'S' | b'F' | b'X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_rows_give_the_same_columns() {
        let header = "Date first seen             Duration     Proto      Src IP Addr:Port          Dst IP Addr:Port     Flags Tos  Packets    Bytes      pps      bps    Bpp Flows";
        let row = b"2026-11-24 02:44:05.134     00:00:00.004 TCP          10.40.3.5:80    ->       10.40.3.21:59116 ...AP.SF   0     1700    2.0 M   425000    4.0 G   1181     1";
        let shape = Shape::of_header(header).unwrap();
        assert_eq!(shape.columns, EXTENDED);
        assert_eq!(Shape::of_row(row), Some(shape.clone()));
        let cells = shape.cells(row);
        let bytes = cells.iter().find(|c| c.column == Bytes).unwrap();
        assert_eq!((&row[bytes.range.clone()], bytes.unit), (&b"2.0 M"[..], Some(b'M')));
        assert_eq!(Shape::of_header("Date first seen Duration Proto IP Addr Flows(%)"), None);
        assert_eq!(Shape::of_header("flows,bytes,packets"), None);
        assert_eq!(Shape::of_row(b"2026-11-24 02:44:05.134 hello world"), None);
    }
}
