//! The account of one capture: its packets decoded and counted, its block index, its copies.

use super::grouping::Ended;
use super::index::Block;
use super::series::Series;
use super::{MAX_REASONS, Record};
use crate::event::{self, Body, Endpoint, Event, Flow, NodeId, Origin, Weird};
use crate::net::{Arp, Decoded, Found, Outcome, Packet, Reason, error_about, flow_mark};
use crate::note::{Note, PACKET_CUT, PACKET_TWICE};
use crate::source::Sink;
use crate::time::Time;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The counter of packets whose end was not captured.
const CUT: &str = "packets cut";

/// What is kept of a capture while its packets are taken.
pub(super) struct Account {
    pub(super) node: NodeId,
    /// Number of the last packet that was taken.
    pub(super) number: u64,
    /// The first packet that was a copy of another.
    first_copy: Option<Origin>,
    /// The first packet whose end was not captured.
    first_cut: Option<Origin>,
    /// Copies whose first ones another capture holds, by that capture.
    copies_of: BTreeMap<NodeId, u64>,
    counts: Counts,
    /// The block of the index that is being filled.
    block: Option<Block>,
    /// Bytes in a block, and where the current one is full.
    block_len: u64,
    block_end: u64,
    /// The ends of the flow marked last: packets of one connection come in rows.
    marked: Option<[(IpAddr, u16); 2]>,
    /// Where the last record ended.
    end: u64,
    /// The earliest other capture with fragments of a datagram that this one completed.
    joined_from: Option<NodeId>,
    /// Flows of datagrams whose fragments lie in other captures, with the places of these.
    elsewhere: Vec<(Origin, u64)>,
}

/// Counts since they were last written to the node.
#[derive(Debug, Default)]
struct Counts {
    decoded: u64,
    duplicates: u64,
    fragments: u64,
    /// Packets whose end was not captured, decoded or not.
    cut: u64,
    /// The first reasons of the whole file; which these are does not depend on when they are written.
    reasons: BTreeMap<Reason, u64>,
    more_reasons: u64,
    /// Packets whose time is before that of the one before them.
    backwards: u64,
    last_ts: Option<Time>,
}

impl Account {
    pub(super) fn new(node: NodeId, block_len: u64) -> Self {
        Self {
            node,
            number: 0,
            first_copy: None,
            first_cut: None,
            copies_of: BTreeMap::new(),
            counts: Counts::default(),
            block: None,
            block_len,
            block_end: 0,
            marked: None,
            end: 0,
            joined_from: None,
            elsewhere: Vec::new(),
        }
    }

    /// Takes the next packet, whose turn among those of other captures is at `turn`.
    pub(super) fn take(
        &mut self,
        record: &Record<'_>,
        turn: Time,
        series: &mut Series,
        out: &mut dyn Sink,
    ) {
        let at =
            Origin { node: self.node, item: record.number, offset: record.offset, len: record.len };
        self.number = record.number;
        if record.offset >= self.block_end || self.block.is_none() {
            self.begin_block(record, turn, out);
        }
        self.end = record.offset + u64::from(record.len);
        self.counts.backwards += u64::from(record.ts < self.counts.last_ts && record.ts.is_some());
        self.counts.last_ts = record.ts.or(self.counts.last_ts);
        if (record.data.len() as u64) < record.wire_len.into() {
            self.counts.cut += 1;
            self.first_cut.get_or_insert(at);
        }
        let Some(link_type) = record.link_type else {
            self.counts.reason(Reason::Interface);
            return;
        };
        let packet = Packet {
            ts: record.ts,
            at,
            link_type,
            interface: record.interface,
            wire_len: record.wire_len,
            data: record.data,
        };
        let outcome = self.decode(&packet, series, out);
        match outcome {
            Outcome::Decoded => self.counts.decoded += 1,
            Outcome::Duplicate(first) => {
                self.counts.duplicates += 1;
                self.first_copy.get_or_insert(at);
                if first != self.node {
                    *self.copies_of.entry(first).or_default() += 1;
                }
            }
            Outcome::Fragment => {
                series.packets.held(&packet);
                if let Some(block) = &mut self.block {
                    block.has_fragments = true;
                }
                self.counts.fragments += 1;
            }
            Outcome::Undecoded(why) => self.counts.reason(why),
        }
    }

