//! Whether a name's answers come out of a closed set: what comes back, and what clients do next.

use super::memory::{Answer, Answers, Memory};
use super::terms::MAX_TTL;
use crate::event::Transport;
use crate::order::{Collect, Order};
use crate::time::{Interval, Time};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Address slots of all answers below which the set's growth cannot be judged.
const MIN_SLOTS: usize = 40;
/// Of the later half of slots, the share of addresses never seen before. A pool, however wide,
/// repeats itself by then; machines that come and go do not.
pub(super) const MIN_GROWTH: f64 = 0.1;
/// Pairs of draws that gave one address, below which they may be chance.
const MIN_MATCHES: u64 = 4;
/// Machines that stand behind a name, as far as such matches tell: a choice of servers has some tens,
/// and one that is hired has hundreds of machines that come and go.
const MAX_POOL: u64 = 30;
/// Share of answers that came back after others had been given, from which on the set turns.
const MIN_RETURNED: f64 = 0.3;
/// Answers that came back below which it may be chance.
const MIN_RETURNS: usize = 3;
/// The share of all but the newest, which had no time to come back, from which on fewer are no chance:
/// a service at three sites, one of them given at a time, has no more.
const MIN_RETURNED_OF_FEW: f64 = 0.5;
/// Caching times of a name after which no cache gives an answer any more: the longest that was seen
/// may be a rest of the whole.
const CACHES: i64 = 2;
/// Mean addresses per answer from which on it is a list for choosing peers, not a server's name.
const PEER_LIST: usize = 16;
/// Contacted addresses from which on it is said what clients do with the name.
const MIN_CONTACTS: usize = 3;

/// Of the address slots in the later half of all answers, the share that holds an address never
/// seen before.
pub(super) fn growth(sets: &[Answer<'_>]) -> Option<f64> {
    if sets.iter().map(|s| s.addresses.len()).sum::<usize>() < MIN_SLOTS {
        return None;
    }
    let (early, late) = sets.split_at(sets.len() / 2);
    let mut seen: BTreeSet<&IpAddr> = early.iter().flat_map(|s| s.addresses).into_set();
    let slots: Vec<&IpAddr> = late.iter().flat_map(|s| s.addresses).collect();
    let new = slots.iter().filter(|a| seen.insert(a)).count();
    Some(new as f64 / slots.len().max(1) as f64)
}

/// Of `n` machines, how many would not have been shown by as many draws as the answers made. As in
/// [`is_small`], an address that stays is not drawn again.
pub(super) fn left_out(sets: &[Answer<'_>], n: usize) -> f64 {
    let mut left = n as f64;
    let mut before: &[IpAddr] = &[];
    for s in sets {
        let drawn = s.addresses.iter().filter(|a| !before.contains(a)).count();
        left *= 1.0 - drawn as f64 / n as f64;
        before = s.addresses;
    }
    left
}

/// True when addresses come back so often that few machines can stand behind the name. Of two draws
/// out of N machines, each pair of addresses is one machine once in N times (how Lincoln and Petersen
/// count what is drawn from). An address that stays from one answer to the next is drawn once: where
/// one machine at a time is exchanged, none comes back. Answers of one address do not meet, since one
/// name's answers differ.
fn is_small(sets: &[Answer<'_>]) -> bool {
    let mut places: Vec<(IpAddr, usize)> = Vec::new();
    for (i, set) in sets.iter().enumerate() {
        places.extend(set.addresses.iter().map(|a| (*a, i)));
    }
    places.order();
    // How often each was drawn, and how many each answer drew.
    let mut drawn = vec![0_u64; sets.len()];
    let (mut matches, mut times) = (0_u64, 0_u64);
    let mut before: Option<(IpAddr, usize)> = None;
    for (a, i) in places {
        let last = before.filter(|(b, _)| *b == a);
        before = Some((a, i));
        if last.is_some_and(|(_, at)| at + 1 == i) {
            continue;
        }
        times = last.map_or(0, |_| times + 1);
        // It meets each of its draws before.
        matches += times;
        if let Some(n) = drawn.get_mut(i) {
            *n += 1;
        }
    }
    // Below a domain there may be a hundred thousand answers: their pairs need 64 bits.
    let all: u64 = drawn.iter().sum();
    let within: u64 = drawn.iter().map(|n| n * n).sum();
    matches >= MIN_MATCHES && (all * all - within) / 2 <= MAX_POOL * matches
}

/// How long caches may hold an answer.
pub(super) fn caching(sets: &[Answer<'_>]) -> Interval {
    let max_ttl = sets.iter().filter_map(|s| s.max_ttl).max();
    max_ttl.map_or(MAX_TTL, |t| Interval(t.0.saturating_mul(CACHES)).min(MAX_TTL))
}

/// How many answers came back after others had been given, later than caches held them. That
/// another was given in between shows by its first or its last row: the newest of a closed set has
/// no first row behind its own, and comes back all the same.
fn returned(sets: &[Answer<'_>]) -> usize {
    let cached = caching(sets);
    let mut lasts: Vec<Time> = sets.iter().filter_map(|s| s.seen.until()).collect();
    lasts.order();
    let is_back = |(s, next): (&Answer<'_>, Option<&Answer<'_>>)| {
        let (Some(first), Some(last)) = (s.seen.ts(), s.seen.until()) else { return false };
        let later = lasts.get(lasts.partition_point(|t| *t <= first));
        let others = [next.and_then(|n| n.seen.ts()), later.copied()];
        others.into_iter().flatten().any(|t| t < last) && last.since(first) > cached
    };
    let next = sets.iter().skip(1).map(Some).chain([None]);
    sets.iter().zip(next).filter(|pair| is_back(*pair)).count()
}

/// True when so many answers came back that the set is closed, however wide.
fn is_turning(sets: &[Answer<'_>]) -> bool {
    let n = returned(sets);
    let is_share = |least: f64, of: usize| n as f64 >= least * of as f64;
    n >= MIN_RETURNS && is_share(MIN_RETURNED, sets.len())
        || n > 0 && is_share(MIN_RETURNED_OF_FEW, sets.len().saturating_sub(1))
}

/// Why the name is a pool that anybody may use, if it behaves as one.
pub(super) fn pool(
    all: &Answers<'_>,
    memory: &Memory,
    dealt: &BTreeSet<&str>,
    growth: Option<f64>,
) -> Option<&'static str> {
    let addresses: BTreeSet<IpAddr> = all.sets.iter().flat_map(|s| s.addresses).copied().into_set();
    let slots: usize = all.sets.iter().map(|s| s.addresses.len()).sum();
    let contacted: Vec<_> =
        addresses.iter().map(|a| memory.ports(*a)).filter(|p| !p.is_empty()).collect();
    let is_time =
        |p: &(Option<Transport>, Option<u16>)| matches!(p, (Some(Transport::Udp), Some(123)));
    if contacted.len() >= MIN_CONTACTS && contacted.iter().flatten().all(is_time) {
        Some("clients only asked these addresses for the time (NTP)")
    } else if growth.is_some_and(|g| g < MIN_GROWTH) || is_turning(&all.sets) || is_small(&all.sets)
    {
        Some("the same addresses keep coming back: the set is wide but closed")
    } else if all.name.split_once('.').is_some_and(|(_, parent)| dealt.contains(parent)) {
        Some("several numbered names beside it rotate alike: a choice of servers for many")
    } else if slots >= PEER_LIST * all.sets.len() {
        Some("answers are long lists, as for choosing peers")
    } else {
        None
    }
}
