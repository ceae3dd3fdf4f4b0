//! MaxMind's database format, version 2: a binary tree over the bits of addresses, and the data
//! that its leaves point to.
//!
//! The file is kept as it is and read where a look-up leads. It may be hostile: every place is
//! checked, values are read to a fixed depth and number, and a tree has no more levels than an
//! address has bits.

use super::Known;
use crate::bytes::Cursor;
use crate::text::Text;
use crate::time::Time;
use std::net::IpAddr;

/// What stands before the metadata, which is the last thing in the file.
pub const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// Bytes from the end within which the marker must be, by the format's description.
const MAX_METADATA: usize = 128 << 10;

/// Zeros between tree and data.
pub(super) const SEPARATOR: usize = 16;

/// Nesting of values that is followed. Databases in use have 4.
const MAX_DEPTH: usize = 8;

/// Values read of one entry. The widest entries in use have some 200.
const MAX_VALUES: usize = 2000;

/// A database.
#[derive(Debug)]
pub struct Mmdb {
    bytes: Vec<u8>,
    n_nodes: u32,
    record: Record,
    /// Where IPv4 addresses begin: in a tree of IPv6, behind 96 zeros.
    v4: u32,
    is_v6: bool,
    /// When it was made.
    pub built: Option<Time>,
    /// Its own name: `GeoLite2-ASN`.
    pub kind: Text,
}

/// Size of a record, half of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    Bits24,
    Bits28,
    Bits32,
}

impl Record {
    const fn node_bytes(self) -> usize {
        match self {
            Self::Bits24 => 6,
            Self::Bits28 => 7,
            Self::Bits32 => 8,
        }
    }

    /// The left or right record of a node.
    fn of(self, node: &[u8], is_right: bool) -> Option<u32> {
        let mut c = Cursor::new(node);
        Some(match (self, is_right) {
            (Self::Bits24, false) => c.be24()?,
            (Self::Bits24, true) => {
                c.take(3)?;
                c.be24()?
            }
            (Self::Bits28, false) => {
                let low = c.be24()?;
                u32::from(c.u8()? >> 4) << 24 | low
            }
            (Self::Bits28, true) => {
                c.take(3)?;
                u32::from(c.u8()? & 0x0f) << 24 | c.be24()?
            }
            (Self::Bits32, false) => c.be32()?,
            (Self::Bits32, true) => {
                c.take(4)?;
                c.be32()?
            }
        })
    }
}

/// A value that is no map and no list.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scalar<'a> {
    Text(&'a str),
    Number(u64),
    Bool(bool),
}

impl Mmdb {
    /// From the whole file.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, &'static str> {
        let tail_at = bytes.len().saturating_sub(MAX_METADATA);
        let tail = bytes.get(tail_at..).unwrap_or_default();
        let marker =
            memchr::memmem::rfind(tail, MARKER).ok_or("the metadata at its end is missing")?;
        let metadata = tail.get(marker + MARKER.len()..).unwrap_or_default();
        let (mut n_nodes, mut bits, mut version, mut built) = (0, 0, 0, None);
        let mut kind = Text::default();
        let mut walk = Walk { data: metadata, left: MAX_VALUES };
        walk.value(0, &mut Vec::new(), &mut |path, value| match (path, value) {
            (["node_count"], Scalar::Number(n)) => n_nodes = n,
            (["record_size"], Scalar::Number(n)) => bits = n,
            (["ip_version"], Scalar::Number(n)) => version = n,
            (["build_epoch"], Scalar::Number(n)) => {
                built = i64::try_from(n).ok().and_then(|n| n.checked_mul(crate::time::NANOS));
            }
            (["database_type"], Scalar::Text(text)) => kind = super::short(text),
            _ => {}
        });
        let record = match bits {
            24 => Record::Bits24,
            28 => Record::Bits28,
            32 => Record::Bits32,
            _ => return Err("records of a size that is not known"),
        };
        let n_nodes = u32::try_from(n_nodes).map_err(|_| "more nodes than can be")?;
        let tree = (n_nodes as usize).checked_mul(record.node_bytes());
        let tree = tree.and_then(|n| n.checked_add(SEPARATOR));
        let is_there = tree.is_some_and(|n| n <= tail_at + marker);
        if n_nodes == 0 || !is_there || !matches!(version, 4 | 6) {
            return Err("the tree is not as long as the metadata say");
        }
        let built = built.map(Time);
        let mut db = Self { bytes, n_nodes, record, v4: 0, is_v6: version == 6, built, kind };
        if db.is_v6 {
            // An IPv4 address stands behind 96 zeros, if the tree goes on so far.
            let mut node = 0;
            for _ in 0..96 {
                node = if node < db.n_nodes {
                    db.child(node, false).unwrap_or(db.n_nodes)
                } else {
                    node
                };
            }
            db.v4 = node;
        }
        Ok(db)
    }

    /// Memory held, in bytes.
    pub const fn held(&self) -> usize {
        self.bytes.capacity()
    }

    fn child(&self, node: u32, is_right: bool) -> Option<u32> {
        let at = node as usize * self.record.node_bytes();
        self.record.of(self.bytes.get(at..at + self.record.node_bytes())?, is_right)
    }

    /// What it knows of an address.
    pub fn find(&self, addr: IpAddr) -> Option<Known> {
        let (mut node, bits, n_bits) = match addr.to_canonical() {
            IpAddr::V4(a) => (self.v4, u128::from(a.to_bits()), 32),
            IpAddr::V6(a) if self.is_v6 => (0, a.to_bits(), 128),
            IpAddr::V6(_) => return None,
        };
        for n in (0..n_bits).rev() {
            if node >= self.n_nodes {
                break;
            }
            node = self.child(node, bits >> n & 1 == 1)?;
        }
        // The number of nodes itself means "nothing known"; what is beyond points into the data.
        let at = node.checked_sub(self.n_nodes).filter(|at| *at > 0)? as usize;
        let data = self.n_nodes as usize * self.record.node_bytes() + SEPARATOR;
        let mut walk = Walk { data: self.bytes.get(data..)?, left: MAX_VALUES };
        let mut known = Known::default();
        walk.value(at.checked_sub(SEPARATOR)?, &mut Vec::new(), &mut |path, value| {
            let name = path.join(".");
            match value {
                Scalar::Text(text) => known.put(&name, text),
                Scalar::Number(n) => known.put(&name, &n.to_string()),
                Scalar::Bool(b) => known.put(&name, if b { "true" } else { "false" }),
            }
        });
        Some(known)
    }
}

