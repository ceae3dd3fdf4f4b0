//! Terms that files of networks add to findings: autonomous systems, countries, kinds of use.
//!
//! They are added behind a rule's own terms and change neither severity nor confidence: a finding
//! without such files is the same but for them.

use super::{Basis, Fact, Finding, Role};
use crate::networks::{Known, NetworkFile, Networks};
use crate::order::{Collect, Order};
use crate::text::visible;
use crate::time::Time;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Autonomous systems from which on the addresses of one name, or the servers of one certificate,
/// are unrelated: a service of one owner is in one, or in two while it moves.
const MIN_SYSTEMS: usize = 3;
/// Countries from which on one account is in places that one person cannot be in at once.
const MIN_COUNTRIES: usize = 2;

/// Names shown of a list; the others are counted.
const MAX_SHOWN: usize = 8;

/// Whose addresses a rule's findings are told about, and what they are held against.
struct Use {
    rule: &'static str,
    role: Role,
    min_systems: Option<usize>,
    min_countries: Option<usize>,
}

/// Every rule that uses files of networks, in alphabetical order.
static USES: &[Use] = &[
    Use {
        rule: "account-several-addresses",
        role: Role::Actor,
        min_systems: None,
        min_countries: Some(MIN_COUNTRIES),
    },
    Use {
        rule: "certificate-anomaly",
        role: Role::Target,
        min_systems: Some(MIN_SYSTEMS),
        min_countries: None,
    },
    Use {
        rule: "fast-flux",
        role: Role::Object,
        min_systems: Some(MIN_SYSTEMS),
        min_countries: None,
    },
    Use { rule: "port-scan", role: Role::Actor, min_systems: None, min_countries: None },
    Use {
        rule: "server-name-mismatch",
        role: Role::Target,
        min_systems: None,
        min_countries: None,
    },
    Use { rule: "web-recon", role: Role::Actor, min_systems: None, min_countries: None },
];

/// A file of networks, as the report names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkSource {
    /// Its name in the case.
    pub name: String,
    /// SHA-256 of its bytes, decompressed, in hex.
    pub sha256: String,
    /// When it was made, where it says.
    pub built: Option<Time>,
    /// What it says of itself: a database's type, a table's columns.
    pub about: String,
}

impl NetworkSource {
    /// The file `file`, called `name`.
    pub(super) fn of(file: &NetworkFile, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sha256: base16ct::lower::encode_string(&file.sha256),
            built: file.built,
            about: file.about.to_string(),
        }
    }
}

/// Adds to a finding what the files say of its addresses. `name_of` gives the name of a file.
pub(super) fn add_terms(
    f: &mut Finding,
    networks: &Networks,
    name_of: &dyn Fn(&NetworkFile) -> String,
) {
    let is_any = !networks.files().is_empty();
    let Some(of) = USES.iter().find(|u| is_any && u.rule == f.rule) else { return };
    let subjects = f.subjects.iter().filter(|s| s.role == of.role && s.kind == "address");
    let addresses: BTreeSet<IpAddr> = subjects.filter_map(|s| s.value.parse().ok()).into_set();
    let mut by = BTreeSet::new();
    let mut known: Vec<Known> = Vec::new();
    for addr in &addresses {
        let (found, files) = networks.find(*addr);
        if !files.is_empty() {
            known.push(found);
            by.extend(files.into_iter().map(name_of));
        }
    }
    if known.is_empty() {
        return;
    }
    let by: Vec<String> = by.into_iter().collect();
    let note = format!("{} of {} addresses are in {}", known.len(), addresses.len(), by.join(", "));
    let systems = tally(known.iter().filter_map(|k| {
        let name = k.as_name.as_deref().unwrap_or_default();
        Some(format!("AS{} {name}", k.asn?).trim_end().to_owned())
    }));
    f.facts.extend(fact("autonomous systems", &systems, of.min_systems, &note));
    let countries = tally(known.iter().filter_map(|k| k.country.as_deref().map(str::to_owned)));
    f.facts.extend(fact("countries", &countries, of.min_countries, &note));
    let kinds = tally(known.iter().flat_map(|k| k.kinds.iter().map(str::to_owned)));
    f.facts.extend(fact("kinds of network", &kinds, None, &note));
}

