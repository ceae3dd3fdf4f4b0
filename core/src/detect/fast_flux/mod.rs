//! `fast-flux`: a name whose address keeps changing between unrelated networks, with short caching.

mod elsewhere;
mod memory;
mod pool;
mod terms;

use super::kit::{Observed, caveat, evidence, finding, object, plural, quoted, span, target};
use super::{Detector, Rule};
use crate::event::Kind;
use crate::report::{Confidence, Finding, Severity};
use memory::{Answers, Memory};
use std::collections::BTreeMap;
use terms::Judged;

/// The rule.
pub const RULE: Rule = Rule {
    id: "fast-flux",
    title: "Fast flux pattern",
    about: "A name is answered with ever new addresses, spread over unrelated networks, to be \
            cached for minutes at most; or each name below a domain is asked once, and answered in \
            that way. No single sign counts: addresses, networks, caching time and the rate of \
            new addresses must all be met, for one resolver within one hour. Double when the \
            addresses of its name servers change in the same way.",
    benign: "A volunteer pool or a peer-discovery seed, or a content network with servers in many \
             operators' networks.",
    limits: "Sees answers that were recorded, not those given elsewhere or over encrypted DNS; \
             networks are told apart by their first 16 (IPv6: 32) bits, not by routing data.",
    attack: &["T1568.001"],
    reads: &[Kind::Conn, Kind::Dns],
    new: |settings| Box::new(FastFlux(Memory::new(settings))),
};

struct FastFlux(Memory);

impl Detector for FastFlux {
    fn observe(&mut self, e: &Observed<'_>) {
        self.0.observe(e);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let mut found: Vec<Finding> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let dealt = self.0.dealt();
        let odd = elsewhere::odd(&self.0);
        let mut stand_elsewhere = Vec::new();
        for answers in self.0.names() {
            let Some(judged) = terms::judge(&answers, &self.0, &dealt) else { continue };
            if odd.get(&answers.resolver).is_some_and(|names| names.contains(answers.name)) {
                stand_elsewhere.push(answers);
                continue;
            }
            let next = describe(&answers, judged, &self.0);
            // One name over several resolvers or address families is one cause.
            let place = *places.entry(next.key.clone()).or_insert(found.len());
            match found.get_mut(place) {
                Some(have) if (have.severity, have.score) >= (next.severity, next.score) => {
                    have.includes.push(next.title);
                }
                Some(have) => {
                    let old = std::mem::replace(have, next);
                    have.includes = old.includes;
                    have.includes.push(old.title);
                }
                None => found.push(next),
            }
        }
        found.extend(elsewhere::describe(&stand_elsewhere));
        out.append(&mut found);
    }
}

fn describe(answers: &Answers<'_>, judged: Judged, memory: &Memory) -> Finding {
    let name = match answers.is_below {
        true => format!("names below {}", crate::text::visible(answers.name)),
        false => crate::text::visible(answers.name).into_owned(),
    };
    let n = judged.addresses.len();
    let (title, severity) = match judged.pool {
        Some(_) => (format!("Rotating pool of addresses: {name}"), Severity::Info),
        None => (
            format!(
                "Fast flux pattern: {name}, {} in {}{}",
                plural(n, "address"),
                plural(judged.n_networks, "unrelated network"),
                if judged.is_double { ", name servers change too" } else { "" }
            ),
            if judged.is_few { Severity::Low } else { Severity::Medium },
        ),
    };
    let key = if answers.is_below { &*name } else { answers.name };
    let mut f = finding(RULE.id, key);
    let mut pattern = quoted(answers.name);
    if answers.is_below {
        pattern = pattern.replacen('"', "\"*.", 1);
    }
    let rows = answers.sets.iter().filter_map(|s| s.seen.first());
    f.evidence = evidence(
        rows.map(|r| r.because("new answer")),
        answers.sets.iter().map(|s| s.seen.count()).sum(),
        Some(("dns", format!("query == {pattern}"))),
    );
    f.summary = summary(answers, &judged, &name);
    (f.title, f.severity, f.confidence) = (title, severity, judged.confidence);
    f.score = Some(judged.terms.score());
    f.when = span(answers.sets.iter().map(|s| s.seen));
    f.subjects.push(object("name", answers.name));
    f.subjects.extend(judged.addresses.iter().take(MAX_SHOWN).map(|a| object("address", a)));
    f.subjects
        .extend(answers.clients().into_iter().take(MAX_SHOWN).map(|a| target("address", a.addr)));
    f.facts = judged.terms.0;
    f.missing = judged.missing;
    f.missing.extend(memory.loss());
    f.caveats.push(caveat(
        "A content network or a volunteer pool answers from many networks too.",
        "Ask who registered the name and when, and whether the addresses present one valid certificate for it.",
    ));
    if judged.confidence != Confidence::High {
        f.caveats.push(caveat(
            "Few answers were seen: a move between providers can look like this for an hour.",
            "Look at the name's answers over a day in passive DNS.",
        ));
    }
    f.attack = RULE.attack.to_vec();
    f
}

/// Who got what, and for how long.
fn summary(answers: &Answers<'_>, judged: &Judged, name: &str) -> String {
    format!(
        "{} got {} for {name}: {} in {}, to be cached for {}.{}",
        plural(answers.clients().len(), "client"),
        plural(judged.n_answers, "different answer"),
        plural(judged.addresses.len(), "address"),
        plural(judged.n_networks, "unrelated network"),
        judged.max_ttl.map_or("an unknown time".to_owned(), |t| format!("{t} at most")),
        judged.pool.map_or(String::new(), |why| format!(" It is a pool as far as shown: {why}.")),
    )
}

/// Addresses and clients that a finding names; the rest are behind its rows.
const MAX_SHOWN: usize = 20;

#[cfg(test)]
mod tests;
