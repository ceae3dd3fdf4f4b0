//! Whether two captures are shown to be one series: by their names, their pace, their headers.
//!
//! Captures whose times adjoin share one flow table in any case ([`super::series`]): it changes
//! nothing unless a connection reaches over the cut, and then it is right. But that they *are* one
//! series is said only where something besides the time speaks for it.

use super::series::{Series, Start};
use crate::event::{NodeId, Origin};
use crate::note::{CAPTURE_BESIDE, CAPTURE_CONTINUES, Note};
use crate::source::{Interface, Node, Sink};
use crate::time::Time;
use std::collections::BTreeMap;

/// The silence between two captures, in mean gaps between packets, that is nothing unusual. Traffic
/// comes in bursts: a silence of some mean gaps is in every capture, one of hundreds would leave
/// two captures of one afternoon one.
pub const MAX_MEAN_GAPS: i64 = 20;

/// Packets by which a pace can be known.
pub const MIN_PACKETS: u64 = 10;

/// A reason to take captures for one series.
const NAMES: &str = "their names differ in numbers only";
/// Another one.
const CONNECTION: &str = "a connection goes on in it";

/// Why the capture `here`, which starts so, is one series with the one that ended; `None` when only
/// its time speaks for it.
pub(crate) fn why(
    series: &Series,
    before: &Node,
    here: &Node,
    start: &Start,
) -> Option<&'static str> {
    if !here.series.is_empty() {
        return Some("as was said of them");
    }
    let is_alike = before.format == here.format && forms(before).eq(forms(here));
    if is_alike && differ_in_numbers(&before.name, &here.name) {
        Some(NAMES)
    } else if is_alike && keeps_pace(series, start) {
        Some("no unusual silence lies between them")
    } else {
        None
    }
}

/// The capture of this packet goes on with the one that its flow table came from.
pub(super) fn claim(at: Origin, why: &str, out: &mut dyn Sink) {
    if let Some(before) = out.node(at.node).follows {
        continues(at, before, why, out);
    }
}

fn continues(at: Origin, before: NodeId, why: &str, out: &mut dyn Sink) {
    out.node(at.node).continues = Some(before);
    let detail = format!("goes on where {} ended: {why}", out.node(before).name);
    out.note(Note { at, kind: &CAPTURE_CONTINUES, detail });
}

/// What is left of a capture whose packets were all taken, until those that were read with it are at
/// their ends too.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) node: NodeId,
    /// The turns of its first and its last packet.
    pub(super) begins: Time,
    pub(super) ends: Time,
    /// The time of its last packet.
    pub(super) last: Option<Time>,
    /// Its copies of packets that other captures hold first, by these.
    pub(super) copies_of: BTreeMap<NodeId, u64>,
    /// Captures with the beginnings of connections or datagrams that went on in it.
    pub(super) went_on_from: Vec<NodeId>,
}

impl Ended {
    fn n_shared(&self, other: &Self) -> u64 {
        let of = |a: &Self, b: &Self| a.copies_of.get(&b.node).copied().unwrap_or(0);
        of(self, other) + of(other, self)
    }

    fn is_crossed(&self, other: &Self) -> bool {
        self.went_on_from.contains(&other.node) || other.went_on_from.contains(&self.node)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.begins <= other.ends && other.begins <= self.ends
    }
}

