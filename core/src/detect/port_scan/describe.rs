//! A scan in words: who asked what, what answered and what that rests on.

use super::contact::Outcome;
use super::walk::{self, Contact, FLOOR, FLOOR_BURST, MIN_FAILED, WINDOW, Walk};
use super::{Probe, RULE};
use crate::detect::kit::addr::is_internal;
use crate::detect::kit::{
    Host, Terms, actor, caveat, evidence, finding as empty, object, plural, span, target,
};
use crate::event::Transport;
use crate::order::{Collect, Order};
use crate::report::{Basis, Confidence, EvidenceRow, Finding, Severity};
use crate::time::{Interval, Time};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Targets that a finding names one by one.
const MAX_SHOWN: usize = 20;
/// Targets that one source port must serve before it says something: a system's own stack takes
/// a new port for each connection.
const FIXED_PORT_TARGETS: usize = 8;

/// The finding about one source.
pub(super) fn finding(source: &Host, walk: &Walk<'_>, loss: Option<String>) -> Finding {
    let hosts: BTreeSet<&Host> = walk.contacts.iter().map(|c| &c.0.host).into_set();
    let mut answered: Vec<&Contact<'_>> =
        walk.contacts.iter().filter(|c| c.1 < Outcome::Refused).collect();
    answered.order_by_key(|c| c.0);
    let unasked = answered.iter().filter(|c| is_unasked(c.2)).count();
    let asked = walk.contacts.len() - unasked;
    let mut f = empty(RULE.id, source.to_string());
    f.title = title(source, walk, &hosts, asked);
    let failed = walk.contacts.iter().filter(|c| walk::is_failed(c.1)).count();
    let refused = walk.contacts.iter().filter(|c| c.1 == Outcome::Refused).count();
    f.summary = format!(
        "{source} asked {} on {}: {refused} refused, {} gave no reply, {} answered.",
        plural(asked, "target"),
        plural(hosts.len(), "host"),
        failed - refused,
        answered.len()
    );
    f.facts = terms(walk, asked, failed, &answered);
    let is_fixed = fixed_port(walk).is_some();
    let is_outside = !is_internal(source.addr);
    f.severity = match (is_outside, answered.is_empty()) {
        (true, true) => Severity::Low,
        _ => Severity::Medium,
    };
    f.confidence = match (is_fixed, failed >= 2 * walk.floor) {
        _ if !walk.is_quick => Confidence::Low,
        (true, _) | (_, true) => Confidence::High,
        _ => Confidence::Medium,
    };
    f.when = span(walk.contacts.iter().filter(|c| !is_unasked(c.2)).map(|c| &c.2.seen));
    f.subjects.push(actor("address", source.addr));
    f.subjects.extend(hosts.iter().take(MAX_SHOWN).map(|h| target("address", h.addr)));
    f.subjects.extend(answered.iter().take(MAX_SHOWN).map(|c| object("service", service(c))));
    f.evidence = rows(walk, &format!("id.orig_h == {}", source.addr));
    f.missing = missing(walk, unasked);
    f.missing.extend(loss);
    f.caveats = caveats(is_outside);
    f.attack = vec!["T1046"];
    if is_outside {
        f.attack.push("T1595.001");
    } else if hosts.len() >= FLOOR {
        f.attack.push("T1018");
    }
    f
}

fn title(source: &Host, walk: &Walk<'_>, hosts: &BTreeSet<&Host>, asked: usize) -> String {
    let ports: BTreeSet<_> = walk.contacts.iter().map(|c| (c.0.transport, c.0.port)).into_set();
    match (hosts.iter().next(), ports.iter().next()) {
        (Some(host), _) if hosts.len() == 1 => {
            format!("Port scan: {source} asked {} of {host}", plural(asked, "port"))
        }
        (_, Some((Transport::Icmp, _))) if ports.len() == 1 => {
            format!("Host sweep: {source} pinged {}", plural(hosts.len(), "host"))
        }
        (_, Some((t, p))) if ports.len() == 1 => {
            format!(
                "Port scan: {source} asked port {p}/{} of {}",
                t.name(),
                plural(hosts.len(), "host")
            )
        }
        _ => format!(
            "Port scan: {source} asked {} on {}",
            plural(ports.len(), "port"),
            plural(hosts.len(), "host")
        ),
    }
}

