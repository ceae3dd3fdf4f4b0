//! The second pass: from an event's origin back to its bytes in the file.

use crate::event::{Event, NodeId, Origin};
use crate::note::Note;
use crate::settings::Settings;
use crate::source::checkpoint::Checkpoint;
use crate::source::zip::{Fed, Packed};
use crate::source::{Node, Reader, Sink, Tree};
use std::rc::Rc;

/// Longest item that is shown whole; the rest of a longer one is left out. No line or packet that
/// a reader keeps is longer.
pub const MAX_ITEM: usize = 16 << 20;

/// Which bytes a host must read to get at an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Place {
    /// These bytes of the file are the item.
    Slice {
        /// The file.
        file: NodeId,
        /// Its first byte.
        offset: u64,
        /// Its length.
        len: u32,
    },
    /// The item is inside a container: the file must be fed to a [`Seeker`], from here on.
    Stream {
        /// The file.
        file: NodeId,
        /// Where to begin: its start, or the last checkpoint before the item.
        offset: u64,
    },
}

impl Place {
    /// The place of an item.
    pub(crate) fn of(tree: &Tree, at: Origin) -> Self {
        let file = tree.file_of(at.node);
        if file == at.node && !tree.get(file).is_deflated() {
            Self::Slice { file, offset: at.offset, len: at.len }
        } else {
            let checkpoint = last_before(&tree.checkpoints_of(at.node), at.offset);
            Self::Stream { file, offset: checkpoint.map_or(0, |c| c.n_in) }
        }
    }
}

/// The last of some checkpoints that stands before a place of the content.
pub(crate) fn last_before(checkpoints: &[Rc<Checkpoint>], pos: u64) -> Option<Rc<Checkpoint>> {
    let n = checkpoints.partition_point(|c| c.n_out <= pos);
    checkpoints.get(n.checked_sub(1)?).cloned()
}

/// Reads a file again, only as far as one item inside it, and analyses nothing on the way.
pub struct Seeker {
    opened: Fed,
    search: Search,
}

impl Seeker {
    pub(crate) fn new(tree: &Tree, at: Origin, settings: &Settings) -> Self {
        let file = tree.file_of(at.node);
        let packed = tree.get(file).packed;
        let mut search = Search::new(tree, at);
        let opened = match last_before(&tree.checkpoints_of(at.node), at.offset) {
            Some(checkpoint) => search.resume(file, packed, &checkpoint, settings),
            None => Fed::new(file, packed, settings),
        };
        Self { opened, search }
    }

    /// Takes the next bytes of the file; returns how many were consumed. Not needed any more once
    /// [`Seeker::is_done`].
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        if self.is_done() { bytes.len() } else { self.opened.feed(bytes, &mut self.search) }
    }

    /// The file is at its end.
    pub fn finish(&mut self) {
        if !self.is_done() {
            self.opened.finish(&mut self.search);
        }
    }

    /// True when the item's bytes are all there.
    pub const fn is_done(&self) -> bool {
        self.search.is_done()
    }

    /// The item's bytes, as far as they were found.
    pub fn into_bytes(self) -> Vec<u8> {
        self.search.found
    }
}

/// A sink that follows one way through the containers and takes bytes at its end.
pub(crate) struct Search {
    /// From the file down to the wanted node: each node, and which child of its parent it was.
    way: Vec<(NodeId, usize)>,
    /// How many children the node at each place of the way has had so far.
    n_children: Vec<usize>,
    target: NodeId,
    /// Bytes of the target seen so far.
    pos: u64,
    offset: u64,
    len: usize,
    found: Vec<u8>,
    node: Node,
}

/// A node that is not on the way.
const ELSEWHERE: NodeId = NodeId(u32::MAX);

impl Search {
    fn new(tree: &Tree, at: Origin) -> Self {
        let mut way = vec![(at.node, 0)];
        let mut id = at.node;
        while let Some(parent) = tree.get(id).parent {
            let before = tree.iter().filter(|(i, n)| n.parent == Some(parent) && *i < id).count();
            if let Some(last) = way.last_mut() {
                last.1 = before;
            }
            way.push((parent, 0));
            id = parent;
        }
        way.reverse();
        Self {
            n_children: vec![0; way.len()],
            way,
            target: at.node,
            pos: 0,
            offset: at.offset,
            len: (at.len as usize).min(MAX_ITEM),
            found: Vec::new(),
            node: Node::default(),
        }
    }

