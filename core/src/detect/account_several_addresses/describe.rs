//! An account in words: from where it was used, what was refused and then done, how close in time.

use super::sessions::{Judged, MAX_GAP, MIN_MANY};
use super::{KINDS, RULE};
use crate::detect::kit::addr::is_internal;
use crate::detect::kit::{
    Host, Terms, actor, caveat, evidence, finding as empty, plural, quoted, span, target,
};
use crate::event::Kind;
use crate::report::{Basis, Confidence, Evidence, EvidenceRow, Fact, Finding, Severity};
use crate::text::visible;
use crate::time::Interval;

/// The finding about one account at one server.
pub(super) fn finding(name: &str, server: Option<&Host>, j: &Judged<'_>) -> Finding {
    let key_name = name;
    let shown = j.name_as_written().unwrap_or_else(|| name.to_owned());
    let name = visible(&shown);
    let key = server.map_or_else(|| name.to_string(), |s| format!("{name} at {s}"));
    let mut f = empty(RULE.id, key);
    let n = j.addresses.len();
    let retried = j.retried.as_ref();
    f.title = match (retried, j.addresses.iter().collect::<Vec<_>>().as_slice()) {
        (Some(r), _) => format!(
            "Account {name} from {}: {} {} refused, then done from another",
            plural(n, "address"),
            r.done.0.action,
            visible(&r.object)
        ),
        (None, [a, b]) => format!("Account {name} from {a} and {b}"),
        _ => format!("Account {name} from {}", plural(n, "address")),
    };
    f.summary = format!(
        "{name} was in use from {} in {}. {}",
        plural(n, "address"),
        plural(j.n_groups, "network"),
        match (retried, j.gap) {
            (Some(r), _) => format!(
                "{} {} was refused for {} and done for {}.",
                r.done.0.action,
                visible(&r.object),
                r.refused.0.from,
                r.done.0.from
            ),
            (None, Some(Interval(0))) => "Sessions from different networks overlap.".to_owned(),
            (None, Some(gap)) => format!("Sessions from different networks lie {gap} apart."),
            (None, None) => "The rows carry no times.".to_owned(),
        }
    );
    let all_inside = j.addresses.iter().all(|a| is_internal(a.addr));
    f.severity = match () {
        () if retried.is_some() => Severity::High,
        () if j.n_operators >= MIN_MANY && !all_inside => Severity::Medium,
        () if all_inside => Severity::Info,
        () => Severity::Low,
    };
    f.confidence = match (j.gap.is_some(), retried.is_some() || j.n_operators >= MIN_MANY) {
        (false, _) => Confidence::Low,
        (true, true) => Confidence::Medium,
        (true, false) => Confidence::Low,
    };
    f.facts = facts(j);
    f.when = span(j.uses.iter().map(|u| u.1));
    f.subjects.push(actor("account", &name));
    f.subjects.extend(j.addresses.iter().take(20).map(|a| actor("address", a.addr)));
    f.subjects.extend(server.map(|s| target("address", s.addr)));
    f.evidence = rows(j, filter(key_name, server, j));
    f.caveats.push(caveat(
        "A person may have changed networks: office and phone, VPN on or off; or several share the account.",
        "Ask the account's owner about these addresses; look which of them it used in the weeks before.",
    ));
    if retried.is_some() {
        f.caveats.push(caveat(
            "The refusal may have been mended in between: a path, a permission, a file that was locked.",
            "Look for a change of the file's permissions between the two times.",
        ));
    }
    if j.gap.is_none() {
        f.missing.push("Times: nothing can be said about how close the sessions were.".to_owned());
    }
    f.missing.push("Where the addresses are: no location or operator data was used.".to_owned());
    f.attack = RULE.attack.to_vec();
    f
}

fn facts(j: &Judged<'_>) -> Vec<Fact> {
    let mut t = Terms::default();
    t.say("addresses", j.addresses.len(), Basis::Observed);
    t.judge("networks", j.n_groups, "at least 2", j.n_groups >= 2, 0);
    t.note(
        "by the first 24 (IPv6: 48) bits; IPv4 and IPv6 are counted apart, since one host has both",
    );
    let least = format!("at least {MIN_MANY} to weigh more");
    t.judge("unrelated networks", j.n_operators, least, j.n_operators >= MIN_MANY, 0);
    t.note("by the first 16 (IPv6: 32) bits: a carrier's phones change between neighbours");
    match j.gap {
        Some(gap) => t.judge(
            "time between the sessions",
            gap,
            format!("at most {MAX_GAP}"),
            gap <= MAX_GAP,
            0,
        ),
        None => t.unknown(
            "time between the sessions",
            format!("at most {MAX_GAP}"),
            "the rows carry no times",
        ),
    }
    if let Some(all) = span(j.uses.iter().map(|u| u.1)) {
        t.say("from first to last", all.last.since(all.first), Basis::Observed);
    }
    if let Some(r) = &j.retried {
        t.judge(
            "refused, then done from another address",
            visible(&r.object),
            "the same object",
            true,
            0,
        );
        t.note(format!("refused for {}, done for {}", r.refused.0.from, r.done.0.from));
        if let Some((a, b)) = r.refused.1.ts().zip(r.done.1.ts()) {
            t.say("time from refusal to success", b.since(a), Basis::Observed);
        }
    }
    t.0
}

/// A filter for the account's rows at the server, of the kind that has most of them.
fn filter(name: &str, server: Option<&Host>, j: &Judged<'_>) -> Option<(&'static str, String)> {
    let of = |kind| j.uses.iter().filter(|u| u.0.kind == kind).count();
    let kind = KINDS.iter().copied().max_by_key(|k| of(*k))?;
    let field = if kind == Kind::Ftp { "user" } else { "username" };
    let at = server.map_or(String::new(), |s| format!(" and id.resp_h == {}", s.addr));
    Some((kind.path(), format!("{field} ~ {}{at}", quoted(name))))
}

fn rows(j: &Judged<'_>, filter: Option<(&str, String)>) -> Evidence {
    let mut rows: Vec<EvidenceRow> = Vec::new();
    if let Some(r) = &j.retried {
        rows.extend(r.refused.1.first().map(|x| x.because("refused")));
        rows.extend(r.done.1.first().map(|x| x.because("success")));
    }
    for address in &j.addresses {
        let of = j.uses.iter().filter(|u| u.0.from == *address);
        let first = of.filter_map(|u| u.1.first()).min_by_key(|r| (r.ts, r.at));
        rows.extend(first.map(|r| r.because("first of address")));
    }
    rows.extend(j.uses.iter().filter_map(|u| Some(u.1.first()?.because("use"))));
    evidence(rows, j.uses.iter().map(|u| u.1.count()).sum(), filter)
}
