//! For tests: feeds analyzers by hand, and compares what captures give with what other tools say of them.

use super::{Analyzer, Carried, Cx, Dir, Over, Protocol, Shared, Step};
use crate::event::{Cell, Event, Flow, Kind, NodeId, Origin, StringSet};
use crate::note::Note;
use crate::settings::Settings;
use crate::source::{Node, Opened, Reader, Sink};
use crate::time::Time;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Keeps what it is given.
#[derive(Default)]
pub struct Kept {
    pub events: Vec<Event>,
    pub notes: Vec<Note>,
    node: Node,
}

impl Sink for Kept {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn child(&mut self, _: NodeId, _: &str) -> NodeId {
        NodeId::default()
    }
    fn node(&mut self, _: NodeId) -> &mut Node {
        &mut self.node
    }
}

/// Feeds pieces of the two directions to an analyzer, keeping unused bytes as the contract says.
pub struct Feed {
    pub analyzer: Box<dyn Analyzer>,
    pub flow: Flow,
    pub service: StringSet,
    pub carried: Carried,
    pub out: Kept,
    pub shared: Shared,
    held: [Vec<u8>; 2],
    need: [usize; 2],
    pub done: Option<Step>,
    over: Over,
    pub ts: Time,
}

impl Feed {
    pub fn new(protocol: &Protocol, flow: Flow) -> Self {
        Self {
            analyzer: (protocol.open)(),
            flow,
            service: StringSet::default(),
            carried: Carried::default(),
            out: Kept::default(),
            shared: Shared::default(),
            held: Default::default(),
            need: [0; 2],
            done: None,
            over: protocol.over,
            ts: Time::default(),
        }
    }

    fn with<T>(&mut self, call: impl FnOnce(&mut dyn Analyzer, &mut Cx<'_>) -> T) -> T {
        let item = self.ts.0.unsigned_abs();
        let mut cx = Cx {
            flow: &self.flow,
            ts: self.ts,
            at: Origin { item, ..Origin::default() },
            service: &mut self.service,
            shared: &mut self.shared,
            carried: &mut self.carried,
            out: &mut self.out,
        };
        call(&mut *self.analyzer, &mut cx)
    }

    pub fn data(&mut self, dir: Dir, bytes: &[u8]) {
        if self.done.is_some() {
            return;
        }
        if self.over == Over::Datagrams {
            let step = self.with(|a, cx| a.data(dir, bytes, cx));
            self.done = Some(step).filter(|s| *s == Step::Quit);
            return;
        }
        let d = dir as usize;
        self.held[d].extend_from_slice(bytes);
        if self.held[d].len() >= self.need[d].max(1) {
            let held = std::mem::take(&mut self.held[d]);
            let step = self.with(|a, cx| a.data(dir, &held, cx));
            self.need[d] = 0;
            match step {
                Step::Done => {}
                Step::More { used, need } => {
                    assert!(need > held.len() - used, "asks for what it had");
                    self.held[d] = held[used..].to_vec();
                    self.need[d] = need;
                }
                Step::Become { used, .. } => {
                    self.held[d] = held[used..].to_vec();
                    self.done = Some(step);
                }
                Step::Quit => {
                    self.done = Some(step);
                }
            }
        }
    }

    pub fn gap(&mut self, dir: Dir, len: u64) {
        if self.done.is_none() {
            let d = dir as usize;
            // What was handed back is lost, too.
            let len = len + std::mem::take(&mut self.held[d]).len() as u64;
            self.need[d] = 0;
            let step = self.with(|a, cx| a.gap(dir, len, cx));
            self.done = Some(step).filter(|s| *s == Step::Quit);
        }
    }

    pub fn finish(mut self) -> Vec<Event> {
        self.with(|a, cx| a.finish(cx));
        self.shared.finish(&mut self.out);
        self.out.events
    }
}

/// Where the shared captures lie, if they do.
#[expect(clippy::print_stderr, reason = "a skipped comparison must be seen")]
pub fn corpus(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OFFWIRE_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: no corpus file {}", file.display());
    None
}

/// Every event of a capture, as the reader of captures gives them.
pub fn events(path: &str) -> Option<Vec<Event>> {
    let bytes = std::fs::read(corpus(path)?).unwrap();
    let mut out = Kept::default();
    let mut reader = Opened::new(NodeId(0), 0, &Settings::default());
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let used = reader.feed(rest, &mut out);
        rest = &rest[used..];
    }
    reader.finish(&mut out);
    Some(out.events)
}

/// A row of a table by field name, as Zeek's TSV writes values; what is not set is left out.
pub type Row = BTreeMap<String, String>;

