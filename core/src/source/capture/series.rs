//! Captures of one series: files that a ring or a rotation cut one capture into, read as one.
//!
//! A host orders its files by their first packet ([`first_look`]) and says of each whether more
//! will follow. At the end of a capture its open connections and waiting fragments are suspended;
//! the next capture resumes them if it adjoins. So a cut between two packets changes no record.
//! Whether the two are also shown as one series is the business of [`super::grouping`], or of a
//! connection that has packets in both.

use super::merge::Merge;
use crate::event::{Event, NodeId};
use crate::net::{Decoder, Packets};
use crate::note::Note;
use crate::secrets::Secret;
use crate::settings::Settings;
use crate::source::zip::{Fed, Packed};
use crate::source::{Node, Reader, Sink, Tree};
use crate::time::{Interval, Time};
use std::cell::RefCell;
use std::rc::Rc;

/// How long after the last packet of one capture another may begin and still continue it. Longer
/// than any time-out of the flow table, so that no connection could reach over a wider gap.
pub const MAX_GAP: Interval = Interval::from_secs(15 * 60);

/// How far before that last packet it may begin: packets of several processors come slightly out
/// of order. More than this and the two overlap: they are two captures.
pub const MAX_OVERLAP: Interval = Interval::from_secs(1);

/// What the first packet tells of a capture's place in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Link type of the packet.
    pub link_type: u16,
    /// Its time.
    pub ts: Time,
}

/// How a capture begins among the others.
pub enum Going {
    /// With a flow table of its own.
    Anew,
    /// With what an earlier capture left open.
    On(Box<Series>),
    /// In a lane beside captures that it overlaps.
    Beside(Rc<RefCell<Merge>>, usize),
}

/// A capture that may go on in another file: what was open at its end.
pub struct Series {
    /// The last file of it.
    pub node: NodeId,
    /// Its connections.
    pub(super) packets: Box<dyn Packets>,
    /// Its fragments.
    pub(super) decoder: Decoder,
    /// Link type of its first packet.
    pub(super) link_type: u16,
    pub(super) last: Time,
    /// Time of the first packet of all its files.
    pub(super) first: Option<Time>,
    /// Packets of all its files.
    pub(super) n_packets: u64,
    /// Why it and the capture that goes on with it are one series, where more than the time says so.
    pub(super) why: Option<&'static str>,
}

impl Series {
    /// A capture from its start.
    pub(super) fn new(node: NodeId, settings: &Settings, packets: Box<dyn Packets>) -> Self {
        let decoder = Decoder::new(settings);
        let last = Time::default();
        Self { node, packets, decoder, link_type: 0, last, first: None, n_packets: 0, why: None }
    }

    /// True when a capture that starts so goes on where this one ended.
    pub fn adjoins(&self, start: &Start) -> bool {
        self.can_go_on(start)
            && start.ts.plus(MAX_OVERLAP) >= self.last
            && start.ts <= self.last.plus(MAX_GAP)
    }

    /// True when a capture that starts so can go on with this one at all, whatever its time.
    pub const fn can_go_on(&self, start: &Start) -> bool {
        self.link_type == start.link_type
    }

    /// Goes on in another capture, for this reason if there is one.
    pub(crate) fn because(self, why: Option<&'static str>) -> Self {
        Self { why, ..self }
    }

    /// Time of its last packet.
    pub const fn last(&self) -> Time {
        self.last
    }

    /// No other file continues it: what is open goes out.
    pub fn finish(mut self, out: &mut dyn Sink) {
        self.packets.finish(out);
        let node = out.node(self.node);
        for (name, n) in [
            ("IP fragments without the rest", self.decoder.fragments_waiting()),
            ("IP fragments given up", self.decoder.fragments_dropped()),
        ] {
            if n > 0 {
                node.count(name, n);
            }
        }
    }
}

/// What a first look at a file tells of its place among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FirstLook {
    /// When its first packet was captured; `None` when it is no capture, or has no times.
    pub first_packet: Option<Time>,
    /// True for a file by which others are read: secrets. It is read before them.
    pub is_aid: bool,
}

/// Calls of a reader in a first look, each of [`crate::source::FEED_BUDGET`] bytes of content: a
/// head of compressed data may hold a thousand times its length.
const LOOK_CALLS: usize = 8;

