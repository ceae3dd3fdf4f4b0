//! A mismatch in words: both names, the tier, and what would settle it.

use super::memory::{Ends, Hello, Shown};
use super::tiers::{Inspection, Tier};
use super::{Hidden, RULE};
use crate::detect::kit::{
    Host, Sighting, Terms, actor, caveat, evidence, finding, object, plural, quoted, span, target,
};
use crate::order::Collect;
use crate::report::{Basis, Caveat, Confidence, EvidenceRow, Finding, Role, Severity};
use crate::text::{Text, visible};
use std::collections::BTreeSet;

/// Clients, servers and names that a finding lists.
const MAX_SHOWN: usize = 20;

/// Where a mismatch was seen.
pub(super) struct Case<'a> {
    seen: &'a Sighting,
    ends: Vec<(Option<&'a Host>, Option<&'a Host>)>,
    pub(super) is_done: bool,
    is_refused: bool,
    pub(super) is_meant: bool,
}

impl<'a> Case<'a> {
    pub(super) fn of(hello: &'a Hello, seen: &'a Sighting) -> Self {
        Self {
            seen,
            ends: vec![(Some(&hello.client), Some(&hello.server))],
            is_done: false,
            is_refused: hello.is_refused,
            is_meant: false,
        }
    }

    /// The same, where DNS may have given this server for the name.
    pub(super) fn meant(self, is_meant: bool) -> Self {
        Self { is_meant, ..self }
    }

    pub(super) fn shown(shown: &'a Shown) -> Self {
        let ends = |(a, b): &'a Ends| (a.as_ref(), b.as_ref());
        Self {
            seen: &shown.seen,
            ends: shown.ends.iter().map(ends).collect(),
            is_done: shown.is_done,
            is_refused: false,
            is_meant: false,
        }
    }
}

