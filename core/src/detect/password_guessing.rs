//! `password-guessing`: many failed logins: on one account, or one guess on many accounts.

use super::kit::addr::is_internal;
use super::kit::{
    Course, Observed, Tally, Terms, actor, caveat, evidence, finding, object, plural, span, target,
};
use super::{Detector, Rule};
use crate::event::{Body, Event, Kind, Outcome};
use crate::report::{Basis, Confidence, EvidenceRow, Finding, Severity};
use crate::settings::Settings;
use crate::stable::stable;
use crate::text::{Text, visible};
use crate::time::{Interval, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The rule.
pub const RULE: Rule = Rule {
    id: "password-guessing",
    title: "Password guessing",
    about: "An address fails to log in many times within a quarter of an hour, on one account or \
            on many. Weighs most when a login of the same address then succeeds.",
    benign: "A program with an old stored password that keeps trying; a load balancer or NAT in \
             front of many people.",
    limits: "Sees protocols whose logins are in the clear or logged; slow guessing stays below the floors.",
    attack: &["T1110.001", "T1110.003"],
    reads: &[Kind::Ftp, Kind::Http, Kind::Login],
    new: |settings| Box::new(PasswordGuessing::new(settings)),
};

/// Failed logins within the window. Zeek's own script takes 20 for FTP; a person who mistypes
/// gives up or asks before ten.
const MIN_FAILURES: usize = 10;
/// Accounts that failed from one address within the window: a household or a NAT has fewer.
const MIN_ACCOUNTS: usize = 5;
/// The window.
const WINDOW: Interval = Interval::from_secs(900);
/// Failed share of logins; a proxy's clients mostly succeed.
const MIN_FAILED: f64 = 0.5;
/// Failures that one stored old password does not explain by being tried each minute.
const MANY_FAILURES: usize = 30;
/// Logins kept of one address.
const MAX_LOGINS: usize = 4096;

/// What holds the commands of one login together, hashed.
type Session = u64;

/// One login: the account if the row names it, the session, what became of it.
type Login = (Option<Text>, Option<Session>, Outcome);

struct PasswordGuessing {
    logins: Tally<(IpAddr, Option<IpAddr>), Login, Course>,
    /// Accounts that a session named before it proved anything.
    named: Tally<Session, Text, ()>,
}

impl PasswordGuessing {
    const fn new(settings: &Settings) -> Self {
        Self {
            logins: Tally::new(settings.caps.keys, MAX_LOGINS),
            named: Tally::new(settings.caps.keys, 4),
        }
    }
}

impl Detector for PasswordGuessing {
    fn observe(&mut self, e: &Observed<'_>) {
        let Some(from) = e.flow.orig.addr else { return };
        let session = session(e, from);
        let (name, outcome) = match &e.body {
            Body::Ftp(f) => match (f.command.as_deref(), f.reply_code) {
                (Some("USER"), _) => {
                    if let (Some(session), Some(name)) = (session, &f.arg) {
                        self.named.offer(session, name.clone());
                    }
                    return;
                }
                (Some("PASS"), Some(230)) => (f.user.clone(), Outcome::Success),
                (Some("PASS"), Some(430 | 530)) => (f.user.clone(), Outcome::Failure),
                _ => return,
            },
            _ => match e.account() {
                Some(a) if a.is_login => match a.outcome {
                    Some(outcome) => (Some(a.name.into()), outcome),
                    None => return,
                },
                _ => return,
            },
        };
        let rank = u8::from(outcome != Outcome::Success);
        let key = (from, e.flow.resp.addr);
        if let Some(seen) = self.logins.offer_ranked(rank, key, (name, session, outcome)) {
            seen.see(e);
        }
    }

    fn report(&self, out: &mut Vec<Finding>) {
        for ((from, server), group) in self.logins.iter() {
            let logins: Vec<Attempt<'_>> = group
                .members()
                .into_iter()
                .map(|((name, session, outcome), seen)| Attempt {
                    account: name.clone().or_else(|| self.account_of(*session)),
                    outcome: *outcome,
                    seen,
                })
                .collect();
            if let Some(mut f) = judge(*from, *server, &logins) {
                f.missing.extend(self.logins.loss());
                out.push(f);
            }
        }
    }
}

impl PasswordGuessing {
    fn account_of(&self, session: Option<Session>) -> Option<Text> {
        self.named.get(&session?)?.members().first().map(|(name, ())| (*name).clone())
    }
}

fn session(e: &Event, from: IpAddr) -> Option<Session> {
    let logged = e.account().and_then(|a| a.session);
    let own = match &e.body {
        Body::Ftp(f) => f.session.as_deref(),
        _ => None,
    };
    logged
        .or(own)
        .map(|s| stable(&s))
        .or_else(|| e.flow.uid.as_ref().map(|uid| stable(&uid)))
        .or_else(|| e.flow.orig.port.map(|p| stable(&(from, p))))
}

struct Attempt<'a> {
    account: Option<Text>,
    outcome: Outcome,
    seen: &'a Course,
}

