//! A capture read again from one of its blocks on, with the reader of the first pass.

use super::index::{Block, Section};
use super::series::{Series, Start};
use super::{pcap, pcapng};
use crate::event::{Event, NodeId};
use crate::net::Packets;
use crate::note::Note;
use crate::settings::Settings;
use crate::source::{Head, Node, Opening, Reader, Sink};

/// A reader somewhere in a capture. Its packets have the numbers and places of the first pass.
pub(crate) struct Rereading {
    reader: Box<dyn Reader>,
    trail: Trail,
}

/// What is passed on from one stretch of a capture to the next: fragments that wait.
pub(crate) type Passed = Option<Series>;

impl Rereading {
    /// Begins at a block of `node`; `None` when the node is no capture, or its header was not kept.
    pub(crate) fn open(
        (id, node): (NodeId, &Node),
        block: &Block,
        passed: Passed,
        settings: &Settings,
        packets: Box<dyn Packets>,
    ) -> Option<Self> {
        let head = Head { bytes: &[], is_whole: false };
        let opening = Opening { node: id, depth: 0, head, settings };
        let reader: Box<dyn Reader> = match node.format? {
            name if name == pcap::FORMAT.name => {
                Box::new(pcap::Pcap::new(&opening, packets).resume(&node.index.header, block)?)
            }
            name if name == pcapng::FORMAT.name => {
                Box::new(pcapng::Pcapng::new(&opening, packets).resume(&node.interfaces, block))
            }
            _ => return None,
        };
        // The interfaces described so far; later ones will be read again.
        let Section { offset, interfaces: n, .. } = block.section;
        let before = node.interfaces.iter().filter(|i| i.section < offset);
        let of_section = node.interfaces.iter().filter(|i| i.section == offset).take(n as usize);
        let interfaces = before.chain(of_section).cloned().collect();
        let node = Node { interfaces, ..Node::default() };
        Some(Self { reader, trail: Trail { node, passed } })
    }

    /// Takes the next bytes of the stretch, all of them.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let used = self.reader.feed(bytes, &mut self.trail).max(1);
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// The stretch is at its end.
    pub(crate) fn finish(mut self) -> Passed {
        self.reader.finish(&mut self.trail);
        self.trail.passed
    }
}

/// A sink that keeps nothing but what is passed on.
struct Trail {
    node: Node,
    passed: Passed,
}

impl Sink for Trail {
    fn event(&mut self, _: Event) {}
    fn note(&mut self, _: Note) {}
    fn child(&mut self, parent: NodeId, _: &str) -> NodeId {
        parent
    }
    fn node(&mut self, _: NodeId) -> &mut Node {
        &mut self.node
    }
    fn resume(&mut self, _: NodeId, _: &Start) -> Option<Series> {
        self.passed.take()
    }
    fn suspend(&mut self, series: Series) -> Option<Series> {
        self.passed = Some(series);
        None
    }
}
