//! The shared counting tool: which members each key had, bounded, the same for any order of events.
//!
//! A pair is a key and one member of it: a source and a port it asked, a name and an address it
//! had. A full table keeps the pairs that come first by (rank, stable hash): a fair sample of all
//! distinct pairs, so keys with most distinct members keep most of them, and repeating a pair a
//! million times gains nothing. A pair that was pushed out can never come back, since those that
//! pushed it out are only ever replaced by earlier ones; so what is kept is a function of the set
//! of pairs and never of their order, and each kept value has seen all that belongs to it.

use super::index::Index;
use super::places::{Place, Places};
use super::slab::Slab;
use crate::order::Order;
use crate::settings::Settings;
use crate::stable::stable;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::Hash;

/// The end of the chain of a key's pairs.
const NONE: u32 = u32::MAX;

/// Pairs of keys and members with a value each.
///
/// Places are only worked out where something is full: nearly all pairs of nearly all cases are
/// found by hash and never compared.
#[derive(Debug, Clone)]
pub struct Tally<K, M, V> {
    keys: Slab<Key<K>>,
    pairs: Slab<Pair<M, V>>,
    by_key: Index,
    by_pair: Index,
    /// All pairs by place, once the table was full.
    order: Option<Places>,
    /// The pairs of one key by place, for the keys that were full.
    orders: BTreeMap<u32, Places>,
    cap: usize,
    cap_members: usize,
    /// Offers to pairs that are not kept.
    lost: u64,
}

#[derive(Debug, Clone)]
struct Key<K> {
    key: K,
    /// The first of its pairs; each names the next.
    first: u32,
    n_pairs: u32,
}

#[derive(Debug, Clone)]
struct Pair<M, V> {
    /// Number of its key.
    of: u32,
    next: u32,
    before: u32,
    offered: u32,
    rank: u8,
    member: M,
    value: V,
}

/// Where a pair stands when not all can stay: the rank is the first byte, a hash of the pair the
/// rest; a hash of its key tells what that does not.
fn place(rank: u8, key_hash: u64, member: &impl Hash) -> Place {
    (u64::from(rank) << 56 | stable(&(key_hash, member)) >> 8, key_hash)
}

