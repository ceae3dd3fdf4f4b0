//! How a name's answers are judged for fast flux, term by term.

use super::memory::{Answer, Answers, Memory};
use super::pool::{MIN_GROWTH, growth, left_out, pool};
use crate::detect::kit::addr::{groups, operator, spread};
use crate::detect::kit::{Terms, names, window};
use crate::order::Collect;
use crate::report::{Basis, Confidence};
use crate::time::{Interval, Time};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Addresses of a name within the window. Two are a spare server; from three on a list turns.
const MIN_ADDRESSES: usize = 3;
/// Addresses of a domain's name servers: few owners keep more than four, and these do not change.
const MIN_SERVERS: usize = 5;
/// Different answers within the window: one change may be a move, two are a habit.
pub(super) const MIN_ANSWERS: usize = 3;
/// Evenness over networks; 0.8 leaves room for one pair of neighbours among five.
pub(super) const MIN_SPREAD: f64 = 0.8;
/// Longest caching time. Content networks and pools use up to 300 s; fixed servers use hours.
pub(super) const MAX_TTL: Interval = Interval::from_secs(300);
/// A caching time so short that nearly every use asks again.
const SHORT_TTL: Interval = Interval::from_secs(60);
/// New addresses per new answer: below one in two, a fixed set is being turned.
const MIN_CHURN: f64 = 0.5;
/// Of an answer's addresses after the first, the share in a network of its own. A content
/// network's answer comes from one place, even when places differ between answers.
const MIN_APART: f64 = 1.0 / 3.0;
/// The window within which the change must happen.
const WINDOW: Interval = Interval::from_secs(3600);
/// The long window, for clients that ask rarely; within it far more addresses are needed, since a
/// roaming host with dynamic DNS sees a handful of networks a day.
const LONG_WINDOW: Interval = Interval::from_secs(86_400);
/// Addresses needed within the long window.
const MIN_ADDRESSES_LONG: usize = 10;
/// Machines of a closed set that chance would have left out of the answers, below which it is nothing
/// special that all were shown: of three that are given one at a time, three questions leave out 0.9
/// and yet meet all three in one case of five; of four, 1.3 and one case of ten.
const MIN_LEFT_OUT: f64 = 1.0;
/// A change so quick that it counts whatever is behind it: ATT&CK's analytics of fast flux count a
/// name's addresses within 5 to 10 minutes.
const QUICK: Interval = Interval::from_secs(600);
/// Answers and networks from which on the pattern is shown with room to spare.
const MANY: usize = 10;
/// Answers below which it is shown by few rows only.
const FEW: usize = 5;

/// A name that met every term.
pub(super) struct Judged {
    pub(super) terms: Terms,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) n_networks: usize,
    pub(super) n_answers: usize,
    pub(super) max_ttl: Option<Interval>,
    pub(super) confidence: Confidence,
    pub(super) missing: Vec<String>,
    /// The addresses of its name servers change as well.
    pub(super) is_double: bool,
    /// Why it is a pool rather than flux.
    pub(super) pool: Option<&'static str>,
    /// A service at as many sites as there are addresses would look the same.
    pub(super) is_few: bool,
}

