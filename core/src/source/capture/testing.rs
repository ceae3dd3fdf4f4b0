//! What the readers' tests share: a sink that keeps, and packets as they come out.

use crate::event::{Event, NodeId};
use crate::net::{Decoded, L4, Packet, Packets};
use crate::note::Note;
use crate::settings::Settings;
use crate::source::{Format, Head, Node, Opening, Reader, Sink, Tree};
use std::cell::RefCell;
use std::rc::Rc;

/// Everything a reader pushed.
#[derive(Default)]
pub(super) struct Kept {
    tree: Tree,
    pub events: Vec<Event>,
    pub notes: Vec<Note>,
    pub packets: Vec<Seen>,
}

/// A packet that reached the flow table: its record's offset and length, time, and UDP payload.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub item: u64,
    pub offset: u64,
    pub len: u32,
    pub nanos: Option<i64>,
    pub payload: Vec<u8>,
}

impl Kept {
    pub(super) fn node(&self) -> &Node {
        self.tree.get(NodeId(0))
    }

    pub(super) fn count(&self, name: &str) -> u64 {
        self.node().counters.get(name).copied().unwrap_or(0)
    }

    pub(super) fn codes(&self) -> Vec<&str> {
        self.notes.iter().map(|n| n.kind.code).collect()
    }

    pub(super) fn payloads(&self) -> Vec<&[u8]> {
        self.packets.iter().map(|p| &*p.payload).collect()
    }
}

impl Sink for Kept {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn child(&mut self, parent: NodeId, _: &str) -> NodeId {
        parent
    }
    fn node(&mut self, node: NodeId) -> &mut Node {
        self.tree.get_mut(node)
    }
}

#[derive(Clone, Default)]
struct Collect(Rc<RefCell<Vec<Seen>>>);

impl Packets for Collect {
    fn packet(&mut self, packet: &Packet<'_>, decoded: Decoded<'_>, _: &mut dyn Sink) {
        let payload = match decoded.l4 {
            L4::Udp { payload, .. } => payload.to_vec(),
            _ => Vec::new(),
        };
        self.0.borrow_mut().push(Seen {
            item: packet.at.item,
            offset: packet.at.offset,
            len: packet.at.len,
            nanos: packet.ts.map(|t| t.0),
            payload,
        });
    }
    fn finish(&mut self, _: &mut dyn Sink) {}
}

type Open = fn(&Opening<'_>, Box<dyn Packets>) -> Box<dyn Reader>;

/// Reads a file in chunks of one size.
fn read_in(format: &Format, open: Open, bytes: &[u8], chunk: usize) -> Kept {
    let mut kept = Kept::default();
    let node = kept.tree.add(Node { format: Some(format.name), ..Node::default() });
    let settings = Settings::default();
    let head = Head { bytes, is_whole: true };
    let collect = Collect::default();
    let opening = Opening { node, depth: 0, head, settings: &settings };
    let mut reader = open(&opening, Box::new(collect.clone()));
    for mut piece in bytes.chunks(chunk) {
        while !piece.is_empty() {
            let used = reader.feed(piece, &mut kept);
            piece = &piece[used..];
        }
    }
    reader.finish(&mut kept);
    kept.packets = collect.0.take();
    kept
}

/// Reads a file whole and in several chunkings, which must agree; and each packet again by its
/// place, which must give the same packet.
pub(super) fn read(format: &Format, open: Open, bytes: &[u8]) -> Kept {
    let kept = read_in(format, open, bytes, bytes.len().max(1));
    for chunk in [1, 2, 3, 5, 16, 61, 1000] {
        let cut = read_in(format, open, bytes, chunk);
        assert_eq!(cut.packets, kept.packets, "in chunks of {chunk}");
        assert_eq!(cut.notes, kept.notes, "in chunks of {chunk}");
        assert_eq!(cut.events, kept.events, "in chunks of {chunk}");
        assert_eq!(cut.node().counters, kept.node().counters, "in chunks of {chunk}");
    }
    for seen in &kept.packets {
        let at = crate::event::Origin {
            node: NodeId(0),
            item: seen.item,
            offset: seen.offset,
            len: seen.len,
        };
        let start = seen.offset as usize;
        let record = &bytes[start..start + seen.len as usize];
        let again = super::packet(kept.node(), at, record).expect("the record again");
        assert_eq!(again.ts.map(|t| t.0), seen.nanos);
        assert!(again.data.ends_with(&seen.payload));
        let item = (format.show)(kept.node(), at, record);
        assert!(item.fields.iter().any(|f| f.name == "UDP"), "{item:?}");
    }
    kept
}

/// A raw IPv4 packet with a UDP datagram in it.
pub(super) fn udp(payload: &[u8]) -> Vec<u8> {
    udp_from(1000, payload)
}

/// The same from another port.
pub(super) fn udp_from(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = (28 + payload.len()) as u8;
    let mut out = vec![0x45, 0, 0, len, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    out.extend(port.to_be_bytes());
    out.extend([7, 0xd0, 0, len - 20, 0, 0]);
    out.extend(payload);
    out
}
