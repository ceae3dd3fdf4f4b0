//! Sessions of one account: which addresses, how close in time, what was refused and then done.

use crate::detect::kit::{Host, Place, Sighting, addr, window};
use crate::event::{Kind, Outcome};
use crate::order::{Collect, Order};
use crate::text::Text;
use crate::time::{Interval, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Longest time between two sessions that are called close: enough for a change of networks, too
/// little for most journeys.
pub(super) const MAX_GAP: Interval = Interval::from_secs(3600);
/// Longest time from a refusal to the success that answers it: a working day and a night.
const MAX_RETRY: Interval = Interval::from_secs(86_400);
/// Unrelated networks within an hour that a person with office, phone and home does not reach.
pub(super) const MIN_MANY: usize = 3;

/// One kind of use of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Use {
    pub(super) from: Host,
    pub(super) kind: Kind,
    /// What holds the rows of one session together, hashed.
    pub(super) session: Option<u64>,
    pub(super) action: Text,
    pub(super) object: Option<Text>,
    pub(super) outcome: Option<Outcome>,
    /// A server answers this to anybody: it belongs to a session and shows no login.
    pub(super) is_unproved: bool,
}

/// A use and its rows.
pub(super) type Seen<'a> = (&'a Use, &'a Sighting);

/// What was refused from one address and done from another.
pub(super) struct Retried<'a> {
    pub(super) object: Text,
    pub(super) refused: Seen<'a>,
    pub(super) done: Seen<'a>,
}

/// An account that meets the rule.
pub(super) struct Judged<'a> {
    pub(super) uses: Vec<Seen<'a>>,
    pub(super) addresses: BTreeSet<Host>,
    pub(super) n_groups: usize,
    /// The same by the networks that operators commonly have: a carrier's phones change between
    /// neighbours.
    pub(super) n_operators: usize,
    /// Shortest time between sessions from different networks; `None` without times.
    pub(super) gap: Option<Interval>,
    pub(super) retried: Option<Retried<'a>>,
}

/// Judges one account.
pub(super) fn judge<'a>(all: &[Seen<'a>]) -> Option<Judged<'a>> {
    let proved: BTreeSet<(&Host, Option<u64>)> =
        all.iter().filter(|u| !u.0.is_unproved).map(|u| (&u.0.from, u.0.session)).into_set();
    let all: Vec<Seen<'a>> = all
        .iter()
        .filter(|u| !u.0.is_unproved || proved.contains(&(&u.0.from, u.0.session)))
        .copied()
        .collect();
    let all = &*all;
    let retried = retried(all);
    let mut timed: Vec<(Time, (Host, Place))> = Vec::new();
    for (used, seen) in all {
        let ends = [seen.ts(), seen.until()];
        let at = |t| (t, (used.from.clone(), used.from.place()));
        timed.extend(ends.into_iter().flatten().map(at));
    }
    timed.order();
    let is_timed = !timed.is_empty();
    let gap = gap(all);
    let mut addresses: BTreeSet<Host> = if is_timed {
        let close: Vec<(Time, &Place)> = timed.iter().map(|(t, (_, n))| (*t, n)).collect();
        let range = window::busiest(&close, MAX_GAP);
        timed.get(range)?.iter().map(|(_, (a, _))| a.clone()).into_set()
    } else {
        all.iter().map(|u| u.0.from.clone()).into_set()
    };
    // Sessions are longer than their first and last rows: an overlap counts as well.
    if groups(&addresses) < 2 && gap.is_some_and(|g| g <= MAX_GAP) {
        addresses = all.iter().map(|u| u.0.from.clone()).into_set();
    }
    if let Some(r) = &retried {
        addresses.extend([r.refused.0.from.clone(), r.done.0.from.clone()]);
    }
    let n_groups = groups(&addresses);
    let is_close = !is_timed || gap.is_some_and(|g| g <= MAX_GAP) || retried.is_some();
    if n_groups < 2 || !is_close {
        return None;
    }
    let n_operators = of_one_family(&addresses, |a| addr::operator(a.addr));
    let uses = all.iter().filter(|u| addresses.contains(&u.0.from)).copied().collect();
    Some(Judged { uses, addresses, n_groups, n_operators, gap, retried })
}

/// Networks of addresses.
fn groups(addrs: &BTreeSet<Host>) -> usize {
    of_one_family(addrs, Host::place)
}

/// How many different ones of something the addresses have. One family decides: a host's IPv4 and
/// IPv6 addresses are two networks and one place.
fn of_one_family<T: Ord>(addrs: &BTreeSet<Host>, of: impl Fn(&Host) -> T) -> usize {
    let n = |is_v6| {
        let family = addrs.iter().filter(|a| a.addr.is_ipv6() == is_v6);
        family.map(&of).collect::<BTreeSet<T>>().len()
    };
    n(false).max(n(true))
}

