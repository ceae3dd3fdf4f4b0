//! Tables of networks as CSV: a header that names the columns, then a prefix or a range a row.

use super::Reading;
use crate::event::{NodeId, Origin};
use crate::networks::prefixes::Prefixes;
use crate::networks::{Held, Known};
use crate::note::{CAP_REACHED, Note};
use crate::report::Item;
use crate::source::lines::Lines;
use crate::source::{Format, Head, Node, Opening, Reader, Sink, Sniff, row};
use crate::text::from_bytes;
use sha2::Digest;

/// The format.
pub const NETWORKS_CSV: Format = Format {
    name: "networks-csv",
    title: "Networks, table of prefixes",
    emits: &[],
    sniff,
    open,
    show,
};

/// Columns of a header, at most; real tables have ten.
const MAX_COLUMNS: usize = 100;

fn sniff(head: &Head<'_>) -> Sniff {
    let first = head.bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    match Header::parse(first) {
        Some(_) => Sniff::Certain,
        None => Sniff::No("no header with a network and its system, country or kind"),
    }
}

/// What the columns are.
#[derive(Debug)]
struct Header {
    separator: u8,
    names: Vec<String>,
    network: Where,
}

/// Which columns hold the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    One(usize),
    Range(usize, usize),
}

impl Header {
    fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let separator = [b',', b'\t', b';'].into_iter().find(|s| line.contains(s))?;
        let names: Vec<String> = cells(line, separator)
            .take(MAX_COLUMNS)
            .map(|cell| cell.trim().to_ascii_lowercase())
            .collect();
        let find = |of: &[&str]| names.iter().position(|name| of.contains(&name.as_str()));
        let range = find(&["start_ip", "range_start", "ip_from", "first"]).zip(find(&[
            "end_ip",
            "range_end",
            "ip_to",
            "last",
        ]));
        let network = match find(&["network", "prefix", "cidr", "subnet"]) {
            Some(column) => Where::One(column),
            None => range.map(|(first, last)| Where::Range(first, last))?,
        };
        let is_known = names.iter().any(|name| Known::has_column(name));
        is_known.then_some(Self { separator, names, network })
    }

    /// A row's network, and what it says of it.
    fn row(&self, line: &[u8]) -> Option<(String, Known)> {
        let cells: Vec<String> = cells(line, self.separator).take(MAX_COLUMNS).collect();
        let cell = |n: usize| cells.get(n).map(|cell| cell.trim());
        let network = match self.network {
            Where::One(n) => cell(n)?.to_owned(),
            Where::Range(first, last) => format!("{}-{}", cell(first)?, cell(last)?),
        };
        Some((network, Known::of_columns(self.names.iter().zip(&cells))))
    }
}

/// The cells of a line; quotes around one are taken off, doubled ones inside are one (RFC 4180).
fn cells(line: &[u8], separator: u8) -> impl Iterator<Item = String> + '_ {
    let mut rest = Some(line.strip_suffix(b"\r").unwrap_or(line));
    std::iter::from_fn(move || {
        let line = rest?;
        let (mut at, mut is_quoted, mut cell) = (0, false, Vec::new());
        while let Some(b) = line.get(at) {
            match b {
                b'"' if is_quoted && line.get(at + 1) == Some(&b'"') => {
                    cell.push(b'"');
                    at += 1;
                }
                b'"' => is_quoted = !is_quoted,
                b if *b == separator && !is_quoted => break,
                b => cell.push(*b),
            }
            at += 1;
        }
        rest = line.get(at + 1..);
        Some(from_bytes(&cell).into())
    })
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    let cap = opening.settings.caps.networks;
    let rows = Rows { node: opening.node, header: None, table: Prefixes::default(), cap, lost: 0 };
    Box::new(Table { reading: Reading::of(opening.node), lines: Lines::new(opening.node), rows })
}

struct Table {
    reading: Reading,
    lines: Lines,
    rows: Rows,
}

struct Rows {
    node: NodeId,
    header: Option<Header>,
    table: Prefixes,
    cap: usize,
    lost: u64,
}

impl Reader for Table {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { reading, lines, rows } = self;
        let used = lines.feed(bytes, out, &mut |line, at, out| rows.line(line, at, out));
        reading.digest.update(bytes.get(..used).unwrap_or_default());
        used
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let Self { reading, lines, rows } = self;
        lines.finish(out, &mut |line, at, out| rows.line(line, at, out));
        let table = std::mem::take(&mut rows.table).sorted();
        if table.is_empty() {
            return reading.unusable("no network in it", out);
        }
        reading.count(out).put("prefixes", table.len() as u64);
        let names = rows.header.as_ref().map(|h| h.names.join(", ")).unwrap_or_default();
        reading.give(from_bytes(names.as_bytes()), None, Held::Prefixes(table), out);
    }
}

impl Rows {
    fn line(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        let Some(header) = &self.header else {
            self.header = Header::parse(line);
            return;
        };
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            return;
        }
        let added = header
            .row(line)
            .and_then(|(network, known)| self.table.add(&network, &known, self.cap));
        match added {
            Some(true) => {}
            None => row::malformed(at, "no network", line, out),
            Some(false) => {
                self.lost += 1;
                out.node(self.node).put("prefixes not kept", self.lost);
                if self.lost == 1 {
                    let detail = "the table of networks is full: those from here on are not known";
                    out.note(Note { at, kind: &CAP_REACHED, detail: detail.to_owned() });
                }
            }
        }
    }
}

fn show(_: &Node, at: Origin, bytes: &[u8]) -> Item {
    Item::raw(at, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{Sunk, read_by};

    fn find(sunk: &Sunk, addr: &str) -> Option<Known> {
        let Held::Prefixes(table) = &sunk.networks[0].held else { panic!() };
        table.find(addr.parse().unwrap())
    }

    #[test]
    fn prefixes_and_ranges_are_read_in_any_pieces() {
        let text = "network,asn,as_name,country,kind\r\n192.0.2.0/24,AS64500,\"Example, \"\"Inc\"\"\",ch,cdn\r\n# remark\r\nnonsense,1,x,,\r\n2001:db8::/32,64501,Other,de,\r\n";
        for step in [1, 7, 4096] {
            let sunk = read_by(text.as_bytes(), step);
            assert_eq!(sunk.format(), Some("networks-csv"));
            assert_eq!(sunk.notes(), ["line-malformed 4: no network: nonsense,1,x,,"]);
            let known = find(&sunk, "192.0.2.9").unwrap();
            assert_eq!(
                (known.asn, known.as_name.as_deref()),
                (Some(64_500), Some("Example, \"Inc\""))
            );
            assert_eq!((known.country.as_deref(), known.kinds.contains("cdn")), (Some("CH"), true));
            assert_eq!(find(&sunk, "2001:db8::1").unwrap().asn, Some(64_501));
        }
        let ranges = "start_ip\tend_ip\tcountry\n192.0.2.1\t192.0.2.6\tFR\n";
        let sunk = read_by(ranges.as_bytes(), 5);
        assert_eq!(find(&sunk, "192.0.2.6").unwrap().country.as_deref(), Some("FR"));
        assert_eq!(find(&sunk, "192.0.2.7"), None);
    }

    #[test]
    fn other_tables_are_refused() {
        for text in ["network,remark\n", "ip,country\n", "country,asn\n", "hello world\n", ""] {
            let sniffed = sniff(&Head { bytes: text.as_bytes(), is_whole: true });
            assert!(matches!(sniffed, Sniff::No(_)), "{text}");
        }
    }
}
