//! A finding: what was seen, how sure it is, what it rests on, and what else it could be.

use super::EvidenceRow;
use crate::event::NodeId;
use crate::order::Order;
use crate::time::Time;
use serde::Serialize;

/// Impact if true. `High` needs an observed effect: a success, a transfer, an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// Look when there is time: an attempt without effect, a weakness.
    Low,
    /// Look today: behaviour that benign software rarely shows.
    Medium,
    /// Look now: the behaviour had an effect that the evidence shows.
    High,
}

/// How well the evidence shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Some terms are met, others are missing from the evidence.
    Low,
    /// The terms are met, on few rows or with a benign reading that the evidence does not exclude.
    Medium,
    /// The terms are met with room to spare, and the benign reading is contradicted.
    High,
}

/// What a fact rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Counted in the evidence itself.
    Observed,
    /// A log says so.
    Reported,
    /// Follows by a rule that the fact's note names.
    Inferred,
    /// Neither shown nor contradicted.
    Assumed,
}

/// Part that a subject plays in a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who did it.
    Actor,
    /// Whom it was done to.
    Target,
    /// What it was done with or to: a name, a certificate, a file.
    Object,
}

/// Who or what a finding speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Subject {
    /// Its part.
    pub role: Role,
    /// `address`, `name`, `account`, `certificate`, `path`, `service`.
    pub kind: &'static str,
    /// The value, as the evidence writes it.
    pub value: String,
}

/// One named number or text, with the threshold it is held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// What it is: `distinct addresses`.
    pub name: &'static str,
    /// The value with its unit: `3`, `58 s`; `not shown` when the evidence lacks it.
    pub value: String,
    /// What it rests on.
    pub basis: Basis,
    /// The threshold it is held against: `at least 3`.
    pub threshold: Option<String>,
    /// True when it meets the threshold; unset without one, or when the value is missing.
    pub is_met: Option<bool>,
    /// Points it adds to the score, out of 100, where the rule keeps one.
    pub points: Option<i32>,
    /// How it was inferred, or what it leaves out.
    pub note: Option<String>,
}

/// A benign reading, and what would settle it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caveat {
    /// What else it could be, or what the evidence does not show.
    pub reading: String,
    /// The test that would settle it.
    pub settle: String,
}

/// First and last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
}

/// The rows a finding rests on.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Evidence {
    /// The most telling rows, by time and place.
    pub rows: Vec<EvidenceRow>,
    /// How many rows there are in all.
    pub total: u64,
    /// A filter that shows them all in Records: the kind and the expression.
    pub filter: Option<(String, String)>,
    /// The sources of [`rows`](Self::rows), where these were [left out](Finding::leave_out).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Vec<NodeId>>,
}

/// What a detector found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// Its identity within the rule: the same cause has the same key in every run and file.
    pub key: String,
    /// One line that names the behaviour, never intent, person or malware.
    pub title: String,
    /// What was seen, in two or three sentences.
    pub summary: String,
    /// Impact if true.
    pub severity: Severity,
    /// How well it is shown.
    pub confidence: Confidence,
    /// The score out of 100, where the rule keeps one.
    pub score: Option<i32>,
    /// First and last time; `None` when the evidence has none.
    pub when: Option<Span>,
    /// Who and what.
    pub subjects: Vec<Subject>,
    /// The terms against their thresholds.
    pub facts: Vec<Fact>,
    /// The rows it rests on.
    pub evidence: Evidence,
    /// Benign readings, likeliest first.
    pub caveats: Vec<Caveat>,
    /// What the evidence could not show.
    pub missing: Vec<String>,
    /// ATT&CK technique ids: "consistent with".
    pub attack: Vec<&'static str>,
    /// Findings of the same cause, rolled up into this one: their titles.
    pub includes: Vec<String>,
}

impl Finding {
    /// Leaves out what only a page of its own shows, so that a report with very many findings stays
    /// small: rows, terms, other readings, what is missing. [`Session::findings`] has all of it.
    ///
    /// [`Session::findings`]: crate::session::Session::findings
    pub(super) fn leave_out(&mut self) {
        let mut sources: Vec<NodeId> = self.evidence.rows.iter().map(|row| row.at.node).collect();
        sources.order();
        sources.dedup();
        self.evidence.left_out = Some(sources);
        self.evidence.rows = Vec::new();
        self.facts = Vec::new();
        self.caveats = Vec::new();
        self.missing = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::kit;

    #[test]
    fn a_shortened_finding_says_so_with_rows_or_without() {
        let mut finding = kit::finding("rule", "key");
        let written = |f: &_| serde_json::to_string(f).unwrap();
        assert!(!written(&finding).contains("left_out"));
        finding.leave_out();
        assert!(written(&finding).contains(r#""left_out":[]"#));
    }
}
