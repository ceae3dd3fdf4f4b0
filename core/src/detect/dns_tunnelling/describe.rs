//! Data in names, in words: who asked for what, each measure with its threshold.

use super::judge::{
    FULL_LENGTH, Judged, MANY_BYTES, MIN_DATA, MIN_ENTROPY, MIN_ONCE, MIN_REPLY, MIN_VARIED,
};
use super::{MAX_NAMES, RULE};
use crate::detect::kit::{
    Host, Row, Terms, actor, caveat, evidence, finding as empty, object, plural, quoted, span,
};
use crate::order::Order;
use crate::report::{Basis, Confidence, Evidence, Fact, Finding, Severity};
use crate::text::{Text, visible};
use std::rc::Rc;

/// The finding about one client's names under one domain.
pub(super) fn finding(client: &Host, domain: &str, j: &Judged<'_>) -> Finding {
    let n = j.members.len();
    let shown = if domain.is_empty() { "no domain".into() } else { visible(domain) };
    let mut f = empty(RULE.id, format!("{client} {domain}"));
    f.title = format!("Data in DNS names: {client} asked for {} under {shown}", plural(n, "name"));
    f.summary = format!(
        "{client} asked for {n} different names under {shown}, {:.0} characters long on average and random-looking: {} bytes in all.",
        j.length, j.bytes
    );
    f.severity = if j.has_replies() || j.is_much() { Severity::Medium } else { Severity::Low };
    f.confidence = match (j.has_replies(), j.is_much()) {
        (true, true) => Confidence::High,
        (true, false) => Confidence::Medium,
        _ => Confidence::Low,
    };
    f.facts = facts(j);
    f.when = span(j.members.iter().map(|m| &m.1.seen));
    f.subjects = vec![actor("address", client.addr), object("name", &shown)];
    f.evidence = rows(client, domain, j);
    f.caveats.push(caveat(
        "Security products and telemetry ask with hashes in names, and are answered at once.",
        "Find out whose the domain is, and which program on the client asks for it.",
    ));
    f.attack = RULE.attack.to_vec();
    f
}

fn facts(j: &Judged<'_>) -> Vec<Fact> {
    let n = j.members.len();
    let share = |of: f64| format!("{of:.2}");
    let mut t = Terms::default();
    t.judge("different names", n, format!("at least {}", j.min_names()), true, 0);
    if n >= MAX_NAMES {
        t.note("more were asked; only so many are kept");
    }
    t.judge(
        "mean length before the domain",
        format!("{:.1} characters", j.length),
        format!("at least {}", j.min_length()),
        true,
        0,
    );
    if j.fetches() {
        t.note("less than elsewhere, since the answers are long and always new");
    }
    t.judge(
        "mean entropy",
        format!("{:.2} bits a character", j.bits),
        format!("at least {MIN_ENTROPY}"),
        true,
        0,
    );
    t.judge(
        "answers that carry data",
        share(j.data),
        format!("at least {MIN_DATA}"),
        j.has_replies(),
        0,
    );
    t.judge(
        "answers that differ",
        share(j.varied),
        format!("at least {MIN_VARIED}"),
        j.varied >= MIN_VARIED,
        0,
    );
    t.judge(
        "answers that came once, the commonest apart",
        share(j.once),
        format!("at least {MIN_ONCE}"),
        j.once >= MIN_ONCE,
        0,
    );
    let reply = format!("{:.0} bytes", j.reply);
    let least = format!("at least {MIN_REPLY}");
    t.judge("mean length of such answers", reply, least, j.reply >= MIN_REPLY, 0);
    let (length, full) = (format!("{:.1} characters", j.length), format!("at least {FULL_LENGTH}"));
    t.judge("names filled to the limit of DNS", length, full, j.length >= FULL_LENGTH, 0);
    let (bytes, many) = (j.bytes, format!("at least {MANY_BYTES}"));
    t.judge("bytes in names", bytes, many, bytes >= MANY_BYTES, 0);
    t.say("answers that are a verdict (127/8)", share(j.verdicts), Basis::Observed);
    t.0
}

/// Rows of the longest names first.
fn rows(client: &Host, domain: &str, j: &Judged<'_>) -> Evidence {
    let mut rows: Vec<(&Text, &Rc<Row>)> =
        j.members.iter().filter_map(|m| Some((m.0, m.1.seen.first()?))).collect();
    rows.order_by_key(|r| (std::cmp::Reverse(r.0.len()), r.1.ts, r.1.at));
    let filter = format!("id.orig_h == {} and query contains {}", client.addr, quoted(domain));
    evidence(
        rows.into_iter().map(|r| r.1.because("long name")),
        j.members.iter().map(|m| m.1.seen.count()).sum(),
        Some(("dns", filter)),
    )
}
