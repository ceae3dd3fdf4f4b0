//! A capture read again from one of its blocks on, with the reader of the first pass.

use super::index::{Block, Section};
use super::merge::Merge;
use super::series::{Going, Series, Start};
use super::{pcap, pcapng};
use crate::event::{Event, NodeId};
use crate::net::Packets;
use crate::note::Note;
use crate::settings::Settings;
use crate::source::{Head, Node, Opening, Reader, Sink};
use crate::time::Time;
use std::cell::RefCell;
use std::rc::Rc;

/// A reader somewhere in a capture. Its packets have the numbers and places of the first pass.
pub(crate) struct Rereading {
    reader: Box<dyn Reader>,
    trail: Trail,
}

impl Rereading {
    /// Begins at a block of `node`, whose packets go to a lane of `together`; `None` when the node is
    /// no capture, or its header was not kept. Packets before all that have a time go to `untimed`.
    pub(crate) fn open(
        (id, node): (NodeId, &Node),
        block: &Block,
        (together, lane): (&Together, usize),
        settings: &Settings,
        untimed: Box<dyn Packets>,
    ) -> Option<Self> {
        let head = Head { bytes: &[], is_whole: false };
        let opening = Opening { node: id, depth: 0, head, settings };
        let reader: Box<dyn Reader> = match node.format? {
            name if name == pcap::FORMAT.name => {
                Box::new(pcap::Pcap::new(&opening, untimed).resume(&node.index.header, block)?)
            }
            name if name == pcapng::FORMAT.name => {
                Box::new(pcapng::Pcapng::new(&opening, untimed).resume(&node.interfaces, block))
            }
            _ => return None,
        };
        // The interfaces described so far; later ones will be read again.
        let Section { offset, interfaces: n, .. } = block.section;
        let before = node.interfaces.iter().filter(|i| i.section < offset);
        let of_section = node.interfaces.iter().filter(|i| i.section == offset).take(n as usize);
        let interfaces = before.chain(of_section).cloned().collect();
        let node = Node { interfaces, tap: node.tap, ..Node::default() };
        let merge = Some((Rc::clone(&together.merge), lane));
        Some(Self { reader, trail: Trail { node, merge } })
    }

    /// Takes the next bytes of the stretch, all of them.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let used = self.reader.feed(bytes, &mut self.trail).max(1);
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// The stretch is at its end.
    pub(crate) fn finish(mut self) {
        self.reader.finish(&mut self.trail);
    }
}

/// Captures of one series that are read again, those that overlap in the order of their packets.
pub(crate) struct Together {
    merge: Rc<RefCell<Merge>>,
}

impl Together {
    /// What gives its packets to `packets`.
    pub(crate) fn new(first: NodeId, settings: &Settings, packets: Box<dyn Packets>) -> Self {
        let merge = Merge::rereading(Series::new(first, settings, packets));
        Self { merge: Rc::new(RefCell::new(merge)) }
    }

    /// Adds a capture that begins then.
    pub(crate) fn add(&self, node: &Node, begins: Time) -> usize {
        let mut merge = self.merge.borrow_mut();
        let lane = merge.add(begins);
        merge.set_tap(lane, node.tap);
        lane
    }

    /// Sets where the next capture begins beside those that were added.
    pub(crate) fn set_horizon(&self, horizon: Option<Time>) {
        self.merge.borrow_mut().set_horizon(horizon);
    }

    /// The lane to read next; `None` when the next capture must be added first.
    pub(crate) fn wants(&self) -> Option<usize> {
        self.merge.borrow().wants()
    }

    /// The next packets of a lane are then; or it has no more.
    pub(crate) fn expect(&self, lane: usize, next: Option<Time>) {
        let mut trail = Trail { node: Node::default(), merge: None };
        self.merge.borrow_mut().expect(lane, next, &mut trail);
    }
}

/// A sink that keeps nothing.
struct Trail {
    node: Node,
    merge: Option<(Rc<RefCell<Merge>>, usize)>,
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
    fn resume(&mut self, _: NodeId, _: &Start, _: &Rc<RefCell<Merge>>) -> Going {
        self.merge.take().map_or(Going::Anew, |(merge, lane)| Going::Beside(merge, lane))
    }
}