/// Says of captures that were read as one which of them are shown to be series, and which taps of
/// one network.
pub(super) fn tell(all: &[&Ended], out: &mut dyn Sink) {
    for (i, its) in all.iter().enumerate() {
        let with = |other: &&Ended| other.node < its.node && its.overlaps(other);
        let before = || all.iter().take(i).copied().filter(with);
        if out.node(its.node).is_beside {
            let shared = before().find(|other| its.n_shared(other) > 0);
            let crossed = before().find(|other| its.is_crossed(other));
            let is_told = !out.node(its.node).series.is_empty();
            let told = before().find(|_| is_told);
            if let Some(other) = shared.or(crossed).or(told) {
                claim_beside(its, other, out);
            }
            let earlier = all.iter().take(i).rev();
            let gone_on = earlier
                .filter(|other| !its.overlaps(other))
                .find(|other| its.went_on_from.contains(&other.node));
            if let Some(before) = gone_on.filter(|_| out.node(its.node).continues.is_none()) {
                continues(first_packet(its.node, out), before.node, CONNECTION, out);
            }
        }
        let from = its.went_on_from.iter().copied();
        let from = from.filter(|from| !before().any(|other| other.node == *from));
        if let Some(from) = from.min() {
            claim_back(its.node, from, out);
        }
    }
}

/// Two captures are of one network, at the same time.
fn claim_beside(its: &Ended, other: &Ended, out: &mut dyn Sink) {
    let why = match its.n_shared(other) {
        0 if its.is_crossed(other) => "a connection has packets in both".to_owned(),
        0 => "as was said of them".to_owned(),
        n => format!("{n} packets are in both"),
    };
    out.node(its.node).beside = Some(other.node);
    let detail = format!("at the same time as {}: {why}", out.node(other.node).name);
    let at = first_packet(its.node, out);
    out.note(Note { at, kind: &CAPTURE_BESIDE, detail });
}

/// The place of a capture's first packet.
fn first_packet(node: NodeId, out: &mut dyn Sink) -> Origin {
    let first = out.node(node).index.blocks.first().map_or((0, 0), |b| (b.first, b.offset));
    Origin { node, item: first.0, offset: first.1, len: 0 }
}

/// Something begun in the capture `from` went on in `node`: they are one series, with all between,
/// but for other taps.
fn claim_back(mut node: NodeId, from: NodeId, out: &mut dyn Sink) {
    while node > from {
        let Node { follows, continues, is_beside, .. } = out.node(node);
        let Some(before) = follows.filter(|before| *before < node) else { return };
        if continues.is_none() && !*is_beside {
            let at = first_packet(node, out);
            claim(at, CONNECTION, out);
        }
        node = before;
    }
}

/// A capture begins beside others, of which these have ended, the last one last: gives the lane of
/// the one that it goes on with by its name, and says so.
pub(super) fn claim_by_name(
    at: Origin,
    ended: &[(usize, NodeId)],
    out: &mut dyn Sink,
) -> Option<usize> {
    let here = out.node(at.node).for_grouping();
    let is_one = |(_, id): &&(usize, NodeId)| {
        let before = out.node(*id);
        before.format == here.format
            && forms(before).eq(forms(&here))
            && differ_in_numbers(&before.name, &here.name)
    };
    let (lane, before) = *ended.iter().rev().find(is_one)?;
    continues(at, before, NAMES, out);
    Some(lane)
}

/// True when both name their interfaces and have none in common: no two parts of one capture.
pub(crate) fn are_elsewhere(before: &Node, here: &Node) -> bool {
    let all = |node: &Node| node.interfaces.iter().all(|i| !i.name.is_empty());
    let is_in = |i: &Interface| before.interfaces.iter().any(|b| b.name == i.name);
    !before.interfaces.is_empty()
        && !here.interfaces.is_empty()
        && all(before)
        && all(here)
        && !here.interfaces.iter().any(is_in)
}

/// What the interfaces of a capture are, wherever its sections begin.
fn forms(node: &Node) -> impl Iterator<Item = Interface> {
    node.interfaces.iter().map(|i| Interface { section: 0, ..i.clone() })
}

/// True for names as a ring or a rotation gives them: alike but for their numbers.
fn differ_in_numbers(a: &str, b: &str) -> bool {
    let words = |name| str::split(name, |c: char| c.is_ascii_digit()).filter(|w| !w.is_empty());
    a != b && words(a).eq(words(b)) && words(a).any(|w| w.contains(char::is_alphabetic))
}

