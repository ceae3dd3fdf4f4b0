//! Whether the addresses that one host asks for are a sweep: the busiest minute of them.

use super::Asked;
use crate::detect::kit::{Host, window};
use crate::order::{Collect, Order};
use crate::time::{Interval, Time};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Addresses asked for within the window. A host asks for those that it talks to: a handful, and
/// some dozens after a server's restart.
pub(super) const MIN_TARGETS: usize = 30;
/// The same where no answer is to be seen: there a gateway's many neighbours cannot be told from
/// addresses that nobody has.
pub(super) const MIN_TARGETS_UNHEARD: usize = 2 * MIN_TARGETS;
/// The window: a sweep of 256 addresses takes seconds, a neighbour cache of a busy host is filled
/// over many minutes.
pub(super) const WINDOW: Interval = Interval::from_secs(60);
/// Share of the addresses that do not answer: known neighbours nearly all do.
pub(super) const MIN_SILENT: f64 = 0.5;
/// Share of the addresses that stand next to another one. Of sixty hosts anywhere among 254
/// addresses four in ten do.
pub(super) const MIN_NEIGHBOURS: f64 = 0.8;
/// Addresses from which on the pattern is shown with room to spare.
pub(super) const MANY_TARGETS: usize = 120;

/// One host's sweep.
pub(super) struct Sweep<'a> {
    pub(super) targets: Vec<(&'a Host, &'a Asked)>,
    /// How many of them answered; `None` where no answer to the host is in the evidence.
    pub(super) heard: Option<usize>,
    /// Share of the addresses that stand next to another one.
    pub(super) neighbours: f64,
}

impl Sweep<'_> {
    /// Share of the addresses that did not answer.
    pub(super) fn silent(&self) -> Option<f64> {
        let n = self.targets.len();
        self.heard.map(|heard| (n - heard) as f64 / n.max(1) as f64)
    }

    /// Addresses that must be asked for.
    pub(super) const fn floor(&self) -> usize {
        if self.heard.is_some() { MIN_TARGETS } else { MIN_TARGETS_UNHEARD }
    }
}

/// The addresses of one host's busiest minute, if they are a sweep. `answers` are in order of hosts.
pub(super) fn judge<'a>(
    all: &[(&'a Host, &'a Asked)],
    answers: Option<&[(&Host, &())]>,
) -> Option<Sweep<'a>> {
    let mut timed: Vec<(Time, usize)> =
        all.iter().enumerate().filter_map(|(i, (_, a))| Some((a.seen.ts()?, i))).collect();
    timed.order();
    let busiest = timed.get(window::busiest(&timed, WINDOW))?;
    let targets: Vec<_> = busiest.iter().filter_map(|(_, i)| all.get(*i).copied()).collect();
    let heard = answers.map(|from| {
        let has = |host: &Host| from.binary_search_by(|(h, ())| (*h).cmp(host)).is_ok();
        targets.iter().filter(|(host, _)| has(host)).count()
    });
    let sweep = Sweep { heard, neighbours: neighbours(&targets), targets };
    let is_silent = sweep.silent().is_none_or(|share| share >= MIN_SILENT);
    let is_one =
        sweep.targets.len() >= sweep.floor() && is_silent && sweep.neighbours >= MIN_NEIGHBOURS;
    is_one.then_some(sweep)
}

/// Share of addresses whose next or last one was asked for, too.
fn neighbours(targets: &[(&Host, &Asked)]) -> f64 {
    let all: BTreeSet<u32> = targets
        .iter()
        .filter_map(|(host, _)| match host.addr {
            IpAddr::V4(addr) => Some(u32::from(addr)),
            IpAddr::V6(_) => None,
        })
        .into_set();
    let has_next = |a: &&u32| all.contains(&a.wrapping_add(1)) || all.contains(&a.wrapping_sub(1));
    all.iter().filter(has_next).count() as f64 / targets.len().max(1) as f64
}