/// The earliest object that was refused for one network and then done for another.
fn retried<'a>(all: &[Seen<'a>]) -> Option<Retried<'a>> {
    let mut by_object: BTreeMap<(&Text, &Text), Vec<Seen<'a>>> = BTreeMap::new();
    for seen in all {
        if let Some(object) = &seen.0.object {
            by_object.entry((&seen.0.action, object)).or_default().push(*seen);
        }
    }
    let mut found: Vec<Retried<'a>> = Vec::new();
    for ((_, object), uses) in by_object {
        let of = |o| uses.iter().filter(move |u| u.0.outcome == Some(o)).copied();
        let place = |s: &Sighting| s.first().map(|r| (r.ts, r.at));
        let Some(refused) = of(Outcome::Failure).min_by_key(|u| place(u.1)) else { continue };
        let is_answer = |done: &Seen<'a>| {
            let is_near = match (refused.1.ts(), done.1.ts()) {
                (Some(a), Some(b)) => b >= a && b.since(a) <= MAX_RETRY,
                (None, None) => place(done.1) > place(refused.1),
                _ => false,
            };
            is_near && is_elsewhere(&refused.0.from, &done.0.from)
        };
        if let Some(done) = of(Outcome::Success).filter(is_answer).min_by_key(|u| place(u.1)) {
            found.push(Retried { object: object.clone(), refused, done });
        }
    }
    found.into_iter().min_by_key(|r| r.done.1.first().map(|x| (x.ts, x.at)))
}

/// Different networks of one family: the two families of one host are not told apart.
fn is_elsewhere(a: &Host, b: &Host) -> bool {
    a.addr.is_ipv6() == b.addr.is_ipv6() && a.place() != b.place()
}

/// Shortest time between two sessions from different networks; zero when they overlap. A source
/// without session identifiers gives single rows.
fn gap(all: &[Seen<'_>]) -> Option<Interval> {
    let mut sessions: BTreeMap<(&Host, u64), (Time, Time)> = BTreeMap::new();
    let mut spans: Vec<(Time, Time, &Host)> = Vec::new();
    for (used, seen) in all {
        let (Some(first), Some(last)) = (seen.ts(), seen.until()) else {
            continue;
        };
        match used.session {
            Some(id) => {
                let have = sessions.entry((&used.from, id)).or_insert((first, last));
                *have = (have.0.min(first), have.1.max(last));
            }
            None => spans.extend([(first, first, &used.from), (last, last, &used.from)]),
        }
    }
    spans.extend(sessions.into_iter().map(|((from, _), (first, last))| (first, last, from)));
    spans.order();
    let mut latest: [Latest; 2] = Default::default();
    let mut least: Option<Interval> = None;
    for (first, last, from) in spans {
        let [v4, v6] = &mut latest;
        let of_family = if from.addr.is_ipv6() { v6 } else { v4 };
        let place = from.place();
        if let Some(end) = of_family.besides(&place) {
            let gap = Interval(first.since(end).0.max(0));
            least = Some(least.map_or(gap, |l| l.min(gap)));
        }
        of_family.see(place, last);
    }
    least
}

/// The latest end of any network so far, and that of all others: enough to know the latest end
/// besides any one network.
#[derive(Default)]
struct Latest {
    first: Option<(Time, Place)>,
    second: Option<(Time, Place)>,
}

impl Latest {
    fn besides(&self, place: &Place) -> Option<Time> {
        let ends = [&self.first, &self.second].into_iter().flatten();
        ends.filter(|(_, of)| of != place).map(|(end, _)| *end).next()
    }

    fn see(&mut self, place: Place, end: Time) {
        let is_later = |of: &Option<(Time, Place)>| of.as_ref().is_none_or(|o| o.0 < end);
        let is_firsts = self.first.as_ref().is_some_and(|f| f.1 == place);
        if is_later(&self.first) {
            let before = self.first.replace((end, place));
            if !is_firsts {
                self.second = before;
            }
        } else if !is_firsts && is_later(&self.second) {
            self.second = Some((end, place));
        }
    }
}

impl Judged<'_> {
    /// The account as the evidence writes it, from its earliest row.
    pub(super) fn name_as_written(&self) -> Option<String> {
        let row = self.uses.iter().filter_map(|u| u.1.first()).min_by_key(|r| (r.ts, r.at))?;
        let line = row.text.to_string();
        let name = line.split(" user=").nth(1).or_else(|| line.split(" username=").nth(1))?;
        name.split(' ').next().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Site;
    use crate::stable::stable;
    use std::net::IpAddr;

    #[test]
    fn the_latest_end_besides_a_network_is_that_of_all_others() {
        let place =
            |n: u64| Host::new(IpAddr::from([192, n as u8, 2, 1]), &Site::default()).place();
        for seed in 0..50_u64 {
            let mut latest = Latest::default();
            let mut all: BTreeMap<Place, Time> = BTreeMap::new();
            for i in 0..40_u64 {
                let (of, end) = (stable(&(seed, i)) % 5, Time((stable(&(i, seed)) % 30) as i64));
                let others = all.iter().filter(|(p, _)| **p != place(of)).map(|(_, t)| *t).max();
                assert_eq!(latest.besides(&place(of)), others, "{seed} {i}");
                latest.see(place(of), end);
                let have = all.entry(place(of)).or_insert(end);
                *have = end.max(*have);
            }
        }
    }
}
