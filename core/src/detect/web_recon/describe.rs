//! A list worked through, in words: who asked for what, the signs, and what was answered.

use super::RULE;
use super::judge::{FLOOR, Judged, LEAK_SECS, MANY_SYNTAX, MIN_MISSED, Request, UNSEEN};
use crate::detect::kit::addr::is_internal;
use crate::detect::kit::{
    Host, Terms, actor, caveat, evidence, finding as empty, plural, span, target,
};
use crate::order::Collect;
use crate::report::{Basis, Confidence, Evidence, EvidenceRow, Fact, Finding, Severity};
use crate::text::{Text, visible};
use std::collections::BTreeSet;

/// The finding about one client.
pub(super) fn finding(client: &Host, j: &Judged<'_>) -> Finding {
    let mut f = empty(RULE.id, client.to_string());
    let n = j.missed.len();
    let what = j.tells.first().map_or("", |t| t.title);
    f.title = if n > 0 {
        format!("Web reconnaissance: {client} asked for {}{what}", plural(n, "missing path"))
    } else {
        format!("Web reconnaissance: {client}{what}")
    };
    let tells: Vec<&str> = j.tells.iter().map(|t| meaning(t.name)).collect();
    f.summary = if n == 0 && j.hits.is_empty() {
        format!(
            "{client} sent {} with syntax that no page links to.",
            plural(j.syntax.len(), "different request")
        )
    } else {
        format!(
            "{client} asked for {} that the server does not have or refused; {}. Signs of a list: {}.",
            plural(n, "different path"),
            match j.hits.len() {
                0 => "no other was answered".to_owned(),
                1 => "1 other was answered".to_owned(),
                n => format!("{n} others were answered"),
            },
            if tells.is_empty() { "its length".to_owned() } else { tells.join("; ") }
        )
    };
    // What is guessed is mostly of a type not served as well: one sign, not two.
    let n_signs = j.tells.iter().filter(|t| t.name != "guessed").count();
    let is_much = n_signs > 1 || j.syntax.len() >= MANY_SYNTAX;
    f.severity = if !j.hits.is_empty() || is_much { Severity::Medium } else { Severity::Low };
    f.confidence = match () {
        () if !j.is_timed => Confidence::Low,
        () if j.tells.len() > 2 || n >= 2 * FLOOR => Confidence::High,
        () => Confidence::Medium,
    };
    f.when = span(j.all().map(|r| &r.1.seen));
    f.subjects.push(actor("address", client.addr));
    let targets: BTreeSet<&Host> = j.all().flat_map(|r| &r.1.targets).into_set();
    f.subjects.extend(targets.iter().take(10).map(|t| target("address", t.addr)));
    if targets.is_empty() {
        f.missing.push("Which server was asked: a server's own log does not name it.".to_owned());
    }
    f.facts = facts(j);
    f.evidence = rows(client, j);
    f.caveats.push(if is_internal(client.addr) {
        caveat(
            "An inside scanner or monitoring system that is allowed to do this.",
            "Ask the owner of the address; look whether it does the same on other days.",
        )
    } else {
        caveat(
            "A crawler on a site that was moved, a survey service, an authorised test.",
            "Check the agent's claim by reverse and forward DNS; look whether any page links to these paths.",
        )
    });
    if !j.hits.is_empty() {
        f.caveats.push(caveat(
            "An answer that is no error may be a landing page that the server gives for any path.",
            "Compare the sizes of these answers with each other; ask for a path that surely does not exist.",
        ));
    }
    f.attack =
        RULE.attack.iter().copied().filter(|id| *id == "T1595.003" || j.has_syntax()).collect();
    f
}

/// What a sign is, in words.
fn meaning(sign: &str) -> &'static str {
    match sign {
        "versions" => "versions of one path asked for",
        "doubled" => "paths with a doubled slash",
        "foreign" => "missing paths of a type not served to others",
        "guessed" => "missing paths that no page links to",
        "syntax" => "requests with traversal or injection syntax",
        _ => "requests without referrer and agent",
    }
}

/// The terms.
fn facts(j: &Judged<'_>) -> Vec<Fact> {
    let mut t = Terms::default();
    let n = j.missed.len();
    t.judge("different missing paths", n, format!("more than {FLOOR}"), n > FLOOR, 0);
    t.judge(
        "fullest leaky bucket",
        format!("{:.1}", j.peak),
        format!("more than {FLOOR}"),
        j.peak > FLOOR as f64,
        0,
    );
    t.note(format!("one path fills it by 1, and it loses 1 each {LEAK_SECS} s"));
    t.judge(
        "share of requests that failed",
        format!("{:.2}", j.share),
        format!("at least {MIN_MISSED}"),
        j.share >= MIN_MISSED,
        0,
    );
    for (status, n) in &j.statuses {
        let value = match *status {
            UNSEEN => format!("no reply seen: {n}"),
            _ => format!("{status}: {n}"),
        };
        t.say("different requests by status", value, Basis::Observed);
    }
    for tell in &j.tells {
        t.judge(meaning(tell.name), &tell.value, &tell.threshold, true, 0);
    }
    let bare = j.missed.iter().all(|r| !r.1.has_agent && !r.1.has_referrer);
    if bare && n > 0 && !j.tells.iter().any(|t| t.name == "agent") {
        t.say("referrer and agent", "none in any of these rows", Basis::Observed);
        t.note("whether the log's format has them is not known");
    }
    sizes(j, &mut t);
    for (uri, _) in j.hits.iter().take(10) {
        t.say("answered among misses", short(uri), Basis::Observed);
    }
    t.0
}

/// Whether the error page grows with the path: then it echoes it and says nothing else.
fn sizes(j: &Judged<'_>, t: &mut Terms) {
    let over = |r: &(&Text, &Request)| r.1.len?.checked_sub(r.0.len() as u64);
    let over: BTreeSet<Option<u64>> = j.missed.iter().map(over).into_set();
    let lens: BTreeSet<Option<u64>> = j.missed.iter().map(|r| r.1.len).into_set();
    if let (1, Some(Some(base)), true) = (over.len(), over.first(), lens.len() > 1) {
        t.say("size of error pages", format!("path length + {base} bytes"), Basis::Observed);
        t.note("one page that repeats the path: no answer differs from the others");
    }
}

fn rows(client: &Host, j: &Judged<'_>) -> Evidence {
    let of = |all: &[(&Text, &Request)], why| -> Vec<EvidenceRow> {
        all.iter().filter_map(|r| Some(r.1.seen.first()?.because(why))).collect()
    };
    let mut rows = of(&j.hits, "answered");
    rows.truncate(20);
    rows.extend(of(&j.syntax, "syntax"));
    rows.truncate(30);
    rows.extend(of(&j.missed, "missing"));
    let total = j.all().map(|r| r.1.seen.count()).sum();
    evidence(rows, total, Some(("http", format!("id.orig_h == {}", client.addr))))
}

/// A target for a title: visible, and short.
pub(super) fn short(text: &str) -> String {
    let text = visible(text);
    text.chars().take(60).collect()
}
