//! What a source's failed logins add up to.

use super::RULE;
use crate::detect::kit::addr::is_internal;
use crate::detect::kit::{
    Course, Host, Terms, actor, caveat, evidence, finding, object, plural, span, target, window,
};
use crate::event::Outcome;
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::text::{Text, visible};
use crate::time::{Interval, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Failed logins within the window. Zeek's own script takes 20 for FTP; a person who mistypes
/// gives up or asks before ten.
const MIN_FAILURES: u64 = 10;
/// Accounts that failed from one address within the window: a household or a NAT has fewer.
const MIN_ACCOUNTS: usize = 5;
/// Servers that refused one address within the window: nobody forgets the passwords of five.
const MIN_SERVERS: usize = 5;
/// The window.
const WINDOW: Interval = Interval::from_secs(900);
/// Failed share of logins; a proxy's clients mostly succeed.
const MIN_FAILED: f64 = 0.5;
/// Failures within the window that one stored old password does not explain by being tried each
/// minute.
const MANY_FAILURES: u64 = 30;
/// Tries of a program that come together: it asks again at once, over another way or by another
/// protocol, before it waits.
const TOGETHER: Interval = Interval::from_secs(5);
/// The most of them; who guesses has more to try.
const MAX_TOGETHER: usize = 4;
/// Waits that must be alike before a timer is behind them.
const MIN_WAITS: usize = 8;
/// Share of the waits within a tenth of the middle one. People and guessers' tools, which wait for
/// answers, do not keep time so well over minutes.
const MIN_EVEN: f64 = 0.9;
/// Tries of one row that are placed in time one by one.
const MAX_PLACED: u64 = 4096;
/// Accounts and servers that a finding names.
const MAX_SHOWN: usize = 20;

/// One login, or several of one row.
pub(super) struct Attempt<'a> {
    pub(super) server: Option<&'a Host>,
    pub(super) account: Option<&'a Text>,
    pub(super) outcome: Outcome,
    pub(super) n: u64,
    pub(super) seen: &'a Course,
}

/// The logins of one source, at one server or at many.
struct Logins<'a> {
    failed: Vec<&'a Attempt<'a>>,
    /// Successes of accounts that had failed before.
    won: Vec<&'a Attempt<'a>>,
    accounts: BTreeSet<&'a Text>,
    n_failed: u64,
    n_all: u64,
    is_timed: bool,
    all: Vec<&'a Attempt<'a>>,
}

impl<'a> Logins<'a> {
    fn new(all: Vec<&'a Attempt<'a>>) -> Self {
        let of = |o| all.iter().filter(move |l| l.outcome == o).copied();
        let failed: Vec<&Attempt<'_>> = of(Outcome::Failure).collect();
        let place = |l: &Attempt<'_>| l.seen.first().map(|r| (r.ts, r.at));
        let mut first: BTreeMap<(Option<&Host>, Option<&Text>), _> = BTreeMap::new();
        for l in &failed {
            let have = first.entry((l.server, l.account)).or_insert_with(|| place(l));
            *have = (*have).min(place(l));
        }
        // A success counts when the same account had failed from here before it.
        let is_won = |l: &&Attempt<'_>| {
            let last = l.seen.last().map(|r| (r.ts, r.at));
            first.get(&(l.server, l.account)).is_some_and(|failure| last > *failure)
        };
        Self {
            won: of(Outcome::Success).filter(is_won).collect(),
            accounts: failed.iter().filter_map(|l| l.account).collect(),
            n_failed: failed.iter().map(|l| l.n).sum(),
            n_all: all.iter().map(|l| l.n).sum(),
            is_timed: failed.iter().any(|l| l.seen.ts().is_some()),
            failed,
            all,
        }
    }

    fn share(&self) -> f64 {
        self.n_failed as f64 / self.n_all.max(1) as f64
    }

    /// Whose logins failed, for a title.
    fn whose(&self) -> String {
        match self.accounts.first() {
            Some(only) if self.accounts.len() == 1 => format!("for {}", visible(only)),
            Some(_) => format!("for {}", plural(self.accounts.len(), "account")),
            None => "for accounts that the evidence does not name".to_owned(),
        }
    }

    /// What then succeeded, for a title.
    fn then(&self) -> String {
        match self.won.first().map(|l| l.account) {
            Some(Some(account)) if self.accounts.len() > 1 => {
                format!(", then success as {}", visible(account))
            }
            Some(_) => ", then success".to_owned(),
            None => String::new(),
        }
    }
}

