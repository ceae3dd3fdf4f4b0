//! What the core makes of a capture, with every value written as Zeek writes it.

use offwire_core::event::{Cell, Event, NodeId};
use offwire_core::note::Note;
use offwire_core::settings::Settings;
use offwire_core::source::{Node, Opened, Reader, Sink};
use std::collections::BTreeMap;
use std::path::Path;

/// One record.
pub(crate) struct Record {
    pub(crate) kind: &'static str,
    /// Unset fields are missing.
    pub(crate) fields: BTreeMap<String, String>,
}

impl Record {
    /// A field, where it is set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.fields.get(name).cloned()
    }
}

/// Takes events and lets the rest go.
#[derive(Default)]
struct Events {
    records: Vec<Record>,
    nodes: Vec<Node>,
    nowhere: Node,
}

impl Sink for Events {
    fn event(&mut self, event: Event) {
        self.records.push(record(&event));
    }

    fn note(&mut self, _: Note) {}

    fn child(&mut self, _: NodeId, _: &str) -> NodeId {
        self.nodes.push(Node::default());
        NodeId(self.nodes.len() as u32)
    }

    fn node(&mut self, node: NodeId) -> &mut Node {
        let i = (node.0 as usize).checked_sub(1);
        i.and_then(|i| self.nodes.get_mut(i)).unwrap_or(&mut self.nowhere)
    }
}

/// The records of a capture.
pub(crate) fn read(path: &Path) -> Vec<Record> {
    read_bytes(&std::fs::read(path).unwrap_or_default())
}

/// The records of any evidence.
pub(crate) fn read_bytes(bytes: &[u8]) -> Vec<Record> {
    // Neither Zeek nor Suricata leaves out what was captured twice.
    let settings = Settings { duplicate_window_nanos: 0, ..Settings::default() };
    let mut events = Events::default();
    let mut file = Opened::new(NodeId(0), 0, &settings);
    let mut rest = bytes;
    while !rest.is_empty() {
        let used = file.feed(rest, &mut events);
        rest = rest.get(used..).unwrap_or_default();
    }
    file.finish(&mut events);
    events.records
}

fn record(event: &Event) -> Record {
    let mut fields = BTreeMap::new();
    let flow = &event.flow;
    for (name, end) in [("orig", flow.orig), ("resp", flow.resp)] {
        fields.extend(end.addr.map(|a| (format!("id.{name}_h"), a.to_string())));
        // Zeek writes 0 where there is no port.
        let port = end.port.or(end.addr.map(|_| 0));
        fields.extend(port.map(|p| (format!("id.{name}_p"), p.to_string())));
    }
    fields.extend(flow.transport.map(|t| ("proto".to_owned(), t.name().to_owned())));
    fields.extend(flow.community_id.map(|id| ("community_id".to_owned(), id.to_string())));
    fields.extend(event.ts.map(|ts| ("ts".to_owned(), format!("{:.6}", ts.0 as f64 / 1e9))));
    let kind = event.body.kind();
    let mut names = kind.fields().iter().map(|f| f.name);
    event.body.cells(&mut |cell| {
        if let (Some(name), Some(text)) = (names.next(), text(cell)) {
            fields.insert(name.to_owned(), text);
        }
    });
    Record { kind: kind.path(), fields }
}

fn text(cell: Cell<'_>) -> Option<String> {
    Some(match cell {
        Cell::Unset => return None,
        Cell::Bool(b) => if b { "T" } else { "F" }.to_owned(),
        Cell::Count(n) => n.to_string(),
        Cell::Int(n) => n.to_string(),
        Cell::Time(t) => format!("{:.6}", t.0 as f64 / 1e9),
        Cell::Interval(i) => format!("{:.6}", i.secs_f64()),
        Cell::String(s) => s.to_owned(),
        Cell::Addr(a) => a.to_string(),
        Cell::Port(p) => p.to_string(),
        Cell::Strings(all) => {
            all.iter().map(|s| s.replace(',', "\\x2c")).collect::<Vec<_>>().join(",")
        }
        Cell::Intervals(all) => {
            all.iter().map(|i| format!("{:.6}", i.secs_f64())).collect::<Vec<_>>().join(",")
        }
    })
}
