//! The wording of rules and findings: behaviour, never intent, person or malware.

use super::Rule;
use crate::report::{Confidence, Finding, Severity};

/// Words that claim more than traffic can show, as stems.
const CLAIMS: &[&str] = &[
    "attacker",
    "adversar",
    "malicious",
    "malware",
    "hacker",
    "hacked",
    "compromised",
    "infected",
    "infection",
    "botnet",
    "threat actor",
    "threat-actor",
    "criminal",
    "victim",
    "intruder",
    "trojan",
    "backdoor",
    "stolen",
    "steal",
    "exploit",
    "intent",
    "tries to",
    "wants to",
    "command and control",
    "apt",
    "suspicious",
    "evil",
];

/// Fails when a text claims too much. Quoted values of the evidence are left out of texts.
fn wording(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for claim in CLAIMS {
        let hit = lower.match_indices(claim).any(|(i, _)| {
            let before = lower[..i].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
            let after =
                lower[i + claim.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
            before && (after || claim.len() > 4)
        });
        assert!(!hit, "{what} says `{claim}`: {text}");
    }
}

/// Fails when a finding breaks the rules of its form.
pub(crate) fn check(f: &Finding) {
    let values: Vec<&str> = f.subjects.iter().map(|s| s.value.as_str()).collect();
    let own = |text: &str| values.iter().fold(text.to_owned(), |t, v| t.replace(v, "…"));
    wording("title", &own(&f.title));
    wording("summary", &own(&f.summary));
    f.missing.iter().for_each(|m| wording("missing", m));
    for c in &f.caveats {
        wording("caveat", &c.reading);
        wording("caveat", &c.settle);
        assert!(!c.settle.is_empty(), "{}: a caveat needs what settles it", f.rule);
    }
    assert!(!f.title.is_empty() && !f.summary.is_empty() && !f.key.is_empty());
    assert!(f.title.len() <= 200, "a title is one line: {}", f.title);
    assert!(!f.subjects.is_empty() && !f.facts.is_empty(), "{}", f.title);
    assert!(!f.evidence.rows.is_empty(), "{} shows no evidence", f.title);
    assert!(f.evidence.total >= f.evidence.rows.len() as u64);
    assert!(
        f.severity == Severity::Info || !f.caveats.is_empty(),
        "{} has no benign reading",
        f.title
    );
    if f.severity == Severity::High {
        let has_effect = f.evidence.rows.iter().any(|r| r.why == "success");
        assert!(has_effect, "{}: high needs an observed effect", f.title);
    }
    assert!(f.confidence != Confidence::High || f.facts.iter().any(|t| t.is_met == Some(true)));
    for id in &f.attack {
        assert!(crate::report::technique(id).is_some(), "{id} is not in the data");
    }
}

/// Fails when a rule breaks the rules of its form.
fn check_rule(rule: &Rule) {
    let texts = [rule.title, rule.about, rule.benign, rule.limits];
    texts.iter().for_each(|t| assert!(!t.is_empty(), "{} lacks a text", rule.id));
    wording("title", rule.title);
    wording("about", rule.about);
    wording("benign", rule.benign);
    wording("limits", rule.limits);
    assert!(!rule.reads.is_empty());
    for id in rule.attack {
        assert!(crate::report::technique(id).is_some(), "{id} of {} is not in the data", rule.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::RULES;

    #[test]
    fn every_rule_is_worded_well_and_in_its_place() {
        assert!(RULES.is_sorted_by_key(|r| r.id));
        RULES.iter().for_each(check_rule);
    }

    #[test]
    fn claims_are_noticed() {
        wording("t", "Port scan of 10.0.0.1 by 10.0.0.2, adapted");
        for bad in ["A victim was hit", "malicious name", "An APT did it", "attackers scan"] {
            assert!(std::panic::catch_unwind(|| wording("t", bad)).is_err(), "{bad}");
        }
    }
}
