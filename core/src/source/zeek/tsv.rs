//! Zeek logs as columns: `#fields` names them, any byte separates them, headers may repeat.

use super::log::{self, Target};
use super::told;
use crate::event::{Kind, NodeId, Origin, Raw};
use crate::note::{LINE_LENIENT, LINE_MALFORMED, Note};
use crate::report::Item;
use crate::source::lines::Lines;
use crate::source::row::{self, Layouts};
use crate::source::{Format, Head, Node, Opening, Reader, Sink, Sniff};
use crate::text::from_bytes;
use crate::time::Clock;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// The format.
pub const ZEEK_TSV: Format = Format {
    name: "zeek-tsv",
    title: "Zeek log, tab-separated",
    emits: super::EMITS,
    sniff,
    open,
    show,
};

/// Columns of a header that are read; the widest real log has some 60.
const MAX_COLUMNS: usize = 1000;

fn sniff(head: &Head<'_>) -> Sniff {
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    if text.starts_with(b"#separator ") {
        return Sniff::Certain;
    }
    let is_header = |l: &[u8]| l.starts_with(b"#fields\t") || l.starts_with(b"#path\t");
    // A log cut at its start may still have a header further on.
    if text.split(|b| *b == b'\n').any(is_header) {
        return Sniff::Strong;
    }
    Sniff::No("no #separator line and no #fields line")
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(ZeekTsv { lines: Lines::new(opening.node), table: Table::new(opening.node) })
}

struct ZeekTsv {
    lines: Lines,
    table: Table,
}

impl Reader for ZeekTsv {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Self { lines, table } = self;
        lines.feed(bytes, out, &mut |line, at, out| table.line(line, at, out))
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let Self { lines, table } = self;
        lines.finish(out, &mut |line, at, out| table.line(line, at, out));
    }
}

/// How a log writes its values, as its header says.
#[derive(Debug, Clone)]
struct Style {
    separator: Vec<u8>,
    set_separator: Vec<u8>,
    empty: Vec<u8>,
    unset: Vec<u8>,
}

impl Default for Style {
    fn default() -> Self {
        let bytes = |s: &str| s.as_bytes().to_vec();
        Self {
            separator: bytes("\t"),
            set_separator: bytes(","),
            empty: bytes("(empty)"),
            unset: bytes("-"),
        }
    }
}

/// The log being read: its header, bound to targets.
struct Table {
    node: NodeId,
    style: Style,
    path: Box<str>,
    kind: Option<Kind>,
    /// Column names with where their values go; empty before `#fields`.
    columns: Vec<(Box<str>, Target)>,
    layouts: Layouts,
    unread: BTreeSet<Box<str>>,
    is_unnamed_noted: bool,
}

impl Table {
    fn new(node: NodeId) -> Self {
        Self {
            node,
            style: Style::default(),
            path: "".into(),
            kind: None,
            columns: Vec::new(),
            layouts: Layouts::default(),
            unread: BTreeSet::new(),
            is_unnamed_noted: false,
        }
    }

    fn line(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        let mut line = line;
        if at.item == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        // Before the header a blank in front of it does no harm; in a row it may be a column.
        if self.columns.is_empty() {
            line = line.trim_ascii_start();
        }
        match line.strip_prefix(b"#") {
            _ if line.is_empty() => {}
            Some(header) => self.header(header, at, out),
            None => self.row(line, at, out),
        }
    }

    fn header(&mut self, header: &[u8], at: Origin, out: &mut dyn Sink) {
        if let Some(separator) = header.strip_prefix(b"separator ") {
            // A new header begins: nothing of the one before holds.
            self.style = Style::default();
            let separator = unescape(separator).into_owned();
            if !separator.is_empty() {
                self.style.separator = separator;
            }
            (self.columns, self.kind, self.path) = (Vec::new(), None, "".into());
            return;
        }
        let mut cells =
            split(header, &self.style.separator).map(|r| header.get(r).unwrap_or_default());
        let name = cells.next().unwrap_or_default();
        let value = cells.next().map(|v| unescape(v).into_owned());
        drop(cells);
        match (name, value) {
            (b"set_separator", Some(v)) if !v.is_empty() => self.style.set_separator = v,
            (b"empty_field", Some(v)) => self.style.empty = v,
            (b"unset_field", Some(v)) => self.style.unset = v,
            (b"path", Some(v)) => self.path = from_bytes(&v),
            (b"fields", _) => self.fields(header, at, out),
            // #types is not needed: a field's type is the record's. #open and #close are dates of the file.
            _ => {}
        }
    }