/// A first look at a file, by its first [`crate::source::HEAD`] bytes; also through containers, and
/// into a member of an archive.
pub fn first_look(head: &[u8], is_whole: bool, packed: Option<Packed>) -> FirstLook {
    let mut peek = Peek::default();
    let node = peek.tree.add(Node::default());
    let mut opened = Fed::new(node, packed, &Settings::default());
    let mut rest = head;
    for _ in 0..LOOK_CALLS {
        if rest.is_empty() || peek.look.first_packet.is_some() {
            break;
        }
        let used = opened.feed(rest, &mut peek);
        rest = rest.get(used..).unwrap_or_default();
    }
    if is_whole && rest.is_empty() && peek.look.first_packet.is_none() {
        opened.finish(&mut peek);
    }
    // Secrets inside a capture open that capture.
    peek.look.is_aid &= peek.look.first_packet.is_none();
    peek.look
}

/// A sink that keeps nothing but what the first look is for.
#[derive(Default)]
struct Peek {
    tree: Tree,
    look: FirstLook,
}

impl Sink for Peek {
    fn event(&mut self, _: Event) {}
    fn note(&mut self, _: Note) {}
    fn child(&mut self, parent: NodeId, _: &str) -> NodeId {
        self.tree.add(Node { parent: Some(parent), ..Node::default() })
    }
    fn node(&mut self, node: NodeId) -> &mut Node {
        self.tree.get_mut(node)
    }
    fn resume(&mut self, _: NodeId, start: &Start, _: &Rc<RefCell<Merge>>) -> Going {
        self.look.first_packet.get_or_insert(start.ts);
        Going::Anew
    }
    fn secret(&mut self, _: Secret) -> bool {
        self.look.is_aid = true;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{udp, udp_from};
    use super::*;
    use crate::session::{FileMeta, Session};

    /// A pcap file of raw IP packets, one a second from `secs` on, with these payloads.
    fn file(secs: u32, payloads: &[&[u8]]) -> Vec<u8> {
        file_of(secs, payloads.iter().map(|payload| udp(payload)))
    }

    /// The same of these packets.
    fn file_of(secs: u32, packets: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
        let mut out =
            b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0".to_vec();
        for (i, data) in (0..).zip(packets) {
            for n in [secs + i, 0, data.len() as u32, data.len() as u32] {
                out.extend(n.to_le_bytes());
            }
            out.extend(data);
        }
        out
    }

    /// Reads files by the plan and counts their connections.
    fn conns(files: &[(&str, Vec<u8>)]) -> u64 {
        conns_of(&files.iter().map(|(sensor, b)| (*sensor, "", b.clone())).collect::<Vec<_>>())
    }

    /// The same for files with sensor and series.
    fn conns_of(files: &[(&str, &str, Vec<u8>)]) -> u64 {
        let metas: Vec<_> = files
            .iter()
            .map(|(sensor, series, bytes)| FileMeta {
                sensor: (*sensor).to_owned(),
                series: (*series).to_owned(),
                first_packet: first_look(bytes, true, None).first_packet,
                ..FileMeta::default()
            })
            .collect();
        let mut session = Session::new(Settings::default());
        for planned in Session::plan(&metas) {
            let node = session.open(metas[planned.index].planned(&planned));
            session.feed(node, &files[planned.index].2);
            session.close(node);
        }
        let report = session.report();
        report.sources.iter().filter_map(|s| s.events.get("conn")).map(|k| k.count).sum()
    }

    const SECS: u32 = 1_700_000_000;

    #[test]
    fn a_capture_cut_into_files_is_one_in_any_order() {
        let part = |secs, payload| ("tap", file(SECS + secs, &[payload]));
        let parts = [part(0, &b"a"[..]), part(1, b"b"), part(2, b"c")];
        assert_eq!(conns(&[("tap", file(SECS, &[b"a", b"b", b"c"]))]), 1);
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            assert_eq!(conns(&order.map(|i: usize| parts[i].clone())), 1, "{order:?}");
        }
    }

    #[test]
    fn captures_of_two_sensors_or_far_apart_are_two() {
        let one = |sensor, secs| (sensor, file(SECS + secs, &[b"a"]));
        assert_eq!(conns(&[one("tap", 0), one("tap", 1)]), 1);
        assert_eq!(conns(&[one("tap", 0), one("other", 1)]), 2);
    }

