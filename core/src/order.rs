//! Sorting by code that is compiled once: for what is told, not for what is read.
//!
//! The standard library's sorts are compiled anew for every type, ten kilobytes each in the page,
//! and collecting into an ordered set or map brings one along. These take a little longer.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Up to here items are moved one by one: that needs no memory.
const FEW: usize = 16;

/// Puts a slice in order; equal items stay as they were.
pub trait Order<T> {
    /// By the items' own order.
    fn order(&mut self)
    where
        T: Ord;

    /// By an order of their own.
    fn order_by(&mut self, order: impl FnMut(&T, &T) -> Ordering);

    /// By what `key` says of each item.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Order<T> for [T] {
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }

    fn order_by(&mut self, mut order: impl FnMut(&T, &T) -> Ordering) {
        if self.len() <= FEW {
            insert_each(self, order);
            return;
        }
        let mut places: Vec<usize> = (0..self.len()).collect();
        sort_places(&mut places, &mut |a, b| {
            self.get(a).zip(self.get(b)).map_or(Ordering::Equal, |(a, b)| order(a, b))
        });
        follow(self, &mut places);
    }

    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// Collects one by one, where few items come.
pub trait Collect: Iterator + Sized {
    /// Into an ordered set.
    fn into_set(self) -> BTreeSet<Self::Item>
    where
        Self::Item: Ord,
    {
        let mut all = BTreeSet::new();
        all.extend(self);
        all
    }

    /// Into an ordered map; of equal keys the last one's value stays.
    fn into_map<K: Ord, V>(self) -> BTreeMap<K, V>
    where
        Self: Iterator<Item = (K, V)>,
    {
        let mut all = BTreeMap::new();
        all.extend(self);
        all
    }
}

impl<I: Iterator> Collect for I {}

fn insert_each<T>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    for end in 1..items.len() {
        for at in (1..=end).rev() {
            match items.get(at - 1..=at) {
                Some([a, b]) if order(a, b).is_gt() => items.swap(at - 1, at),
                _ => break,
            }
        }
    }
}

#[inline(never)]
fn sort_places(places: &mut [usize], order: &mut dyn FnMut(usize, usize) -> Ordering) {
    places.sort_by(|a, b| order(*a, *b));
}

/// Moves each item to its place, along the cycles: `places` says which item comes where.
fn follow<T>(items: &mut [T], places: &mut [usize]) {
    for start in 0..items.len() {
        let mut at = start;
        while let Some(from) = places.get_mut(at).map(|place| std::mem::replace(place, at))
            && from != start
        {
            items.swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stable::stable;

    #[test]
    fn few_and_many_are_in_order_and_equal_ones_stay() {
        for n in [0, 1, 2, 3, FEW, FEW + 1, 100, 1000] {
            let mut items: Vec<(u64, usize)> = (0..n).map(|i| (stable(&i) % 50, i)).collect();
            let mut theirs = items.clone();
            theirs.sort_by_key(|item| item.0);
            items.order_by_key(|item| item.0);
            assert_eq!(items, theirs, "{n}");
            items.order_by(|a, b| b.cmp(a));
            theirs.sort_unstable_by(|a, b| b.cmp(a));
            assert_eq!(items, theirs, "{n}");
            items.order();
            theirs.sort();
            assert_eq!(items, theirs, "{n}");
        }
    }

    #[test]
    fn what_is_collected_is_ordered_and_the_last_of_equal_keys_stays() {
        assert!([3, 1, 2, 1].into_iter().into_set().into_iter().eq(1..=3));
        let map = [(2, 'a'), (1, 'b'), (2, 'c')].into_iter().into_map();
        assert!(map.into_iter().eq([(1, 'b'), (2, 'c')]));
    }
}