    fn fields(&mut self, header: &[u8], at: Origin, out: &mut dyn Sink) {
        let names: Vec<Box<str>> = split(header, &self.style.separator)
            .skip(1)
            .take(MAX_COLUMNS)
            .map(|r| from_bytes(header.get(r).unwrap_or_default()))
            .collect();
        self.kind = match &*self.path {
            "" => told::by_fields(names.iter().map(|n| &**n)),
            path => told::by_path(path),
        };
        let target = |n: &str| self.kind.map_or(Target::Nowhere, |kind| log::target(kind, n));
        self.columns = names.into_iter().map(|n| (target(&n), n)).map(|(t, n)| (n, t)).collect();
        let node = out.node(self.node);
        if !self.columns.iter().any(|(n, _)| &**n == "ts") && node.clock != Clock::Utc {
            node.clock = Clock::None;
        }
        let names: Vec<_> = self.columns.iter().map(|(n, _)| &**n).collect();
        let separator = base16ct::lower::encode_string(&self.style.separator);
        self.layouts.add(node, at, &format!("{separator} {}", names.join("\t")));
    }

    fn row(&mut self, line: &[u8], at: Origin, out: &mut dyn Sink) {
        if self.columns.is_empty() {
            if !std::mem::replace(&mut self.is_unnamed_noted, true) {
                let detail =
                    "no #fields line before the first row: its columns have no names".to_owned();
                out.note(Note { at, kind: &LINE_MALFORMED, detail });
            }
            return out.node(self.node).count("rows without a #fields line", 1);
        }
        let Some(kind) = self.kind else {
            let path = if self.path.is_empty() { "of unknown kind" } else { &self.path };
            return super::count_unread(&mut self.unread, path, at, out);
        };
        let mut event = log::blank(kind, at);
        let mut n_cells = 0;
        for range in split(line, &self.style.separator) {
            let cell = line.get(range).unwrap_or_default();
            if let Some((name, target)) = self.columns.get(n_cells)
                && !matches!(target, Target::Nowhere)
            {
                let raw = self.style.raw(cell, target.is_list());
                if !target.put(&mut event, &raw) {
                    row::misfit(at, name, &raw, out);
                }
            }
            n_cells += 1;
        }
        if n_cells != self.columns.len() {
            let detail = format!("{n_cells} columns instead of {}", self.columns.len());
            out.note(Note { at, kind: &LINE_LENIENT, detail });
        }
        super::emit(event, out);
    }
}

impl Style {
    /// A cell as a value; several are split before escapes are resolved.
    fn raw<'a>(&self, cell: &'a [u8], is_list: bool) -> Raw<'a> {
        if cell == self.unset {
            Raw::Unset
        } else if is_list {
            let item = |r: Range<usize>| self.scalar(cell.get(r).unwrap_or_default());
            let is_empty = cell == self.empty || cell.is_empty();
            let items = (!is_empty).then(|| split(cell, &self.set_separator).map(item));
            Raw::List(items.into_iter().flatten().collect())
        } else if cell == self.empty {
            Raw::Text("".into())
        } else {
            self.scalar(cell)
        }
    }

    fn scalar<'a>(&self, cell: &'a [u8]) -> Raw<'a> {
        match text(unescape(cell)) {
            // A number and its text are read alike.
            Cow::Borrowed(text) => Raw::Text(Cow::Borrowed(text)),
            owned => Raw::Text(owned),
        }
    }
}

/// The places of the parts of `bytes` between separators.
fn split<'a>(bytes: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut at = Some(0);
    std::iter::from_fn(move || {
        let start = at?;
        let rest = bytes.get(start..)?;
        let step = match separator {
            [b] => memchr::memchr(*b, rest),
            many => memchr::memmem::find(rest, many),
        };
        at = step.map(|s| start + s + separator.len());
        Some(start..step.map_or(bytes.len(), |s| start + s))
    })
}

/// Resolves `\\`, and `\xNN` where it stands for a printable byte; others stay as written, as Zeek
/// shows them.
fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', bytes) else { return Cow::Borrowed(bytes) };
    let mut out = bytes.get(..first).unwrap_or_default().to_vec();
    let mut at = first;
    while let Some(b) = bytes.get(at) {
        match bytes.get(at..at + 4) {
            Some([b'\\', b'x', high, low]) if hex(*high, *low).is_some_and(is_plain) => {
                out.extend(hex(*high, *low));
                at += 4;
            }
            _ if bytes.get(at..at + 2) == Some(br"\\") => {
                out.push(b'\\');
                at += 2;
            }
            _ => {
                out.push(*b);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Bytes that a separator or a field may stand for; control bytes and others stay escaped.
const fn is_plain(b: u8) -> bool {
    matches!(b, b'\t' | b' '..=b'~')
}

fn text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(from_bytes(bytes).into()),
        },
        Cow::Owned(bytes) => {
            Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|e| from_bytes(e.as_bytes()).into()))
        }
    }
}