/// The finding about names in the open and what they were held against.
pub(super) fn describe(
    tiers: &[Tier],
    opens: &[&str],
    inner: &str,
    cases: &[&Case<'_>],
    is_meant: bool,
) -> Finding {
    let names: String = tiers.iter().map(|t| format!("{t:?}")).collect();
    let open = match opens {
        [only] => (*only).to_owned(),
        _ => plural(opens.len(), "name"),
    };
    let mut f = finding(RULE.id, format!("{names} {open} {inner}"));
    let is_done = cases.iter().any(|c| c.is_done);
    let is_inside = cases.iter().flat_map(|c| &c.ends).filter_map(|e| e.1);
    let is_inside = is_inside.clone().count() > 0 && is_inside.clone().all(|s| !is_outside(s));
    let is_harmless = is_inside || cases.iter().all(|c| c.is_refused);
    (f.severity, f.confidence) = weigh(tiers, is_done, is_harmless, is_meant);
    f.title = title(tiers, &open, inner);
    let said: Vec<&str> = tiers.iter().map(|t| t.meaning()).collect();
    let mut t = Terms::default();
    for tier in tiers {
        t.say("tier of evidence", format!("{tier:?}: {}", tier.meaning()), Basis::Observed);
    }
    for name in opens.iter().take(MAX_SHOWN) {
        t.say("name in the open", or_none(name), Basis::Observed);
    }
    t.say("name or address it was held against", inner, Basis::Observed);
    if tiers.first() == Some(&Tier::B) {
        let said = if is_meant { "yes: the name's owner means this server" } else { "not seen" };
        t.say("DNS gave this server for the name", said, Basis::Observed);
    }
    t.judge("owners of the two", "different", "different by registered domain", true, 0);
    t.basis(Basis::Inferred);
    if tiers.len() == 1 && !matches!(tiers, [Tier::A | Tier::B]) {
        t.judge("tiers that agree", 1, "at least 2 to be more than information", false, 0);
    }
    f.facts = t.0;
    let named = opens.iter().filter(|n| !n.is_empty()).take(MAX_SHOWN);
    f.subjects.extend(named.map(|n| object("name", n)));
    f.subjects.push(object(
        if inner.parse::<std::net::IpAddr>().is_ok() { "address" } else { "name" },
        inner,
    ));
    let why = if is_done && tiers.contains(&Tier::A) { "success" } else { "first" };
    let filter = match opens {
        [only] if !only.is_empty() && !tiers.contains(&Tier::A) => {
            Some(("ssl", format!("server_name ~ {}", quoted(only))))
        }
        _ => None,
    };
    fill(&mut f, cases.iter().copied(), why, filter);
    let n = cases.iter().map(|c| c.seen.count()).sum::<u64>();
    let effect = match (tiers, is_done) {
        ([Tier::A], true) => " What was asked for inside was answered.",
        ([Tier::A], false) => " No answer to what was asked for inside is in the evidence.",
        _ => "",
    };
    f.summary = format!(
        "{} at {}, {} of evidence: {}.{effect}",
        who(&f, Role::Actor, "client"),
        who(&f, Role::Target, "server"),
        plural(usize::try_from(n).unwrap_or(usize::MAX), "row"),
        said.join("; ")
    );
    f.caveats = tiers.iter().map(|t| t.caveat(is_meant)).collect();
    f.attack = if f.severity > Severity::Info { RULE.attack.to_vec() } else { Vec::new() };
    f
}

/// The address that has a role, or how many have it.
fn who(f: &Finding, role: Role, noun: &str) -> String {
    let all: Vec<&str> =
        f.subjects.iter().filter(|s| s.role == role).map(|s| s.value.as_str()).collect();
    match all.as_slice() {
        [only] => (*only).to_owned(),
        _ => plural(all.len(), noun),
    }
}

fn is_outside(host: &Host) -> bool {
    crate::detect::kit::addr::is_external(host.addr)
}

/// C to F are information unless two of them agree; so is a private server's certificate, and one
/// that the client refused: a program that means the other server goes on.
/// A server that DNS gives for the name is the one its owner means: what it lacks is a certificate.
fn weigh(
    tiers: &[Tier],
    is_done: bool,
    is_harmless: bool,
    is_meant: bool,
) -> (Severity, Confidence) {
    match tiers {
        [Tier::A] if is_done => (Severity::High, Confidence::Medium),
        [Tier::A] => (Severity::Medium, Confidence::Medium),
        [Tier::B, ..] if is_harmless => (Severity::Info, Confidence::Low),
        [Tier::B] if is_meant => (Severity::Low, Confidence::Low),
        [Tier::B] => (Severity::Medium, Confidence::Low),
        [_] => (Severity::Info, Confidence::Low),
        // Devices without a screen are built with an address and send no name.
        [Tier::D, Tier::E] => (Severity::Low, Confidence::Low),
        _ => (Severity::Medium, Confidence::Medium),
    }
}

fn title(tiers: &[Tier], open: &str, inner: &str) -> String {
    let (a, b) = (visible(or_none(open)), visible(inner));
    match tiers {
        [Tier::A] => format!("Domain fronting pattern: {a} in the open, {b} inside"),
        [Tier::B, Tier::C, ..] => {
            format!("Server-name mismatch: {a} asked for, certificate for {b}, at another address")
        }
        [Tier::B, Tier::D] => {
            format!(
                "Server-name mismatch: {a} in the open, {b} inside, which the certificate lacks"
            )
        }
        [Tier::B, ..] => format!("Server-name mismatch: {a} asked for, certificate for {b}"),
        [Tier::C] => format!("Server-name mismatch: {a} at {b}, which DNS did not give"),
        [Tier::C, ..] => {
            format!("Server-name mismatch: {a} at an address that DNS gave for {b} only")
        }
        [Tier::D, ..] => format!("Server-name mismatch: {a} in the open, to {b}"),
        _ => format!("Server-name mismatch: {a} at an address that was looked up as {b}"),
    }
}

fn or_none(name: &str) -> &str {
    if name.is_empty() { "no name" } else { name }
}

impl Tier {
    const fn meaning(self) -> &'static str {
        match self {
            Self::A => "one connection names two servers of different owners",
            Self::B => "the certificate does not cover the name that was asked for",
            Self::C => "the address is in no network that DNS gave for the name",
            Self::D => "the hello names no server, and many may stand behind its address",
            Self::E => "no look-up in the evidence gave the address",
            Self::F => {
                "DNS gave the address for a name that neither the hello nor the certificate has"
            }
            Self::G => "the hello carries an encrypted one: the name in the open may be a cover",
        }
    }

    fn caveat(self, is_meant: bool) -> Caveat {
        match self {
            Self::B if is_meant => caveat(
                "The name's owner points it at a server that was never given a certificate for it, or a portal stands before all servers.",
                "Connect to the address with the name and look at the certificate; ask whose it is.",
            ),
            Self::A => caveat(
                "Servers of one content network may share a connection between names.",
                "Ask whether one certificate covers both names, and who registered them.",
            ),
            Self::B => caveat(
                "Shared hosting shows a default certificate; an inspecting proxy shows its own.",
                "Connect to the address with the name and look at the certificate; ask who its issuer is.",
            ),
            Self::C => caveat(
                "The name was looked up before the recording began, or elsewhere, with another answer.",
                "Look the name up in passive DNS for that day.",
            ),
            Self::D => caveat(
                "Old clients and devices send no name.",
                "Find the program on the client, or record with its secrets: the request inside names the server.",
            ),
            Self::E => caveat(
                "The client asks over encrypted DNS, has a hosts file, or was given the address by a program.",
                "Look for DNS over HTTPS or TLS of this client, and for the address in its programs' settings.",
            ),
            Self::F => caveat(
                "Many names share the addresses of a content network, and one of them was still cached.",
                "Look both names up in passive DNS for that day; ask who registered them.",
            ),
            Self::G => caveat(
                "Browsers send a meaningless encrypted hello with every connection, so that real ones do not stand out.",
                "Look whether DNS gave an ECH configuration (HTTPS record) for the name; the client's own logs tell the rest.",
            ),
        }
    }
}

