//! Which site's hosts the private addresses of a source are.

use super::entity::Entity;
use crate::event::{NodeId, Site};
use std::net::IpAddr;

/// The sites of a case's sources. Without a second site there is nothing to tell apart.
#[derive(Debug)]
pub struct Sites {
    /// By the number of the source; empty unless there are several sites.
    of_node: Vec<Site>,
    is_private: fn(IpAddr) -> bool,
}

impl Default for Sites {
    /// One site.
    fn default() -> Self {
        Self::new(Vec::new(), |_| false)
    }
}

impl Sites {
    /// The sites of sources in the order of their numbers, and which addresses mean something
    /// inside a site only.
    pub fn new(of_node: Vec<Site>, is_private: fn(IpAddr) -> bool) -> Self {
        let is_one = of_node.windows(2).all(|pair| pair.first() == pair.last());
        Self { of_node: if is_one { Vec::new() } else { of_node }, is_private }
    }

    /// The site of an address in a row of that source; `None` where it does not matter.
    pub fn of(&self, addr: IpAddr, node: NodeId) -> Option<&str> {
        let site = self.of_node.get(node.0 as usize)?;
        (self.is_private)(addr).then_some(site)
    }

    /// The filter for the rows that speak of an entity, and the site whose host it is if that
    /// matters: rows of its sources only. Without a `site` it is anybody's.
    pub fn filter(
        &self,
        entity: Entity,
        value: &str,
        site: Option<&str>,
    ) -> (String, Option<String>) {
        let plain = entity.filter(value);
        let is_private = || value.parse().is_ok_and(self.is_private);
        match site {
            Some(site) if entity == Entity::Host && is_private() && !self.of_node.is_empty() => {
                (format!("({plain}) and ({})", self.sources(site)), Some(site.to_owned()))
            }
            _ => (plain, None),
        }
    }

    /// A filter for the rows of a site's sources, by runs of their numbers.
    fn sources(&self, site: &str) -> String {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let its = self.of_node.iter().enumerate().filter(|(_, s)| &***s == site);
        for (n, _) in its {
            match runs.last_mut() {
                Some((_, end)) if *end + 1 == n => *end = n,
                _ => runs.push((n, n)),
            }
        }
        let run = |(start, end): &(usize, usize)| match start == end {
            true => format!("_source == {start}"),
            false => format!("_source >= {start} and _source <= {end}"),
        };
        let all: Vec<String> = runs.iter().map(run).collect();
        // No source has the last number there is: nobody's rows.
        if all.is_empty() { format!("_source == {}", u32::MAX) } else { all.join(" or ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Filter;

    fn sites(names: &[&str]) -> Sites {
        let is_private = |addr: IpAddr| addr.to_string().starts_with("10.");
        Sites::new(names.iter().map(|n| Site::from(*n)).collect(), is_private)
    }

    #[test]
    fn private_addresses_are_told_apart_where_there_are_several_sites() {
        let two = sites(&["Basel", "Bern", "Bern", "", "Bern"]);
        let of = |value: &str, site: Option<&str>| two.filter(Entity::Host, value, site);
        let (filter, site) = of("10.0.0.1", Some("Bern"));
        assert!(
            filter.ends_with(" and (_source >= 1 and _source <= 2 or _source == 4)"),
            "{filter}"
        );
        assert_eq!(site.as_deref(), Some("Bern"));
        assert!(of("10.0.0.1", Some("")).0.ends_with("(_source == 3)"));
        assert!(of("10.0.0.1", Some("Rome")).0.ends_with("(_source == 4294967295)"));
        for (value, site) in [("8.8.8.8", Some("Bern")), ("10.0.0.1", None), ("x", Some("Bern"))] {
            assert_eq!(of(value, site), (Entity::Host.filter(value), None));
        }
        let one = sites(&["Bern", "Bern"]);
        assert_eq!(one.filter(Entity::Host, "10.0.0.1", Some("Bern")).1, None);
        assert!(Filter::parse(&of("10.0.0.1", Some("Bern")).0).is_ok());
        let private = "10.0.0.1".parse().unwrap();
        assert_eq!(two.of(private, NodeId(0)), Some("Basel"));
        assert_eq!(two.of("8.8.8.8".parse().unwrap(), NodeId(0)), None);
        assert_eq!(one.of(private, NodeId(0)), None);
    }
}