    fn decode(&mut self, packet: &Packet<'_>, series: &mut Series, out: &mut dyn Sink) -> Outcome {
        let Series { packets, decoder, .. } = series;
        packets.captured(packet);
        decoder.decode(packet, &mut |found| match found {
            Found::Ip(decoded) => {
                self.found(packet, &decoded);
                packets.packet(packet, decoded, out);
            }
            Found::Arp(found) => out.event(arp(packet, &found)),
            Found::Odd { name, src, dst } => out.event(odd(packet, name, src, dst)),
        })
    }

    /// Marks the flow of a packet in the block that holds it.
    fn found(&mut self, packet: &Packet<'_>, decoded: &Decoded<'_>) {
        let elsewhere = decoded.fragments.iter().map(|at| at.node).min();
        if let Some(from) = elsewhere.filter(|from| *from < self.node) {
            self.joined_from = Some(self.joined_from.map_or(from, |have| have.min(from)));
        }
        let [from, to] = decoded.ends();
        let is_marked = self.marked.is_some_and(|ends| ends == [from, to] || ends == [to, from]);
        if !is_marked || !decoded.fragments.is_empty() {
            self.marked = Some([from, to]);
            self.mark(packet, decoded, flow_mark(from, to));
        }
        // An error is a packet of the connection that it speaks of, too.
        if let Some((_, about)) = error_about(decoded) {
            self.mark(packet, decoded, about.flow_mark());
        }
    }

    /// Marks a flow in the block that holds its packet, and remembers the places of its fragments
    /// that other blocks hold.
    fn mark(&mut self, packet: &Packet<'_>, decoded: &Decoded<'_>, flow: u64) {
        let Some(block) = &mut self.block else { return };
        block.mark(flow);
        for at in decoded.fragments {
            if at.node != packet.at.node || at.offset < block.offset {
                self.elsewhere.push((*at, flow));
            }
        }
    }

    /// Flows whose fragments lie in blocks other than the current one, since the last call.
    pub(super) fn take_elsewhere(&mut self) -> Vec<(Origin, u64)> {
        std::mem::take(&mut self.elsewhere)
    }

    /// Marks a flow at a place of this capture.
    pub(super) fn mark_at(&mut self, offset: u64, flow: u64, out: &mut dyn Sink) {
        match &mut self.block {
            Some(block) if block.offset <= offset => block.mark(flow),
            _ => out.node(self.node).index.mark_at(offset, flow),
        }
    }

    /// A block of the index is full, or there is none yet: the next begins with this packet.
    fn begin_block(&mut self, record: &Record<'_>, turn: Time, out: &mut dyn Sink) {
        self.end_block(record.offset, out);
        self.block = Some(Block::new(record.number, record.offset, turn, record.section));
        let scale = out.node(self.node).index.scale;
        self.block_end = record.offset.saturating_add(self.block_len.saturating_mul(scale));
        self.marked = None;
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
        let undecoded: u64 = counts.reasons.values().sum::<u64>() + counts.more_reasons;
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
        for (reason, n) in &mut counts.reasons {
            let n = std::mem::take(n);
            if n > 0 {
                node.count(&format!("packets not decoded: {reason}"), n);
            }
        }
    }

    /// All packets were taken: what is left to tell of the file is told. `begins` and `ends` are the
    /// turns of its first and last one.
    pub(super) fn finish(
        &mut self,
        (begins, ends): (Time, Time),
        series: &mut Series,
        out: &mut dyn Sink,
    ) -> Ended {
        self.flush(out);
        self.end_block(self.end, out);
        if let Some(at) = self.first_cut {
            let n = out.node(self.node).counters.get(CUT).copied().unwrap_or(0);
            let detail = format!("{n} in all, packet {} the first", at.item);
            out.note_of_many(Note { at, kind: &PACKET_CUT, detail }, n);
        }
        if let Some(at) = self.first_copy {
            let n = out.node(self.node).counters.get("packets seen twice").copied().unwrap_or(0);
            let mut detail = format!("{n} packets, packet {} the first of them", at.item);
            for (first, n) in &self.copies_of {
                let name = &out.node(*first).name;
                detail = format!("{detail}; of {n} the first copy is in {name}");
            }
            out.note_of_many(Note { at, kind: &PACKET_TWICE, detail }, n);
        }
        series.n_packets += self.number;
        let gone_on = series.packets.take_gone_on(self.node);
        Ended {
            node: self.node,
            begins,
            ends,
            last: self.counts.last_ts,
            copies_of: std::mem::take(&mut self.copies_of),
            went_on_from: gone_on.into_iter().chain(self.joined_from).collect(),
        }
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
