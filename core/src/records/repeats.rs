//! Finds texts and addresses that the chunk being built already holds.

use foldhash::fast::FixedState;
use std::hash::BuildHasher;
use std::net::IpAddr;

/// Slots of each table: enough for the values that repeat within a chunk, small enough to stay in
/// the processor's cache.
const SLOTS: usize = 1024;

/// Forgetful by design: a slot is overwritten on collision, so that a row costs the same whatever
/// the evidence holds, and no choice of values makes it slow.
#[derive(Debug)]
pub(super) struct Repeats {
    texts: Vec<u64>,
    addrs: Vec<u16>,
    hasher: FixedState,
}

impl Repeats {
    /// Empty, with the host's seed.
    pub(super) fn new(seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self { texts: vec![0; SLOTS], addrs: vec![0; SLOTS], hasher }
    }

    /// Forgets everything: a new chunk begins.
    pub(super) fn clear(&mut self) {
        self.texts.fill(0);
        self.addrs.fill(0);
    }

    /// Where the last text of this hash was put; the caller compares, and writes a new place.
    pub(super) fn text(&mut self, text: &str) -> &mut u64 {
        let slot = self.hasher.hash_one(text) as usize % SLOTS;
        #[expect(clippy::indexing_slicing, reason = "the slot is below the fixed length")]
        &mut self.texts[slot]
    }

    /// Where the last address of this hash was put.
    pub(super) fn addr(&mut self, addr: IpAddr) -> &mut u16 {
        let slot = self.hasher.hash_one(addr) as usize % SLOTS;
        #[expect(clippy::indexing_slicing, reason = "the slot is below the fixed length")]
        &mut self.addrs[slot]
    }
}
