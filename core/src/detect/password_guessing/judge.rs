//! What a source's failed logins add up to.

use super::RULE;
use crate::detect::kit::addr::is_internal;
use crate::detect::kit::{
    Course, Host, Terms, actor, caveat, evidence, finding, object, plural, span, target, window,
};
use crate::event::Outcome;
use crate::order::{Collect, Order};
use crate::report::{Basis, Confidence, Finding, Row, Severity};
use crate::text::{Text, visible};
use crate::time::{Interval, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Failed logins within the window. Zeek's own script takes 20 for FTP; a person who mistypes
/// gives up or asks before ten.
pub(super) const MIN_FAILURES: u64 = 10;
/// Accounts that failed from one address within the window: a household or a NAT has fewer.
const MIN_ACCOUNTS: usize = 5;
/// Servers that refused one address within the window: nobody forgets the passwords of five.
const MIN_SERVERS: usize = 5;
/// The window.
pub(super) const WINDOW: Interval = Interval::from_secs(900);
/// Failed share of logins; a proxy's clients mostly succeed.
const MIN_FAILED: f64 = 0.5;
/// Failures within the window that one stored old password does not explain by being tried each
/// minute.
pub(super) const MANY_FAILURES: u64 = 30;
/// Tries of a program that come together: it asks again at once, over another way or by another
/// protocol, before it waits.
pub(super) const TOGETHER: Interval = Interval::from_secs(5);
/// The most of them; who guesses has more to try.
const MAX_TOGETHER: usize = 4;
/// Waits that must be alike before a timer is behind them.
const MIN_WAITS: usize = 8;
/// Share of the waits within a tenth of the middle one. People and guessers' tools, which wait for
/// answers, do not keep time so well over minutes.
const MIN_EVEN: f64 = 0.9;
/// Names by which anybody may ask for files: to be refused these alone says nothing of a password.
const NOBODY: &[&str] = &["anonymous", "ftp"];
/// Accounts and servers that a finding names.
const MAX_SHOWN: usize = 20;

/// One login, or several of one row.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) server: Option<&'a Host>,
    pub(super) account: Option<&'a Text>,
    pub(super) outcome: Outcome,
    pub(super) n: u64,
    pub(super) seen: &'a Course,
}

/// The logins of one source, at one server or at many.
pub(super) struct Logins<'a> {
    all: Vec<Attempt<'a>>,
    failed: Vec<Attempt<'a>>,
    /// Successes of accounts that had failed before.
    won: Vec<Attempt<'a>>,
    accounts: BTreeSet<&'a Text>,
    n_failed: u64,
    n_all: u64,
    is_timed: bool,
}

