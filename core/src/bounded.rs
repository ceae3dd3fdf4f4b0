//! Hash tables whose seed comes from the host, and samples that keep by value.

use foldhash::quality::FixedState;
use std::collections::{HashMap, HashSet};

/// A hash map over attacker-chosen keys. Its order never reaches a result: sort before iterating.
pub type Map<K, V> = HashMap<K, V, FixedState>;
/// A hash set over attacker-chosen keys. Its order never reaches a result: sort before iterating.
pub type Set<K> = HashSet<K, FixedState>;

/// An empty map with the host's seed.
pub fn map<K, V>(seed: u64) -> Map<K, V> {
    Map::with_hasher(FixedState::with_seed(seed))
}

/// An empty set with the host's seed.
pub fn set<K>(seed: u64) -> Set<K> {
    Set::with_hasher(FixedState::with_seed(seed))
}

/// The `cap` smallest distinct values of all that were offered, whatever their order, and how
/// many offers there were.
#[derive(Debug, Clone)]
pub struct Smallest<T> {
    kept: std::collections::BTreeSet<T>,
    cap: usize,
    offered: u64,
}

impl<T: Ord> Smallest<T> {
    /// Keeps at most `cap` values.
    pub const fn new(cap: usize) -> Self {
        Self { kept: std::collections::BTreeSet::new(), cap, offered: 0 }
    }

    /// Offers one value.
    pub fn offer(&mut self, value: T) {
        self.offered += 1;
        if self.kept.len() >= self.cap && self.kept.last().is_some_and(|last| value >= *last) {
            return;
        }
        self.kept.insert(value);
        if self.kept.len() > self.cap {
            self.kept.pop_last();
        }
    }

    /// The kept values, smallest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.kept.iter()
    }

    /// How many values were offered in all, kept or not.
    pub const fn offered(&self) -> u64 {
        self.offered
    }

    /// How many values are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// True when nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_does_not_depend_on_the_order_of_offers() {
        let mut a = Smallest::new(3);
        let mut b = Smallest::new(3);
        (0..100).for_each(|n| a.offer((n * 37) % 100));
        (0..100).rev().for_each(|n| b.offer((n * 37) % 100));
        assert!(a.iter().eq(b.iter()) && a.iter().eq([0, 1, 2].iter()));
        assert_eq!(a.offered(), 100);
    }
}
