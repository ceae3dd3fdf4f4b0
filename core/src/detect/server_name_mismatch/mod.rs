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

#[cfg(test)]
mod tests;