impl<'a> Logins<'a> {
    pub(super) fn new(all: Vec<Attempt<'a>>) -> Self {
        let of = |o| all.iter().filter(move |l| l.outcome == o).copied();
        let failed: Vec<Attempt<'_>> = of(Outcome::Failure).collect();
        let place = |r: &Row| (r.ts, r.at);
        // The first failures, of those accounts that were then let in.
        let mut first: BTreeMap<_, Option<_>> =
            of(Outcome::Success).map(|l| ((l.server, l.account), None)).into_map();
        for l in &failed {
            if let Some(have) = first.get_mut(&(l.server, l.account))
                && let Some(r) = l.seen.first()
            {
                *have = Some(have.map_or(place(r), |have| place(r).min(have)));
            }
        }
        // A success counts when the same account had failed from here before it.
        let is_won = |l: &Attempt<'_>| {
            let last = l.seen.last().map(|r| place(r));
            let failure = first.get(&(l.server, l.account)).copied().flatten();
            failure.is_some_and(|failure| last.is_some_and(|last| last > failure))
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

    /// True when nothing but names that are nobody's was tried.
    fn is_nobody(&self) -> bool {
        let is_nobody = |a: &&Text| NOBODY.iter().any(|n| a.eq_ignore_ascii_case(n));
        !self.accounts.is_empty() && self.accounts.iter().all(is_nobody)
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
pub(super) fn each_server(from: &Host, servers: &[Logins<'_>]) -> Vec<Finding> {
    servers.iter().filter_map(|logins| one_server(from, logins)).collect()
}

fn one_server(from: &Host, l: &Logins<'_>) -> Option<Finding> {
    let server = l.all.first()?.server;
    let quick = most_within(&l.failed);
    let is_spray = l.accounts.len() >= MIN_ACCOUNTS;
    let floor = if is_spray { MIN_ACCOUNTS as u64 } else { MIN_FAILURES };
    let is_few = l.n_failed < floor || (l.is_timed && quick < floor);
    if is_few || l.share() < MIN_FAILED || l.is_nobody() {
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
pub(super) fn many_servers(from: &Host, servers: &[Logins<'_>]) -> Option<Finding> {
    if servers.len() < MIN_SERVERS {
        return None;
    }
    let l = Logins::new(servers.iter().flat_map(|l| &l.all).copied().collect());
    let mut timed: Vec<(Time, &Host)> = Vec::new();
    for failed in &l.failed {
        let times = [failed.seen.ts(), failed.seen.until()].into_iter().flatten();
        timed.extend(times.filter_map(|t| Some((t, failed.server?))));
    }
    timed.order();
    let refused: BTreeSet<&Host> = l.failed.iter().filter_map(|f| f.server).into_set();
    let quick: BTreeSet<&Host> =
        timed.get(window::busiest(&timed, WINDOW))?.iter().map(|t| t.1).into_set();
    let n = if l.is_timed { quick.len() } else { refused.len() };
    if n < MIN_SERVERS || l.share() < MIN_FAILED || l.is_nobody() {
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
pub(super) fn timer(failed: &[Attempt<'_>]) -> Option<Interval> {
    // Of more than two tries in one row the times between are not known.
    let all: Option<Vec<Time>> = failed.iter().map(|l| l.seen.ts().filter(|_| l.n == 1)).collect();
    let mut times = all?;
    times.order();
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
    waits.order();
    let middle = waits.get(waits.len() / 2).copied()?;
    let alike = waits.iter().filter(|w| w.abs_diff(middle) <= middle.unsigned_abs() / 10).count();
    let is_timer = waits.len() >= MIN_WAITS
        && alike as f64 >= MIN_EVEN * waits.len() as f64
        && rounds.iter().all(|(_, n)| *n <= MAX_TOGETHER);
    is_timer.then_some(Interval(middle))
}

/// Most failures within the window. A row kept for many logins tells only its first and last
/// time: the others are taken as spread evenly between them.
pub(super) fn most_within(failed: &[Attempt<'_>]) -> u64 {
    let mut changes: Vec<Change> = Vec::with_capacity(2 * failed.len());
    let mut change = |at: Time, is_leaving, count, rate| {
        let at = if is_leaving { at.plus(WINDOW) } else { at };
        let sign = if is_leaving { -1.0 } else { 1.0 };
        changes.push(Change { at, is_leaving, count: sign * count, rate: sign * rate });
    };
    for l in failed {
        let (Some(first), Some(last)) = (l.seen.ts(), l.seen.until()) else {
            continue;
        };
        let spread = if first == last { 0.0 } else { l.n.saturating_sub(1) as f64 };
        let rate = if spread > 0.0 { spread / last.since(first).0 as f64 } else { 0.0 };
        for is_leaving in [false, true] {
            change(first, is_leaving, l.n as f64 - spread, rate);
            if rate > 0.0 {
                change(last, is_leaving, 0.0, -rate);
            }
        }
    }
    // What is at the very end of the window is still inside.
    changes.order_by_key(|c| (c.at, c.is_leaving));
    let (mut inside, mut rate, mut most) = (0.0, 0.0, 0.0_f64);
    let mut before = changes.first().map(|c| c.at);
    for c in changes {
        inside += rate * before.map_or(0, |before| c.at.since(before).0) as f64;
        before = Some(c.at);
        most = most.max(inside);
        inside += c.count;
        rate += c.rate;
        most = most.max(inside);
    }
    // Sums of rates are a little off where counts are whole.
    (most + 1e-6) as u64
}

/// How the number of failures inside the window changes when its end passes a time: by a count at
/// once, and by a rate a nanosecond from then on.
struct Change {
    at: Time,
    is_leaving: bool,
    count: f64,
    rate: f64,
}
