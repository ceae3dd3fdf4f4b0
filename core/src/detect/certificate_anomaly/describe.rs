//! Certificates in words: the record of all, and one finding for each that is out of order.

use super::RULE;
use super::judge::{Sign, days, limit, shown_date};
use super::memory::Certificate;
use super::sharing::Shared;
use crate::detect::kit::{Terms, caveat, evidence, finding, object, plural, span, target};
use crate::order::Order;
use crate::report::{Basis, Confidence, Fact, Finding, Severity};
use crate::text::{Text, visible};

/// Issuers that the record ranks.
const MAX_RANKED: usize = 20;
/// Certificates that the record lists one by one.
const MAX_LISTED: usize = 100;

/// One finding for all certificates: what was shown, whether anything is out of order or not.
pub(super) fn record(judged: &[(&Certificate<'_>, Vec<Sign>)]) -> Finding {
    let mut f = finding(RULE.id, "record");
    f.severity = Severity::Info;
    f.confidence = Confidence::Medium;
    let mut t = Terms::default();
    if let [(c, signs)] = judged {
        f.title = format!("Certificate: {}", c.name());
        f.summary =
            format!("One certificate was shown, for {}, issued by {}.", c.name(), c.issuer_name());
        details(&mut t, c, signs);
    } else {
        f.title = format!("Certificates: {} shown", judged.len());
        f.summary = format!(
            "{} were shown; each is listed with its issuer and validity.",
            plural(judged.len(), "different certificate")
        );
        for (c, signs) in judged.iter().take(MAX_LISTED) {
            t.say(
                "certificate",
                format!("{}, by {}, {}", c.name(), c.issuer_name(), validity(c)),
                Basis::Observed,
            );
            if !signs.is_empty() {
                t.note(signs.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("; "));
            }
        }
        if judged.len() > MAX_LISTED {
            f.missing
                .push(format!("{} more certificates: see the records.", judged.len() - MAX_LISTED));
        }
    }
    f.facts = t.0;
    f.when = span(judged.iter().map(|(c, _)| &**c.seen));
    f.subjects = judged.iter().take(20).map(|(c, _)| object("certificate", c.id())).collect();
    let rows = judged.iter().filter_map(|(c, _)| Some(c.seen.first()?.because("first")));
    f.evidence = evidence(rows, judged.iter().map(|(c, _)| c.seen.count()).sum(), None);
    if judged.iter().all(|(c, _)| c.servers.is_empty()) {
        f.missing.push("Which servers showed them: the rows name no connection.".to_owned());
    }
    f
}

/// Issuers by how many certificates they stand behind, rarest first: for a person to look at, and
/// never an alarm.
pub(super) fn ranking(shared: &Shared<'_>) -> Vec<Fact> {
    let mut t = Terms::default();
    let ranking = shared.ranking();
    if ranking.len() > 1 {
        for (issuer, n) in ranking.iter().take(MAX_RANKED) {
            let value = format!("{}: {}", visible(issuer), plural(*n, "certificate"));
            t.say("issuer, rarest first", value, Basis::Observed);
        }
        t.note(format!("{} in all; rare is not wrong", plural(ranking.len(), "issuer")));
    }
    t.0
}

/// One finding for a certificate with signs above information.
pub(super) fn anomaly(c: &Certificate<'_>, signs: &[Sign], worst: Severity) -> Finding {
    let mut f = finding(RULE.id, c.id());
    let telling: Vec<&Sign> = signs.iter().filter(|s| s.severity > Severity::Info).collect();
    let first = telling.iter().find(|s| s.severity == worst).map_or("", |s| s.title);
    f.title = format!("Certificate {first}: {}", c.name());
    f.summary = format!(
        "Of the certificate for {}, issued by {}: {}.",
        c.name(),
        c.issuer_name(),
        telling.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("; ")
    );
    f.severity = worst;
    f.confidence = if telling.len() > 1 { Confidence::High } else { Confidence::Medium };
    let mut t = Terms::default();
    details(&mut t, c, signs);
    f.facts = t.0;
    f.when = span([&**c.seen]);
    f.subjects.push(object("certificate", c.id()));
    f.subjects.extend(c.servers.iter().take(20).map(|s| target("address", s.addr)));
    let rows =
        [c.seen.first().map(|r| r.because("first")), c.seen.last().map(|r| r.because("last"))];
    f.evidence = evidence(rows.into_iter().flatten(), c.seen.count(), c.filter());
    f.caveats.push(caveat(
        "Appliances, test systems and private authorities often have such certificates.",
        "Ask who runs the server; look since when it shows this certificate and who else connects to it.",
    ));
    f.attack = telling.iter().flat_map(|s| s.attack.iter().copied()).collect();
    f.attack.order();
    f.attack.dedup();
    f
}

fn details(t: &mut Terms, c: &Certificate<'_>, signs: &[Sign]) {
    let mut say = |name, value: Option<String>| {
        if let Some(value) = value {
            t.say(name, visible(&value), Basis::Observed);
        }
    };
    let x = c.x509;
    let text = |v: &Option<Text>| v.as_deref().map(str::to_owned);
    say("serial number", text(&x.serial));
    say("subject", text(&x.subject));
    say("issuer", text(&x.issuer));
    say("names", (!x.san_dns.is_empty()).then(|| x.san_dns.join(", ")));
    say("key", c.key());
    say("signature", text(&x.sig_alg));
    say("fingerprint", text(&x.fingerprint));
    say("valid from", x.not_valid_before.map(shown_date));
    say("valid to", x.not_valid_after.map(shown_date));
    if let (Some(days), Some(limit)) = (days(x), limit(x)) {
        t.judge(
            "validity",
            format!("{days} d"),
            format!("at most {limit} d for its day of issue"),
            days <= limit,
            0,
        );
        // Its section 4.1.2.5; in a sentence that would read as an address.
        t.note("both ends counted, as RFC 5280 does; the limit binds public authorities only");
    }
    match (c.seen.ts(), x.not_valid_after) {
        (Some(ts), Some(_)) => {
            let fits = !signs.iter().any(|s| s.is_about_time);
            t.judge("valid when it was seen", ts, "between the two dates", fits, 0);
        }
        _ => t.unknown("valid when it was seen", "between the two dates", "the rows carry no time"),
    }
    for sign in signs {
        t.say("remark", &sign.text, sign.basis);
        if let Some(note) = sign.note {
            t.note(note);
        }
    }
}

fn validity(c: &Certificate<'_>) -> String {
    match (c.x509.not_valid_before, c.x509.not_valid_after) {
        (Some(a), Some(b)) => format!("{} to {}", shown_date(a), shown_date(b)),
        _ => "validity not shown".to_owned(),
    }
}
