//! Checkpoints of a compressed file: from these places on it can be read again without its start.

use crate::event::NodeId;
use crate::source::Tree;
use miniz_oxide::inflate::stream::InflateState;
use std::rc::Rc;

/// Content between two checkpoints: it is inflated again in a tenth of a second.
pub const SPACING: u64 = 16 << 20;

/// Checkpoints of a case. Each takes 43 KB: the last 32 KB of content, and the code tables.
pub const MAX: usize = 128;

/// A place inside a compressed file, and what its decompressor knew there.
#[derive(Clone)]
pub struct Checkpoint {
    /// Bytes of the file before it.
    pub(crate) n_in: u64,
    /// Bytes of the content before it.
    pub(crate) n_out: u64,
    /// How far into deflate's window that was.
    pub(super) in_window: usize,
    /// The decompressor as it was.
    pub(super) inflate: Box<InflateState>,
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} > {}", self.n_in, self.n_out)
    }
}

/// How close checkpoints may stand, over all files of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Density {
    spacing: u64,
    max: usize,
    n: usize,
}

impl Density {
    pub(crate) fn new(spacing: u64, max: usize) -> Self {
        Self { spacing: spacing.max(1), max, n: 0 }
    }

    /// True when a checkpoint of `node` behind `n_out` bytes of content is to be kept.
    pub(crate) fn wants(&self, tree: &Tree, node: NodeId, n_out: u64) -> bool {
        let last = tree.get(node).checkpoints.last().map_or(0, |c| c.n_out);
        self.max > 0 && n_out.saturating_sub(last) >= self.spacing
    }

    /// Keeps a checkpoint. Are there too many, they stand twice as far apart from now on, in all
    /// files.
    pub(crate) fn add(&mut self, tree: &mut Tree, node: NodeId, checkpoint: Checkpoint) {
        tree.get_mut(node).checkpoints.push(Rc::new(checkpoint));
        self.n += 1;
        while self.n > self.max {
            self.spacing = self.spacing.saturating_mul(2);
            self.n = 0;
            for node in tree.iter_mut() {
                let mut last = 0;
                node.checkpoints.retain(|c| {
                    let is_far = c.n_out - last >= self.spacing;
                    last = if is_far { c.n_out } else { last };
                    is_far
                });
                self.n += node.checkpoints.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Node;
    use miniz_oxide::DataFormat;

    fn outs(tree: &Tree, node: u32) -> Vec<u64> {
        tree.get(NodeId(node)).checkpoints.iter().map(|c| c.n_out).collect()
    }

    #[test]
    fn too_many_checkpoints_stand_farther_apart_in_every_file() {
        let mut tree = Tree::default();
        let (a, b) = (tree.add(Node::default()), tree.add(Node::default()));
        let mut density = Density::new(10, 6);
        let mut offer = |tree: &mut Tree, node, n_out| {
            if density.wants(tree, node, n_out) {
                let inflate = InflateState::new_boxed(DataFormat::Raw);
                density.add(
                    tree,
                    node,
                    Checkpoint { n_in: n_out / 3, n_out, in_window: 0, inflate },
                );
            }
        };
        (0..=40).for_each(|n| offer(&mut tree, a, n));
        assert_eq!(outs(&tree, 0), [10, 20, 30, 40]);
        (0..=25).for_each(|n| offer(&mut tree, b, n));
        assert_eq!((outs(&tree, 0).len(), outs(&tree, 1)), (4, vec![10, 20]));
        offer(&mut tree, b, 30);
        assert_eq!((outs(&tree, 0), outs(&tree, 1)), (vec![20, 40], vec![20]));
        offer(&mut tree, b, 39);
        assert_eq!(outs(&tree, 1), [20]);
        // One that keeps growing never has more than there may be.
        (0..100_000).for_each(|n| offer(&mut tree, b, n));
        assert!(outs(&tree, 0).len() + outs(&tree, 1).len() <= 6);
        assert!(outs(&tree, 1).len() >= 2);
    }
}
