//! ATT&CK: what its ids mean, from one versioned data file; findings are "consistent with" them.

use crate::order::Collect;
use serde::Serialize;
use std::collections::BTreeSet;

/// The rows used of ATT&CK Enterprise, with origin and terms in the first line.
const DATA: &str = include_str!("../../data/attack-18.1.tsv");

/// The version of ATT&CK that ids are of.
pub const ATTACK_VERSION: &str = "18.1";

/// A technique and how ATT&CK says to detect it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Technique {
    /// Its id: `T1568.001`.
    pub id: &'static str,
    /// Its name: `Fast Flux DNS`.
    pub name: &'static str,
    /// Detection strategies for it.
    pub strategies: Vec<Strategy>,
}

/// A detection strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strategy {
    /// Its id: `DET0485`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Ids of its analytics: `AN1331`.
    pub analytics: Vec<&'static str>,
}

/// A data source of before version 18, and the data components that took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retired {
    /// The retired id: `DS0029`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Data components of today.
    pub components: &'static [&'static str],
}

/// What a report says of ATT&CK.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attack {
    /// [`ATTACK_VERSION`].
    pub version: &'static str,
    /// Every technique that a finding of the report names, in order of ids.
    pub techniques: Vec<Technique>,
    /// What became of the data source ids that older texts use.
    pub legend: &'static [Retired],
}

/// The data sources by which network evidence is often described, all retired with version 18.
pub static LEGEND: &[Retired] = &[
    Retired { id: "DS0002", name: "User Account", components: &["DC0002", "DC0013"] },
    Retired { id: "DS0019", name: "Service", components: &["DC0041", "DC0060", "DC0065"] },
    Retired {
        id: "DS0022",
        name: "File",
        components: &["DC0039", "DC0040", "DC0055", "DC0059", "DC0061"],
    },
    Retired { id: "DS0023", name: "Named Pipe", components: &["DC0048"] },
    Retired { id: "DS0029", name: "Network Traffic", components: &["DC0078", "DC0082", "DC0085"] },
    Retired { id: "DS0033", name: "Network Share", components: &["DC0102"] },
    Retired { id: "DS0035", name: "Internet Scan", components: &["DC0104", "DC0106"] },
    Retired { id: "DS0037", name: "Certificate", components: &["DC0093"] },
    Retired { id: "DS0038", name: "Domain Name", components: &["DC0096", "DC0101", "DC0103"] },
];

/// What the report says of the techniques `ids`.
pub fn attack<'a>(ids: impl IntoIterator<Item = &'a str>) -> Attack {
    let ids: BTreeSet<&str> = ids.into_iter().into_set();
    let techniques = ids.into_iter().filter_map(technique).collect();
    Attack { version: ATTACK_VERSION, techniques, legend: LEGEND }
}

/// The technique `id`.
pub fn technique(id: &str) -> Option<Technique> {
    let (id, name) = rows("technique").find(|r| r.0 == id).map(|r| (r.0, r.1))?;
    let strategies = rows("detection-strategy")
        .filter(|r| r.2.split(',').any(|of| of == id))
        .map(|r| Strategy { id: r.0, name: r.1, analytics: r.3.split(',').collect() })
        .collect();
    Some(Technique { id, name, strategies })
}

/// The name of the data component `id`.
pub fn component(id: &str) -> Option<&'static str> {
    rows("data-component").find(|r| r.0 == id).map(|r| r.1)
}

/// Rows of one kind: id, name, of, analytics.
fn rows(
    kind: &str,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    DATA.lines().filter(|l| !l.starts_with('#')).filter_map(move |l| {
        let mut cells = l.split('\t');
        let is_kind = cells.next()? == kind;
        let mut cell = || cells.next().unwrap_or_default();
        let row = (cell(), cell(), cell(), cell());
        is_kind.then_some(row)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::RULES;

    #[test]
    fn every_id_in_use_is_in_the_data() {
        for rule in RULES {
            for id in rule.attack {
                let t = technique(id).unwrap_or_else(|| panic!("{id} of {}", rule.id));
                assert!(!t.strategies.is_empty() && !t.name.is_empty(), "{id}");
            }
        }
        for old in LEGEND {
            assert!(old.components.iter().all(|c| component(c).is_some()), "{}", old.id);
        }
        assert!(LEGEND.is_sorted_by_key(|r| r.id));
    }

    #[test]
    fn a_technique_names_its_strategies_and_analytics() {
        let t = technique("T1568.001").unwrap();
        assert_eq!((t.name, t.strategies[0].id), ("Fast Flux DNS", "DET0485"));
        assert_eq!(t.strategies[0].analytics, ["AN1331", "AN1332", "AN1333", "AN1334"]);
        assert_eq!(technique("T9999"), None);
        assert!(DATA.lines().next().unwrap().contains("MITRE") && DATA.contains(ATTACK_VERSION));
    }
}
