//! Whether one client's missing domains are a burst: the busiest hour, and what it got instead.

use crate::detect::kit::{Sighting, window};
use crate::order::Order;
use crate::text::Text;
use crate::time::{Interval, Time};
use std::collections::BTreeSet;

/// Different registered domains that do not exist within the window; mistyping and dead links
/// explain a handful an hour.
pub(super) const MIN_DOMAINS: usize = 30;
/// Share of the client's different domains that do not exist.
pub(super) const MIN_SHARE: f64 = 0.5;
/// Share of the missing domains that were asked for by themselves or with `www`. A generator makes
/// domains; a host below one was published by somebody: a tracker that is no more, or advertising that
/// the resolver denies.
pub(super) const MIN_BARE: f64 = 0.5;
/// The window.
pub(super) const WINDOW: Interval = Interval::from_secs(3600);
/// Different domains from which on the pattern is shown with room to spare.
pub(super) const MANY_DOMAINS: usize = 100;

/// A domain that does not exist, and the rows that say so.
pub(super) type Missing<'a> = (&'a Text, &'a Sighting);

/// A client whose missing domains meet the rule.
pub(super) struct Judged<'a> {
    /// Those of the busiest window; all of them where the rows carry no times.
    pub(super) chosen: Vec<Missing<'a>>,
    /// Share of the client's different domains that do not exist.
    pub(super) share: f64,
    /// Domains it asked for that do exist.
    pub(super) there: usize,
    pub(super) is_timed: bool,
    /// Share of those chosen that were asked for by themselves.
    pub(super) bare: f64,
}

/// Judges one client's missing domains.
pub(super) fn judge<'a>(
    missing: &[Missing<'a>],
    there: usize,
    bare: &BTreeSet<&Text>,
) -> Option<Judged<'a>> {
    let mut timed: Vec<(Time, usize)> =
        missing.iter().enumerate().filter_map(|(i, (_, s))| Some((s.ts()?, i))).collect();
    timed.order();
    let is_timed = !timed.is_empty();
    let chosen: Vec<Missing<'_>> = if is_timed {
        let range = window::busiest(&timed, WINDOW);
        timed.get(range)?.iter().filter_map(|(_, i)| missing.get(*i).copied()).collect()
    } else {
        missing.to_vec()
    };
    let share = missing.len() as f64 / (missing.len() + there).max(1) as f64;
    let is_burst = chosen.len() >= MIN_DOMAINS && share >= MIN_SHARE;
    let n_bare = chosen.iter().filter(|(domain, _)| bare.contains(domain)).count();
    let bare = n_bare as f64 / chosen.len().max(1) as f64;
    is_burst.then_some(Judged { chosen, share, there, is_timed, bare })
}