fn show(node: &Node, at: Origin, bytes: &[u8]) -> Item {
    let (separator, names) = row::layout(node, at).split_once(' ').unwrap_or(("09", ""));
    let separator = base16ct::lower::decode_vec(separator.as_bytes()).unwrap_or_default();
    let mut names = names.split('\t');
    let style = Style::default();
    let fields = split(bytes, &separator).map(|range| {
        let cell = bytes.get(range.clone()).unwrap_or_default();
        (names.next().unwrap_or("(no name)"), style.scalar(cell).show(), range)
    });
    row::item(at, bytes, fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::read;

    const CONN: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2018-03-24-17-15-20\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\tconn_state\thistory\ttunnel_parents\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tstring\tstring\tset[string]\n1521911721.255387\tC1\t10.0.0.1\t3\t10.0.0.2\t443\ttcp\tssl,http\t0.004266\tSF\tShAdDaFf\t(empty)\n1521911722\tC2\t10.0.0.1\t3\t10.0.0.2\t80\ttcp\t-\t-\tS0\tS\tCa,Cb\n";

    #[test]
    fn a_log_is_read_by_its_header() {
        let sunk = read(CONN.as_bytes());
        assert_eq!(sunk.format(), Some("zeek-tsv"));
        assert_eq!(
            sunk.lines(),
            [
                "9 2018-03-24T17:15:21.255387Z conn 10.0.0.1:3 > 10.0.0.2:443 tcp service=http,ssl duration=4 ms conn_state=SF history=ShAdDaFf answered=true refused=false direction=reported",
                "10 2018-03-24T17:15:22Z conn 10.0.0.1:3 > 10.0.0.2:80 tcp conn_state=S0 history=S tunnel_parents=Ca,Cb answered=false direction=reported",
            ]
        );
        assert!(sunk.notes.is_empty());
        assert_eq!(sunk.nodes[&0].clock, Clock::Utc);
    }

    #[test]
    fn a_blank_before_the_header_does_no_harm() {
        assert_eq!(read(format!("\t{CONN}").as_bytes()).events.len(), 2);
    }

    #[test]
    fn any_separator_and_headers_that_repeat_with_other_columns() {
        let dns = "#separator \\x2c\n#set_separator,;\n#unset_field,?\n#path,dns\n#fields,ts,id.orig_h,query,answers,TTLs\n1.5,10.0.0.1,A\\x2cB.example,1.1.1.1;x\\x3by,1.0;2\n2.5,?,b,?,?\n#close,x\n";
        let sunk = read(format!("{dns}{CONN}{dns}").as_bytes());
        let lines = sunk.lines();
        assert_eq!(lines.len(), 6);
        assert_eq!(
            lines[0],
            "6 1970-01-01T00:00:01.500Z dns 10.0.0.1 > * ? query=a,b.example answers=1.1.1.1,x;y TTLs=1 s,2 s answered=true"
        );
        assert_eq!(lines[1], "7 1970-01-01T00:00:02.500Z dns * > * ? query=b");
        assert!(lines[2].contains("conn 10.0.0.1:3"));
        assert_eq!(lines[4].split_once(' ').unwrap().1, lines[0].split_once(' ').unwrap().1);
        // Each row is shown by the header it stands under.
        let node = &sunk.nodes[&0];
        let at = sunk.events[5].at;
        let item = show(node, at, b"2.5,?,b,?,?");
        assert_eq!(
            (&*item.fields[2].name, &*item.fields[2].value, item.fields[2].start),
            ("query", "b", 6)
        );
        assert_eq!(show(node, sunk.events[2].at, b"1\tC1").fields[1].name, "uid");
    }

    #[test]
    fn names_are_folded_but_those_of_netbios() {
        let dns = "#separator \\x2c\n#path,dns\n#fields,ts,id.orig_h,id.orig_p,id.resp_h,id.resp_p,query\n1,10.0.0.1,137,10.0.0.255,137,DESK-Max\n2,10.0.0.1,9,10.0.0.2,53,WWW.Example.com\n";
        let lines = read(dns.as_bytes()).lines();
        assert!(lines[0].ends_with("query=DESK-Max"), "{}", lines[0]);
        assert!(lines[1].ends_with("query=www.example.com"), "{}", lines[1]);
    }

    #[test]
    fn bad_rows_cost_as_little_as_possible() {
        let text = b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\nNaN\tC\t999.1.1.1\t99999\t::zz\t-1\ttcp\n1.5\tC\n1.5\tC\t1.1.1.1\t1\t2.2.2.2\t2\ttcp\textra\textra\n\\x3cb\\x3e\xff\tC\t1.1.1.1\t1\t2.2.2.2\t2\ttcp\n";
        let sunk = read(text);
        let flows: Vec<_> = sunk.events.iter().map(|e| e.flow.to_owned()).collect();
        assert_eq!(flows.len(), 4);
        assert_eq!(sunk.notes.len(), 5 + 1 + 1 + 1, "{:#?}", sunk.notes());
        assert_eq!(sunk.notes()[5], "line-lenient 5: 2 columns instead of 7");
    }

    #[test]
    fn rows_without_names_are_told_once_and_counted() {
        let sunk = read(b"#separator \\x09\n#path\tconn\n1.0\tC1\t1.2.3.4\n1.0\tC1\t1.2.3.4\n");
        assert!(sunk.events.is_empty());
        assert_eq!(sunk.notes.len(), 1);
        assert_eq!(sunk.nodes[&0].counters["rows without a #fields line"], 2);
        let unread = read(b"#separator \\x09\n#path\tstats\n#fields\tts\tmem\n1\t2\n");
        assert_eq!(unread.notes(), ["log-kind-unread 4: a Zeek log that is not read: stats"]);
    }
}