/// Takes a value with the keys that lead to it.
type OnValue<'v, 'a> = dyn FnMut(&[&'a str], Scalar<'a>) + 'v;

/// Reads values, within a bound over all of them.
struct Walk<'a> {
    data: &'a [u8],
    left: usize,
}

/// What stands before a value.
enum Head {
    /// Elsewhere.
    Pointer(usize),
    /// Type and size.
    Of(u8, usize),
}

impl<'a> Walk<'a> {
    /// Reads the value at a place; gives the place behind it. `None` when it cannot be read.
    fn value(
        &mut self,
        at: usize,
        path: &mut Vec<&'a str>,
        on: &mut OnValue<'_, 'a>,
    ) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let mut c = Cursor::new(self.data.get(at..)?);
        let (kind, size) = match head(&mut c)? {
            Head::Pointer(to) => {
                // A pointer must not lead to another.
                if !matches!(head(&mut Cursor::new(self.data.get(to..)?))?, Head::Of(..)) {
                    return None;
                }
                self.value(to, path, on)?;
                return Some(at + c.pos());
            }
            Head::Of(kind, size) => (kind, size),
        };
        let scalar = match kind {
            2 => std::str::from_utf8(c.take(size)?).ok().map(Scalar::Text),
            5 | 6 | 9 | 10 => {
                let digits = c.take(size)?;
                let is_small = size <= size_of::<u64>();
                let number = digits.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
                is_small.then_some(Scalar::Number(number))
            }
            // The size is the value.
            14 => Some(Scalar::Bool(size != 0)),
            7 | 11 => return self.inside(at + c.pos(), kind == 7, size, path, on),
            _ => {
                c.take(size)?;
                None
            }
        };
        if let Some(scalar) = scalar {
            on(path, scalar);
        }
        Some(at + c.pos())
    }

    /// Reads a map or a list.
    fn inside(
        &mut self,
        mut at: usize,
        is_map: bool,
        size: usize,
        path: &mut Vec<&'a str>,
        on: &mut OnValue<'_, 'a>,
    ) -> Option<usize> {
        if path.len() >= MAX_DEPTH {
            return None;
        }
        for _ in 0..size {
            let mut key = "";
            if is_map {
                (key, at) = self.key(at)?;
            }
            path.push(key);
            let end = self.value(at, path, on);
            path.pop();
            at = end?;
        }
        Some(at)
    }

    /// A map's key, and the place behind it.
    fn key(&mut self, at: usize) -> Option<(&'a str, usize)> {
        self.left = self.left.checked_sub(1)?;
        let mut c = Cursor::new(self.data.get(at..)?);
        let text = |c: &mut Cursor<'a>, size| std::str::from_utf8(c.take(size)?).ok();
        let key = match head(&mut c)? {
            Head::Of(2, size) => text(&mut c, size)?,
            Head::Pointer(to) => {
                let mut there = Cursor::new(self.data.get(to..)?);
                match head(&mut there)? {
                    Head::Of(2, size) => text(&mut there, size)?,
                    _ => return None,
                }
            }
            Head::Of(..) => return None,
        };
        Some((key, at + c.pos()))
    }
}

