//! The shared counting tool: which members each key had, bounded, the same for any order of events.
//!
//! A pair is a key and one member of it: a source and a port it asked, a name and an address it
//! had. A full table keeps the pairs that come first by (rank, stable hash): a fair sample of all
//! distinct pairs, so keys with most distinct members keep most of them, and repeating a pair a
//! million times gains nothing. A pair that was pushed out can never come back, since those that
//! pushed it out are only ever replaced by earlier ones; so what is kept is a function of the set
//! of pairs and never of their order, and each kept value has seen all that belongs to it.

use crate::stable::stable;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

/// Where a pair stands when not all can stay: smaller stays.
type Place = (u8, u64);

/// Pairs of keys and members with a value each.
#[derive(Debug, Clone)]
pub struct Tally<K, M, V> {
    groups: BTreeMap<K, BTreeMap<(Place, M), Slot<V>>>,
    order: BTreeSet<(Place, K, M)>,
    cap: usize,
    cap_members: usize,
    offered: u64,
}

/// The value is boxed: most keys have one member, and a tree's node has room for eleven.
#[derive(Debug, Clone, Default)]
struct Slot<V> {
    value: Box<V>,
    offered: u64,
}

impl<K, M, V> Tally<K, M, V>
where
    K: Ord + Hash + Clone,
    M: Ord + Hash + Clone,
    V: Default,
{
    /// Holds at most `cap` pairs, and of one key at most `cap_members`.
    pub const fn new(cap: usize, cap_members: usize) -> Self {
        Self { groups: BTreeMap::new(), order: BTreeSet::new(), cap, cap_members, offered: 0 }
    }

    /// The value of a pair, to merge something into; `None` when the table is full of pairs that
    /// come first. What is merged must not depend on order: a minimum, a sum, a union.
    pub fn offer(&mut self, key: K, member: M) -> Option<&mut V> {
        self.offer_ranked(0, key, member)
    }

    /// As [`Tally::offer`]; pairs of a lower rank stay before all of a higher one, so that a flood
    /// of failures cannot push a success out. The rank must follow from key and member alone.
    pub fn offer_ranked(&mut self, rank: u8, key: K, member: M) -> Option<&mut V> {
        self.offered += 1;
        let place = (rank, stable(&(&key, &member)));
        if !self.groups.get(&key).is_some_and(|g| g.contains_key(&(place, member.clone()))) {
            self.make_room(&key, place, &member)?;
            self.order.insert((place, key.clone(), member.clone()));
        }
        let slot = self.groups.entry(key).or_default().entry((place, member)).or_default();
        slot.offered += 1;
        Some(&mut *slot.value)
    }

    fn make_room(&mut self, key: &K, place: Place, member: &M) -> Option<()> {
        if let Some(group) = self.groups.get_mut(key)
            && group.len() >= self.cap_members
        {
            let last = group.last_key_value().map(|(k, _)| k.clone())?;
            if (place, member) >= (last.0, &last.1) {
                return None;
            }
            group.remove(&last);
            self.order.remove(&(last.0, key.clone(), last.1));
        }
        if self.order.len() >= self.cap {
            if let Some((p, k, m)) = self.order.last()
                && (place, key, member) >= (*p, k, m)
            {
                return None;
            }
            let (place, key, member) = self.order.pop_last()?;
            if let Some(group) = self.groups.get_mut(&key) {
                group.remove(&(place, member));
                if group.is_empty() {
                    self.groups.remove(&key);
                }
            }
        }
        (self.cap > 0 && self.cap_members > 0).then_some(())
    }

    /// Every key with its group, in order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, Group<'_, M, V>)> {
        self.groups.iter().map(|(k, g)| (k, Group(g)))
    }

    /// The group of one key.
    pub fn get(&self, key: &K) -> Option<Group<'_, M, V>> {
        self.groups.get(key).map(Group)
    }

    /// How many offers went to pairs that are no longer kept.
    pub fn lost(&self) -> u64 {
        let kept: u64 = self.groups.values().flat_map(|g| g.values()).map(|s| s.offered).sum();
        self.offered.saturating_sub(kept)
    }

    /// A sentence for [`crate::report::Finding::missing`] when the table overflowed.
    pub fn loss(&self) -> Option<String> {
        let lost = self.lost();
        (lost > 0).then(|| {
            format!("The rule's table was full: {lost} events are not counted, so numbers are lower bounds.")
        })
    }
}

/// The members of one key.
#[derive(Debug)]
pub struct Group<'a, M, V>(&'a BTreeMap<(Place, M), Slot<V>>);

impl<M, V> Clone for Group<'_, M, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, V> Copy for Group<'_, M, V> {}

impl<'a, M: Ord, V> Group<'a, M, V> {
    /// Members with their values, in order of members.
    pub fn members(&self) -> Vec<(&'a M, &'a V)> {
        let mut all: Vec<_> = self.0.iter().map(|((_, m), s)| (m, &*s.value)).collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }

    /// How many distinct members are kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when none is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(
        pairs: impl IntoIterator<Item = (u8, u16)>,
        cap: usize,
        per: usize,
    ) -> Tally<u8, u16, u64> {
        let mut t = Tally::new(cap, per);
        for (k, m) in pairs {
            if let Some(n) = t.offer(k, m) {
                *n += 1;
            }
        }
        t
    }

    fn shown(t: &Tally<u8, u16, u64>) -> Vec<(u8, u16, u64)> {
        t.iter().flat_map(|(k, g)| g.members().into_iter().map(|(m, n)| (*k, *m, *n))).collect()
    }

    #[test]
    fn under_caps_any_order_keeps_the_same() {
        let pairs: Vec<(u8, u16)> =
            (0..400).map(|i| ((i % 7) as u8, (i * 31 % 90) as u16)).collect();
        let mut back = pairs.clone();
        back.reverse();
        let mut mixed = pairs.clone();
        mixed.sort_by_key(|p| stable(&(p, 1u8)));
        for (cap, per) in [(8, 100), (8, 3), (50, 8), (1000, 5), (1000, 1000), (1, 1)] {
            let a = filled(pairs.iter().copied(), cap, per);
            let b = filled(back.iter().copied(), cap, per);
            let c = filled(mixed.iter().copied(), cap, per);
            assert_eq!(shown(&a), shown(&b), "{cap} {per}");
            assert_eq!(shown(&a), shown(&c), "{cap} {per}");
            assert_eq!((a.lost(), b.lost()), (c.lost(), c.lost()));
            assert!(a.order.len() <= cap && a.iter().all(|(_, g)| g.len() <= per));
        }
    }

    #[test]
    fn the_key_with_most_members_keeps_most_and_repeats_gain_nothing() {
        let few = (1..=20u8).flat_map(|k| std::iter::repeat_n((k, 1u16), 500));
        let many = (0..200u16).map(|m| (0u8, m));
        let t = filled(few.chain(many), 20, 100);
        assert!(t.get(&0).unwrap().len() >= 12, "{:?}", shown(&t));
    }

    #[test]
    fn a_flood_does_not_push_a_lower_rank_out() {
        let mut t: Tally<u8, u16, u64> = Tally::new(8, 8);
        t.offer_ranked(0, 9, 9);
        (0..5000).for_each(|m| {
            t.offer_ranked(1, (m % 50) as u8, m);
        });
        assert!(t.get(&9).is_some_and(|g| g.members().iter().any(|(m, _)| **m == 9)));
        assert_eq!(t.lost() > 0, t.loss().is_some());
    }
}
