//! What a hello that was seen in the open is evidence of: tiers B to F.

use super::memory::{Hello, Leaf, Memory, Part};
use crate::detect::kit::addr::{is_external, is_internal, operator};
use crate::detect::kit::{Host, Sighting, authorities, inspection, names};
use crate::order::Collect;
use crate::text::Text;
use crate::time::Interval;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A tier of evidence; none is a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// Two names on one connection.
    A,
    /// A certificate for another name.
    B,
    /// An address that DNS did not give for the name.
    C,
    /// No name in the open.
    D,
    /// An address that DNS gave for no name at all.
    E,
    /// An address that DNS gave for another name, which the certificate does not cover.
    F,
    /// The name in the open may be a cover for an encrypted one.
    G,
}

/// Owners of names at one address from which on it is shared, as those of content networks are.
const MIN_OWNERS: usize = 3;
/// Answers a client must have been seen to get before its silence about a name says something.
const MIN_ANSWERS: u64 = 10;
/// How long before a hello they must have begun: what was cached before the recording is then
/// asked for again. Content networks and web sites seldom let names be cached for longer.
const CACHED: Interval = Interval::from_secs(3600);
/// What the memory says about certificates and addresses, worked out once for a report.
pub(super) struct View<'a> {
    memory: &'a Memory,
    owners: BTreeMap<&'a Host, BTreeSet<&'a str>>,
    pub(super) inspection: Option<Inspection<'a>>,
}

/// One issuer that stands behind most outside names.
pub(super) struct Inspection<'a> {
    pub(super) issuer: &'a Text,
    pub(super) domains: BTreeSet<&'a str>,
    pub(super) n_all: usize,
    pub(super) seen: Vec<(&'a Hello, &'a Sighting)>,
}

/// A hello with what it is evidence of.
pub(super) struct Judged {
    pub(super) tiers: Vec<Tier>,
    /// The name or address that the name in the open was held against.
    pub(super) inner: Text,
    /// DNS gave this address, or one near it, for the name: its owner means this server.
    pub(super) is_meant: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(memory: &'a Memory) -> Self {
        let mut owners: BTreeMap<&Host, BTreeSet<&str>> = BTreeMap::new();
        for (sni, group) in memory.hellos.iter() {
            for (hello, _) in group.members() {
                owners.entry(&hello.server).or_default().extend(names::registrable(sni));
            }
        }
        let mut view = Self { memory, owners, inspection: None };
        view.inspection = view.inspecting();
        view
    }

    /// What the hello is evidence of; `None` when its name fits all else.
    pub(super) fn judge(&self, sni: &Text, hello: &Hello, seen: &Sighting) -> Option<Judged> {
        let is_named = !sni.is_empty();
        if hello.is_ech || (is_named && names::registrable(sni).is_none()) {
            return None;
        }
        let (shown, given) = (self.shown(hello.leaf), self.given(hello.server.addr));
        let differs = |n: &&Text| owner(n) != names::registrable(sni);
        let is_muted = self.is_inspected(hello.leaf);
        let mut tiers = Vec::new();
        let mut inner = None;
        let is_outside = is_external(hello.server.addr);
        let matches = hello
            .matches
            .or((!shown.is_empty()).then(|| shown.iter().any(|n| names::covers(n, sni))));
        if is_named && matches == Some(false) && shown.iter().all(differs) && !is_muted {
            tiers.push(Tier::B);
            inner = Some(shown.first().map_or_else(|| "another name".into(), |n| (*n).clone()));
        }
        if is_outside && is_named && matches != Some(true) && self.is_strange(sni, hello, seen) {
            tiers.push(Tier::C);
        }
        if is_outside && !is_named && self.is_shared(hello, &given) {
            tiers.push(Tier::D);
        }
        if is_outside && self.asks(hello, seen) && (!is_named || self.addresses(sni).is_empty()) {
            if given.is_empty() {
                tiers.push(Tier::E);
            } else if let Some(other) = self.other(sni, &shown, &given) {
                tiers.push(Tier::F);
                inner = inner.or_else(|| Some(other.clone()));
            }
        } else if tiers.contains(&Tier::C)
            && let Some(other) = self.other(sni, &shown, &given)
        {
            tiers.push(Tier::F);
            inner = inner.or_else(|| Some(other.clone()));
        }
        let inner = inner
            .or_else(|| given.first().filter(|_| !is_named).map(|n| (*n).clone()))
            .unwrap_or_else(|| hello.server.to_string().into());
        let is_meant = is_named && self.is_meant(sni, hello.server.addr);
        (!tiers.is_empty()).then_some(Judged { tiers, inner, is_meant })
    }

    /// True when DNS gave an address of this network for the name.
    fn is_meant(&self, name: &Text, server: IpAddr) -> bool {
        self.addresses(name).iter().any(|a| operator(*a) == operator(server))
    }