/// Judges one name; `None` when a term is not met.
pub(super) fn judge(all: &Answers<'_>, memory: &Memory, dealt: &BTreeSet<&str>) -> Option<Judged> {
    let (sets, is_timed) = slice(&all.sets)?;
    let addresses: BTreeSet<IpAddr> = sets.iter().flat_map(|s| s.addresses).copied().into_set();
    let addresses: Vec<IpAddr> = addresses.into_iter().collect();
    let max_ttl = sets.iter().filter_map(|s| s.max_ttl).max();
    let (evenness, churn) = (spread(&addresses)?, churn(sets));
    let apart = apart(sets);
    let is_met = addresses.len() >= MIN_ADDRESSES
        && sets.len() >= MIN_ANSWERS
        && evenness >= MIN_SPREAD
        && churn >= MIN_CHURN
        && max_ttl.is_none_or(|t| t <= MAX_TTL)
        && (max_ttl.is_some() || addresses.len() >= MIN_ADDRESSES_LONG)
        && apart.is_none_or(|a| a >= MIN_APART);
    if !is_met {
        return None;
    }
    let n_networks = groups(&addresses).len();
    let mut t = Terms::default();
    t.judge("distinct addresses", addresses.len(), format!("at least {MIN_ADDRESSES}"), true, 15);
    t.judge("different answers", sets.len(), format!("at least {MIN_ANSWERS}"), true, 0);
    t.judge(
        "evenness over networks",
        format!("{evenness:.2}"),
        format!("at least {MIN_SPREAD}"),
        true,
        25,
    );
    t.note(format!(
        "{n_networks} networks by the first 16 (IPv6: 32) bits; 1 means each address in its own"
    ));
    t.judge(
        "new addresses per new answer",
        format!("{churn:.2}"),
        format!("at least {MIN_CHURN}"),
        true,
        20,
    );
    if let Some(apart) = apart {
        t.judge(
            "share of one answer's addresses in other networks",
            format!("{apart:.2}"),
            format!("at least {MIN_APART:.2}"),
            true,
            0,
        );
    }
    ttl_terms(&mut t, max_ttl);
    let growth = growth(&all.sets);
    let mut missing = later_terms(&mut t, all, sets, is_timed, growth);
    let is_few = is_timed && few_terms(&mut t, sets, addresses.len());
    if is_few {
        missing.push(format!(
            "Whether there are more machines than these {}: a service at as many sites would look the same.",
            addresses.len()
        ));
    }
    let pool = pool(all, memory, dealt, growth);
    if let Some(why) = pool {
        t.judge("behaves as a pool", why, "no sign of one", true, -40);
    }
    if memory.ports_known(&addresses) == 0 {
        missing.push("Whether clients connected to these addresses, and for what.".to_owned());
    }
    let confidence = if !is_timed || sets.len() < FEW || max_ttl.is_none() {
        Confidence::Low
    } else if sets.len() >= MANY && n_networks >= MANY && growth.is_some_and(|g| g >= MIN_GROWTH) {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let n_answers = sets.len();
    let is_double = is_double(all);
    Some(Judged {
        terms: t,
        addresses,
        n_networks,
        n_answers,
        max_ttl,
        confidence,
        missing,
        is_double,
        pool,
        is_few,
    })
}

/// Whether the answers tell of more machines than a few sites of one service; true when they do not.
fn few_terms(t: &mut Terms, sets: &[Answer<'_>], n: usize) -> bool {
    let left_out = left_out(sets, n);
    let times = (sets.first().and_then(|s| s.seen.ts()), sets.last().and_then(|s| s.seen.ts()));
    let is_quick = matches!(times, (Some(first), Some(last)) if last.since(first) <= QUICK);
    t.judge(
        "machines that chance would have left out",
        format!("{left_out:.1}"),
        format!("at least {MIN_LEFT_OUT}, or all within {QUICK}"),
        left_out >= MIN_LEFT_OUT || is_quick,
        0,
    );
    t.note("of a closed set of just these, drawn as often");
    left_out < MIN_LEFT_OUT && !is_quick
}

fn ttl_terms(t: &mut Terms, max_ttl: Option<Interval>) {
    let (most, short) = (format!("at most {MAX_TTL}"), format!("at most {SHORT_TTL}"));
    match max_ttl {
        Some(ttl) => {
            t.judge("longest caching time", ttl, most, true, 15);
            t.note("the longest is nearest to what the name's owner set: resolvers count down");
            t.judge("caching time is very short", ttl, short, ttl <= SHORT_TTL, 5);
        }
        None => t.unknown("longest caching time", most, "the rows carry no TTL"),
    }
}

/// Terms that add weight but are not needed; what could not be told is returned.
fn later_terms(
    t: &mut Terms,
    all: &Answers<'_>,
    sets: &[Answer<'_>],
    is_timed: bool,
    growth: Option<f64>,
) -> Vec<String> {
    let mut missing = Vec::new();
    let times = (sets.first().and_then(|s| s.seen.ts()), sets.last().and_then(|s| s.seen.ts()));
    match times {
        (Some(first), Some(last)) if is_timed => {
            let long = last.since(first);
            t.judge(
                "time within which it changed",
                long,
                format!("at most {WINDOW}"),
                long <= WINDOW,
                10,
            );
        }
        _ => {
            let why = "the answers carry no times: only their order is known";
            t.unknown("time within which it changed", format!("at most {WINDOW}"), why);
            missing
                .push("Times: no rate of change can be stated, only the order of rows.".to_owned());
        }
    }
    let at_least = format!("at least {MIN_GROWTH}");
    match growth {
        Some(g) => t.judge(
            "share of new addresses later on",
            format!("{g:.2}"),
            at_least,
            g >= MIN_GROWTH,
            10,
        ),
        None => {
            t.unknown("share of new addresses later on", at_least, "too few answers to tell");
            missing
                .push("Whether the set of addresses keeps growing or repeats itself.".to_owned());
        }
    }
    if all.glue.len() >= MIN_SERVERS {
        let even = spread(&all.glue).unwrap_or(0.0);
        let shown = format!("{} addresses, evenness {even:.2}", all.glue.len());
        let least = format!("at least {MIN_SERVERS}, {MIN_SPREAD}");
        t.judge("name servers change too", shown, least, is_double(all), 10);
    }
    let outside = sets.iter().filter_map(|s| s.alias).find(|a| !names::is_same_owner(a, all.name));
    if let Some(alias) = outside {
        t.judge("alias of another owner's name", alias, "none", false, 0);
        t.note("usual for names that a content network serves");
    } else if sets.iter().all(|s| s.alias.is_none()) {
        t.say("alias", "none", Basis::Observed);
    }
    missing
}

/// The answers to judge, sorted: the busiest hour, else the busiest day if it has many addresses,
/// else all those without a time. The flag tells whether they have times.
fn slice<'a, 'b>(sets: &'b [Answer<'a>]) -> Option<(&'b [Answer<'a>], bool)> {
    // Sorted by time, so those without one come first.
    let (untimed, timed) = sets.split_at(sets.partition_point(|s| s.seen.ts().is_none()));
    let mut rows: Vec<(Time, IpAddr)> = Vec::new();
    let mut owner = Vec::new();
    for (i, set) in timed.iter().enumerate() {
        let Some(ts) = set.seen.ts() else { continue };
        rows.extend(set.addresses.iter().map(|a| (ts, *a)));
        owner.resize(rows.len(), i);
    }
    for (length, least) in [(WINDOW, MIN_ADDRESSES), (LONG_WINDOW, MIN_ADDRESSES_LONG)] {
        let range = window::busiest(&rows, length);
        let distinct: BTreeSet<_> = rows.get(range.clone())?.iter().map(|r| r.1).into_set();
        let ends = (owner.get(range.start), range.end.checked_sub(1).and_then(|e| owner.get(e)));
        if let (Some(first), Some(last)) = ends
            && distinct.len() >= least
            && last - first + 1 >= MIN_ANSWERS
        {
            return Some((timed.get(*first..=*last)?, true));
        }
    }
    (untimed.len() >= MIN_ANSWERS).then_some((untimed, false))
}

/// New addresses per answer after the first.
fn churn(sets: &[Answer<'_>]) -> f64 {
    let Some((first, later)) = sets.split_first() else { return 0.0 };
    let mut seen: BTreeSet<&IpAddr> = first.addresses.iter().into_set();
    let new = later.iter().flat_map(|s| s.addresses).filter(|a| seen.insert(a)).count();
    new as f64 / later.len().max(1) as f64
}

/// Mean share of addresses that stand in a network of their own within one answer; `None` when no
/// answer has two.
fn apart(sets: &[Answer<'_>]) -> Option<f64> {
    let share = |s: &Answer<'_>| {
        let nets: BTreeSet<_> = s.addresses.iter().map(|a| operator(*a)).into_set();
        (s.addresses.len() > 1).then(|| (nets.len() - 1) as f64 / (s.addresses.len() - 1) as f64)
    };
    let all: Vec<f64> = sets.iter().filter_map(share).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

/// True when the name servers' addresses are many and in unrelated networks.
fn is_double(all: &Answers<'_>) -> bool {
    all.glue.len() >= MIN_SERVERS && spread(&all.glue).is_some_and(|even| even >= MIN_SPREAD)
}

impl Memory {
    /// How many of the addresses were contacted.
    fn ports_known(&self, addresses: &[IpAddr]) -> usize {
        addresses.iter().filter(|a| !self.ports(**a).is_empty()).count()
    }
}
