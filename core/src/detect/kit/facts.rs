//! Building findings: terms against their thresholds, who and what, benign readings.

use crate::report::{Basis, Caveat, Confidence, Evidence, Fact, Finding, Role, Severity, Subject};
use crate::text::visible;
use std::fmt::Display;

/// The terms of a finding, in the order they are judged.
#[derive(Debug, Default)]
pub struct Terms(pub Vec<Fact>);

impl Terms {
    /// A value that stands for itself.
    pub fn say(&mut self, name: &'static str, value: impl Display, basis: Basis) {
        self.push(name, value.to_string(), basis);
    }

    /// A value held against a threshold. Points are added when it is met.
    pub fn judge(
        &mut self,
        name: &'static str,
        value: impl Display,
        threshold: impl Display,
        is_met: bool,
        points: i32,
    ) {
        self.push(name, value.to_string(), Basis::Observed);
        if let Some(fact) = self.0.last_mut() {
            fact.threshold = Some(threshold.to_string());
            fact.is_met = Some(is_met);
            fact.points = (points != 0).then_some(if is_met { points } else { 0 });
        }
    }

    /// A term that the evidence cannot tell.
    pub fn unknown(&mut self, name: &'static str, threshold: impl Display, why: &str) {
        self.push(name, "not shown".to_owned(), Basis::Assumed);
        if let Some(fact) = self.0.last_mut() {
            fact.threshold = Some(threshold.to_string());
            fact.note = Some(why.to_owned());
        }
    }

    /// Adds to the last term how it was inferred, or what it leaves out.
    pub fn note(&mut self, note: impl Into<String>) {
        if let Some(fact) = self.0.last_mut() {
            fact.note = Some(note.into());
        }
    }

    /// Changes what the last term rests on.
    pub fn basis(&mut self, basis: Basis) {
        if let Some(fact) = self.0.last_mut() {
            fact.basis = basis;
        }
    }

    /// The sum of points, within 0 and 100.
    pub fn score(&self) -> i32 {
        self.0.iter().filter_map(|f| f.points).sum::<i32>().clamp(0, 100)
    }

    fn push(&mut self, name: &'static str, value: String, basis: Basis) {
        let value = visible(&value).into_owned();
        self.0.push(Fact {
            name,
            value,
            basis,
            threshold: None,
            is_met: None,
            points: None,
            note: None,
        });
    }
}

/// An empty finding of a rule about `key`, to fill in.
pub fn finding(rule: &'static str, key: impl Into<String>) -> Finding {
    Finding {
        rule,
        key: key.into(),
        title: String::new(),
        summary: String::new(),
        severity: Severity::Info,
        confidence: Confidence::Low,
        score: None,
        when: None,
        subjects: Vec::new(),
        facts: Vec::new(),
        evidence: Evidence::default(),
        caveats: Vec::new(),
        missing: Vec::new(),
        attack: Vec::new(),
        includes: Vec::new(),
    }
}

/// Who did it.
pub fn actor(kind: &'static str, value: impl Display) -> Subject {
    Subject { role: Role::Actor, kind, value: value.to_string() }
}

/// Whom it was done to.
pub fn target(kind: &'static str, value: impl Display) -> Subject {
    Subject { role: Role::Target, kind, value: value.to_string() }
}

/// What it was done with or to.
pub fn object(kind: &'static str, value: impl Display) -> Subject {
    Subject { role: Role::Object, kind, value: value.to_string() }
}

/// A benign reading, and the test that would settle it.
pub fn caveat(reading: &str, settle: &str) -> Caveat {
    Caveat { reading: reading.to_owned(), settle: settle.to_owned() }
}

/// `1 port`, `3 ports`, `2 addresses`.
pub fn plural(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        _ if one.ends_with('s') => format!("{n} {one}es"),
        _ if one.ends_with("ry") => format!("{n} {}ies", one.trim_end_matches('y')),
        _ => format!("{n} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_adds_met_terms_and_stays_within_bounds() {
        let mut terms = Terms::default();
        terms.judge("a", 3, "at least 3", true, 80);
        terms.judge("b", 1, "at least 3", false, 30);
        assert_eq!(terms.score(), 80);
        terms.judge("c", 1, "any", true, 60);
        assert_eq!(terms.score(), 100);
        terms.unknown("d", "at least 1", "no times");
        assert_eq!(terms.0[3].value, "not shown");
        assert_eq!(
            (plural(1, "address"), plural(2, "address")),
            ("1 address".into(), "2 addresses".into())
        );
        assert_eq!(plural(2, "query"), "2 queries");
    }
}
