//! A sweep in words: who asked, for what, and what else asks so.

use super::RULE;
use super::judge::{MANY_TARGETS, MIN_NEIGHBOURS, MIN_SILENT, Sweep, WINDOW};
use crate::detect::kit::{
    Host, Terms, actor, caveat, evidence, finding as empty, plural, span, target,
};
use crate::order::Collect;
use crate::report::{Basis, Confidence, Fact, Finding, Severity};
use crate::text::visible;

/// Addresses that a finding names one by one.
const MAX_SHOWN: usize = 20;

/// The finding about one host.
pub(super) fn finding(source: &Host, sweep: &Sweep<'_>) -> Finding {
    let n = sweep.targets.len();
    let mut f = empty(RULE.id, source.to_string());
    f.title = format!("ARP sweep: {source} asked for {}", plural(n, "address"));
    let answered = match sweep.heard {
        Some(heard) => format!("{heard} answered"),
        None => "no answer to it is in the evidence".to_owned(),
    };
    f.summary = format!("{source} asked who has {n} addresses within {WINDOW}; {answered}.");
    f.severity = Severity::Low;
    f.confidence = match (sweep.heard, n >= MANY_TARGETS) {
        (Some(_), true) => Confidence::High,
        (None, false) => Confidence::Low,
        _ => Confidence::Medium,
    };
    f.facts = facts(sweep);
    f.when = span(sweep.targets.iter().map(|(_, asked)| &asked.seen));
    f.subjects.push(actor("address", source.addr));
    f.subjects.extend(sweep.targets.iter().take(MAX_SHOWN).map(|(h, _)| target("address", h.addr)));
    f.evidence = evidence(
        sweep.targets.iter().filter_map(|(_, a)| Some(a.seen.first()?.because("asked for"))),
        sweep.targets.iter().map(|(_, a)| a.seen.count()).sum(),
        Some(("arp", format!("id.orig_h == {} and operation == request", source.addr))),
    );
    f.caveats.push(caveat(
        "An inventory, a monitoring system or an access control looks who is there.",
        "Ask whose host it is, and whether it does so every day at the same time.",
    ));
    f.caveats.push(caveat(
        "The host is a gateway, and somebody beyond it tries the addresses of this network.",
        "Look whether it is the network's gateway; look for the packets that it was to deliver.",
    ));
    f.attack = RULE.attack.to_vec();
    f
}

fn facts(sweep: &Sweep<'_>) -> Vec<Fact> {
    let mut t = Terms::default();
    t.judge(
        "addresses asked for",
        sweep.targets.len(),
        format!("at least {} in {WINDOW}", sweep.floor()),
        true,
        0,
    );
    match sweep.silent() {
        Some(share) => t.judge(
            "share that did not answer",
            format!("{share:.2}"),
            format!("at least {MIN_SILENT}"),
            true,
            0,
        ),
        None => t.unknown(
            "share that did not answer",
            format!("at least {MIN_SILENT}"),
            "no answer to this host is in the evidence; answers go to the asker alone",
        ),
    }
    t.judge(
        "share that stand next to another one",
        format!("{:.2}", sweep.neighbours),
        format!("at least {MIN_NEIGHBOURS}"),
        true,
        0,
    );
    for mac in sweep.targets.iter().filter_map(|t| t.1.mac.as_deref()).into_set() {
        t.say("hardware address of the asker", visible(mac), Basis::Observed);
    }
    t.0
}