/// A finding for each server at which enough logins of a source failed.
pub(super) fn each_server(from: &Host, all: &[Attempt<'_>]) -> Vec<Finding> {
    let mut by_server: BTreeMap<Option<&Host>, Vec<&Attempt<'_>>> = BTreeMap::new();
    all.iter().for_each(|l| by_server.entry(l.server).or_default().push(l));
    let judged = |(server, logins)| one_server(from, server, &Logins::new(logins));
    by_server.into_iter().filter_map(judged).collect()
}

fn one_server(from: &Host, server: Option<&Host>, l: &Logins<'_>) -> Option<Finding> {
    let quick = most_within(&l.failed);
    let is_spray = l.accounts.len() >= MIN_ACCOUNTS;
    let floor = if is_spray { MIN_ACCOUNTS as u64 } else { MIN_FAILURES };
    if l.n_failed < floor || (l.is_timed && quick < floor) || l.share() < MIN_FAILED {
        return None;
    }
    let mut f =
        finding(RULE.id, server.map_or_else(|| from.to_string(), |s| format!("{from} at {s}")));
    let (n_failed, whose, then) = (l.n_failed, l.whose(), l.then());
    f.title = format!("Password guessing: {n_failed} failed logins of {from} {whose}{then}");
    f.summary = format!(
        "{from} failed to log in {n_failed} times {whose}, {quick} times within {WINDOW}{then}."
    );
    let timer =
        if is_internal(from.addr) && l.accounts.len() == 1 { timer(&l.failed) } else { None };
    f.severity = match () {
        () if !l.won.is_empty() => Severity::High,
        () if timer.is_some() => Severity::Low,
        () if !is_internal(from.addr) || quick >= MANY_FAILURES || is_spray => Severity::Medium,
        () => Severity::Low,
    };
    f.confidence = match () {
        () if !l.is_timed => Confidence::Low,
        () if n_failed >= 2 * MIN_FAILURES || is_spray => Confidence::High,
        () => Confidence::Medium,
    };
    let mut t = Terms::default();
    t.judge("failed logins", n_failed, format!("at least {floor}"), true, 0);
    in_window(&mut t, l, "failed within the window", quick, floor);
    t.judge(
        "accounts that failed",
        l.accounts.len(),
        format!("at least {MIN_ACCOUNTS} for guessing across accounts"),
        is_spray,
        0,
    );
    if let Some(wait) = timer {
        t.say("pace", format!("a timer's: every {wait}"), Basis::Inferred);
        t.note("a program inside that tries one stored password again and again");
    }
    finish(&mut f, t, from, server.into_iter().collect(), l);
    f.attack = vec![if is_spray { "T1110.003" } else { "T1110.001" }];
    Some(f)
}

/// The finding of a source that many servers refused, each perhaps once or twice.
pub(super) fn many_servers(from: &Host, all: &[Attempt<'_>]) -> Option<Finding> {
    let l = Logins::new(all.iter().collect());
    let mut timed: Vec<(Time, &Host)> = Vec::new();
    for failed in &l.failed {
        let times = [failed.seen.ts(), failed.seen.until()].into_iter().flatten();
        timed.extend(times.filter_map(|t| Some((t, failed.server?))));
    }
    timed.sort_unstable();
    let refused: BTreeSet<&Host> = l.failed.iter().filter_map(|f| f.server).collect();
    let quick: BTreeSet<&Host> =
        timed.get(window::busiest(&timed, WINDOW))?.iter().map(|t| t.1).collect();
    let n = if l.is_timed { quick.len() } else { refused.len() };
    if n < MIN_SERVERS || l.share() < MIN_FAILED {
        return None;
    }
    let mut f = finding(RULE.id, format!("{from} at many"));
    let (n_failed, whose, then) = (l.n_failed, l.whose(), l.then());
    f.title = format!(
        "Password guessing: {n_failed} failed logins of {from} at {} {whose}{then}",
        plural(refused.len(), "server")
    );
    f.summary = format!(
        "{} refused {from} {n_failed} times {whose}, {n} of them within {WINDOW}{then}.",
        plural(refused.len(), "server")
    );
    f.severity = if l.won.is_empty() { Severity::Medium } else { Severity::High };
    f.confidence = if l.is_timed { Confidence::Medium } else { Confidence::Low };
    let mut t = Terms::default();
    t.say("failed logins", n_failed, Basis::Observed);
    in_window(&mut t, &l, "servers that refused within the window", n as u64, MIN_SERVERS as u64);
    t.say("accounts that failed", l.accounts.len(), Basis::Observed);
    finish(&mut f, t, from, refused.into_iter().collect(), &l);
    f.attack = vec!["T1110.003"];
    Some(f)
}

fn in_window(t: &mut Terms, l: &Logins<'_>, name: &'static str, n: u64, floor: u64) {
    let least = format!("at least {floor} in {WINDOW}");
    let share = format!("{:.2}", l.share());
    t.judge("failed share of logins", share, format!("at least {MIN_FAILED}"), true, 0);
    if l.is_timed {
        t.judge(name, n, least, true, 0);
    } else {
        t.unknown(name, least, "the rows carry no times");
    }
}

/// What both kinds of findings end with.
fn finish(f: &mut Finding, mut t: Terms, from: &Host, servers: Vec<&Host>, l: &Logins<'_>) {
    t.say("successes after failures", l.won.len(), Basis::Observed);
    f.facts = t.0;
    f.when = span(l.all.iter().map(|l| &**l.seen));
    f.subjects.push(actor("address", from.addr));
    f.subjects.extend(servers.iter().take(MAX_SHOWN).map(|s| target("address", s.addr)));
    let accounts = l.accounts.iter().take(MAX_SHOWN);
    f.subjects.extend(accounts.map(|a| object("account", visible(a))));
    let won = l.won.iter().map(|l| (l, "success"));
    let shown = won.chain(l.failed.iter().map(|l| (l, "failed")));
    let shown = shown.filter_map(|(l, why)| Some(l.seen.last()?.because(why)));
    f.evidence = evidence(shown, l.all.iter().map(|l| l.seen.count()).sum(), None);
    f.caveats.push(caveat(
        "A program with an old stored password tries the same one again and again.",
        "Look whether the pace is even and the account is always the same; ask its owner about a changed password.",
    ));
}

/// The wait between tries that a timer seems to start, where it is the same again and again.
fn timer(failed: &[&Attempt<'_>]) -> Option<Interval> {
    // Of more than two tries in one row the times between are not known.
    let all: Option<Vec<Time>> = failed.iter().map(|l| l.seen.ts().filter(|_| l.n == 1)).collect();
    let mut times = all?;
    times.sort_unstable();
    let mut rounds: Vec<(Time, usize)> = Vec::new();
    for t in times {
        match rounds.last_mut() {
            Some((first, n)) if t.since(*first) <= TOGETHER => *n += 1,
            _ => rounds.push((t, 1)),
        }
    }
    let starts = rounds.iter().map(|(t, _)| *t);
    let mut waits: Vec<i64> =
        starts.clone().zip(starts.skip(1)).map(|(a, b)| b.since(a).0).collect();
    waits.sort_unstable();
    let middle = waits.get(waits.len() / 2).copied()?;
    let alike = waits.iter().filter(|w| w.abs_diff(middle) <= middle.unsigned_abs() / 10).count();
    let is_timer = waits.len() >= MIN_WAITS
        && alike as f64 >= MIN_EVEN * waits.len() as f64
        && rounds.iter().all(|(_, n)| *n <= MAX_TOGETHER);
    is_timer.then_some(Interval(middle))
}

/// Most failures within the window. A row kept for many logins tells only its first and last
/// time: the others are taken as spread evenly between them.
fn most_within(failed: &[&Attempt<'_>]) -> u64 {
    let mut at: BTreeMap<Time, u64> = BTreeMap::new();
    for l in failed {
        let (Some(first), Some(last)) = (l.seen.ts(), l.seen.until()) else {
            continue;
        };
        if first == last {
            *at.entry(first).or_default() += l.n;
            continue;
        }
        let count = l.n.clamp(2, MAX_PLACED);
        let step = last.since(first).0 / i64::try_from(count - 1).unwrap_or(1);
        for i in 0..count {
            let after = Interval(step.saturating_mul(i64::try_from(i).unwrap_or(i64::MAX)));
            *at.entry(first.plus(after)).or_default() += 1;
        }
    }
    let times: Vec<(Time, u64)> = at.into_iter().collect();
    let (mut start, mut inside, mut most) = (0, 0, 0);
    for (t, count) in &times {
        inside += count;
        while let Some((_, leaving)) = times.get(start).filter(|(s, _)| t.since(*s) > WINDOW) {
            inside -= leaving;
            start += 1;
        }
        most = most.max(inside);
    }
    most
}