    #[test]
    fn captures_are_shown_as_one_only_where_more_than_their_times_says_so() {
        let ports = |from: u16| move |n: u16| udp_from(from + n % 2, b"a");
        let many = |secs, from| file_of(secs, (0..10).map(ports(from)));
        // One packet a second; another capture `gap` seconds after the last, of other ports.
        let shown = |names: [&str; 2], gap, ports: [u16; 2]| {
            let files = [many(SECS, ports[0]), many(SECS + 9 + gap, ports[1])];
            let mut session = Session::new(Settings::default());
            for (i, (name, bytes)) in names.iter().zip(&files).enumerate() {
                let name = (*name).to_owned();
                let more_follow = i == 0;
                let node = session.open(FileMeta { name, more_follow, ..FileMeta::default() });
                session.feed(node, bytes);
                session.close(node);
            }
            let report = session.report();
            let detail = report.notes.first().map(|n| n.earliest[0].detail.clone());
            (report.sources[1].continues, detail.unwrap_or_default())
        };
        let (one, detail) = shown(["dns", "mail"], 20, [4000, 4100]);
        assert_eq!(
            (one, &*detail),
            (Some(NodeId(0)), "goes on where dns ended: no unusual silence lies between them")
        );
        assert_eq!(shown(["dns", "mail"], 21, [4000, 4100]), (None, String::new()));
        let (one, detail) = shown(["dns1", "dns2"], 800, [4000, 4100]);
        assert!(one.is_some() && detail.ends_with("their names differ in numbers only"));
        let (one, detail) = shown(["dns", "mail"], 50, [4000, 4000]);
        assert!(one.is_some() && detail.ends_with("a connection goes on in it"), "{detail}");
        // Later than the connection's time-out, and of two names.
        assert_eq!(shown(["dns", "mail"], 70, [4000, 4000]).0, None);
    }

    #[test]
    fn the_analyst_splits_and_joins() {
        let one = |series, secs| ("tap", series, file(SECS + secs, &[b"a"]));
        assert_eq!(conns_of(&[one("", 0), one("", 1)]), 1);
        assert_eq!(conns_of(&[one("a", 0), one("b", 1)]), 2);
        assert_eq!(conns_of(&[one("a", 0), one("", 1)]), 2);
        // Wider than any gap that is bridged without being told; the records of one flow table.
        let gap = 1000;
        assert_eq!(node_of_second(&[one("", 0), one("", gap)]), None);
        assert_eq!(node_of_second(&[one("a", 0), one("a", gap)]), Some(NodeId(0)));
    }

    /// What the second of two files goes on with.
    fn node_of_second(files: &[(&str, &str, Vec<u8>); 2]) -> Option<NodeId> {
        let mut session = Session::new(Settings::default());
        for (i, (sensor, series, bytes)) in files.iter().enumerate() {
            let node = session.open(FileMeta {
                sensor: (*sensor).to_owned(),
                series: (*series).to_owned(),
                more_follow: i == 0,
                ..FileMeta::default()
            });
            session.feed(node, bytes);
            session.close(node);
        }
        session.report().sources[1].continues
    }

    #[test]
    fn what_adjoins() {
        let last = Time::from_secs(1000);
        let series = |link_type| {
            let packets = Box::new(crate::net::Flows::new(&Settings::default()));
            let series = Series::new(NodeId(0), &Settings::default(), packets);
            Series { link_type, last, ..series }
        };
        let adjoins = |by: Interval| series(1).adjoins(&Start { link_type: 1, ts: last.plus(by) });
        assert!(adjoins(Interval(0)) && adjoins(MAX_GAP) && adjoins(Interval(-MAX_OVERLAP.0)));
        assert!(!adjoins(Interval(MAX_GAP.0 + 1)) && !adjoins(Interval(-MAX_OVERLAP.0 - 1)));
        assert!(!series(101).adjoins(&Start { link_type: 1, ts: last }));
    }

    #[test]
    fn the_first_packet_is_found_in_the_head_alone() {
        let bytes = file(1_700_000_000, &[b"a", b"b"]);
        let first_packet = Some(Time::from_secs(1_700_000_000));
        assert_eq!(first_look(&bytes, true, None), FirstLook { first_packet, is_aid: false });
        assert_eq!(first_look(&bytes[..24], true, None), FirstLook::default());
        assert_eq!(first_look(b"2024-01-01 a log", true, None), FirstLook::default());
    }

    #[test]
    fn a_key_log_is_read_before_what_it_opens() {
        let log = format!("CLIENT_RANDOM {} {}\n", "ab".repeat(32), "5e".repeat(48));
        let look = FirstLook { first_packet: None, is_aid: true };
        assert_eq!(first_look(log.as_bytes(), true, None), look);
    }
}