fn terms(
    walk: &Walk<'_>,
    asked: usize,
    failed: usize,
    answered: &[&Contact<'_>],
) -> Vec<crate::report::Fact> {
    let mut t = Terms::default();
    t.say("targets asked", asked, Basis::Observed);
    let floor = walk.floor.min(failed);
    t.judge("targets that gave nothing", failed, format!("at least {floor}"), true, 0);
    if floor < walk.floor {
        t.note(format!("within a minute; over an hour at least {}", walk.floor));
    } else if walk.floor > FLOOR {
        t.note(format!("an inside source: the floor is higher than the {FLOOR} of an outside one"));
    }
    let judged = walk.contacts.iter().filter(|c| c.1 != Outcome::Answered).count().max(1);
    let share = failed as f64 / judged as f64;
    t.judge(
        "share of judged targets that gave nothing",
        format!("{share:.2}"),
        format!("at least {MIN_FAILED}"),
        share >= MIN_FAILED,
        0,
    );
    let upper = walk::upper();
    t.judge(
        "sequential test over first contacts",
        format!("{:.2}", walk.peak),
        format!("at least {upper:.2}"),
        walk.peak >= upper,
        0,
    );
    t.note(format!(
        "passed at contact {} of {}; a failure adds 1.39, a use takes 1.39 away",
        walk.passed_at,
        walk.contacts.len()
    ));
    timing(&mut t, walk);
    style(&mut t, walk, answered);
    let refused = walk.contacts.iter().filter(|c| c.1 == Outcome::Refused).count();
    t.say("refused", refused, Basis::Observed);
    for c in answered.iter().take(MAX_SHOWN) {
        let (why, basis) = opened(c);
        t.say("answered, consistent with open", service(c), basis);
        t.note(why);
    }
    t.0
}

fn timing(t: &mut Terms, walk: &Walk<'_>) {
    let times: Vec<Time> =
        walk.contacts.iter().filter(|c| !is_unasked(c.2)).filter_map(|c| c.2.seen.ts()).collect();
    let ends = times.iter().min().zip(times.iter().max());
    let Some((first, last)) = ends.filter(|_| times.len() > 1) else {
        t.unknown(
            "time from first to last",
            format!("at most {WINDOW}"),
            "the rows carry no times",
        );
        return;
    };
    let length = last.since(*first);
    t.judge("time from first to last", length, format!("at most {WINDOW}"), length <= WINDOW, 0);
    let mut sorted = times;
    sorted.order();
    let mut gaps: Vec<i64> =
        sorted.windows(2).filter_map(|w| Some(w.get(1)?.since(*w.first()?).0)).collect();
    gaps.order();
    if let (Some(low), Some(mid), Some(high)) =
        (gaps.first(), gaps.get(gaps.len() / 2), gaps.last())
    {
        let [low, mid, high] = [low, mid, high].map(|g| Interval(*g));
        t.say(
            "time between contacts",
            format!("{mid} in the middle, {low} to {high}"),
            Basis::Observed,
        );
    }
}

fn style(t: &mut Terms, walk: &Walk<'_>, answered: &[&Contact<'_>]) {
    if let Some(port) = fixed_port(walk) {
        t.judge(
            "source port",
            format!("{port}, for all"),
            format!("one port for at least {FIXED_PORT_TARGETS} targets"),
            true,
            0,
        );
        t.note("a system's own stack takes a new port for each connection");
    }
    let dropped = answered.iter().filter(|c| c.1 == Outcome::Answered && !is_unasked(c.2)).count();
    if dropped > 0 {
        t.say("answered and dropped without data", dropped, Basis::Observed);
        t.note("consistent with a half-open probe, which never completes a connection");
    }
    let sizes: BTreeSet<(u32, u32)> =
        walk.contacts.iter().filter(|c| walk::is_failed(c.1)).filter_map(|c| c.2.size).into_set();
    if let (Some((low, _)), Some((_, high)), true) = (sizes.first(), sizes.last(), sizes.len() == 1)
        && low == high
    {
        t.say("size of each request", format!("{low} bytes at IP level"), Basis::Observed);
        if *low == 44 {
            t.note("consistent with a SYN that carries the segment size and no other option");
        }
    }
}