fn tally(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    names.for_each(|name| *out.entry(name).or_default() += 1);
    out
}

/// How many different ones there are, the commonest first; nothing when none is known.
fn fact(
    name: &'static str,
    found: &BTreeMap<String, usize>,
    min: Option<usize>,
    note: &str,
) -> Option<Fact> {
    if found.is_empty() {
        return None;
    }
    let mut order: Vec<(&String, &usize)> = found.iter().collect();
    order.order_by_key(|(name, n)| (std::cmp::Reverse(**n), *name));
    let shown = order.iter().take(MAX_SHOWN).map(|(name, n)| match n {
        1 => (*name).clone(),
        n => format!("{name} ({n} addresses)"),
    });
    let mut value = format!("{}: {}", found.len(), shown.collect::<Vec<_>>().join(", "));
    if order.len() > MAX_SHOWN {
        value.push_str(", …");
    }
    Some(Fact {
        name,
        value: visible(&value).into_owned(),
        basis: Basis::Reported,
        threshold: min.map(|min| format!("at least {min}")),
        is_met: min.map(|min| found.len() >= min),
        points: None,
        note: Some(note.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::RULES;
    use crate::detect::kit::{actor, finding, object};
    use crate::event::NodeId;
    use crate::networks::Held;
    use crate::networks::prefixes::Prefixes;

    fn networks(rows: &[(&str, u32, &str)]) -> Networks {
        let mut table = Prefixes::default();
        for (net, asn, country) in rows {
            let known =
                Known { asn: Some(*asn), country: Some((*country).into()), ..Known::default() };
            table.add(net, &known, usize::MAX);
        }
        let held = Held::Prefixes(table.sorted());
        let file =
            NetworkFile { node: NodeId(0), sha256: [0; 32], built: None, about: "".into(), held };
        let mut all = Networks::default();
        all.add(file, usize::MAX);
        all
    }

    fn facts(rule: &'static str, addresses: &[&str], networks: &Networks) -> Vec<String> {
        let mut f = finding(rule, "x");
        f.subjects.extend(addresses.iter().map(|a| object("address", a)));
        f.subjects.extend(addresses.iter().map(|a| actor("address", a)));
        add_terms(&mut f, networks, &|_| "nets.csv".to_owned());
        f.facts.iter().map(|f| format!("{} = {} {:?}", f.name, f.value, f.is_met)).collect()
    }

    #[test]
    fn systems_and_countries_are_held_against_their_thresholds() {
        let nets = networks(&[
            ("10.1.0.0/16", 1, "CH"),
            ("10.2.0.0/16", 2, "DE"),
            ("10.3.0.0/16", 3, "DE"),
        ]);
        assert_eq!(
            facts("fast-flux", &["10.1.0.1", "10.2.0.1", "10.2.0.2"], &nets),
            [
                "autonomous systems = 2: AS2 (2 addresses), AS1 Some(false)",
                "countries = 2: DE (2 addresses), CH None"
            ]
        );
        let three = facts("fast-flux", &["10.1.0.1", "10.2.0.1", "10.3.0.2"], &nets);
        assert!(three[0].ends_with("Some(true)"), "{three:?}");
        let one = facts("account-several-addresses", &["10.2.0.1", "10.3.0.1"], &nets);
        assert_eq!(one[1], "countries = 1: DE (2 addresses) Some(false)");
        let two = facts("account-several-addresses", &["10.1.0.1", "10.3.0.1"], &nets);
        assert_eq!(two[1], "countries = 2: CH, DE Some(true)");
    }

    #[test]
    fn without_files_or_without_a_known_address_nothing_is_added() {
        let nets = networks(&[("10.1.0.0/16", 1, "CH")]);
        assert!(facts("fast-flux", &["10.1.0.1"], &Networks::default()).is_empty());
        assert!(facts("fast-flux", &["10.9.0.1"], &nets).is_empty());
        assert!(facts("dns-tunnelling", &["10.1.0.1"], &nets).is_empty());
    }

    #[test]
    fn the_table_names_rules_that_there_are() {
        assert!(USES.is_sorted_by_key(|u| u.rule));
        assert!(USES.iter().all(|u| RULES.iter().any(|r| r.id == u.rule)));
    }
}