/// True when the silence before the next capture is nothing unusual in this one.
fn keeps_pace(series: &Series, start: &Start) -> bool {
    let (Some(first), n) = (series.first, series.n_packets) else { return false };
    let span = series.last.since(first).0;
    n >= MIN_PACKETS
        && start.ts.since(series.last).0
            <= (span / i64::try_from(n - 1).unwrap_or(i64::MAX)).saturating_mul(MAX_MEAN_GAPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Flows;
    use crate::settings::Settings;
    use crate::time::Time;

    #[test]
    fn names_of_a_ring_differ_in_numbers() {
        for (a, b) in [
            ("trace_00001_20240101120000.pcap", "trace_00002_20240101120500.pcap"),
            ("dump.pcap", "dump.pcap1"),
            ("part-9", "part-10"),
            ("2024-01-01/eth0.pcap", "2024-01-02/eth0.pcap"),
        ] {
            assert!(differ_in_numbers(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("dns.pcap", "http.pcap"),
            ("a/trace.pcap", "b/trace.pcap"),
            ("same1.pcap", "same1.pcap"),
            ("1", "2"),
        ] {
            assert!(!differ_in_numbers(a, b), "{a} {b}");
        }
    }

    /// A capture of `n` packets, one a second, that ended at second 1000.
    fn ended(n: u64) -> Series {
        let packets = Box::new(Flows::new(&Settings::default()));
        let mut series = Series::new(NodeId(0), &Settings::default(), packets);
        series.last = Time::from_secs(1000);
        series.first = Some(Time::from_secs(1001 - n as i64));
        series.n_packets = n;
        series
    }

    fn at(secs: i64) -> Start {
        Start { link_type: 1, ts: Time::from_secs(secs) }
    }

    #[test]
    fn a_silence_is_held_against_the_pace() {
        let most = 1000 + MAX_MEAN_GAPS;
        assert!(keeps_pace(&ended(MIN_PACKETS), &at(most)));
        assert!(!keeps_pace(&ended(MIN_PACKETS), &at(most + 1)));
        assert!(!keeps_pace(&ended(MIN_PACKETS - 1), &at(1000)));
    }

    #[test]
    fn interfaces_with_names_tell_captures_apart() {
        let node = |names: &[&str]| Node {
            interfaces: names
                .iter()
                .map(|n| Interface { name: (*n).into(), ..Interface::default() })
                .collect(),
            ..Node::default()
        };
        assert!(are_elsewhere(&node(&["eth0"]), &node(&["wlan0"])));
        assert!(!are_elsewhere(&node(&["eth0", "lo"]), &node(&["lo"])));
        assert!(!are_elsewhere(&node(&[""]), &node(&["wlan0"])));
        assert!(!are_elsewhere(&node(&[]), &node(&["wlan0"])));
    }

    #[test]
    fn only_captures_of_one_form_are_one_by_name_or_pace() {
        let node = |name: &str, snaplen| Node {
            name: name.into(),
            format: Some("pcap"),
            interfaces: vec![Interface { snaplen, ..Interface::default() }],
            ..Node::default()
        };
        let why = |a, b, secs| why(&ended(MIN_PACKETS), &a, &b, &at(secs));
        let by_name = Some("their names differ in numbers only");
        let by_pace = Some("no unusual silence lies between them");
        assert_eq!(why(node("a1", 0), node("a2", 0), 1800), by_name);
        assert_eq!(why(node("a1", 0), node("a2", 96), 1800), None);
        assert_eq!(why(node("a", 0), node("b", 0), 1001), by_pace);
        assert_eq!(why(node("a", 0), node("b", 96), 1001), None);
        assert_eq!(why(node("a", 0), node("b", 0), 1800), None);
        let told = Node { series: "s".into(), ..node("b", 96) };
        assert_eq!(why(node("a", 0), told, 1800), Some("as was said of them"));
    }
}
