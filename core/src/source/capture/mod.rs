//! Captures: files of packets, read record by record into decoded packets.

mod blocks;
mod carry;
mod describing;
mod emits;
pub(crate) mod grouping;
pub mod index;
pub mod pcap;
pub mod pcapng;
mod rereading;
pub(crate) mod second;
pub mod series;
#[cfg(test)]
mod testing;

use emits::EMITS;
pub(crate) use rereading::{Passed, Rereading};
pub use second::packet;

use crate::event::{self, Body, Endpoint, Event, Flow, NodeId, Origin, Weird};
use crate::net::{Arp, Decoded, Found, Outcome, Packet, Packets, Reason, error_about};
use crate::note::{CAPTURE_DAMAGED, Note, NoteKind, PACKET_CUT, PACKET_TWICE};
use crate::source::{Opening, Sink};
use crate::time::Time;
use index::{Block, Section};
use series::{Series, Start};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

/// Longest captured packet that is believed. tcpdump and Wireshark stop at the same 256 KiB, four
/// times the largest IP packet that is no jumbogram.
pub const MAX_CAPLEN: u32 = 262_144;

/// Different reasons counted under their own name in one file; further ones are counted together.
/// Real captures have a dozen; damaged ones could make 65 536.
const MAX_REASONS: usize = 200;

/// The counter of packets whose end was not captured.
const CUT: &str = "packets cut";

/// What both capture formats share: packets out of records are numbered, decoded, counted.
pub(crate) struct Intake {
    node: NodeId,
    /// What is open; gone once the file is at its end.
    series: Option<Series>,
    /// Number of the last packet.
    number: u64,
    /// The first packet that was a copy of another.
    first_copy: Option<Origin>,
    /// The first packet whose end was not captured.
    first_cut: Option<Origin>,
    counts: Counts,
    /// The block of the index that is being filled.
    block: Option<Block>,
    /// Bytes in a block, and where the current one is full.
    block_len: u64,
    block_end: u64,
    /// The flow marked last: packets of one connection come in rows.
    marked: u64,
    /// Where the last record ended.
    end: u64,
    /// The earliest other capture with fragments of a datagram that this one completed.
    joined_from: Option<NodeId>,
}

/// Counts since they were last written to the node.
#[derive(Debug, Default)]
struct Counts {
    decoded: u64,
    duplicates: u64,
    fragments: u64,
    /// Packets whose end was not captured, decoded or not.
    cut: u64,
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
    /// Which of the node's interfaces it came from.
    pub interface: u32,
    pub wire_len: u32,
    pub data: &'a [u8],
    /// Where in its section a pcapng packet stands.
    pub section: Section,
}

impl Intake {
    pub(super) fn new(opening: &Opening<'_>, packets: Box<dyn Packets>) -> Self {
        let node = opening.node;
        let series = Some(Series::new(node, opening.settings, packets));
        Self {
            node,
            series,
            number: 0,
            first_copy: None,
            first_cut: None,
            counts: Counts::default(),
            block: None,
            block_len: opening.settings.block_len,
            block_end: 0,
            marked: 0,
            end: 0,
            joined_from: None,
        }
    }

