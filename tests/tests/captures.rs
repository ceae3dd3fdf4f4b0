//! Every capture of the corpus: packets counted as capinfos does, and re-framed copies of one
//! capture decoded to the same packets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: where they panic, the test fails"
)]

use offwire_core::event::{Event, NodeId};
use offwire_core::net::{Decoded, L4, Packet, Packets};
use offwire_core::note::Note;
use offwire_core::settings::Settings;
use offwire_core::source::capture::{pcap::Pcap, pcapng::Pcapng};
use offwire_core::source::{Head, Node, Opening, Reader, Sink, Tree, recognise};
use offwire_tests::repo::{corpus_or_skip, skip};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

#[derive(Default)]
struct Keep {
    tree: Tree,
    notes: Vec<Note>,
    weirds: Vec<String>,
}

impl Sink for Keep {
    fn event(&mut self, event: Event) {
        self.weirds.push(format!("{} {:?}", event.at.item, event.body));
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn child(&mut self, _: NodeId, _: &str) -> NodeId {
        NodeId(0)
    }
    fn node(&mut self, node: NodeId) -> &mut Node {
        self.tree.get_mut(node)
    }
}

/// One decoded packet as a line, without what re-framing changes.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<Line>>>);

#[derive(Clone, PartialEq, Debug)]
struct Line {
    ts: Option<i64>,
    text: String,
    is_outer: bool,
}

impl Packets for Lines {
    fn packet(&mut self, packet: &Packet<'_>, d: Decoded<'_>, _: &mut dyn Sink) {
        let l4 = match d.l4 {
            L4::Tcp { src, dst, seq, flags, payload, payload_len, is_checksum_ok, .. } => format!(
                "tcp {src} {dst} {seq} {flags:02x} {payload_len} {} {is_checksum_ok}",
                hash(payload)
            ),
            L4::Udp { src, dst, payload, payload_len, is_checksum_ok } => {
                format!("udp {src} {dst} {payload_len} {} {is_checksum_ok}", hash(payload))
            }
            L4::Icmp { kind, code, rest, payload_len, .. } => {
                format!("icmp {kind} {code} {payload_len} {}", hash(rest))
            }
            other => format!("{other:?}"),
        };
        self.0.borrow_mut().push(Line {
            ts: packet.ts.map(|t| t.0),
            text: format!("{} {} {} {l4}", d.src, d.dst, d.ip_len),
            is_outer: d.carries.is_some(),
        });
    }
    fn finish(&mut self, _: &mut dyn Sink) {}
}

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(14_695_981_039_346_656_037, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(1_099_511_628_211)
    })
}

fn load(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    while bytes.starts_with(&[0x1f, 0x8b]) {
        let mut out = Vec::new();
        if flate2::read::MultiGzDecoder::new(&*bytes).take(128 << 20).read_to_end(&mut out).is_err()
            && out.is_empty()
        {
            break;
        }
        bytes = out;
    }
    bytes
}

/// Reads a capture in chunks; `None` when it is none.
fn read(bytes: &[u8], chunk: usize) -> Option<(Keep, Vec<Line>)> {
    let mut keep = Keep::default();
    let node = keep.tree.add(Node::default());
    let settings = Settings::default();
    let head = Head { bytes: bytes.get(..65_536).unwrap_or(bytes), is_whole: false };
    let opening = Opening { node, depth: 0, head, settings: &settings };
    let lines = Lines::default();
    let format = recognise(&head).ok()?;
    let mut reader: Box<dyn Reader> = match format.name {
        "pcap" => Box::new(Pcap::new(&opening, Box::new(lines.clone()))),
        "pcapng" => Box::new(Pcapng::new(&opening, Box::new(lines.clone()))),
        _ => return None,
    };
    for mut piece in bytes.chunks(chunk.max(1)) {
        while !piece.is_empty() {
            let used = reader.feed(piece, &mut keep);
            piece = &piece[used..];
        }
    }
    reader.finish(&mut keep);
    let lines = lines.0.borrow().clone();
    Some((keep, lines))
}