/// The control octets of a value.
fn head(c: &mut Cursor<'_>) -> Option<Head> {
    let first = c.u8()?;
    let low = u32::from(first & 7);
    if first >> 5 == 1 {
        let to = match first >> 3 & 3 {
            0 => low << 8 | u32::from(c.u8()?),
            1 => (low << 16 | u32::from(c.be16()?)) + 2048,
            2 => (low << 24 | c.be24()?).checked_add(526_336)?,
            _ => c.be32()?,
        };
        return Some(Head::Pointer(to as usize));
    }
    let kind = match first >> 5 {
        0 => c.u8()?.checked_add(7)?,
        kind => kind,
    };
    let size = match first & 0x1f {
        29 => 29 + usize::from(c.u8()?),
        30 => 285 + usize::from(c.be16()?),
        31 => 65_821 + c.be24()? as usize,
        small => usize::from(small),
    };
    Some(Head::Of(kind, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::testing::{database, entry, metadata, text};

    fn find(bytes: Vec<u8>, addr: &str) -> Option<Known> {
        Mmdb::parse(bytes).unwrap().find(addr.parse().unwrap())
    }

    #[test]
    fn networks_are_found_in_trees_of_every_size() {
        // 192.0.2.0/24, alone and behind 96 zeros.
        let v4 = 0xc000_0200_u128;
        for size in [24, 28, 32] {
            for (version, len) in [(4, 24), (6, 120)] {
                let bytes = database(v4, len, version, size, &entry());
                let known = find(bytes.clone(), "192.0.2.77").unwrap();
                assert_eq!((known.asn, known.as_name.as_deref()), (Some(64_500), Some("Example")));
                assert_eq!(known.country.as_deref(), Some("CH"));
                assert!(known.kinds.contains("vpn"));
                assert_eq!(find(bytes.clone(), "192.0.3.1"), None);
                assert_eq!(find(bytes, "2001:db8::1"), None);
            }
        }
        let v6 = "2001:db8::".parse::<std::net::Ipv6Addr>().unwrap().to_bits();
        let bytes = database(v6, 32, 6, 28, &entry());
        assert_eq!(find(bytes.clone(), "2001:db8::7").unwrap().asn, Some(64_500));
        assert_eq!(find(bytes.clone(), "192.0.2.1"), None);
        let db = Mmdb::parse(bytes).unwrap();
        assert_eq!((db.built, &*db.kind), (Some(Time::from_secs(1_700_000_000)), "Test-ASN"));
    }

    #[test]
    fn pointers_lead_to_keys_and_values_and_not_in_circles() {
        // A map whose key and value are pointers to texts behind it.
        let mut data = vec![7 << 5 | 1, 1 << 5, 5, 1 << 5, 13];
        data.extend(text("as_name"));
        data.extend(text("Elsewhere"));
        let known = find(database(0, 8, 4, 24, &data), "0.1.2.3").unwrap();
        assert_eq!(known.as_name.as_deref(), Some("Elsewhere"));
        // To itself, to another pointer, into itself by way of a map, and out of the file.
        for data in [
            vec![1 << 5, 0],
            vec![1 << 5, 2, 1 << 5, 0],
            vec![7 << 5 | 1, 2 << 5 | 1, b'a', 1 << 5, 0],
            vec![1 << 5 | 7, 0xff],
        ] {
            assert_eq!(find(database(0, 8, 4, 24, &data), "0.1.2.3"), Some(Known::default()));
        }
    }

    #[test]
    fn values_of_one_entry_are_bounded() {
        // Maps of maps that all point to one another: 16 to the power of the depth.
        let mut data = Vec::new();
        let mut place = 0;
        for _ in 0..20 {
            // A list of 16.
            let mut of = vec![0x10, 4];
            let next = place + of.len() + 32;
            for _ in 0..16 {
                of.extend([1 << 5 | (next >> 8) as u8, next as u8]);
            }
            place += of.len();
            data.extend(of);
        }
        data.extend(text("x"));
        assert_eq!(find(database(0, 8, 4, 24, &data), "0.1.2.3"), Some(Known::default()));
    }

    #[test]
    fn no_bytes_are_more_than_refused() {
        let good = database(0xc000_0200, 24, 4, 28, &entry());
        for at in 0..good.len() {
            for bit in [0x01, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= bit;
                if let Ok(db) = Mmdb::parse(bad) {
                    let _ = db.find("192.0.2.1".parse().unwrap());
                }
            }
            assert!(Mmdb::parse(good[..at].to_vec()).is_err() || at > good.len() - 80);
        }
        assert!(Mmdb::parse([&[0; 40], metadata(9, 24, 4).as_slice()].concat()).is_err());
        assert!(Mmdb::parse([&[0; 90], metadata(9, 25, 4).as_slice()].concat()).is_err());
        assert!(Mmdb::parse([&[0; 90], metadata(0, 24, 4).as_slice()].concat()).is_err());
        assert!(Mmdb::parse(Vec::new()).is_err());
    }
}