    /// The names that a certificate covers.
    pub(super) fn shown(&self, leaf: Leaf) -> Vec<&'a Text> {
        let group = self.memory.certificates.get(&leaf).filter(|_| leaf != 0);
        let parts = group.map(|g| g.members()).unwrap_or_default();
        let name = |p: &'a Part| if let Part::Name(n) = p { Some(n) } else { None };
        parts.into_iter().filter_map(|(p, ())| name(p)).collect()
    }

    /// The names for which DNS gave an address.
    fn given(&self, addr: IpAddr) -> Vec<&'a Text> {
        let group = self.memory.looked_up.get(&addr);
        group.map(|g| g.members().into_iter().map(|(n, ())| n).collect()).unwrap_or_default()
    }

    /// The addresses that DNS gave for a name.
    fn addresses(&self, name: &Text) -> Vec<IpAddr> {
        let group = self.memory.answers.get(name);
        group.map(|g| g.members().into_iter().map(|(a, _)| *a).collect()).unwrap_or_default()
    }

    /// True when DNS answers for the name had been given by then and none is near this address.
    fn is_strange(&self, name: &Text, hello: &Hello, seen: &Sighting) -> bool {
        let Some(group) = self.memory.answers.get(name) else { return false };
        let server = hello.server.addr;
        let of_family: Vec<_> =
            group.members().into_iter().filter(|m| m.0.is_ipv6() == server.is_ipv6()).collect();
        // What was asked for later says nothing about what was known before.
        let is_known = |first| match (first, seen.until()) {
            (Some(first), Some(last)) => first <= last,
            _ => true,
        };
        of_family.iter().any(|m| is_known(m.1.first))
            && of_family.iter().all(|m| operator(*m.0) != operator(server) && !is_internal(*m.0))
    }

    /// True when the client's look-ups are in the evidence for long enough before the hello.
    fn asks(&self, hello: &Hello, seen: &Sighting) -> bool {
        let Some(group) = self.memory.clients.get(&hello.client) else { return false };
        let since = group.members().into_iter().find(|m| m.1.n >= MIN_ANSWERS);
        match (since.and_then(|m| m.1.first), seen.ts()) {
            (Some(first), Some(ts)) => ts.since(first) >= CACHED,
            _ => false,
        }
    }

    /// True for an address that serves names of many owners.
    fn is_shared(&self, hello: &Hello, given: &[&Text]) -> bool {
        let known = self.owners.get(&hello.server).into_iter().flatten().copied();
        // A few of them say it: an address may have thousands.
        let mut owners: BTreeSet<&str> = known.take(MIN_OWNERS).into_set();
        owners.extend(given.iter().filter_map(|n| names::registrable(n)));
        owners.len() >= MIN_OWNERS
    }

    /// The name for which DNS gave the address, when what was asked for and shown there is another
    /// owner's.
    fn other(&self, sni: &Text, shown: &[&'a Text], given: &[&'a Text]) -> Option<&'a Text> {
        let mut owners: BTreeSet<&str> = shown.iter().filter_map(|n| owner(n)).into_set();
        owners.extend(names::registrable(sni));
        let is_other = |n: &&Text| owner(n).is_some_and(|o| !owners.contains(o));
        let all_other = !owners.is_empty() && given.iter().all(is_other);
        given.first().copied().filter(|_| all_other)
    }

    /// Issuers of a certificate, and whether public logs have it.
    fn issuer(&self, leaf: Leaf) -> (Option<&'a Text>, bool) {
        let group = self.memory.certificates.get(&leaf).filter(|_| leaf != 0);
        let parts = group.map(|g| g.members()).unwrap_or_default();
        let issuer = parts.iter().find_map(|(p, ())| match p {
            Part::Issuer(i) => Some(i),
            _ => None,
        });
        (issuer, parts.iter().any(|(p, ())| matches!(p, Part::Logged)))
    }

    fn is_inspected(&self, leaf: Leaf) -> bool {
        let issuer = self.issuer(leaf).0;
        issuer.is_some() && self.inspection.as_ref().map(|i| i.issuer) == issuer
    }

    /// The issuer that stands behind most of the outside domains asked for, if there is one.
    fn inspecting(&self) -> Option<Inspection<'a>> {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        let mut behind: BTreeMap<&Text, Vec<(&str, &Hello, &Sighting)>> = BTreeMap::new();
        let mut public: BTreeSet<&Text> = BTreeSet::new();
        for (sni, group) in self.memory.hellos.iter() {
            let Some(domain) = names::registrable(sni) else { continue };
            for (hello, seen) in group.members() {
                let (Some(issuer), is_logged) = self.issuer(hello.leaf) else { continue };
                if is_external(hello.server.addr) {
                    all.insert(domain);
                    behind.entry(issuer).or_default().push((domain, hello, seen));
                    let is_public = is_logged || authorities::is_known(issuer);
                    public.extend(is_public.then_some(issuer));
                }
            }
        }
        let mut found = behind.into_iter().filter_map(|(issuer, rows)| {
            let domains: BTreeSet<&str> = rows.iter().map(|r| r.0).into_set();
            // A content network has one certificate for many names; a proxy makes one for each.
            let leaves: BTreeSet<Leaf> = rows.iter().map(|r| r.1.leaf).into_set();
            let n = domains.len().min(leaves.len());
            let is_one = inspection::is_most(n, all.len()) && !public.contains(issuer);
            let seen = rows.into_iter().map(|r| (r.1, r.2)).collect();
            is_one.then_some(Inspection { issuer, domains, n_all: all.len(), seen })
        });
        found.next()
    }
}

/// Who registered a name, or what a certificate's wildcard covers.
fn owner(name: &str) -> Option<&str> {
    names::registrable(name.strip_prefix("*.").unwrap_or(name))
}
