//! What files of the analyst's say of addresses: whose network, which country, what kind.
//!
//! Nothing is looked up anywhere else, and every rule works without: what is known here only adds
//! terms to findings, each with the name, digest and date of the file it rests on.

pub mod mmdb;
pub mod prefixes;
#[cfg(test)]
pub(crate) mod testing;

use crate::event::{NodeId, StringSet};
use crate::text::Text;
use crate::time::Time;
use mmdb::Mmdb;
use prefixes::Prefixes;
use std::net::IpAddr;

/// Longest text kept of one value.
const MAX_TEXT: usize = 100;

/// What is known of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Number of the autonomous system that announces it.
    pub asn: Option<u32>,
    /// That system's name.
    pub as_name: Option<Text>,
    /// Country, by ISO 3166 code.
    pub country: Option<Text>,
    /// Kinds of use: `cdn`, `hosting`, `vpn`, `tor`, `proxy`, or as the file says.
    pub kinds: StringSet,
}

impl Known {
    /// Takes a value by its name in a file; names are those that common databases use. One that
    /// says nothing of these leaves it as it is.
    fn put(&mut self, name: &str, value: &str) {
        if value.is_empty() || value == "-" {
            return;
        }
        match field(name) {
            Some(Field::Asn) => {
                let digits = value.trim_start_matches(['A', 'S', 'a', 's']);
                self.asn = self.asn.or(digits.parse().ok());
            }
            Some(Field::AsName) => {
                self.as_name.get_or_insert_with(|| short(value));
            }
            Some(Field::Country) if value.len() == 2 => {
                self.country.get_or_insert_with(|| value.to_ascii_uppercase().into());
            }
            Some(Field::Kind) => self.kinds.insert(&short(&value.to_ascii_lowercase())),
            Some(Field::Is(kind)) if matches!(value, "true" | "1" | "yes") => {
                self.kinds.insert(kind);
            }
            _ => {}
        }
    }

    /// True when a table's column of this name says something that is kept.
    pub(crate) fn has_column(name: &str) -> bool {
        field(name).is_some()
    }

    /// From the cells of a row by the names of their columns.
    pub(crate) fn of_columns<'a>(cells: impl Iterator<Item = (&'a String, &'a String)>) -> Self {
        let mut known = Self::default();
        cells.for_each(|(name, cell)| known.put(name, cell.trim()));
        known
    }

    /// Adds what another file knows.
    fn merge(&mut self, other: Self) {
        self.asn = self.asn.or(other.asn);
        self.as_name = self.as_name.take().or(other.as_name);
        self.country = self.country.take().or(other.country);
        other.kinds.iter().for_each(|kind| self.kinds.insert(kind));
    }

    /// True when nothing is known.
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn short(text: &str) -> Text {
    text.chars().take(MAX_TEXT).collect::<String>().into()
}

/// What a value of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Asn,
    AsName,
    Country,
    Kind,
    /// True or false: whether it is of this kind.
    Is(&'static str),
}

/// The field of a name; nested names are joined by points.
fn field(name: &str) -> Option<Field> {
    Some(match name.strip_prefix("traits.").unwrap_or(name) {
        "asn" | "as_number" | "autonomous_system_number" => Field::Asn,
        "as_name" | "as_org" | "as_organization" | "autonomous_system_organization" => {
            Field::AsName
        }
        "country" | "country_code" | "country_iso_code" | "country.iso_code" => Field::Country,
        "kind" | "usage_type" | "user_type" => Field::Kind,
        "cdn" | "is_cdn" => Field::Is("cdn"),
        "hosting" | "is_hosting" | "is_hosting_provider" => Field::Is("hosting"),
        "vpn" | "is_vpn" | "is_anonymous_vpn" => Field::Is("vpn"),
        "tor" | "is_tor" | "is_tor_exit_node" => Field::Is("tor"),
        "proxy" | "is_proxy" | "is_public_proxy" => Field::Is("proxy"),
        _ => return None,
    })
}

/// One file of networks.
#[derive(Debug)]
pub struct NetworkFile {
    /// Which file of the case.
    pub node: NodeId,
    /// SHA-256 of its bytes, decompressed.
    pub sha256: [u8; 32],
    /// When it was made, where it says.
    pub built: Option<Time>,
    /// What it says of itself: a database's type, a table's columns.
    pub about: Text,
    /// What it holds.
    pub held: Held,
}

