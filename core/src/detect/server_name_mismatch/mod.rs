//! `server-name-mismatch`: one connection that names two servers, or a certificate for another name.

mod describe;
mod memory;
mod tiers;

use super::kit::{Host, Observed, names};
use super::{Detector, Rule};
use crate::event::Kind;
use crate::report::Finding;
use crate::text::Text;
use describe::{Case, describe};
use memory::{Leaf, Memory, Said, Shown};
use std::collections::BTreeMap;
use tiers::{Tier, View};

/// The rule.
pub const RULE: Rule = Rule {
    id: "server-name-mismatch",
    title: "Server-name mismatch",
    about: "Compares the names that one connection gives for its server, by tier of evidence. A: \
            the name in the open (SNI, CONNECT, proxy address) is not the one that the request \
            inside asks for. B: the certificate does not cover the name asked for. C: the address \
            is not among those that DNS gave for the name. D: no name in the open, to an address \
            shared by many owners. E: an address that no look-up gave. F: DNS gave the address \
            for a name that the certificate does not cover. G: the name may be a cover for an \
            encrypted one and cannot be judged. C to F are information unless two agree. Names of \
            one owner are one name, and one issuer behind most outside names is told once, as TLS \
            inspection, and mutes what follows from it.",
    benign: "Connections shared between names of one content network, default certificates of \
             shared hosting, TLS inspection, split DNS, DNS over HTTPS.",
    limits: "Inside encrypted connections nothing shows without their secrets: most fronting stays \
             out of sight. Encrypted hellos are told and not judged.",
    attack: &["T1090.004"],
    reads: &[Kind::Dns, Kind::Http, Kind::Ssl, Kind::X509],
    new: |settings| Box::new(ServerNameMismatch(Memory::new(settings))),
};

struct ServerNameMismatch(Memory);

/// What was found: tiers, open name, inner name or address.
type Key = (Vec<Tier>, Text, Text);
/// Findings by their key.
type Found<'a> = BTreeMap<Key, Vec<Case<'a>>>;

impl Detector for ServerNameMismatch {
    fn observe(&mut self, e: &Observed<'_>) {
        self.0.observe(e);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let view = View::new(&self.0);
        let (mut found, mut hidden) = (Found::new(), Vec::new());
        self.two_names(&view, &mut found, &mut hidden);
        let mut unasked: BTreeMap<&Host, Vec<(&Text, Case<'_>)>> = BTreeMap::new();
        for (sni, group) in self.0.hellos.iter() {
            for (hello, seen) in group.members() {
                let case = Case::of(hello, seen);
                if hello.is_ech {
                    hidden.push((sni, None, case));
                } else if let Some(judged) = view.judge(sni, hello, seen) {
                    // What is only not looked up has one cause for a client, not one for a name.
                    if judged.tiers == [Tier::E] {
                        unasked.entry(&hello.client).or_default().push((sni, case));
                    } else {
                        let key = (judged.tiers, sni.clone(), judged.inner);
                        found.entry(key).or_default().push(case);
                    }
                }
            }
        }
        let first = out.len();
        out.extend(found.iter().map(|(key, cases)| describe(&key.0, &key.1, &key.2, cases)));
        out.extend(unasked.iter().map(|(client, rows)| describe::unasked(client, rows)));
        out.extend(describe::hidden(&hidden));
        out.extend(view.inspection.as_ref().map(describe::inspection));
        out.iter_mut().skip(first).for_each(|f| f.missing.extend(self.0.loss()));
    }
}

/// A hello that hides its name: the name in the open, and the one inside where it is known.
type Hidden<'a> = (&'a Text, Option<&'a Text>, Case<'a>);

/// A name and where it was said.
type Name<'a> = (&'a Text, &'a Shown);

impl ServerNameMismatch {
    /// Tier A: two names on one connection. D: only one of them, inside.
    fn two_names<'a>(
        &'a self,
        view: &View<'a>,
        found: &mut Found<'a>,
        hidden: &mut Vec<Hidden<'a>>,
    ) {
        for (_, group) in self.0.connections.iter() {
            let members = group.members();
            let hosts = said(&members, |m| if let Said::Host(n) = m { Some(n) } else { None });
            let proxies = said(&members, |m| if let Said::Connect(n) = m { Some(n) } else { None });
            let hellos = members.iter().filter_map(|(m, shown)| match m {
                Said::Sni(sni, leaf, is_ech) => Some((sni.as_ref(), *leaf, *is_ech, *shown)),
                _ => None,
            });
            for (sni, leaf, is_ech, shown) in hellos {
                for (host, inside) in &hosts {
                    match sni {
                        Some(sni) if is_mismatch(sni, host) && is_ech => {
                            hidden.push((sni, Some(host), Case::shown(inside)));
                        }
                        Some(sni) => self.add(view, found, (sni, leaf), (host, inside)),
                        None => nameless(view, found, leaf, (host, inside)),
                    }
                }
                for (proxy, outside) in proxies.iter().filter(|_| !is_ech) {
                    if let Some(sni) = sni.filter(|s| is_mismatch(proxy, s)) {
                        let mut case = Case::shown(outside);
                        case.is_done |= shown.is_done;
                        let key = (vec![Tier::A], (*proxy).clone(), sni.clone());
                        found.entry(key).or_default().push(case);
                    }
                }
            }
        }
        for (open, group) in self.0.proxied.iter() {
            for (inner, shown) in group.members() {
                self.add(view, found, (open, 0), (inner, shown));
            }
        }
    }

    /// Two names of different owners on one connection. It may carry every name that its
    /// certificate covers (RFC 9113, section 9.1.1).
    fn add<'a>(
        &self,
        view: &View<'a>,
        found: &mut Found<'a>,
        (open, leaf): (&Text, Leaf),
        (inner, shown): Name<'a>,
    ) {
        let is_shared = view.shown(leaf).iter().any(|c| names::covers(c, inner));
        if is_mismatch(open, inner) && !is_shared {
            let key = (vec![Tier::A], open.clone(), inner.clone());
            found.entry(key).or_default().push(Case::shown(shown));
        }
    }
}

/// A hello without a name, and a name inside that its certificate does not cover.
fn nameless<'a>(view: &View<'a>, found: &mut Found<'a>, leaf: Leaf, (host, shown): Name<'a>) {
    let covered = view.shown(leaf);
    if names::registrable(host).is_some() && !covered.iter().any(|c| names::covers(c, host)) {
        let is_seen = !covered.is_empty();
        let tiers = if is_seen { vec![Tier::B, Tier::D] } else { vec![Tier::D] };
        let key = (tiers, Text::default(), host.clone());
        found.entry(key).or_default().push(Case::shown(shown));
    }
}

fn said<'a>(members: &[(&'a Said, &'a Shown)], of: fn(&Said) -> Option<&Text>) -> Vec<Name<'a>> {
    members.iter().filter_map(|(m, s)| Some((of(m)?, *s))).collect()
}

/// Two names of different owners. An address in place of a name says nothing.
fn is_mismatch(a: &str, b: &str) -> bool {
    let is_name = |n: &str| names::registrable(n).is_some();
    a != b && is_name(a) && is_name(b) && !names::is_same_owner(a, b)
}

#[cfg(test)]
mod tests;
