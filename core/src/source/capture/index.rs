//! The block index of a capture: for every few megabytes the first packet, and which flows it may hold.
//!
//! Made by the reader in the first pass, so that a second pass for one connection reads only the
//! blocks that may hold its packets.

/// Bytes of a capture in one block: few blocks in a large file, and each is read in a moment.
pub const BLOCK_LEN: u64 = 4 << 20;

/// Blocks of one capture at most. A capture that would have more (over 64 GB) gets longer blocks.
pub const MAX_BLOCKS: usize = 16 << 10;

/// Words of a block's bitmap: 16 384 bits, 0.05 % of the block. Some thousand connections in one
/// block, as of small packets, then read another one's block in vain in one of twenty cases.
const WORDS: usize = 256;

/// Bits that one flow sets.
const BITS_PER_FLOW: u32 = 3;

/// The blocks of one capture, in the order of the file.
#[derive(Debug, Clone)]
pub struct BlockIndex {
    /// How many times longer than they should be blocks are, since there would be too many.
    pub(crate) scale: u64,
    /// The header of a pcap file; empty for pcapng.
    pub(crate) header: Vec<u8>,
    pub(crate) blocks: Vec<Block>,
    /// Where the last block ends.
    pub(crate) end: u64,
    max_blocks: usize,
}

/// A stretch of a capture that begins with a packet's record and ends where the next block begins.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Number of its first packet.
    pub(crate) first: u64,
    /// Where that packet's record begins.
    pub(crate) offset: u64,
    pub(crate) section: Section,
    /// True when fragments in it wait for the rest, which a later block may hold.
    pub(crate) has_fragments: bool,
    bits: Box<[u64; WORDS]>,
}

/// What a pcapng reader must know to begin in the middle of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Section {
    /// Where the section begins.
    pub(crate) offset: u64,
    pub(crate) is_big_endian: bool,
    /// Interfaces it has described so far.
    pub(crate) interfaces: u32,
}

impl Default for BlockIndex {
    fn default() -> Self {
        Self::new(MAX_BLOCKS)
    }
}

impl BlockIndex {
    /// An empty index.
    pub(crate) const fn new(max_blocks: usize) -> Self {
        Self { scale: 1, header: Vec::new(), blocks: Vec::new(), end: 0, max_blocks }
    }

    /// How many blocks there are.
    pub const fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// First byte of a block, and the byte behind its last.
    pub(crate) fn bounds(&self, i: usize) -> Option<(u64, u64)> {
        let block = self.blocks.get(i)?;
        Some((block.offset, self.blocks.get(i + 1).map_or(self.end, |next| next.offset)))
    }

    /// False for blocks that end before packet `item`.
    pub(crate) fn reaches(&self, i: usize, item: u64) -> bool {
        self.blocks.get(i + 1).is_none_or(|next| next.first > item)
    }

    /// The block at `offset` holds a packet of this flow.
    pub(crate) fn mark_at(&mut self, offset: u64, flow: u64) {
        let i = self.blocks.partition_point(|b| b.offset <= offset);
        if let Some(block) = i.checked_sub(1).and_then(|i| self.blocks.get_mut(i)) {
            block.mark(flow);
        }
    }

    /// Adds a finished block that ends at `end`.
    pub(crate) fn push(&mut self, block: Block, end: u64) {
        if self.blocks.len() >= self.max_blocks.max(2) {
            self.halve();
        }
        self.blocks.push(block);
        self.end = end;
    }

    /// Joins each two blocks to one.
    fn halve(&mut self) {
        let mut blocks = std::mem::take(&mut self.blocks).into_iter();
        while let Some(mut block) = blocks.next() {
            if let Some(second) = blocks.next() {
                block.has_fragments |= second.has_fragments;
                block.bits.iter_mut().zip(second.bits.iter()).for_each(|(a, b)| *a |= b);
            }
            self.blocks.push(block);
        }
        self.scale = self.scale.saturating_mul(2);
    }
}

impl Block {
    pub(crate) fn new(first: u64, offset: u64, section: Section) -> Self {
        Self { first, offset, section, has_fragments: false, bits: Box::new([0; WORDS]) }
    }

    /// The block holds a packet of this flow.
    pub(crate) fn mark(&mut self, flow: u64) {
        for (word, bit) in places(flow) {
            if let Some(word) = self.bits.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// False when it surely holds no packet of this flow.
    pub(crate) fn may_hold(&self, flow: u64) -> bool {
        places(flow).all(|(word, bit)| self.bits.get(word).is_some_and(|have| have & bit != 0))
    }
}

/// The bits of a flow: each by 14 bits of its hash.
fn places(flow: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS_PER_FLOW).map(move |i| {
        let n = (flow >> (i * 20)) as usize % (WORDS * 64);
        (n / 64, 1 << (n % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_block_holds_what_was_marked_and_little_else() {
        let mut block = Block::new(1, 0, Section::default());
        (0..2000).for_each(|n| block.mark(flow(n)));
        assert!((0..2000).all(|n| block.may_hold(flow(n))));
        let wrong = (2000..12_000).filter(|n| block.may_hold(flow(*n))).count();
        assert!(wrong < 500, "{wrong} of 10000");
    }

    #[test]
    fn a_full_index_has_longer_blocks_and_loses_no_flow() {
        let mut index = BlockIndex::new(4);
        let mut at = 0;
        while at < 200 {
            let end = at + 10 * index.scale;
            let mut block = Block::new(at + 1, at, Section::default());
            (at / 10..end / 10).for_each(|n| block.mark(flow(n)));
            index.push(block, end);
            at = end;
        }
        assert!(index.n_blocks() <= 4 && index.scale == 8);
        for n in 0..20 {
            let holds = |i: &usize| {
                let (start, end) = index.bounds(*i).unwrap();
                (start..end).contains(&(n * 10)) && index.blocks[*i].may_hold(flow(n))
            };
            assert!((0..index.n_blocks()).any(|i| holds(&i)), "flow {n}");
        }
        assert_eq!((index.bounds(0).unwrap().0, index.end), (0, at));
    }

    #[test]
    fn an_earlier_place_is_marked_in_its_block() {
        let mut index = BlockIndex::default();
        (0..3).for_each(|n| index.push(Block::new(n + 1, n * 10, Section::default()), n * 10 + 10));
        index.mark_at(15, flow(7));
        let holds: Vec<_> = index.blocks.iter().map(|b| b.may_hold(flow(7))).collect();
        assert_eq!(holds, [false, true, false]);
        assert!(index.reaches(0, 1) && !index.reaches(0, 2) && index.reaches(2, 99));
    }
}