    /// Goes on behind packet `number` instead of the start.
    pub(super) const fn begin_behind(&mut self, number: u64) {
        self.number = number;
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
        if record.offset >= self.block_end || self.block.is_none() {
            self.begin_block(record, out);
        }
        self.end = record.offset + u64::from(record.len);
        if self.counts.last_ts.is_none() {
            self.resume(record, out);
        }
        self.counts.backwards += u64::from(record.ts < self.counts.last_ts && record.ts.is_some());
        self.counts.last_ts = record.ts.or(self.counts.last_ts);
        if (record.data.len() as u64) < record.wire_len.into() {
            self.counts.cut += 1;
            self.first_cut.get_or_insert(at);
        }
        let Some(link_type) = record.link_type else {
            self.counts.reason(Reason::Interface);
            return at;
        };
        let packet = Packet {
            ts: record.ts,
            at,
            link_type,
            interface: record.interface,
            wire_len: record.wire_len,
            data: record.data,
        };
        let Some(Series { packets, decoder, .. }) = &mut self.series else { return at };
        packets.captured(&packet);
        let (block, marked) = (&mut self.block, &mut self.marked);
        let joined_from = &mut self.joined_from;
        let outcome = decoder.decode(&packet, &mut |found| match found {
            Found::Ip(decoded) => {
                let elsewhere = decoded.fragments.iter().map(|at| at.node).min();
                if let Some(from) = elsewhere.filter(|from| *from < packet.at.node) {
                    *joined_from = Some(joined_from.map_or(from, |have| have.min(from)));
                }
                let flow = decoded.flow_mark();
                if flow != *marked || !decoded.fragments.is_empty() {
                    *marked = flow;
                    mark(block.as_mut(), &packet, &decoded, flow, out);
                }
                // An error is a packet of the connection that it speaks of, too.
                if let Some((_, about)) = error_about(&decoded) {
                    mark(block.as_mut(), &packet, &decoded, about.flow_mark(), out);
                }
                packets.packet(&packet, decoded, out);
            }
            Found::Arp(found) => out.event(arp(&packet, &found)),
            Found::Odd { name, src, dst } => out.event(odd(&packet, name, src, dst)),
        });
        match outcome {
            Outcome::Decoded => self.counts.decoded += 1,
            Outcome::Duplicate => {
                self.counts.duplicates += 1;
                self.first_copy.get_or_insert(at);
            }
            Outcome::Fragment => {
                packets.held(&packet);
                if let Some(block) = &mut self.block {
                    block.has_fragments = true;
                }
                self.counts.fragments += 1;
            }
            Outcome::Undecoded(why) => self.counts.reason(why),
        }
        at
    }

    /// A block of the index is full, or there is none yet: the next begins with this packet.
    fn begin_block(&mut self, record: &Record<'_>, out: &mut dyn Sink) {
        self.end_block(record.offset, out);
        self.block = Some(Block::new(self.number, record.offset, record.section));
        let scale = out.node(self.node).index.scale;
        self.block_end = record.offset.saturating_add(self.block_len.saturating_mul(scale));
        self.marked = 0;
    }

    fn end_block(&mut self, end: u64, out: &mut dyn Sink) {
        if let Some(block) = self.block.take() {
            out.node(self.node).index.push(block, end);
        }
    }