fn captures(root: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for dir in std::fs::read_dir(root).unwrap().flatten() {
        if !dir.path().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(dir.path()).unwrap().flatten() {
            let path = file.path();
            let name = path.to_string_lossy().replace(".gz", "");
            if [".pcap", ".pcapng", ".cap"].iter().any(|end| name.ends_with(end)) && path.is_file()
            {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// Packets by capinfos, for the files it can read to their end.
fn capinfos(paths: &[PathBuf]) -> Option<BTreeMap<PathBuf, u64>> {
    let output = std::process::Command::new("capinfos")
        .args(["-T", "-m", "-r", "-c", "-M"])
        .args(paths)
        .output()
        .inspect_err(|e| skip("packets as capinfos counts them", &e.to_string()))
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rows = text.lines().filter_map(|line| {
        let (path, count) = line.rsplit_once(',')?;
        Some((PathBuf::from(path.trim_matches('"')), count.trim_matches('"').parse().ok()?))
    });
    // Where it gives up half way, it has counted too few.
    let errors = String::from_utf8_lossy(&output.stderr);
    Some(rows.filter(|(path, _)| !errors.contains(&*path.to_string_lossy())).collect())
}

#[test]
fn every_packet_is_counted_as_capinfos_counts_it() {
    let Some(root) = corpus_or_skip("every_packet") else { return };
    let paths = captures(&root);
    let Some(counts) = capinfos(&paths) else { return };
    let (mut compared, mut differ) = (0, Vec::new());
    for (path, want) in &counts {
        let bytes = load(path);
        // capinfos reads any text as a capture of its own making.
        if bytes.len() < 24 {
            continue;
        }
        let Some((mut keep, _)) = read(&bytes, 1 << 20) else {
            differ.push(format!("{}: not read, capinfos has {want}", path.display()));
            continue;
        };
        let node = keep.node(NodeId(0));
        let count = |name: &str| node.counters.get(name).copied().unwrap_or(0);
        let undecoded: u64 = node
            .counters
            .iter()
            .filter(|(name, _)| name.starts_with("packets not decoded"))
            .map(|(_, n)| n)
            .sum();
        let sum = count("packets decoded")
            + count("packets seen twice")
            + count("packets held as IP fragments")
            + undecoded;
        assert_eq!(sum, count("packets"), "{}", path.display());
        compared += 1;
        if count("packets") != *want {
            let notes: Vec<_> = keep.notes.iter().map(|n| &n.detail).take(3).collect();
            let have = keep.tree.get(NodeId(0)).counters.get("packets").copied();
            differ.push(format!("{}: {have:?}, capinfos has {want}: {notes:?}", path.display()));
        }
    }
    assert!(compared > 300, "only {compared} captures");
    assert!(differ.is_empty(), "{} of {compared} differ:\n{}", differ.len(), differ.join("\n"));
}

/// How a copy of the base may differ from it.
#[derive(Clone, Copy, PartialEq)]
enum Same {
    /// Times and order and all.
    All,
    /// In another clock, or none.
    ButTimes,
    /// In another order or with another time.
    ButOrder,
    /// As far as the snap length lets it be seen.
    ButPayload,
}

fn rule(name: &str) -> Option<Same> {
    Some(match name {
        n if n.starts_with("frag_") => Same::ButOrder,
        n if n.starts_with("snap_") => Same::ButPayload,
        "reordered_neighbours.pcap" | "unsorted_file_order.pcap" => Same::ButOrder,
        "ng_four_interfaces_resolutions.pcapng" | "ng_spb_only.pcapng" => Same::ButTimes,
        n if ["link_", "ng_", "pcap_", "tunnel_"].iter().any(|p| n.starts_with(p)) => Same::All,
        _ => return None,
    })
}

fn shown(mut lines: Vec<Line>, how: Same) -> Vec<String> {
    lines.retain(|line| !line.is_outer);
    let mut out: Vec<_> = lines
        .into_iter()
        .map(|line| match how {
            Same::All => format!("{:?} {}", line.ts.map(|t| t / 1000), line.text),
            Same::ButTimes | Same::ButOrder => line.text,
            // The payload's hash and the verdict on the checksum are the last two words.
            Same::ButPayload => line.text.rsplitn(3, ' ').last().unwrap_or_default().to_owned(),
        })
        .collect();
    if how == Same::ButOrder {
        out.sort();
    }
    out
}

#[test]
fn reframed_copies_decode_to_the_packets_of_the_base() {
    let Some(root) = corpus_or_skip("reframed_copies") else { return };
    let (_, base) = read(&load(&root.join("derived/00_base.pcap")), usize::MAX).unwrap();
    assert_eq!(base.len(), 111);
    let mut compared = 0;
    for path in captures(&root) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.parent().is_none_or(|dir| !dir.ends_with("derived")) {
            continue;
        }
        let Some(how) = rule(&name) else { continue };
        let mut base = base.clone();
        match &*name {
            "link_ipv4_228.pcap" => base.retain(|line| !line.text.contains(':')),
            "link_ipv6_229.pcap" => base.retain(|line| line.text.contains(':')),
            _ => {}
        }
        let (_, have) = read(&load(&path), usize::MAX).unwrap();
        let (have, want) = (shown(have, how), shown(base, how));
        let first = have.iter().zip(&want).position(|(a, b)| a != b);
        assert!(
            have == want,
            "{name}: {} of {} lines, first difference {first:?}: {:?} / {:?}",
            have.len(),
            want.len(),
            first.map(|i| &have[i]),
            first.map(|i| &want[i])
        );
        compared += 1;
    }
    assert!(compared >= 50, "only {compared}");
}

#[test]
fn any_chunking_gives_the_same_packets_and_notes() {
    let Some(root) = corpus_or_skip("any_chunking") else { return };
    let mut compared = 0;
    for path in captures(&root) {
        let bytes = load(&path);
        if bytes.len() > 200_000 {
            continue;
        }
        let Some((whole, lines)) = read(&bytes, usize::MAX) else { continue };
        for chunk in [1, 7, 1000, 4096] {
            let (cut, cut_lines) = read(&bytes, chunk).unwrap();
            assert!(cut_lines == lines, "{} in chunks of {chunk}", path.display());
            assert_eq!(cut.notes, whole.notes, "{} in chunks of {chunk}", path.display());
            assert_eq!(cut.weirds, whole.weirds, "{} in chunks of {chunk}", path.display());
            let (a, b) = (cut.tree.get(NodeId(0)), whole.tree.get(NodeId(0)));
            assert_eq!(a.counters, b.counters, "{} in chunks of {chunk}", path.display());
        }
        compared += 1;
    }
    assert!(compared > 300, "only {compared} captures");
}

/// Every packet's place, as it reaches the flow table.
#[derive(Clone, Default)]
struct Places(Rc<RefCell<Vec<(offwire_core::event::Origin, u64)>>>);

impl Packets for Places {
    fn packet(&mut self, packet: &Packet<'_>, _: Decoded<'_>, _: &mut dyn Sink) {
        self.0.borrow_mut().push((packet.at, hash(packet.data)));
    }
    fn finish(&mut self, _: &mut dyn Sink) {}
}

#[test]
fn every_packet_is_read_and_shown_again_from_its_place() {
    let Some(root) = corpus_or_skip("every_packet") else { return };
    let mut shown = 0;
    for path in captures(&root) {
        let bytes = load(&path);
        let mut keep = Keep::default();
        let node = keep.tree.add(Node::default());
        let head = Head { bytes: bytes.get(..65_536).unwrap_or(&bytes), is_whole: false };
        let Ok(format) = recognise(&head) else { continue };
        let settings = Settings::default();
        let opening = Opening { node, depth: 0, head, settings: &settings };
        let places = Places::default();
        let mut reader: Box<dyn Reader> = match format.name {
            "pcap" => Box::new(Pcap::new(&opening, Box::new(places.clone()))),
            "pcapng" => Box::new(Pcapng::new(&opening, Box::new(places.clone()))),
            _ => continue,
        };
        keep.node(node).format = Some(format.name);
        // The beginning of each file is enough.
        reader.feed(bytes.get(..100_000).unwrap_or(&bytes), &mut keep);
        for (at, want) in places.0.take() {
            let record = &bytes[at.offset as usize..][..at.len as usize];
            let item = (format.show)(keep.tree.get(node), at, record);
            let place = format!("{} packet {}", path.display(), at.item);
            assert_eq!(hash(&item.bytes), want, "{place}");
            assert!(item.fields.len() > 3, "{place}");
            for field in &item.fields {
                assert!(
                    (field.start + field.len) as usize <= item.bytes.len(),
                    "{place} {field:?}"
                );
            }
            shown += 1;
        }
    }
    assert!(shown > 10_000, "only {shown}");
}
