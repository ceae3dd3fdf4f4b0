//! A table of network prefixes with what is known of each: the longest that holds an address counts.

use super::Known;
use crate::order::Collect;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Bytes of one prefix in the table.
const PREFIX: usize = size_of::<Prefix>();

/// Bytes that a row costs beside its texts.
const ROW: usize = 160;

/// Network, length, row. IPv4 is counted as IPv6-mapped.
type Prefix = (u128, u8, u32);

/// The table.
#[derive(Debug, Default)]
pub struct Prefixes {
    prefixes: Vec<Prefix>,
    rows: Vec<Known>,
    /// Rows by their content, while the table is filled: a system has many prefixes.
    index: BTreeMap<Known, u32>,
    texts: usize,
    /// The lengths that there are, longest first.
    lengths: Vec<u8>,
}

impl Prefixes {
    /// Adds a network, as prefix (`192.0.2.0/24`), range (`192.0.2.0-192.0.2.255`) or address.
    /// `None` when it is none of them; false when the table is at its cap of bytes.
    pub fn add(&mut self, network: &str, known: &Known, cap: usize) -> Option<bool> {
        let (first, last) = parse(network)?;
        if self.held() >= cap {
            return Some(false);
        }
        let row = match self.index.get(known) {
            Some(row) => *row,
            None => {
                let row = u32::try_from(self.rows.len()).ok()?;
                self.texts += known.as_name.as_deref().map_or(0, str::len) * 2;
                self.rows.push(known.clone());
                self.index.insert(known.clone(), row);
                row
            }
        };
        cover(first, last, &mut |net, len| self.prefixes.push((net, len, row)));
        Some(true)
    }

    /// The finished table.
    pub fn sorted(mut self) -> Self {
        self.index = BTreeMap::new();
        self.prefixes.sort_unstable();
        // Of equal prefixes the first row counts.
        self.prefixes.dedup_by_key(|(net, len, _)| (*net, *len));
        self.prefixes.shrink_to_fit();
        let lengths: BTreeSet<u8> = self.prefixes.iter().map(|(_, len, _)| *len).into_set();
        self.lengths = lengths.into_iter().rev().collect();
        self
    }

    /// How many prefixes it has.
    pub const fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// True without any.
    pub const fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// Memory held, in bytes.
    pub const fn held(&self) -> usize {
        self.prefixes.len() * PREFIX + self.rows.len() * ROW + self.texts
    }

    /// What is known of an address.
    pub fn find(&self, addr: IpAddr) -> Option<Known> {
        let bits = bits(addr);
        for &len in &self.lengths {
            let net = bits & mask(len);
            let at = self.prefixes.partition_point(|(n, l, _)| (*n, *l) < (net, len));
            if let Some((n, l, row)) = self.prefixes.get(at)
                && (*n, *l) == (net, len)
            {
                return self.rows.get(*row as usize).cloned();
            }
        }
        None
    }
}

fn bits(addr: IpAddr) -> u128 {
    match addr.to_canonical() {
        IpAddr::V4(a) => a.to_ipv6_mapped().to_bits(),
        IpAddr::V6(a) => a.to_bits(),
    }
}

fn mask(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len.min(128))).unwrap_or(0)
}

/// First and last address of a network.
fn parse(network: &str) -> Option<(u128, u128)> {
    let network = network.trim();
    if let Some((first, last)) = network.split_once('-') {
        let (first, last): (IpAddr, IpAddr) =
            (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let (first, last, same) = (bits(first), bits(last), first.is_ipv4() == last.is_ipv4());
        return (same && first <= last).then_some((first, last));
    }
    let (addr, len) = network.split_once('/').map_or((network, None), |(a, l)| (a, Some(l)));
    let addr: IpAddr = addr.parse().ok()?;
    let width: u8 = if addr.is_ipv4() { 32 } else { 128 };
    let len: u8 = len.map_or(Some(width), |l| l.parse().ok()).filter(|l| *l <= width)?;
    let mask = mask(128 - width + len);
    let first = bits(addr) & mask;
    Some((first, first | !mask))
}

/// The prefixes that together are a range; at most 254.
fn cover(first: u128, last: u128, on: &mut dyn FnMut(u128, u8)) {
    let mut at = first;
    loop {
        // As large as its begin and its end allow.
        let by_begin = at.trailing_zeros().min(128);
        let room = last - at;
        let by_end = if room == u128::MAX { 128 } else { 127 - (room + 1).leading_zeros() };
        let size = by_begin.min(by_end);
        on(at, 128 - size as u8);
        let block = 1_u128.checked_shl(size).unwrap_or(0);
        match at.checked_add(block).filter(|next| block > 0 && *next <= last && *next > at) {
            Some(next) => at = next,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(asn: u32) -> Known {
        Known { asn: Some(asn), ..Known::default() }
    }

    fn table(rows: &[(&str, u32)]) -> Prefixes {
        let mut table = Prefixes::default();
        for (network, asn) in rows {
            assert_eq!(table.add(network, &known(*asn), usize::MAX), Some(true), "{network}");
        }
        table.sorted()
    }

    fn asn(table: &Prefixes, addr: &str) -> Option<u32> {
        table.find(addr.parse().unwrap())?.asn
    }

    #[test]
    fn the_longest_prefix_counts() {
        let t = table(&[
            ("10.0.0.0/8", 1),
            ("10.1.0.0/16", 2),
            ("10.1.2.3", 3),
            ("2001:db8::/32", 4),
            ("0.0.0.0/0", 5),
        ]);
        for (addr, want) in [
            ("10.9.9.9", Some(1)),
            ("10.1.9.9", Some(2)),
            ("10.1.2.3", Some(3)),
            ("2001:db8::1", Some(4)),
            ("2001:db9::1", None),
            ("11.0.0.1", Some(5)),
            ("::ffff:10.1.2.3", Some(3)),
        ] {
            assert_eq!(asn(&t, addr), want, "{addr}");
        }
    }

    #[test]
    fn ranges_are_covered_to_their_ends() {
        let t = table(&[("192.0.2.3-192.0.2.129", 7), ("2001:db8::-2001:db8::ffff", 8)]);
        for (addr, is_in) in [
            ("192.0.2.2", false),
            ("192.0.2.3", true),
            ("192.0.2.64", true),
            ("192.0.2.129", true),
            ("192.0.2.130", false),
            ("2001:db8::ffff", true),
            ("2001:db8::1:0", false),
        ] {
            assert_eq!(asn(&t, addr).is_some(), is_in, "{addr}");
        }
        let all = table(&[("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9)]);
        assert_eq!((all.len(), asn(&all, "192.0.2.1")), (1, Some(9)));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        let mut t = Prefixes::default();
        for bad in ["", "x", "10.0.0.0/33", "2001:db8::/129", "10.0.0.9-10.0.0.1", "10.0.0.1-::1"] {
            assert_eq!(t.add(bad, &known(1), usize::MAX), None, "{bad}");
        }
    }

    #[test]
    fn the_table_has_its_cap() {
        let mut t = Prefixes::default();
        let cap = ROW + 2 * PREFIX;
        for (n, fits) in [(1, true), (2, true), (3, false)] {
            assert_eq!(t.add(&format!("10.0.{n}.0/24"), &known(1), cap), Some(fits));
        }
    }
}
