//! The shared counting tool: which members each key had, bounded, the same for any order of events.
//!
//! A pair is a key and one member of it: a source and a port it asked, a name and an address it
//! had. A full table keeps the pairs that come first by (rank, stable hash): a fair sample of all
//! distinct pairs, so keys with most distinct members keep most of them, and repeating a pair a
//! million times gains nothing. A pair that was pushed out can never come back, since those that
//! pushed it out are only ever replaced by earlier ones; so what is kept is a function of the set
//! of pairs and never of their order, and each kept value has seen all that belongs to it.

use crate::stable::stable;
use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::hash::Hash;
use std::rc::Rc;

/// Where a pair stands when not all can stay: smaller stays. The rank is the first byte, a hash of
/// the pair the rest.
type Place = u64;

/// Behind every place that a pair can have: ranks are small numbers.
const END: Place = Place::MAX;
/// How many pairs are looked at for a key that is there already. Keys of one hash are one key, but
/// for an adversary's work, who must not have us look at all of them.
const MAX_LOOKED_AT: usize = 8;

/// Pairs of keys and members with a value each.
///
/// One tree for all pairs, since most keys have one member and a tree of its own for each would be
/// mostly empty nodes.
#[derive(Debug, Clone)]
pub struct Tally<K, M, V> {
    pairs: BTreeMap<Pair<K, M>, Slot<V>>,
    /// Members of the keys of one hash that have several; most have one.
    several: BTreeMap<u64, usize>,
    /// All pairs by place: only a table that was full once must know which one goes.
    order: Option<BTreeSet<ByPlace<K, M>>>,
    cap: usize,
    cap_members: usize,
    /// Offers to pairs that are not kept.
    lost: u64,
}

/// A pair, in the order of the tree. The hashes come first: names and addresses are slow to compare
/// all the way down. What hashes do not tell apart, which an adversary can bring about, names do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pair<K, M> {
    key_hash: u64,
    place: Place,
    /// Key and member; none in a bound, which stands before all of its hashes. Pairs of one key
    /// share it: it is mostly hosts, and a busy one has thousands of members.
    names: Option<(Rc<K>, M)>,
}

/// A pair in the order in which a full table lets them go.
type ByPlace<K, M> = (Place, u64, Option<(Rc<K>, M)>);

impl<K, M> Pair<K, M> {
    /// Stands before all pairs of these hashes.
    const fn bound(key_hash: u64, place: Place) -> Self {
        Self { key_hash, place, names: None }
    }
}

impl<K, M: Clone> Pair<K, M> {
    fn by_place(&self) -> ByPlace<K, M> {
        (self.place, self.key_hash, self.names.clone())
    }
}

/// The value is boxed: a tree's node has room for eleven, and is seldom full.
#[derive(Debug, Clone, Default)]
struct Slot<V> {
    value: Box<V>,
    offered: u32,
}

impl<V> Slot<V> {
    const fn offer(&mut self) -> &mut V {
        self.offered = self.offered.saturating_add(1);
        &mut self.value
    }
}

