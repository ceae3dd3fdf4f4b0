//! Finds entries by the hash of what they hold.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// Numbers of entries by hash. It knows nothing of the entries, so it is compiled once for all
/// tables; their number has half the hash beside it, so entries that are not meant are seldom
/// looked at and none when the index grows.
#[derive(Debug, Clone)]
pub(super) struct Index {
    table: HashTable<Slot>,
    hasher: FixedState,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    id: u32,
}

impl Index {
    /// Empty, with the host's seed: keys are an adversary's.
    pub(super) const fn new(seed: u64) -> Self {
        Self { table: HashTable::new(), hasher: FixedState::with_seed(seed) }
    }

    /// The hash of what an entry holds.
    pub(super) fn hash(&self, of: &impl Hash) -> u32 {
        (self.hasher.hash_one(of) >> 32) as u32
    }

    /// The entry of this hash that is the one.
    pub(super) fn find(&self, hash: u32, is: &mut dyn FnMut(u32) -> bool) -> Option<u32> {
        self.table.find(spread(hash), |slot| slot.hash == hash && is(slot.id)).map(|slot| slot.id)
    }

    /// Puts an entry in.
    pub(super) fn insert(&mut self, hash: u32, id: u32) {
        self.table.insert_unique(spread(hash), Slot { hash, id }, |slot| spread(slot.hash));
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, hash: u32, id: u32) {
        if let Ok(slot) = self.table.find_entry(spread(hash), |slot| slot.id == id) {
            slot.remove();
        }
    }
}

/// The table looks at both ends of a hash.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_hash_are_told_apart() {
        let mut index = Index::new(1);
        (0..100).for_each(|id| index.insert(id % 3, id));
        assert_eq!(index.find(1, &mut |id| id == 7), Some(7));
        assert_eq!(index.find(2, &mut |id| id == 7), None);
        index.remove(1, 7);
        assert_eq!(index.find(1, &mut |id| id == 7), None);
        assert_eq!(index.find(1, &mut |id| id == 10), Some(10));
        assert_ne!(index.hash(&"a"), Index::new(2).hash(&"a"));
    }
}
