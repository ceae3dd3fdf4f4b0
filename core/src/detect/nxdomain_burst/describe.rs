//! A burst of missing names, in words: who asked, for which domains, and who else asks so.

use super::RULE;
use super::judge::{Judged, MANY_DOMAINS, MIN_BARE, MIN_DOMAINS, MIN_SHARE, WINDOW};
use crate::detect::kit::{
    Host, Terms, actor, caveat, evidence, finding as empty, object, plural, span,
};
use crate::report::{Confidence, Fact, Finding, Severity};
use crate::text::visible;

/// The finding about one client.
pub(super) fn finding(client: &Host, j: &Judged<'_>) -> Finding {
    let n = j.chosen.len();
    let mut f = empty(RULE.id, client.to_string());
    f.title =
        format!("Burst of names that do not exist: {client} asked for {}", plural(n, "domain"));
    f.summary = format!(
        "{client} asked for names under {n} registered domains that do not exist; {} domains that it asked for do.",
        j.there
    );
    f.severity = if j.bare >= MIN_BARE { Severity::Medium } else { Severity::Low };
    f.confidence = match () {
        () if !j.is_timed => Confidence::Low,
        () if n >= MANY_DOMAINS => Confidence::High,
        () => Confidence::Medium,
    };
    f.facts = facts(j);
    f.when = span(j.chosen.iter().map(|c| c.1));
    f.subjects.push(actor("address", client.addr));
    f.subjects.extend(j.chosen.iter().take(20).map(|c| object("name", visible(c.0))));
    let rows = j.chosen.iter().filter_map(|c| Some(c.1.first()?.because("does not exist")));
    f.evidence = evidence(
        rows,
        j.chosen.iter().map(|c| c.1.count()).sum(),
        Some(("dns", format!("id.orig_h == {} and rcode_name == NXDOMAIN", client.addr))),
    );
    f.caveats.push(caveat(
        "A mail gateway, a crawler or a resolver asks for many dead names on behalf of others.",
        "Look what the client is; look whether the names share a length and an alphabet.",
    ));
    f.attack = RULE.attack.to_vec();
    f
}

fn facts(j: &Judged<'_>) -> Vec<Fact> {
    let mut t = Terms::default();
    t.judge(
        "different domains that do not exist",
        j.chosen.len(),
        format!("at least {MIN_DOMAINS} in {WINDOW}"),
        true,
        0,
    );
    t.judge(
        "share of its domains that do not exist",
        format!("{:.2}", j.share),
        format!("at least {MIN_SHARE}"),
        true,
        0,
    );
    t.judge(
        "share asked for without a host below it",
        format!("{:.2}", j.bare),
        format!("at least {MIN_BARE}"),
        j.bare >= MIN_BARE,
        0,
    );
    if !j.is_timed {
        t.unknown(
            "time within which they were asked",
            format!("at most {WINDOW}"),
            "the rows carry no times",
        );
    }
    t.0
}
