//! The tree of sources: files, and what containers hold.

use super::capture::index::BlockIndex;
use super::container::Checkpoint;
use super::container::zip::Packed;
use crate::event::{Kind, NodeId, Site};
use crate::text::Text;
use crate::time::{Clock, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

/// One source of bytes.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// The container it is in; `None` for a file.
    pub parent: Option<NodeId>,
    /// File or member name.
    pub name: Text,
    /// Size in bytes, once known.
    pub size: Option<u64>,
    /// How its bytes are read when it is a member of an archive.
    pub packed: Option<Packed>,
    /// SHA-256 of its bytes, where the host computed it.
    pub sha256: Option<[u8; 32]>,
    /// Bytes read so far, decompressed.
    pub bytes_read: u64,
    /// The [`super::Format`] that reads it, by name.
    pub format: Option<&'static str>,
    /// What it is, when that is known and yet nothing here reads it.
    pub foreign: Option<&'static str>,
    /// Why each other format refused it; filled when none took it.
    pub refusals: Vec<(&'static str, &'static str)>,
    /// Which sensor recorded it, as the analyst says.
    pub sensor: Text,
    /// Which site's private addresses it speaks of, as the analyst says.
    pub site: Site,
    /// The series of captures that it belongs to, where the analyst says so; empty for the one
    /// that it adjoins.
    pub series: Text,
    /// What its times rest on.
    pub clock: Clock,
    /// Numbers about it, by name: `packets`, `packets not decoded: link type 147`.
    pub counters: BTreeMap<String, u64>,
    /// Capture interfaces, in order; packets are decoded by them in a second pass.
    pub interfaces: Vec<Interface>,
    /// Places in a compressed file from which on it can be read again, in its order.
    pub(crate) checkpoints: Vec<Rc<Checkpoint>>,
    /// Where in a capture the packets of which connections may be.
    pub index: BlockIndex,
    /// The capture whose flow table this one went on with: what was open there may go on here.
    pub(crate) follows: Option<NodeId>,
    /// That capture, when the two are shown to be one series.
    pub continues: Option<NodeId>,
    /// True for a capture that shares the flow table of others whose times it overlaps: their
    /// packets were taken in the order of their times.
    pub(crate) is_beside: bool,
    /// Which tap of those it is, by the lane of its first capture.
    pub(crate) tap: u32,
    /// The first of those, when it and this one are shown to be two taps of one network.
    pub beside: Option<NodeId>,
    /// Events by kind, with the first and last time.
    pub events: BTreeMap<Kind, (u64, Option<Time>, Option<Time>)>,
    /// What its reader needs again to show one item: the header line of a table, for instance.
    pub layout: Text,
    /// True when it was read to its end.
    pub is_done: bool,
}

impl Node {
    /// As much of it as reading a capture again needs.
    pub(crate) fn for_rereading(&self) -> Self {
        Self {
            format: self.format,
            interfaces: self.interfaces.clone(),
            index: self.index.clone(),
            is_beside: self.is_beside,
            tap: self.tap,
            ..Self::default()
        }
    }

    /// As much of it as tells whether it goes on with another capture.
    pub(crate) fn for_grouping(&self) -> Self {
        Self {
            format: self.format,
            name: self.name.clone(),
            interfaces: self.interfaces.clone(),
            ..Self::default()
        }
    }

    /// True for a member of an archive whose bytes are the content compressed.
    pub(crate) fn is_deflated(&self) -> bool {
        self.packed.is_some_and(|p| p.is_deflated)
    }

    /// Sets a counter.
    pub fn put(&mut self, name: &str, n: u64) {
        self.counters.insert(name.to_owned(), n);
    }

    /// Adds to a counter.
    pub fn count(&mut self, name: &str, n: u64) {
        match self.counters.get_mut(name) {
            Some(have) => *have += n,
            None => {
                self.counters.insert(name.to_owned(), n);
            }
        }
    }
}

/// A capture interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name, where the capture tells.
    pub name: Text,
    /// Link type by the tcpdump registry.
    pub link_type: u16,
    /// Ticks of its time stamps in a second; 0 when the file says something unusable.
    pub ticks_per_sec: u64,
    /// Seconds to add to its time stamps.
    pub offset_secs: i64,
    /// Most bytes kept of a packet; 0 when unlimited.
    pub snaplen: u32,
    /// Where its section of the file begins: packets count interfaces within their section.
    pub section: u64,
}

/// All nodes of a case.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    nowhere: Node,
}

impl Tree {
    /// Adds a node.
    pub fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        id
    }

    /// The node `id`; an empty one if there is none.
    pub fn get(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&self.nowhere)
    }

    /// The node `id`, to change it.
    pub fn get_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(id.0 as usize).unwrap_or(&mut self.nowhere)
    }

    /// Every node with its id, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    /// Every node, to change it.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.iter_mut()
    }

    /// The checkpoints by which the content `id` of a file is reached: none when it lies deeper.
    pub(crate) fn checkpoints_of(&self, id: NodeId) -> Vec<Rc<Checkpoint>> {
        let node = self.get(id);
        let file = match node.parent {
            None => Some(node).filter(|n| n.is_deflated()),
            Some(parent) => Some(self.get(parent)).filter(|n| !n.is_deflated()),
        };
        file.filter(|f| f.parent.is_none()).map(|f| f.checkpoints.clone()).unwrap_or_default()
    }

    /// The first capture of those that had one flow table with `id`: itself if it follows no other.
    pub fn series_of(&self, mut id: NodeId) -> NodeId {
        // A capture goes on with an earlier one, so this ends.
        while let Some(before) = self.get(id).follows.filter(|before| *before < id) {
            id = before;
        }
        id
    }

    /// The file that holds `id`, going up through containers.
    pub fn file_of(&self, mut id: NodeId) -> NodeId {
        while let Some(parent) = self.get(id).parent {
            id = parent;
        }
        id
    }
}
