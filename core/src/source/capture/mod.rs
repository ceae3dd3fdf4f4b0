//! Captures: files of packets, read record by record into decoded packets.

mod blocks;
mod carry;
mod describing;
pub mod pcap;
pub mod pcapng;
mod second;

pub use second::packet;

use crate::event::{Body, Endpoint, Event, Flow, NodeId, Origin, Weird};
use crate::net::{Decoder, Found, Outcome, Packet, Packets, Reason};
use crate::note::{Note, NoteKind};
use crate::source::Sink;
use crate::time::Time;
use std::collections::BTreeMap;

/// Longest captured packet that is believed. tcpdump and Wireshark stop at the same 256 KiB, four
/// times the largest IP packet that is no jumbogram.
pub const MAX_CAPLEN: u32 = 262_144;

/// Different reasons counted under their own name in one file; further ones are counted together.
/// Real captures have a dozen; damaged ones could make 65 536.
const MAX_REASONS: usize = 200;

/// What both capture formats share: packets out of records are numbered, decoded, counted.
pub(crate) struct Intake {
    node: NodeId,
    decoder: Decoder,
    packets: Box<dyn Packets>,
    /// Number of the last packet.
    number: u64,
    counts: Counts,
}

/// Counts since they were last written to the node.
#[derive(Debug, Default)]
struct Counts {
    decoded: u64,
    fragments: u64,
    reasons: BTreeMap<Reason, u64>,
    more_reasons: u64,
    /// Packets whose time is before that of the one before them.
    backwards: u64,
    last_ts: Option<Time>,
}

/// One packet as a record gives it.
pub(crate) struct Record<'a> {
    pub ts: Option<Time>,
    pub offset: u64,
    /// Length of the whole record, its header included.
    pub len: u32,
    /// `None` when the record names an interface that the file does not describe.
    pub link_type: Option<u16>,
    pub wire_len: u32,
    pub data: &'a [u8],
}

impl Intake {
    pub(super) fn new(node: NodeId, seed: u64, packets: Box<dyn Packets>) -> Self {
        Self { node, decoder: Decoder::new(seed), packets, number: 0, counts: Counts::default() }
    }

    /// Number of the last packet.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Takes the next packet.
    pub(super) fn record(&mut self, record: &Record<'_>, out: &mut dyn Sink) -> Origin {
        self.number += 1;
        let at =
            Origin { node: self.node, item: self.number, offset: record.offset, len: record.len };
        self.counts.backwards += u64::from(record.ts < self.counts.last_ts && record.ts.is_some());
        self.counts.last_ts = record.ts.or(self.counts.last_ts);
        let Some(link_type) = record.link_type else {
            self.counts.reason(Reason::Interface);
            return at;
        };
        let packet =
            Packet { ts: record.ts, at, link_type, wire_len: record.wire_len, data: record.data };
        let packets = &mut self.packets;
        let outcome = self.decoder.decode(&packet, &mut |found| match found {
            Found::Ip(decoded) => packets.packet(&packet, decoded, out),
            Found::Odd { name, src, dst } => out.event(odd(&packet, name, src, dst)),
        });
        match outcome {
            Outcome::Decoded => self.counts.decoded += 1,
            Outcome::Fragment => self.counts.fragments += 1,
            Outcome::Undecoded(why) => self.counts.reason(why),
        }
        at
    }

    /// Adds what was counted since the last call to the node.
    pub(super) fn flush(&mut self, out: &mut dyn Sink) {
        let node = out.node(self.node);
        let counts = &mut self.counts;
        let reasons = std::mem::take(&mut counts.reasons);
        let undecoded: u64 = reasons.values().sum::<u64>() + counts.more_reasons;
        let fragments = std::mem::take(&mut counts.fragments);
        let decoded = std::mem::take(&mut counts.decoded);
        node.count("packets", decoded + fragments + undecoded);
        node.count("packets decoded", decoded);
        for (name, n) in [
            ("packets held as IP fragments", fragments),
            ("packets not decoded: other reasons", std::mem::take(&mut counts.more_reasons)),
            ("packets earlier than the one before", std::mem::take(&mut counts.backwards)),
        ] {
            if n > 0 {
                node.count(name, n);
            }
        }
        for (reason, n) in reasons {
            // The cap holds over the whole file, not only between two calls.
            let name = format!("packets not decoded: {reason}");
            let is_new = !node.counters.contains_key(&name);
            let is_full = is_new && node.counters.len() >= MAX_REASONS;
            node.count(if is_full { "packets not decoded: other reasons" } else { &name }, n);
        }
    }

    /// The file is at its end.
    pub(super) fn finish(&mut self, out: &mut dyn Sink) {
        self.packets.finish(out);
        self.flush(out);
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

    /// A note at a place in the file; `item` is the packet it is about.
    pub(super) fn note(
        &self,
        kind: &'static NoteKind,
        (offset, len): (u64, u64),
        detail: String,
        out: &mut dyn Sink,
    ) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let at = Origin { node: self.node, item: self.number, offset, len };
        out.note(Note { at, kind, detail });
    }

    pub(super) const fn node(&self) -> NodeId {
        self.node
    }
}

impl Counts {
    fn reason(&mut self, why: Reason) {
        if self.reasons.len() >= MAX_REASONS && !self.reasons.contains_key(&why) {
            self.more_reasons += 1;
        } else {
            *self.reasons.entry(why).or_default() += 1;
        }
    }
}

/// An anomaly of a packet as an event.
fn odd(
    packet: &Packet<'_>,
    name: &'static str,
    src: std::net::IpAddr,
    dst: std::net::IpAddr,
) -> Event {
    let weird = Weird { name: Some(name.into()), addl: None, source: Some("IP".into()) };
    Event {
        ts: packet.ts,
        at: packet.at,
        also: Vec::new(),
        flow: Flow {
            orig: Endpoint { addr: Some(src), port: None },
            resp: Endpoint { addr: Some(dst), port: None },
            ..Flow::default()
        },
        body: Body::Weird(weird),
    }
}