    /// Adds what was counted since the last call to the node.
    pub(super) fn flush(&mut self, out: &mut dyn Sink) {
        let node = out.node(self.node);
        let counts = &mut self.counts;
        let reasons = std::mem::take(&mut counts.reasons);
        let undecoded: u64 = reasons.values().sum::<u64>() + counts.more_reasons;
        let fragments = std::mem::take(&mut counts.fragments);
        let decoded = std::mem::take(&mut counts.decoded);
        let duplicates = std::mem::take(&mut counts.duplicates);
        node.count("packets", decoded + duplicates + fragments + undecoded);
        node.count("packets decoded", decoded);
        for (name, n) in [
            (CUT, std::mem::take(&mut counts.cut)),
            ("packets seen twice", duplicates),
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

    /// Before the first packet that has a time: goes on where an earlier capture ended.
    fn resume(&mut self, record: &Record<'_>, out: &mut dyn Sink) {
        let (Some(ts), Some(link_type)) = (record.ts, record.link_type) else { return };
        let start = Start { link_type, ts };
        if let Some(mut series) = out.resume(self.node, &start) {
            out.node(self.node).follows = Some(series.node);
            // Of what went on before, an earlier file has told.
            series.packets.take_gone_on();
            if let Some(why) = series.why {
                let at = Origin {
                    node: self.node,
                    item: self.number,
                    offset: record.offset,
                    len: record.len,
                };
                grouping::claim(at, why, out);
            }
            series.node = self.node;
            self.series = Some(series);
        } else if let Some(series) = &mut self.series {
            series.link_type = link_type;
            series.first = Some(ts);
        }
    }

    /// The file is at its end; the capture too, unless another file goes on with it.
    pub(super) fn finish(&mut self, out: &mut dyn Sink) {
        self.flush(out);
        self.end_block(self.end, out);
        if let Some(at) = self.first_cut {
            let n = out.node(self.node).counters.get(CUT).copied().unwrap_or(0);
            let detail = format!("{n} in all, packet {} the first", at.item);
            out.note_of_many(Note { at, kind: &PACKET_CUT, detail }, n);
        }
        if let Some(at) = self.first_copy {
            let n = out.node(self.node).counters.get("packets seen twice").copied().unwrap_or(0);
            let detail = format!("{n} packets, packet {} the first of them", at.item);
            out.note_of_many(Note { at, kind: &PACKET_TWICE, detail }, n);
        }
        let Some(mut series) = self.series.take() else { return };
        let open = match self.counts.last_ts {
            Some(last) => {
                series.last = last;
                series.n_packets += self.number;
                let from = series.packets.take_gone_on().into_iter().chain(self.joined_from);
                if let Some(from) = from.min() {
                    grouping::claim_back(self.node, from, out);
                }
                out.suspend(series)
            }
            None => Some(series),
        };
        if let Some(series) = open {
            series.finish(out);
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

    /// Notes bytes of which nothing could be made.
    pub(super) fn note_loss(&self, lost: Range<u64>, why: &str, out: &mut dyn Sink) {
        let (Range { start, end }, behind) = (lost, self.behind());
        let n = end.saturating_sub(start);
        let detail = format!("{behind}, at offset {start}: {why}; {n} bytes are lost");
        self.note(&CAPTURE_DAMAGED, (start, n), detail, out);
    }

    /// Which packet was the last, in words.
    pub(super) fn behind(&self) -> String {
        match self.number {
            0 => "before the first packet".to_owned(),
            n => format!("behind packet {n}"),
        }
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

/// Marks a flow in the block that holds its packet, and in those that hold the packet's fragments.
fn mark(
    block: Option<&mut Block>,
    packet: &Packet<'_>,
    decoded: &Decoded<'_>,
    flow: u64,
    out: &mut dyn Sink,
) {
    let Some(block) = block else { return };
    block.mark(flow);
    for at in decoded.fragments {
        if at.node != packet.at.node || at.offset < block.offset {
            out.node(at.node).index.mark_at(at.offset, flow);
        }
    }
}

/// An ARP packet as an event. An address of zeros is one that the sender does not know.
fn arp(packet: &Packet<'_>, found: &Arp) -> Event {
    let mac = |octets: [u8; 6]| {
        let [a, b, c, d, e, f] = octets;
        let text = format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}");
        (octets != [0; 6]).then(|| text.into_boxed_str())
    };
    let operation = Arp::operation_name(found.operation.into())
        .map_or_else(|| found.operation.to_string().into(), Into::into);
    let record = event::Arp {
        operation: Some(operation),
        orig_mac: mac(found.orig_mac),
        resp_mac: mac(found.resp_mac),
    };
    between(packet, found.orig.into(), found.resp.into(), Body::Arp(record))
}

/// An anomaly of a packet as an event.
fn odd(packet: &Packet<'_>, name: &'static str, src: IpAddr, dst: IpAddr) -> Event {
    let weird = Weird { name: Some(name.into()), addl: None, source: Some("IP".into()) };
    between(packet, src, dst, Body::Weird(weird))
}

/// An event of one packet between two addresses.
fn between(packet: &Packet<'_>, src: IpAddr, dst: IpAddr, body: Body) -> Event {
    let end = |addr| Endpoint { addr: Some(addr), port: None };
    Event {
        ts: packet.ts,
        at: packet.at,
        also: Vec::new(),
        flow: Flow { orig: end(src), resp: end(dst), ..Flow::default() },
        body,
    }
}