impl<K, M, V> Tally<K, M, V>
where
    K: Ord + Hash + Clone,
    M: Ord + Hash + Clone,
    V: Default,
{
    /// Holds at most `cap` pairs, and of one key at most `cap_members`.
    pub const fn new(cap: usize, cap_members: usize) -> Self {
        Self {
            pairs: BTreeMap::new(),
            several: BTreeMap::new(),
            order: None,
            cap,
            cap_members,
            lost: 0,
        }
    }

    /// The value of a pair, to merge something into; `None` when the table is full of pairs that
    /// come first. What is merged must not depend on order: a minimum, a sum, a union.
    pub fn offer(&mut self, key: K, member: M) -> Option<&mut V> {
        self.offer_ranked(0, key, member)
    }

    /// As [`Tally::offer`]; pairs of a lower rank stay before all of a higher one, so that a flood
    /// of failures cannot push a success out. The rank must follow from key and member alone.
    pub fn offer_ranked(&mut self, rank: u8, key: K, member: M) -> Option<&mut V> {
        let key_hash = stable(&key);
        let place = u64::from(rank) << 56 | stable(&(key_hash, &member)) >> 8;
        let here = Pair::bound(key_hash, place)..Pair::bound(key_hash, place.saturating_add(1));
        let mut there = self.pairs.range(here).filter_map(|(pair, _)| pair.names.as_ref());
        let known = there.find(|(k, m)| **k == key && *m == member).map(|(k, _)| Rc::clone(k));
        let is_new = known.is_none();
        let key = known.unwrap_or_else(|| self.shared(key_hash, key));
        let pair = Pair { key_hash, place, names: Some((key, member)) };
        if is_new {
            if self.make_room(&pair).is_none() {
                self.lost += 1;
                return None;
            }
            self.count_in(&pair);
        }
        Some(self.pairs.entry(pair).or_default().offer())
    }

    /// The key as its other pairs have it.
    fn shared(&self, key_hash: u64, key: K) -> Rc<K> {
        let mut others = self.range(key_hash).take(MAX_LOOKED_AT);
        let same = others.find_map(|(pair, _)| pair.names.as_ref().filter(|(k, _)| **k == key));
        same.map_or_else(|| Rc::new(key), |(k, _)| Rc::clone(k))
    }

    /// A new pair of a key: it is one more of several, and it has its place.
    fn count_in(&mut self, new: &Pair<K, M>) {
        let others = self.members_of(new.key_hash);
        if others > 0 {
            self.several.insert(new.key_hash, others + 1);
        }
        if let Some(order) = &mut self.order {
            order.insert(new.by_place());
        }
    }

    /// Makes room for a new pair; `None` when it would be the one to go.
    fn make_room(&mut self, new: &Pair<K, M>) -> Option<()> {
        if self.cap == 0 || self.cap_members == 0 {
            return None;
        }
        if self.members_of(new.key_hash) >= self.cap_members {
            let last = self.range(new.key_hash).next_back()?.0.clone();
            if *new >= last {
                return None;
            }
            self.remove(&last);
        }
        if self.pairs.len() >= self.cap {
            let last = self.by_place().last()?.clone();
            if new.by_place() >= last {
                return None;
            }
            let (place, key_hash, names) = last;
            self.remove(&Pair { key_hash, place, names });
        }
        Some(())
    }

    /// The pairs of the keys of one hash: of one key, but for an adversary's work.
    fn range(&self, key_hash: u64) -> btree_map::Range<'_, Pair<K, M>, Slot<V>> {
        self.pairs.range(Pair::bound(key_hash, 0)..Pair::bound(key_hash, END))
    }

    fn members_of(&self, key_hash: u64) -> usize {
        let counted = self.several.get(&key_hash).copied();
        counted.unwrap_or_else(|| usize::from(self.range(key_hash).next().is_some()))
    }

    /// All pairs by place; put in order when first asked for.
    fn by_place(&mut self) -> &BTreeSet<ByPlace<K, M>> {
        let pairs = &self.pairs;
        self.order.get_or_insert_with(|| pairs.keys().map(Pair::by_place).collect())
    }

    fn remove(&mut self, pair: &Pair<K, M>) {
        self.lost += self.pairs.remove(pair).map_or(0, |slot| u64::from(slot.offered));
        if let Some(order) = &mut self.order {
            order.remove(&pair.by_place());
        }
        if let Some(n) = self.several.get_mut(&pair.key_hash) {
            *n -= 1;
            if *n == 1 {
                self.several.remove(&pair.key_hash);
            }
        }
    }

    /// Every key with its group, in order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, Group<'_, M, V>)> {
        let mut keys: Vec<(&K, u64)> = Vec::new();
        for pair in self.pairs.keys() {
            if let Some((key, _)) = &pair.names
                && keys.last().is_none_or(|(last, _)| **last != **key)
            {
                keys.push((key, pair.key_hash));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().map(|(key, key_hash)| (key, self.group(key, key_hash)))
    }

    /// The group of one key.
    pub fn get(&self, key: &K) -> Option<Group<'_, M, V>> {
        Some(self.group(key, stable(key))).filter(|g| !g.is_empty())
    }

    fn group(&self, key: &K, key_hash: u64) -> Group<'_, M, V> {
        let mut members = Vec::new();
        for (pair, slot) in self.range(key_hash) {
            let of_key = pair.names.as_ref().filter(|(of, _)| **of == *key);
            members.extend(of_key.map(|(_, member)| (member, &*slot.value)));
        }
        Group::new(members)
    }

    /// How many offers went to pairs that are no longer kept.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// A sentence for [`crate::report::Finding::missing`] when the table overflowed.
    pub fn loss(&self) -> Option<String> {
        let lost = self.lost();
        (lost > 0).then(|| {
            format!("The rule's table was full: {lost} events are not counted, so numbers are lower bounds.")
        })
    }
}

/// The members of one key, in order of members.
#[derive(Debug, Clone)]
pub struct Group<'a, M, V>(Vec<(&'a M, &'a V)>);

impl<'a, M: Ord, V> Group<'a, M, V> {
    fn new(mut members: Vec<(&'a M, &'a V)>) -> Self {
        members.sort_by(|a, b| a.0.cmp(b.0));
        Self(members)
    }

    /// Members with their values, in order of members.
    pub fn members(&self) -> Vec<(&'a M, &'a V)> {
        self.0.clone()
    }

    /// How many distinct members are kept.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// True when none is kept.
    pub const fn is_empty(&self) -> bool {
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
            let kept: u64 = shown(&a).iter().map(|(_, _, n)| n).sum();
            assert_eq!(kept + a.lost(), pairs.len() as u64);
            assert!(a.pairs.len() <= cap && a.iter().all(|(_, g)| g.len() <= per));
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
