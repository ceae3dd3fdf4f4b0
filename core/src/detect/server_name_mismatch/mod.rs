//! `server-name-mismatch`: one connection that names two servers, or a certificate for another name.

mod describe;
mod memory;
mod tiers;
mod two_names;

use super::kit::{Host, Observed};
use super::{Detector, Rule};
use crate::event::Kind;
use crate::report::Finding;
use crate::text::Text;
use describe::{Case, describe};
use memory::Memory;
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

/// What was found: tiers, inner name or address, open name.
type Key = (Vec<Tier>, Text, Text);
/// Names that one certificate was shown for from which on it is told once: a portal, a host of many
/// sites or one server behind borrowed names.
const MIN_TOGETHER: usize = 3;
/// Findings by their key.
type Found<'a> = BTreeMap<Key, Vec<Case<'a>>>;

impl Detector for ServerNameMismatch {
    fn observe(&mut self, e: &Observed<'_>) {
        self.0.observe(e);
    }

    fn report(&self, out: &mut Vec<Finding>) {
        let view = View::new(&self.0);
        let (mut found, mut hidden) = (Found::new(), Vec::new());
        two_names::find(&self.0, &view, &mut found, &mut hidden);
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
                        let case = case.meant(judged.is_meant);
                        let key = (judged.tiers, judged.inner, sni.clone());
                        found.entry(key).or_default().push(case);
                    }
                }
            }
        }
        let first = out.len();
        tell(&found, out);
        out.extend(unasked.iter().map(|(client, rows)| describe::unasked(client, rows)));
        out.extend(describe::hidden(&hidden));
        out.extend(view.inspection.as_ref().map(describe::inspection));
        out.iter_mut().skip(first).for_each(|f| f.missing.extend(self.0.loss()));
    }
}

/// A finding for each pair of names, and one for all names that one certificate was shown for.
fn tell(found: &Found<'_>, out: &mut Vec<Finding>) {
    let all: Vec<_> = found.iter().collect();
    let is_one = |a: &Key, b: &Key| (&a.0, &a.1) == (&b.0, &b.1);
    for alike in all.chunk_by(|a, b| is_one(a.0, b.0)) {
        let is_many = alike.len() >= MIN_TOGETHER;
        let is_shown =
            alike.first().is_some_and(|((tiers, ..), _)| tiers.first() == Some(&Tier::B));
        let size = if is_many && is_shown { alike.len() } else { 1 };
        for together in alike.chunks(size) {
            let Some(((tiers, inner, _), _)) = together.first() else { continue };
            let opens: Vec<&str> = together.iter().map(|(key, _)| &*key.2).collect();
            let cases: Vec<&Case<'_>> = together.iter().flat_map(|(_, cases)| *cases).collect();
            // A host of many sites that DNS gave for most of their names is meant for all.
            let meant = together.iter().filter(|(_, c)| c.iter().all(|c| c.is_meant)).count();
            out.push(describe(tiers, &opens, inner, &cases, 2 * meant >= together.len()));
        }
    }
}

/// A hello that hides its name: the name in the open, and the one inside where it is known.
type Hidden<'a> = (&'a Text, Option<&'a Text>, Case<'a>);

#[cfg(test)]
mod tests;