impl<K, M, V> Tally<K, M, V>
where
    K: Ord + Hash + Clone,
    M: Ord + Hash + Clone,
    V: Default,
{
    /// Holds as many pairs as the settings allow, and of one key at most `cap_members`.
    pub const fn new(settings: &Settings, cap_members: usize) -> Self {
        Self {
            keys: Slab::new(),
            pairs: Slab::new(),
            by_key: Index::new(settings.seed),
            by_pair: Index::new(settings.seed),
            order: None,
            orders: BTreeMap::new(),
            cap: settings.caps.keys,
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
        let key_hash = self.by_key.hash(&key);
        let of = self.key(key_hash, &key);
        let known = of.and_then(|of| self.pair(self.by_pair.hash(&(of, &member)), of, &member));
        let id = match known {
            Some(id) => id,
            None if self.make_room(rank, of, &key, &member) => {
                self.insert(rank, key_hash, key, member)?
            }
            None => {
                self.lost += 1;
                return None;
            }
        };
        let pair = self.pairs.get_mut(id)?;
        pair.offered = pair.offered.saturating_add(1);
        Some(&mut pair.value)
    }

    fn key(&self, hash: u32, key: &K) -> Option<u32> {
        self.by_key.find(hash, &mut |id| self.keys.get(id).is_some_and(|k| k.key == *key))
    }

    fn pair(&self, hash: u32, of: u32, member: &M) -> Option<u32> {
        let is = |pair: &Pair<M, V>| pair.of == of && pair.member == *member;
        self.by_pair.find(hash, &mut |id| self.pairs.get(id).is_some_and(is))
    }

    /// Puts a new pair in, before the others of its key.
    fn insert(&mut self, rank: u8, key_hash: u32, key: K, member: M) -> Option<u32> {
        let of = match self.key(key_hash, &key) {
            Some(of) => of,
            None => {
                let of = self.keys.insert(Key { key, first: NONE, n_pairs: 0 })?;
                self.by_key.insert(key_hash, of);
                of
            }
        };
        let hash = self.by_pair.hash(&(of, &member));
        let key = self.keys.get_mut(of)?;
        let next = key.first;
        let pair = Pair { of, next, before: NONE, offered: 0, rank, member, value: V::default() };
        let id = self.pairs.insert(pair)?;
        key.first = id;
        key.n_pairs += 1;
        if let Some(next) = self.pairs.get_mut(next) {
            next.before = id;
        }
        self.by_pair.insert(hash, id);
        if self.order.is_some() || !self.orders.is_empty() {
            let place = self.place_of(id)?;
            if let Some(order) = self.orders.get_mut(&of) {
                order.insert(place, id);
            }
            if let Some(order) = &mut self.order {
                order.insert(place, id);
            }
        }
        Some(id)
    }

    /// Makes room for a new pair; false when it would be the one to go.
    fn make_room(&mut self, rank: u8, of: Option<u32>, key: &K, member: &M) -> bool {
        if self.cap == 0 || self.cap_members == 0 {
            return false;
        }
        let n_pairs = of.and_then(|of| self.keys.get(of)).map_or(0, |key| key.n_pairs as usize);
        let full_key = of.filter(|_| n_pairs >= self.cap_members);
        if full_key.is_none() && self.pairs.len() < self.cap {
            return true;
        }
        self.put_in_order(full_key);
        let order = match full_key {
            Some(of) => self.orders.get(&of),
            None => self.order.as_ref(),
        };
        let new = place(rank, stable(key), member);
        let mut by_name = |a: Option<u32>, b: u32| {
            let a = a.map_or(Some((key, member)), |a| self.names(a));
            a.zip(self.names(b)).map_or(Ordering::Equal, |(a, b)| a.cmp(&b))
        };
        let last = order.and_then(|order| order.last_behind(new, &mut by_name));
        last.is_some_and(|last| self.remove(last).is_some())
    }

    /// Puts all pairs in order, or those of one key, when it is first needed.
    fn put_in_order(&mut self, of: Option<u32>) {
        let is_there = of.map_or(self.order.is_some(), |of| self.orders.contains_key(&of));
        if is_there {
            return;
        }
        let mut places = Places::default();
        let mut put = |id| {
            if let Some(place) = self.place_of(id) {
                places.insert(place, id);
            }
        };
        match of {
            Some(of) => self.ids_of(self.keys.get(of)).for_each(&mut put),
            None => self.pairs.iter().for_each(|(id, _)| put(id)),
        }
        match of {
            Some(of) => drop(self.orders.insert(of, places)),
            None => self.order = Some(places),
        }
    }

    fn place_of(&self, id: u32) -> Option<Place> {
        let pair = self.pairs.get(id)?;
        Some(place(pair.rank, stable(&self.keys.get(pair.of)?.key), &pair.member))
    }

    fn names(&self, id: u32) -> Option<(&K, &M)> {
        let pair = self.pairs.get(id)?;
        Some((&self.keys.get(pair.of)?.key, &pair.member))
    }

    fn remove(&mut self, id: u32) -> Option<()> {
        let place = self.place_of(id)?;
        let pair = self.pairs.remove(id)?;
        self.lost += u64::from(pair.offered);
        self.by_pair.remove(self.by_pair.hash(&(pair.of, &pair.member)), id);
        if let Some(next) = self.pairs.get_mut(pair.next) {
            next.before = pair.before;
        }
        let key = self.keys.get_mut(pair.of)?;
        key.n_pairs -= 1;
        match self.pairs.get_mut(pair.before) {
            Some(before) => before.next = pair.next,
            None => key.first = pair.next,
        }
        if let Some(order) = self.orders.get_mut(&pair.of) {
            order.remove(place, id);
        }
        if let Some(order) = &mut self.order {
            order.remove(place, id);
        }
        if key.n_pairs == 0 {
            self.by_key.remove(self.by_key.hash(&key.key), pair.of);
            self.orders.remove(&pair.of);
            self.keys.remove(pair.of)?;
        }
        Some(())
    }

    /// Every key with its group, in order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, Group<'_, M, V>)> {
        let mut keys: Vec<&Key<K>> = self.keys.iter().map(|(_, key)| key).collect();
        keys.order_by(|a, b| a.key.cmp(&b.key));
        keys.into_iter().map(|key| (&key.key, self.group(key)))
    }

    /// The group of one key.
    pub fn get(&self, key: &K) -> Option<Group<'_, M, V>> {
        let of = self.key(self.by_key.hash(key), key)?;
        Some(self.group(self.keys.get(of)?))
    }

    fn group(&self, key: &Key<K>) -> Group<'_, M, V> {
        let pairs = self.ids_of(Some(key)).filter_map(|id| self.pairs.get(id));
        Group::new(pairs.map(|pair| (&pair.member, &pair.value)).collect())
    }

    /// The numbers of the pairs of a key.
    fn ids_of(&self, key: Option<&Key<K>>) -> impl Iterator<Item = u32> {
        let there = |id: u32| self.pairs.get(id).map(|pair| (id, pair.next));
        let first = key.and_then(|key| there(key.first));
        std::iter::successors(first, move |(_, next)| there(*next)).map(|(id, _)| id)
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
        members.order_by(|a, b| a.0.cmp(b.0));
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

    fn with_cap(keys: usize) -> Settings {
        let mut settings = Settings::default();
        settings.caps.keys = keys;
        settings
    }

    fn filled(
        pairs: impl IntoIterator<Item = (u8, u16)>,
        cap: usize,
        per: usize,
    ) -> Tally<u8, u16, u64> {
        let mut t = Tally::new(&with_cap(cap), per);
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
        let mut t: Tally<u8, u16, u64> = Tally::new(&with_cap(8), 8);
        t.offer_ranked(0, 9, 9);
        (0..5000).for_each(|m| {
            t.offer_ranked(1, (m % 50) as u8, m);
        });
        assert!(t.get(&9).is_some_and(|g| g.members().iter().any(|(m, _)| **m == 9)));
        assert_eq!(t.lost() > 0, t.loss().is_some());
    }
}
