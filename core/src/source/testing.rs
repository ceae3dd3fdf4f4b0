//! What the readers' tests share: a sink that keeps everything, and a check that chunking changes nothing.

use super::{HEAD, Head, Node, Opening, Sink, recognise};
use crate::event::{Event, NodeId};
use crate::networks::NetworkFile;
use crate::note::Note;
use crate::settings::Settings;
use std::collections::BTreeMap;

/// Keeps what a reader pushed.
#[derive(Debug, Default)]
pub struct Sunk {
    /// Every event.
    pub events: Vec<Event>,
    /// Every note.
    pub notes: Vec<Note>,
    /// The nodes by number; 0 is the file.
    pub nodes: BTreeMap<u32, Node>,
    /// Every file of networks.
    pub networks: Vec<NetworkFile>,
}

impl Sink for Sunk {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn child(&mut self, parent: NodeId, name: &str) -> NodeId {
        let id = NodeId(self.nodes.keys().last().copied().unwrap_or(0) + 1);
        *self.node(id) = Node { parent: Some(parent), name: name.into(), ..Node::default() };
        id
    }
    fn networks(&mut self, file: NetworkFile) -> bool {
        self.networks.push(file);
        true
    }
    fn node(&mut self, node: NodeId) -> &mut Node {
        self.nodes.entry(node.0).or_default()
    }
}

impl Sunk {
    /// One line a note: code, line, detail.
    pub fn notes(&self) -> Vec<String> {
        let line = |n: &Note| format!("{} {}: {}", n.kind.code, n.at.item, n.detail);
        self.notes.iter().map(line).collect()
    }

    /// One line an event: line, time, flow, kind and every field that is set.
    pub fn lines(&self) -> Vec<String> {
        self.events.iter().map(line).collect()
    }

    /// The format that was chosen for the file.
    pub fn format(&self) -> Option<&'static str> {
        self.nodes.get(&0).and_then(|n| n.format)
    }
}

/// An event as one line of text.
pub fn line(e: &Event) -> String {
    let mut out = format!("{}", e.at.item);
    if let Some(ts) = e.ts {
        out.push_str(&format!(" {ts}"));
    }
    let transport = e.flow.transport.map_or("?", |t| t.name());
    out.push_str(&format!(
        " {} {} > {} {transport}",
        e.body.kind().path(),
        e.flow.orig,
        e.flow.resp
    ));
    let mut fields = e.body.kind().fields().iter();
    e.body.cells(&mut |cell| {
        use crate::event::Cell::*;
        let name = fields.next().map_or("", |f| f.name);
        let value = match cell {
            Unset => return,
            Bool(b) => b.to_string(),
            Count(n) => n.to_string(),
            Int(n) => n.to_string(),
            Time(t) => t.to_string(),
            Interval(i) => i.to_string(),
            String(s) => s.to_owned(),
            Addr(a) => a.to_string(),
            Port(p) => p.to_string(),
            Strings(list) => list.join(","),
            Intervals(list) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            #[allow(unreachable_patterns, reason = "new cell types print by their debug form")]
            other => format!("{other:?}"),
        };
        out.push_str(&format!(" {name}={value}"));
    });
    out
}

/// Reads `bytes` as a file: the reader is chosen by all of them, then fed in pieces of `step`.
pub fn read_by(bytes: &[u8], step: usize) -> Sunk {
    let mut sunk = Sunk::default();
    let settings = Settings::default();
    let is_whole = bytes.len() <= HEAD;
    let head = Head { bytes: &bytes[..bytes.len().min(HEAD)], is_whole };
    let format = recognise(&head).unwrap_or_else(|why| panic!("no reader: {why:?}"));
    sunk.node(NodeId(0)).format = Some(format.name);
    let opening = Opening { node: NodeId(0), depth: 0, head, settings: &settings };
    let mut reader = (format.open)(&opening);
    for piece in bytes.chunks(step.max(1)) {
        let mut rest = piece;
        while !rest.is_empty() {
            let used = reader.feed(rest, &mut sunk);
            rest = &rest[used..];
        }
    }
    reader.finish(&mut sunk);
    sunk
}

/// Reads `bytes` whole, and checks that every chunking gives the same.
pub fn read(bytes: &[u8]) -> Sunk {
    let whole = read_by(bytes, bytes.len());
    // Every step for small inputs; some primes for larger ones, to stay quick.
    let steps: Vec<usize> =
        if bytes.len() < 600 { (1..bytes.len()).collect() } else { vec![1, 7, 101, 4099] };
    for step in steps {
        let cut = read_by(bytes, step);
        assert_eq!(cut.lines(), whole.lines(), "in pieces of {step}");
        assert_eq!(cut.notes(), whole.notes(), "in pieces of {step}");
    }
    whole
}
