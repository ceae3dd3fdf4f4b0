//! The block index of a capture: for every stretch the first packet, and which flows it may hold.
//!
//! Made by the reader in the first pass, so that a second pass for one connection reads only the
//! blocks that may hold its packets.

use crate::time::Time;

/// Bytes of a capture in one block. A hundred packets, each in a block of its own, are then found
/// again in 1 GB by reading a fortieth of it.
pub const BLOCK_LEN: u64 = 256 << 10;

/// Blocks of one capture at most. A capture that would have more (over 8 GB) gets longer blocks.
pub const MAX_BLOCKS: usize = 32 << 10;

/// Words of the bitmap of a block that is being filled: 16 384 bits. Blocks have some hundred
/// flows, where they hold small packets, and some dozen, where they hold large ones.
const WORDS: usize = 256;

/// Bits that one flow sets.
const BITS_PER_FLOW: u32 = 3;

/// The share of a finished block's bits, one of so many, that may be set. So one of sixty blocks
/// is read in vain at most, and a bitmap is as large as the number of its flows demands.
const SPARSE: u32 = 4;

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
    /// When that packet had its turn among those of other captures.
    pub(crate) turn: Time,
    pub(crate) section: Section,
    /// True when fragments in it wait for the rest, which a later block may hold.
    pub(crate) has_fragments: bool,
    /// A power of two of words.
    bits: Box<[u64]>,
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
    pub(crate) fn push(&mut self, mut block: Block, end: u64) {
        block.fold();
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
                block.unite(&second);
            }
            self.blocks.push(block);
        }
        self.scale = self.scale.saturating_mul(2);
    }
}

impl Block {
    pub(crate) fn new(first: u64, offset: u64, turn: Time, section: Section) -> Self {
        let bits = vec![0; WORDS].into();
        Self { first, offset, turn, section, has_fragments: false, bits }
    }

    /// The block holds a packet of this flow.
    pub(crate) fn mark(&mut self, flow: u64) {
        for (word, bit) in places(flow, self.bits.len()) {
            if let Some(word) = self.bits.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// False when it surely holds no packet of this flow.
    pub(crate) fn may_hold(&self, flow: u64) -> bool {
        places(flow, self.bits.len())
            .all(|(word, bit)| self.bits.get(word).is_some_and(|have| have & bit != 0))
    }

    /// Makes the bitmap as small as it may be: a half is laid over the other.
    fn fold(&mut self) {
        while let Some((low, high)) = self.bits.split_at_checked(self.bits.len() / 2) {
            let both = || low.iter().zip(high).map(|(a, b)| a | b);
            let n_set: u32 = both().map(u64::count_ones).sum();
            if low.is_empty() || n_set as usize * SPARSE as usize > low.len() * 64 {
                break;
            }
            self.bits = both().collect();
        }
    }

    /// Takes in the flows of the block behind it. The smaller bitmap is repeated over the larger.
    fn unite(&mut self, other: &Self) {
        if self.bits.len() < other.bits.len() {
            let n = other.bits.len();
            self.bits = self.bits.iter().copied().cycle().take(n).collect();
        }
        self.bits.iter_mut().zip(other.bits.iter().cycle()).for_each(|(a, b)| *a |= b);
    }
}

/// The bits of a flow in so many words: each by 14 bits of its hash, or the lower ones of these.
fn places(flow: u64, n_words: usize) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS_PER_FLOW).map(move |i| {
        let n = (flow >> (i * 20)) as usize % (n_words * 64).max(1);
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
        let mut block = Block::new(1, 0, Time::default(), Section::default());
        (0..2000).for_each(|n| block.mark(flow(n)));
        assert!((0..2000).all(|n| block.may_hold(flow(n))));
        let wrong = (2000..12_000).filter(|n| block.may_hold(flow(*n))).count();
        assert!(wrong < 500, "{wrong} of 10000");
    }

    #[test]
    fn a_finished_block_is_as_large_as_its_flows_demand() {
        // As many flows as 256 KB hold of large packets, of small ones, and of nothing but scans.
        for (n, most) in [(30, 64), (400, 1024), (3000, 2048)] {
            let mut block = Block::new(1, 0, Time::default(), Section::default());
            (0..n).for_each(|n| block.mark(flow(n)));
            block.fold();
            assert!(block.bits.len() * 8 <= most, "{n} flows: {} bytes", block.bits.len() * 8);
            assert!((0..n).all(|n| block.may_hold(flow(n))));
            let wrong = (n..n + 20_000).filter(|n| block.may_hold(flow(*n))).count();
            let most = if n < 1000 { 20_000 / 60 } else { 20_000 / 10 };
            assert!(wrong <= most, "{n} flows: {wrong} of 20000");
        }
        let mut none = Block::new(1, 0, Time::default(), Section::default());
        none.fold();
        assert_eq!(none.bits.len(), 1);
        assert!(!none.may_hold(flow(1)));
    }

    #[test]
    fn blocks_of_many_and_of_few_flows_unite() {
        for (a, b) in [(10, 500), (500, 10)] {
            let mut first = Block::new(1, 0, Time::default(), Section::default());
            let mut second = Block::new(9, 9, Time::default(), Section::default());
            (0..a).for_each(|n| first.mark(flow(n)));
            (a..a + b).for_each(|n| second.mark(flow(n)));
            first.fold();
            second.fold();
            first.unite(&second);
            assert!((0..a + b).all(|n| first.may_hold(flow(n))));
            let wrong = (1000..11_000).filter(|n| first.may_hold(flow(*n))).count();
            assert!(wrong < 500, "{wrong} of 10000");
        }
    }

    #[test]
    fn a_full_index_has_longer_blocks_and_loses_no_flow() {
        let mut index = BlockIndex::new(4);
        let mut at = 0;
        while at < 200 {
            let end = at + 10 * index.scale;
            let mut block = Block::new(at + 1, at, Time::default(), Section::default());
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
        (0..3).for_each(|n| {
            index.push(Block::new(n + 1, n * 10, Time::default(), Section::default()), n * 10 + 10)
        });
        index.mark_at(15, flow(7));
        let holds: Vec<_> = index.blocks.iter().map(|b| b.may_hold(flow(7))).collect();
        assert_eq!(holds, [false, true, false]);
        assert!(index.reaches(0, 1) && !index.reaches(0, 2) && index.reaches(2, 99));
    }
}