/// Addresses that a client reached and no look-up gave: one cause, one finding.
pub(super) fn unasked(client: &Host, rows: &[(&Text, Case<'_>)]) -> Finding {
    let mut f = finding(RULE.id, format!("E {client}"));
    let servers: BTreeSet<&Host> =
        rows.iter().flat_map(|r| &r.1.ends).filter_map(|e| e.1).into_set();
    let n = plural(servers.len(), "address");
    f.title = format!("Server-name mismatch: {client} reached {n} that no look-up gave");
    f.summary = format!(
        "{client} asks DNS in this evidence, and reached {n} for names that it did not look up."
    );
    let mut t = Terms::default();
    t.say("tier of evidence", format!("E: {}", Tier::E.meaning()), Basis::Observed);
    for (name, case) in rows.iter().take(MAX_SHOWN) {
        let at: Vec<String> = case.ends.iter().filter_map(|e| Some(e.1?.to_string())).collect();
        t.say("name in the open", or_none(name), Basis::Observed);
        t.say("address it was held against", at.join(", "), Basis::Observed);
    }
    t.judge("tiers that agree", 1, "at least 2 to be more than information", false, 0);
    f.facts = t.0;
    let cases: Vec<&Case<'_>> = rows.iter().map(|r| &r.1).collect();
    fill(&mut f, cases, "first", Some(("ssl", format!("id.orig_h == {}", client.addr))));
    f.caveats.push(Tier::E.caveat(false));
    f
}

/// The hellos that hide their name: told once, judged never.
pub(super) fn hidden(all: &[Hidden<'_>]) -> Option<Finding> {
    let outer: BTreeSet<&Text> = all.iter().map(|h| h.0).into_set();
    let mut f = finding(RULE.id, "G");
    f.title = format!(
        "Server-name mismatch not assessable: encrypted hellos under {}",
        match outer.first() {
            Some(only) if outer.len() == 1 => visible(or_none(only)).into_owned(),
            _ => plural(outer.len(), "name"),
        }
    );
    f.summary = "Hellos carried an encrypted one. What their names in the open stand for does not show, so no other tier was judged.".to_owned();
    let mut t = Terms::default();
    t.say("tier of evidence", format!("G: {}", Tier::G.meaning()), Basis::Observed);
    for name in outer.iter().take(MAX_SHOWN) {
        t.say("name in the open", or_none(name), Basis::Observed);
        t.note("the name inside is encrypted");
    }
    let inside = all.iter().filter_map(|h| Some((h.0, h.1?))).take(MAX_SHOWN);
    for (open, inner) in inside {
        t.say("name inside", format!("{inner}, under {open}"), Basis::Observed);
    }
    f.facts = t.0;
    fill(&mut f, all.iter().map(|h| &h.2), "first", Some(("ssl", "ech == T".to_owned())));
    f.caveats.push(Tier::G.caveat(false));
    (!all.is_empty()).then_some(f)
}

/// One issuer behind most outside names.
pub(super) fn inspection(i: &Inspection<'_>) -> Finding {
    let issuer = visible(i.issuer);
    let n = i.domains.len();
    let mut f = finding(RULE.id, "inspection");
    f.title = format!("TLS inspection pattern: {issuer} stands behind {n} of {} domains", i.n_all);
    f.summary = format!(
        "{issuer} issued the certificates for {n} of {} registered domains outside. Names that its certificates do not cover are not told one by one.",
        i.n_all
    );
    f.confidence = Confidence::Medium;
    let mut t = Terms::default();
    t.judge("domains behind the issuer", n, "at least 10", true, 0);
    let share = n as f64 / i.n_all.max(1) as f64;
    t.judge("share of all domains", format!("{share:.2}"), "at least 0.6", true, 0);
    t.judge("certificates in public logs", "none", "none", true, 0);
    t.say("muted by it", "certificates that do not cover the name", Basis::Inferred);
    f.facts = t.0;
    f.subjects.push(object("certificate", i.issuer));
    let cases: Vec<Case<'_>> = i.seen.iter().map(|(h, s)| Case::of(h, s)).collect();
    fill(
        &mut f,
        &cases,
        "first",
        Some(("x509", format!("certificate.issuer == {}", quoted(i.issuer)))),
    );
    f.caveats.push(caveat(
        "A small recording may hold names of few owners, all certified by one authority.",
        "Ask whether the network inspects TLS, and whether its computers trust this issuer.",
    ));
    f
}

/// Times, ends and rows of a finding. Both sides are objects of what was seen; the client acted.
fn fill<'a, 'b: 'a>(
    f: &mut Finding,
    cases: impl IntoIterator<Item = &'a Case<'b>>,
    why: &'static str,
    filter: Option<(&str, String)>,
) {
    let cases: Vec<&Case<'_>> = cases.into_iter().collect();
    let ends = || cases.iter().flat_map(|c| &c.ends);
    let clients: BTreeSet<&Host> = ends().filter_map(|e| e.0).into_set();
    let servers: BTreeSet<&Host> = ends().filter_map(|e| e.1).into_set();
    f.when = span(cases.iter().map(|c| c.seen));
    f.subjects.extend(clients.iter().take(MAX_SHOWN).map(|c| actor("address", c.addr)));
    f.subjects.extend(servers.iter().take(MAX_SHOWN).map(|s| target("address", s.addr)));
    let rows = cases.iter().filter_map(|c| -> Option<EvidenceRow> {
        Some(c.seen.first()?.because(if c.is_done || why != "success" { why } else { "first" }))
    });
    f.evidence = evidence(rows, cases.iter().map(|c| c.seen.count()).sum(), filter);
}
