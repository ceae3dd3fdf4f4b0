//! MaxMind databases (`.mmdb`): kept as they are, up to a cap.

use super::Reading;
use crate::event::Origin;
use crate::networks::Held;
use crate::networks::mmdb::{MARKER, Mmdb};
use crate::report::Item;
use crate::source::{FEED_BUDGET, Format, Head, Opening, Reader, Sink, Sniff};
use sha2::Digest;

/// The format.
pub const MMDB: Format = Format {
    name: "mmdb",
    title: "Networks, MaxMind database",
    emits: &[],
    sniff,
    open,
    show: |_, at: Origin, bytes| Item::raw(at, bytes),
};

/// Nodes that are looked at: the tree's left edge, which every writer numbers from 0 on.
const EDGE: usize = 6;

/// A whole file ends with its marker. Of a longer one only the tree is seen, whose leftmost nodes
/// point each to the next.
fn sniff(head: &Head<'_>) -> Sniff {
    if head.is_whole {
        return match memchr::memmem::rfind(head.bytes, MARKER) {
            Some(_) => Sniff::Certain,
            None => Sniff::No("no MaxMind metadata at its end"),
        };
    }
    let left = |node: &[u8]| node.iter().take(3).fold(0, |n, b| n << 8 | usize::from(*b));
    let is_edge = |size: usize, skip: usize| {
        let nodes = head.bytes.chunks_exact(size).take(EDGE);
        nodes.zip(1..).all(|(node, n)| left(node.get(skip..).unwrap_or_default()) == n)
    };
    // Records of 24, 28 and 32 bits; the highest octet of the last is 0.
    if is_edge(6, 0) || is_edge(7, 0) || is_edge(8, 1) {
        Sniff::Strong
    } else {
        Sniff::No("no search tree of a MaxMind database")
    }
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    let cap = opening.settings.caps.networks;
    Box::new(Database {
        reading: Reading::of(opening.node),
        bytes: Vec::new(),
        cap,
        is_full: false,
    })
}

struct Database {
    reading: Reading,
    bytes: Vec<u8>,
    cap: usize,
    is_full: bool,
}

impl Reader for Database {
    fn feed(&mut self, bytes: &[u8], _: &mut dyn Sink) -> usize {
        let bytes = bytes.get(..FEED_BUDGET).unwrap_or(bytes);
        self.is_full |= self.bytes.len() + bytes.len() > self.cap;
        if self.is_full {
            self.bytes = Vec::new();
        } else {
            self.reading.digest.update(bytes);
            self.bytes.extend_from_slice(bytes);
        }
        bytes.len()
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        if self.is_full {
            let why = format!("larger than {} bytes", self.cap);
            return self.reading.unusable(&why, out);
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.shrink_to_fit();
        match Mmdb::parse(bytes) {
            Ok(db) => {
                let (kind, built) = (db.kind.clone(), db.built);
                self.reading.count(out).put("database bytes", db.held() as u64);
                self.reading.give(kind, built, Held::Mmdb(db), out);
            }
            Err(why) => self.reading.unusable(why, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::testing::{database, entry};
    use crate::source::testing::read_by;

    #[test]
    fn databases_are_told_by_their_end_and_by_their_tree() {
        for size in [24, 28, 32] {
            let bytes = database(0xc000_0200, 24, 4, size, &entry());
            let sniffed = |bytes: &[u8], is_whole| sniff(&Head { bytes, is_whole });
            assert_eq!(sniffed(&bytes, true), Sniff::Certain);
            // The first bits of 192.0.2.0 are ones: a tree of IPv6 begins with zeros.
            let long = database(0xc000_0200, 120, 6, size, &entry());
            assert_eq!(sniffed(&long, false), Sniff::Strong);
        }
        let zeros = Head { bytes: &[0; 4096], is_whole: false };
        assert!(matches!(sniff(&zeros), Sniff::No(_)));
    }

    #[test]
    fn a_database_is_read_in_any_pieces_and_a_damaged_one_told() {
        let bytes = database(0xc000_0200, 24, 4, 24, &entry());
        for step in [1, 100, 9999] {
            let sunk = read_by(&bytes, step);
            assert_eq!(sunk.format(), Some("mmdb"));
            assert_eq!(sunk.networks.len(), 1);
            assert_eq!(&*sunk.networks[0].about, "Test-ASN");
        }
        let mut bad = bytes;
        let end = bad.len() - 30;
        bad[..end].rotate_left(40);
        bad.extend(MARKER);
        let sunk = read_by(&bad, 4096);
        assert_eq!((sunk.networks.len(), sunk.notes.len()), (0, 1));
    }
}