/// What the answer of a target was, and what the reading rests on.
fn opened(c: &Contact<'_>) -> (String, Basis) {
    let probe = c.2;
    if c.1 == Outcome::Used {
        return ("data was exchanged".to_owned(), Basis::Observed);
    }
    if let Some(shape) = &probe.shape {
        return (format!("history or flags `{shape}`"), Basis::Observed);
    }
    let size = |s: Option<(u32, u32)>| {
        s.map(|(p, b)| {
            format!("{b} bytes in {}", plural(usize::try_from(p).unwrap_or(usize::MAX), "packet"))
        })
    };
    match (size(probe.sent), size(probe.reply)) {
        (Some(sent), Some(reply)) => (
            format!(
                "{sent} one way and an answer of {reply}: consistent with SYN, answer, reset; the rows carry no flags"
            ),
            Basis::Inferred,
        ),
        (None, Some(reply)) => (
            format!(
                "an answer of {reply} only; no request was recorded, and the row carries no flags"
            ),
            Basis::Inferred,
        ),
        _ => ("the source says that it was answered".to_owned(), Basis::Reported),
    }
}

/// True when only the answer was recorded: its request is not counted as seen.
fn is_unasked(probe: &Probe) -> bool {
    probe.sent.is_none() && probe.reply.is_some() && probe.shape.is_none()
}

fn fixed_port(walk: &Walk<'_>) -> Option<u16> {
    let all: BTreeSet<(u16, u16)> = walk.contacts.iter().filter_map(|c| c.2.from).into_set();
    let (low, high) = all.first().filter(|_| all.len() == 1)?;
    let is_icmp = walk.contacts.iter().any(|c| c.0.transport == Transport::Icmp);
    (low == high && walk.contacts.len() >= FIXED_PORT_TARGETS && !is_icmp).then_some(*low)
}

fn service(c: &Contact<'_>) -> String {
    let host = match c.0.host.addr {
        IpAddr::V6(a) => format!("[{a}]"),
        IpAddr::V4(a) => a.to_string(),
    };
    format!("{host}:{}/{}", c.0.port, c.0.transport.name())
}

fn rows(walk: &Walk<'_>, filter: &str) -> crate::report::Evidence {
    let reason = |c: &Contact<'_>| match c.1 {
        Outcome::Used | Outcome::Answered => "answered",
        Outcome::Refused => "refused",
        Outcome::Silent => "no reply",
    };
    let mut order: Vec<&Contact<'_>> = walk.contacts.iter().collect();
    order.order_by_key(|c| (walk::is_failed(c.1), c.2.place()));
    let rows: Vec<EvidenceRow> =
        order.iter().filter_map(|c| Some(c.2.seen.first()?.because(reason(c)))).collect();
    let total = walk.contacts.iter().map(|c| c.2.seen.count()).sum();
    evidence(rows, total, Some(("conn", filter.to_owned())))
}

fn missing(walk: &Walk<'_>, unasked: usize) -> Vec<String> {
    let mut out = Vec::new();
    if unasked > 0 {
        out.push(format!(
            "{} without the request: the request was not recorded.",
            plural(unasked, "answer")
        ));
    }
    if walk.contacts.iter().all(|c| c.2.shape.is_none()) {
        out.push(
            "TCP flags: what kind of packets were sent is inferred from sizes and counts."
                .to_owned(),
        );
    }
    if !walk.is_quick {
        out.push(format!(
            "A pace: fewer than {FLOOR_BURST} targets fall into one hour, or there are no times."
        ));
    }
    out
}

fn caveats(is_outside: bool) -> Vec<crate::report::Caveat> {
    let who = if is_outside {
        caveat(
            "Survey services and an owner's own external scanner ask in the same way.",
            "Compare the address with published scanner ranges and with the list of authorised tests.",
        )
    } else {
        caveat(
            "A monitoring system, an inventory tool or an authorised scanner.",
            "Ask the owner of the source; look whether it does the same at the same time on other days.",
        )
    };
    let one_sided = caveat(
        "If replies were not recorded, contacts that succeeded look like failures.",
        "Look for any reply from the same targets to anybody in the same source.",
    );
    vec![who, one_sided]
}
