//! `server-name-mismatch`: one connection that names two servers, or a certificate for another name.

mod describe;
mod memory;

use super::kit::Observed;
use super::kit::addr::{is_external, is_internal, operator};
use super::kit::names;
use super::{Detector, Rule};
use crate::event::Kind;
use crate::report::Finding;
use crate::text::Text;
use describe::{Tier, describe};
use memory::{Memory, Said, Shown};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The rule.
pub const RULE: Rule = Rule {
    id: "server-name-mismatch",
    title: "Server-name mismatch",
    about: "Compares the names that one connection gives for its server, by tier of evidence. A: \
            the name in the open (SNI, CONNECT, proxy address) is not the one that the request \
            inside asks for. B: the certificate does not cover the name asked for. C: the address \
            is not among those that DNS gave for the name. C alone is information. Names of one \
            owner are one name.",
    benign: "Connections shared between names of one content network, default certificates of \
             shared hosting, TLS inspection, split DNS.",
    limits: "Inside encrypted connections nothing shows without their secrets: most fronting stays \
             out of sight. Missing names, missing look-ups and encrypted hellos are not judged.",
    attack: &["T1090.004"],
    reads: &[Kind::Dns, Kind::Http, Kind::Ssl],
    new: |settings| Box::new(ServerNameMismatch(Memory::new(settings))),
};

/// Registered domains behind one issuer from which on it is an inspecting proxy's: no authority
/// is behind most of what a network asks for.
const MIN_INSPECTED: usize = 10;
/// Share of all registered domains that the issuer then stands behind.
const MIN_INSPECTED_SHARE: f64 = 0.6;

struct ServerNameMismatch(Memory);

/// What was found of one pair of names: open name, inner name, tier.
type Pair = (Tier, Text, Text);

impl Detector for ServerNameMismatch {
    fn observe(&mut self, e: &Observed<'_>) {
        self.0.observe(e);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let mut found: BTreeMap<Pair, Vec<&Shown>> = BTreeMap::new();
        self.two_names(&mut found);
        self.certificates(&mut found);
        for ((tier, open, inner), shown) in found {
            let mut f = describe(tier, &open, &inner, &shown);
            f.missing.extend(self.0.loss());
            out.push(f);
        }
    }
}

impl ServerNameMismatch {
    /// Tier A: two names on one connection.
    fn two_names<'a>(&'a self, found: &mut BTreeMap<Pair, Vec<&'a Shown>>) {
        for (_, group) in self.0.connections.iter() {
            let members = group.members();
            let said = |of: fn(&Said) -> Option<&Text>| -> Vec<(&'a Text, &'a Shown)> {
                members.iter().filter_map(|(m, s)| Some((of(m)?, *s))).collect()
            };
            let sni = said(|m| if let Said::Sni(n) = m { Some(n) } else { None });
            let hosts = said(|m| if let Said::Host(n) = m { Some(n) } else { None });
            let connect = said(|m| if let Said::Connect(n) = m { Some(n) } else { None });
            let covered = said(|m| if let Said::Covers(n) = m { Some(n) } else { None });
            for (open, inner) in pairs(&sni, &hosts).chain(pairs(&connect, &sni)) {
                // One connection may carry every name its certificate covers (RFC 9113, 9.1.1).
                let is_shared = covered.iter().any(|(c, _)| names::covers(c, inner.0));
                if is_mismatch(open.0, inner.0) && !is_shared {
                    found
                        .entry((Tier::A, open.0.clone(), inner.0.clone()))
                        .or_default()
                        .push(inner.1);
                }
            }
        }
        for (open, group) in self.0.proxied.iter() {
            for (inner, shown) in group.members() {
                if is_mismatch(open, inner) {
                    found.entry((Tier::A, open.clone(), inner.clone())).or_default().push(shown);
                }
            }
        }
    }

    /// Tiers B and C: a certificate for another name, an address that DNS did not give.
    fn certificates<'a>(&'a self, found: &mut BTreeMap<Pair, Vec<&'a Shown>>) {
        let inspecting = self.inspecting();
        for (name, group) in self.0.hellos.iter() {
            for ((server, _, matches), shown) in group.members() {
                let is_muted = shown.issuer.as_ref().is_some_and(|i| inspecting.contains(i));
                let other = shown.names.iter().find(|n| !names::is_same_owner(n, name));
                let strange = self.is_strange(name, *server);
                if *matches == Some(false) && !is_muted && is_external(*server) {
                    let all_other = shown.names.iter().all(|n| !names::is_same_owner(n, name));
                    if let Some(other) = other.filter(|_| all_other) {
                        let tier = if strange { Tier::BandC } else { Tier::B };
                        found.entry((tier, name.clone(), other.clone())).or_default().push(shown);
                    }
                } else if strange && *matches != Some(true) {
                    found
                        .entry((Tier::C, name.clone(), server.to_string().into()))
                        .or_default()
                        .push(shown);
                }
            }
        }
    }

    /// True when DNS answers for the name are in the evidence and none is near this address.
    fn is_strange(&self, name: &Text, server: IpAddr) -> bool {
        let Some(answers) = self.0.answers.get(name).filter(|_| is_external(server)) else {
            return false;
        };
        let answers: Vec<IpAddr> = answers.members().into_iter().map(|(a, ())| *a).collect();
        let of_family = answers.iter().filter(|a| a.is_ipv6() == server.is_ipv6());
        let mut of_family = of_family.peekable();
        of_family.peek().is_some()
            && of_family.all(|a| operator(*a) != operator(server) && !is_internal(*a))
    }

    /// Issuers that stand behind most of the registered domains asked for.
    fn inspecting(&self) -> BTreeSet<&Text> {
        let mut all: BTreeSet<&Text> = BTreeSet::new();
        let mut behind: Vec<(&Text, usize)> = Vec::new();
        for (issuer, group) in self.0.issuers.iter() {
            all.extend(group.members().into_iter().map(|(d, ())| d));
            behind.push((issuer, group.len()));
        }
        let is_most = |n: usize| n as f64 >= MIN_INSPECTED_SHARE * all.len() as f64;
        behind
            .into_iter()
            .filter(|(_, n)| *n >= MIN_INSPECTED && is_most(*n))
            .map(|(i, _)| i)
            .collect()
    }
}

type Name<'a> = (&'a Text, &'a Shown);

fn pairs<'a, 'b>(
    a: &'b [Name<'a>],
    b: &'b [Name<'a>],
) -> impl Iterator<Item = (Name<'a>, Name<'a>)> + 'b {
    a.iter().flat_map(move |x| b.iter().map(move |y| (*x, *y)))
}

/// Two names of different owners. An address in place of a name says nothing.
fn is_mismatch(a: &str, b: &str) -> bool {
    let is_name = |n: &str| names::registrable(n).is_some();
    a != b && is_name(a) && is_name(b) && !names::is_same_owner(a, b)
}

#[cfg(test)]
mod tests;