/// The content of a file of networks.
#[derive(Debug)]
pub enum Held {
    /// A database, kept as it is.
    Mmdb(Mmdb),
    /// A table of prefixes.
    Prefixes(Prefixes),
}

impl NetworkFile {
    /// What it knows of an address.
    fn find(&self, addr: IpAddr) -> Option<Known> {
        match &self.held {
            Held::Mmdb(db) => db.find(addr),
            Held::Prefixes(table) => table.find(addr),
        }
    }

    /// Memory held, in bytes.
    pub fn held(&self) -> usize {
        match &self.held {
            Held::Mmdb(db) => db.held(),
            Held::Prefixes(table) => table.held(),
        }
    }
}

/// All files of networks of a case, in the order of their digests.
#[derive(Debug, Default)]
pub(crate) struct Networks(Vec<NetworkFile>);

impl Networks {
    /// Takes a file; false when all together are more than `cap` bytes: then the last by digest
    /// goes, which depends on no order.
    pub(crate) fn add(&mut self, file: NetworkFile, cap: usize) -> bool {
        let at = self.0.partition_point(|f| f.sha256 < file.sha256);
        if self.0.get(at).is_some_and(|f| f.sha256 == file.sha256) {
            return true;
        }
        self.0.insert(at, file);
        let mut is_kept = true;
        while self.0.iter().map(NetworkFile::held).sum::<usize>() > cap {
            self.0.pop();
            is_kept = false;
        }
        is_kept
    }

    /// The files.
    pub(crate) fn files(&self) -> &[NetworkFile] {
        &self.0
    }

    /// What is known of an address, and by which files.
    pub(crate) fn find(&self, addr: IpAddr) -> (Known, Vec<&NetworkFile>) {
        let mut known = Known::default();
        let mut by = Vec::new();
        for file in &self.0 {
            if let Some(found) = file.find(addr).filter(|found| !found.is_empty()) {
                known.merge(found);
                by.push(file);
            }
        }
        (known, by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(digest: u8, network: &str, asn: &str) -> NetworkFile {
        let mut table = Prefixes::default();
        let mut known = Known::default();
        known.put("asn", asn);
        table.add(network, &known, usize::MAX);
        let held = Held::Prefixes(table.sorted());
        NetworkFile { node: NodeId(0), sha256: [digest; 32], built: None, about: "".into(), held }
    }

    #[test]
    fn values_are_taken_by_the_names_that_databases_use() {
        let mut known = Known::default();
        for (name, value) in [
            ("asn", "AS64500"),
            ("traits.autonomous_system_organization", "Example Net"),
            ("country.iso_code", "ch"),
            ("is_anonymous_vpn", "true"),
            ("is_tor_exit_node", "false"),
            ("usage_type", "CDN"),
            ("city.names.en", "Bern"),
            ("country", "Switzerland"),
        ] {
            known.put(name, value);
        }
        assert_eq!((known.asn, known.as_name.as_deref()), (Some(64_500), Some("Example Net")));
        assert_eq!(known.country.as_deref(), Some("CH"));
        assert_eq!(known.kinds.iter().collect::<Vec<_>>(), ["cdn", "vpn"]);
    }

    #[test]
    fn files_add_to_each_other_in_an_order_of_their_own() {
        let addr = "192.0.2.1".parse().unwrap();
        for order in [[1, 2], [2, 1]] {
            let mut all = Networks::default();
            for n in order {
                assert!(all.add(file(n, "192.0.2.0/24", &n.to_string()), usize::MAX));
                assert!(all.add(file(n, "192.0.2.0/24", &n.to_string()), usize::MAX));
            }
            let (known, by) = all.find(addr);
            assert_eq!((known.asn, by.len()), (Some(1), 2));
            // Room for one.
            let one = all.files()[0].held();
            let mut tight = Networks::default();
            let kept: Vec<_> =
                order.iter().map(|n| tight.add(file(*n, "192.0.2.0/24", "1"), one)).collect();
            assert_eq!(kept, [true, false]);
            assert_eq!(tight.files()[0].sha256, [1; 32]);
        }
    }
}