fn judge(from: IpAddr, server: Option<IpAddr>, logins: &[Attempt<'_>]) -> Option<Finding> {
    let failed: Vec<&Attempt<'_>> =
        logins.iter().filter(|l| l.outcome == Outcome::Failure).collect();
    let n_failed: usize = failed.iter().map(|l| n(l)).sum();
    let total: usize = logins.iter().map(n).sum();
    let accounts: BTreeSet<&Text> = failed.iter().filter_map(|l| l.account.as_ref()).collect();
    let quick = most_within(&failed);
    let is_spray = accounts.len() >= MIN_ACCOUNTS;
    let floor = if is_spray { MIN_ACCOUNTS } else { MIN_FAILURES };
    let is_timed = failed.iter().any(|l| l.seen.ts().is_some());
    let share = n_failed as f64 / total.max(1) as f64;
    if n_failed < floor || (is_timed && quick < floor) || share < MIN_FAILED {
        return None;
    }
    let last_failure = |account: &Option<Text>| {
        failed
            .iter()
            .filter(|l| l.account == *account)
            .filter_map(|l| l.seen.first())
            .map(|r| (r.ts, r.at))
            .min()
    };
    // A success counts when the same account had failed from here before it.
    let won: Vec<&Attempt<'_>> = logins
        .iter()
        .filter(|l| l.outcome == Outcome::Success)
        .filter(|l| {
            l.seen.last().map(|r| (r.ts, r.at)) > last_failure(&l.account)
                && last_failure(&l.account).is_some()
        })
        .collect();
    let mut f =
        finding(RULE.id, server.map_or_else(|| from.to_string(), |s| format!("{from} at {s}")));
    let whose = match accounts.iter().next() {
        Some(only) if accounts.len() == 1 => format!("for {}", visible(only)),
        Some(_) => format!("for {}", plural(accounts.len(), "account")),
        None => "for accounts that the evidence does not name".to_owned(),
    };
    let then = match won.first().map(|l| l.account.as_deref().unwrap_or("?")) {
        // Of one account the title has named whose success it was.
        Some(_) if accounts.len() == 1 => ", then success".to_owned(),
        Some(account) => format!(", then success as {}", visible(account)),
        None => String::new(),
    };
    f.title = format!("Password guessing: {n_failed} failed logins of {from} {whose}{then}");
    f.summary = format!(
        "{from} failed to log in {n_failed} times {whose}, {quick} times within {WINDOW}{then}."
    );
    f.severity = match () {
        () if !won.is_empty() => Severity::High,
        () if !is_internal(from) || n_failed >= MANY_FAILURES || is_spray => Severity::Medium,
        () => Severity::Low,
    };
    f.confidence = match () {
        () if !is_timed => Confidence::Low,
        () if n_failed >= 2 * MIN_FAILURES || is_spray => Confidence::High,
        () => Confidence::Medium,
    };
    let mut t = Terms::default();
    t.judge("failed logins", n_failed, format!("at least {floor}"), true, 0);
    t.judge(
        "failed share of logins",
        format!("{share:.2}"),
        format!("at least {MIN_FAILED}"),
        true,
        0,
    );
    if is_timed {
        t.judge(
            "failed within the window",
            quick,
            format!("at least {floor} in {WINDOW}"),
            true,
            0,
        );
    } else {
        t.unknown(
            "failed within the window",
            format!("at least {floor} in {WINDOW}"),
            "the rows carry no times",
        );
    }
    t.judge(
        "accounts that failed",
        accounts.len(),
        format!("at least {MIN_ACCOUNTS} for guessing across accounts"),
        is_spray,
        0,
    );
    t.say("successes after failures", won.len(), Basis::Observed);
    f.facts = t.0;
    f.when = span(logins.iter().map(|l| &**l.seen));
    f.subjects.push(actor("address", from));
    f.subjects.extend(server.map(|s| target("address", s)));
    f.subjects.extend(accounts.iter().take(20).map(|a| object("account", visible(a))));
    let rows = |all: &[&Attempt<'_>], why| -> Vec<EvidenceRow> {
        all.iter().filter_map(|l| Some(l.seen.last()?.because(why))).collect()
    };
    let mut shown = rows(&won, "success");
    shown.extend(rows(&failed, "failed"));
    f.evidence = evidence(shown, total as u64, None);
    f.caveats.push(caveat(
        "A program with an old stored password tries the same one again and again.",
        "Look whether the pace is even and the account is always the same; ask its owner about a changed password.",
    ));
    f.attack = vec![if is_spray { "T1110.003" } else { "T1110.001" }];
    Some(f)
}

fn n(l: &Attempt<'_>) -> usize {
    usize::try_from(l.seen.count()).unwrap_or(usize::MAX)
}

/// Most failures within the window. A row kept for many logins tells only its first and last
/// time: the others are taken as spread evenly between them.
fn most_within(failed: &[&Attempt<'_>]) -> usize {
    let mut at: BTreeMap<Time, usize> = BTreeMap::new();
    for l in failed {
        let (Some(first), Some(last)) = (l.seen.ts(), l.seen.until()) else {
            continue;
        };
        let count = n(l).min(MAX_LOGINS);
        let step = last.since(first).0 / i64::try_from(count.max(2) - 1).unwrap_or(1);
        for i in 0..count {
            *at.entry(first.plus(Interval(step.saturating_mul(i as i64)))).or_default() += 1;
        }
    }
    let times: Vec<(Time, usize)> = at.into_iter().collect();
    let (mut start, mut inside, mut most) = (0, 0, 0);
    for (t, count) in &times {
        inside += count;
        while let Some((s, leaving)) = times.get(start).filter(|(s, _)| t.since(*s) > WINDOW) {
            let _ = s;
            inside -= leaving;
            start += 1;
        }
        most = most.max(inside);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::{events, judge, lines};

    fn run(text: &str) -> String {
        lines(&judge(|| (RULE.new)(&Settings::default()), &events(text)))
    }

    fn guesses(n: usize, gap: usize) -> String {
        format!(
            "@0+{gap} ftp 192.0.2.9:{{1..{n}}} > 10.0.0.1:21 user=eva cmd=PASS code=530 password"
        )
    }

    #[test]
    fn both_sides_of_the_floors() {
        assert_eq!(run(&guesses(9, 5)), "");
        assert_eq!(
            run(&guesses(10, 5)),
            "Medium/Medium Password guessing: 10 failed logins of 192.0.2.9 for eva\n"
        );
        // Ten in a quarter of an hour, and nine.
        assert_ne!(run(&guesses(40, 100)), "");
        assert_eq!(run(&guesses(40, 101)), "");
        let spray =
            |n| format!("@0+9 ftp 192.0.2.9:* > 10.0.0.1:21 user=u{{1..{n}}} cmd=PASS code=530");
        assert_eq!(run(&spray(4)), "");
        assert!(run(&spray(5)).starts_with(
            "Medium/High Password guessing: 5 failed logins of 192.0.2.9 for 5 accounts"
        ));
        let mixed = |ok| {
            format!(
                "{}\n@0 ftp 192.0.2.9:{{101..{}}} > 10.0.0.1:21 user=tom cmd=PASS code=230",
                guesses(10, 5),
                100 + ok
            )
        };
        assert_ne!(run(&mixed(10)), "");
        assert_eq!(run(&mixed(11)), "");
    }

    #[test]
    fn a_success_after_failures_is_high_and_one_before_them_is_not() {
        let win = |at: i64| {
            format!(
                "{}\n@{at} ftp 192.0.2.9:999 > 10.0.0.1:21 user=eva cmd=PASS code=230",
                guesses(12, 5)
            )
        };
        assert!(run(&win(100)).starts_with("High/") && run(&win(100)).contains("then success"));
        let before = win(5).replace("@0+5", "@10+5");
        assert!(run(&before).starts_with("Medium/"), "{}", run(&before));
    }

    #[test]
    fn the_account_is_found_through_the_session_that_named_it() {
        let row = |n: u32| {
            format!(
                "@{n} ftp 192.0.2.9 > 10.0.0.1:21 cmd=USER arg=admin code=331 session=s{n}\n@{n} ftp 192.0.2.9 > 10.0.0.1:21 cmd=PASS code=530 session=s{n}\n"
            )
        };
        let text: String = (0..12).map(row).collect();
        assert!(run(&text).contains("for admin"), "{}", run(&text));
    }

    #[test]
    fn http_and_untimed() {
        let web = "@0+1 http 10.0.0.9:{1..12} > 10.0.0.1:80 user=eva status=401 uri=/x";
        assert!(run(web).starts_with("Low/Medium"));
        let untimed = web.replace("@0+1 ", "");
        assert!(run(&untimed).starts_with("Low/Low"));
        // A missing page says nothing about a password.
        assert_eq!(run(&web.replace("401", "404")), "");
    }

    #[test]
    fn caps_of_eight_give_the_same_for_any_order() {
        let tight = || {
            let mut s = Settings::default();
            s.caps.keys = 8;
            (RULE.new)(&s)
        };
        judge(tight, &events("@0+2 ftp 192.0.2.9:* > 10.0.0.1:21 user=u{1..60} cmd=PASS code=530"));
    }
}
