//! What a second pass looks for, and what it reads: ranges of files, and captures in their order.

use super::connection::Connection;
use crate::event::NodeId;
use crate::second_pass::Search;
use crate::source::Node;
use crate::source::checkpoint::Checkpoint;
use crate::source::zip::Packed;
use crate::time::Time;
use std::rc::Rc;

/// Bytes of a file that the host reads next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The file.
    pub file: NodeId,
    /// Its first byte.
    pub offset: u64,
    /// How many; the file may end before.
    pub len: u64,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The packets of these connections.
    Connections(Vec<Connection>),
    /// Every packet of these captures; none for all of the case.
    Captures(Vec<NodeId>),
}

/// A capture to be read again.
pub(super) struct Capture {
    pub(super) id: NodeId,
    /// What reading needs of its node.
    pub(super) node: Node,
    pub(super) file: NodeId,
    /// How that file is read when it is a member of an archive.
    pub(super) packed: Option<Packed>,
    /// The way to it, when it lies in a container.
    pub(super) way: Option<Search>,
    /// Where else than at its start the container can be read from.
    pub(super) checkpoints: Vec<Rc<Checkpoint>>,
    pub(super) series: NodeId,
    /// The last of the captures that are read at the same time.
    pub(super) until: NodeId,
}

impl Capture {
    /// When its first packet has its turn.
    pub(super) fn begins(&self) -> Option<Time> {
        self.node.index.blocks.first().map(|block| block.turn)
    }
}