/// An event as a row.
pub fn row(event: &Event) -> Row {
    let mut out = Row::new();
    let ends = [("orig", event.flow.orig), ("resp", event.flow.resp)];
    for (name, end) in ends {
        out.insert(format!("id.{name}_h"), end.addr.unwrap().to_string());
        out.insert(format!("id.{name}_p"), end.port.unwrap().to_string());
    }
    let mut fields = event.body.kind().fields().iter();
    event.body.cells(&mut |cell| {
        let name = fields.next().unwrap().name.to_owned();
        let value = match cell {
            Cell::Unset => return,
            Cell::Bool(v) => if v { "T" } else { "F" }.to_owned(),
            Cell::Count(v) => v.to_string(),
            Cell::Int(v) => format!("{v}.000000"),
            Cell::Time(v) => v.to_string(),
            Cell::Interval(v) => format!("{:.6}", v.secs_f64()),
            Cell::String(v) => v.to_owned(),
            Cell::Addr(v) => v.to_string(),
            Cell::Port(v) => v.to_string(),
            Cell::Strings(v) => v.join(","),
            Cell::Intervals(v) => {
                v.iter().map(|i| format!("{:.6}", i.secs_f64())).collect::<Vec<_>>().join(",")
            }
        };
        out.insert(name, value);
    });
    out
}

/// The rows of one kind.
pub fn rows(events: &[Event], kind: Kind) -> Vec<Row> {
    events.iter().filter(|e| e.body.kind() == kind).map(row).collect()
}

/// A capture's events, and what TShark tells of its TLS.
pub fn beside_tshark(capture: &str) -> Option<(Vec<Event>, Vec<Row>)> {
    Some((events(capture)?, table(&format!("{capture}.expected/tshark/tls.tsv"))?))
}

/// Of each stream the first row with a JA3, with that JA3; `stream` is the column of its number.
pub fn first_hellos<'a>(rows: &'a [Row], stream: &str) -> Vec<(&'a Row, &'a str)> {
    let mut first = BTreeMap::new();
    for row in rows {
        if let (Some(of), Some(all)) = (row.get(stream), row.get("tls.handshake.ja3")) {
            first.entry(of).or_insert((row, all.split(' ').next().unwrap()));
        }
    }
    first.into_values().collect()
}

/// The rows of a table in TSV; unset and empty fields are left out. Without a line of `#fields`
/// the first line names the columns.
pub fn table(path: &str) -> Option<Vec<Row>> {
    let text = std::fs::read_to_string(corpus(path)?).unwrap();
    let head = text.lines().find_map(|l| l.strip_prefix("#fields\t")).or(text.lines().next());
    let fields: Vec<_> = head.unwrap().split('\t').collect();
    let row = |line: &str| {
        let values = line.split('\t').map(|v| v.replace("\\\\", "\\"));
        fields
            .iter()
            .map(ToString::to_string)
            .zip(values)
            .filter(|(_, v)| !matches!(v.as_str(), "-" | "(empty)" | ""))
            .collect()
    };
    let is_row = |line: &&str| !line.starts_with('#') && Some(*line) != head;
    Some(text.lines().filter(is_row).map(row).collect())
}

/// Compares the rows of a kind with those of a Zeek log, in any order, over the fields that both
/// know. `explained` tells of a field, our value and Zeek's (empty when unset) whether the
/// difference is one that we know the reason of. Gives the number of rows.
pub fn same_as_zeek(
    capture: &str,
    log: &str,
    kind: Kind,
    explained: &dyn Fn(&Row, &Row, &str) -> bool,
) -> Option<usize> {
    let mut ours = rows(&events(capture)?, kind);
    let zeek = table(&format!("{capture}.expected/zeek/{log}"))?;
    let ids = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"];
    let names: Vec<_> = kind.fields().iter().map(|f| f.name).chain(ids).collect();
    let known = |name: &&&str| zeek.iter().any(|row| row.contains_key(**name));
    let known: Vec<_> = names.iter().filter(known).collect();
    for want in &zeek {
        let difference = |have: &Row| {
            let differs = |name: &&&&str| {
                let (a, b) = (have.get(***name), want.get(***name));
                // A log of certificates names no connection.
                let is_missing_id = name.starts_with("id.") && b.is_none();
                a != b && !is_missing_id && !explained(have, want, name)
            };
            known
                .iter()
                .find(differs)
                .map(|n| format!("{n}: {:?}, Zeek {:?}", have.get(**n), want.get(**n)))
        };
        let differences: Vec<_> = ours.iter().map(difference).collect();
        let found = differences.iter().position(Option::is_none);
        let found =
            found.unwrap_or_else(|| panic!("{capture}\n{want:?}\nfits none: {differences:#?}"));
        ours.remove(found);
    }
    assert!(ours.is_empty(), "{capture}: rows that Zeek has not: {ours:#?}");
    Some(zeek.len())
}
