//! A mismatch in words: both names, the tier, and what would settle it.

use super::RULE;
use super::memory::Shown;
use crate::detect::kit::{Terms, actor, caveat, evidence, finding, object, plural, span, target};
use crate::report::{Basis, Confidence, EvidenceRow, Finding, Severity};
use crate::text::visible;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How strong the evidence is, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// Two names on one connection.
    A,
    /// A certificate for another name, at an address that DNS did not give.
    BandC,
    /// A certificate for another name.
    B,
    /// An address that DNS did not give.
    C,
}

/// The finding about one pair of names.
pub(super) fn describe(tier: Tier, open: &str, inner: &str, shown: &[&Shown]) -> Finding {
    let mut f = finding(RULE.id, format!("{tier:?} {open} {inner}"));
    let (a, b) = (visible(open), visible(inner));
    let clients: BTreeSet<IpAddr> = shown.iter().flat_map(|s| &s.clients).copied().collect();
    let servers: BTreeSet<IpAddr> = shown.iter().flat_map(|s| &s.servers).copied().collect();
    let is_done = shown.iter().any(|s| s.is_done);
    let (title, what, severity, confidence) = match tier {
        Tier::A => (
            format!("Domain fronting pattern: {a} in the open, {b} inside"),
            "one connection names two servers of different owners",
            if is_done { Severity::High } else { Severity::Medium },
            Confidence::Medium,
        ),
        Tier::BandC => (
            format!("Server-name mismatch: {a} asked for, certificate for {b}, at another address"),
            "the certificate does not cover the name, and DNS gave other addresses for it",
            Severity::Medium,
            Confidence::Medium,
        ),
        Tier::B => (
            format!("Server-name mismatch: {a} asked for, certificate for {b}"),
            "the certificate does not cover the name that was asked for",
            Severity::Medium,
            Confidence::Low,
        ),
        Tier::C => (
            format!("Server-name mismatch: {a} at {b}, which DNS did not give"),
            "the address is in no network that DNS gave for the name",
            Severity::Info,
            Confidence::Low,
        ),
    };
    f.title = title;
    f.summary = format!("{}: {what}.", plural(clients.len(), "client"));
    (f.severity, f.confidence) = (severity, confidence);
    let mut t = Terms::default();
    let name = match tier {
        Tier::A => "A: two names on one connection",
        Tier::BandC => "B and C: certificate and address",
        Tier::B => "B: certificate",
        Tier::C => "C: address",
    };
    t.say("tier of evidence", name, Basis::Observed);
    t.say("name in the open", open, Basis::Observed);
    t.say("name or address it was held against", inner, Basis::Observed);
    t.judge("owners of the two", "different", "different by registered domain", true, 0);
    t.basis(Basis::Inferred);
    f.facts = t.0;
    f.when = span(shown.iter().map(|s| &s.seen));
    f.subjects = vec![object("name", open), object("name", inner)];
    f.subjects.extend(clients.iter().take(20).map(|c| actor("address", c)));
    f.subjects.extend(servers.iter().take(20).map(|s| target("address", s)));
    let rows = shown.iter().filter_map(|s| -> Option<EvidenceRow> {
        Some(s.seen.first()?.because(if s.is_done && tier == Tier::A {
            "success"
        } else {
            "first"
        }))
    });
    f.evidence = evidence(rows, shown.iter().map(|s| s.seen.count()).sum(), None);
    f.caveats.push(match tier {
        Tier::A => caveat(
            "Servers of one content network may share a connection between names.",
            "Ask whether one certificate covers both names, and who registered them.",
        ),
        Tier::B | Tier::BandC => caveat(
            "Shared hosting shows a default certificate; an inspecting proxy shows its own.",
            "Connect to the address with the name and look at the certificate; ask who its issuer is.",
        ),
        Tier::C => caveat(
            "The name was looked up before the recording began, or elsewhere, with another answer.",
            "Look the name up in passive DNS for that day.",
        ),
    });
    f.attack = if severity > Severity::Info { RULE.attack.to_vec() } else { Vec::new() };
    f
}