    const fn is_done(&self) -> bool {
        self.found.len() >= self.len
    }

    /// A search for every byte of a node, to be taken out as they come.
    pub(crate) fn all_of(tree: &Tree, node: NodeId) -> Self {
        let at = Origin { node, ..Origin::default() };
        Self { len: usize::MAX, ..Self::new(tree, at) }
    }

    /// Goes on in a file from one of its checkpoints.
    pub(crate) fn resume(
        &mut self,
        file: NodeId,
        packed: Option<Packed>,
        checkpoint: &Checkpoint,
        settings: &Settings,
    ) -> Fed {
        self.n_children.fill(0);
        self.found.clear();
        self.pos = checkpoint.n_out;
        Fed::resumed(file, packed, checkpoint, settings, self)
    }

    /// The bytes found since the last call.
    pub(crate) fn take_found(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.found)
    }
}

impl Sink for Search {
    fn event(&mut self, _: Event) {}

    fn note(&mut self, _: Note) {}

    fn child(&mut self, parent: NodeId, _: &str) -> NodeId {
        let Some(depth) = self.way.iter().position(|(id, _)| *id == parent) else {
            return ELSEWHERE;
        };
        let Some(nth) = self.n_children.get_mut(depth) else { return ELSEWHERE };
        *nth += 1;
        match self.way.get(depth + 1) {
            Some((id, want)) if *nth == want + 1 => *id,
            _ => ELSEWHERE,
        }
    }

    fn take_raw(&mut self, node: NodeId, bytes: &[u8]) -> bool {
        if node == self.target {
            let skip = self.offset.saturating_sub(self.pos).min(bytes.len() as u64) as usize;
            let rest = bytes.get(skip..).unwrap_or_default();
            let want = self.len - self.found.len().min(self.len);
            self.found.extend_from_slice(rest.get(..want).unwrap_or(rest));
            self.pos += bytes.len() as u64;
            return true;
        }
        node == ELSEWHERE || self.is_done()
    }

    fn node(&mut self, _: NodeId) -> &mut Node {
        &mut self.node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let mut tree = Tree::default();
        let mut add = |parent: Option<u32>| {
            tree.add(Node { parent: parent.map(NodeId), ..Node::default() });
        };
        // Two files; the second holds two members, the second of which holds one.
        [None, None, Some(1), Some(1), Some(3)].into_iter().for_each(&mut add);
        tree
    }

    fn origin(node: u32, offset: u64, len: u32) -> Origin {
        Origin { node: NodeId(node), item: 1, offset, len }
    }

    #[test]
    fn an_item_of_a_file_is_a_slice_and_inside_a_container_a_stream() {
        let slice = Place::Slice { file: NodeId(0), offset: 7, len: 3 };
        assert_eq!(Place::of(&tree(), origin(0, 7, 3)), slice);
        assert_eq!(
            Place::of(&tree(), origin(4, 7, 3)),
            Place::Stream { file: NodeId(1), offset: 0 }
        );
    }

    #[test]
    fn the_search_follows_the_way_and_takes_only_the_items_bytes() {
        for cut in 1..8 {
            let mut search = Search::new(&tree(), origin(4, 3, 4));
            assert!(!search.take_raw(NodeId(1), b"outer"));
            assert_eq!(search.child(NodeId(1), "first"), ELSEWHERE);
            assert!(search.take_raw(ELSEWHERE, b"not this"));
            assert_eq!(search.child(NodeId(1), "second"), NodeId(3));
            assert!(!search.take_raw(NodeId(3), b"outer"));
            assert_eq!(search.child(NodeId(3), "inner"), NodeId(4));
            for piece in b"012345678".chunks(cut) {
                assert!(search.take_raw(NodeId(4), piece));
            }
            assert!(search.is_done());
            assert_eq!(search.found, b"3456");
        }
    }
}
