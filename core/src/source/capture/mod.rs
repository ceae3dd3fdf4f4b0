//! Captures: files of packets, read record by record into decoded packets.

mod account;
mod blocks;
mod carry;
mod describing;
mod emits;
pub(crate) mod grouping;
pub mod index;
pub(crate) mod merge;
pub mod pcap;
pub mod pcapng;
mod queued;
mod rereading;
pub(crate) mod second;
pub mod series;
#[cfg(test)]
mod testing;

use emits::EMITS;
pub(crate) use rereading::{Rereading, Together};
pub use second::packet;

use crate::event::{NodeId, Origin};
use crate::net::Packets;
use crate::note::{CAPTURE_DAMAGED, Note, NoteKind};
use crate::source::{Opening, Sink};
use crate::time::Time;
use account::Account;
use index::Section;
use merge::Merge;
use series::{Going, Series, Start};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// Longest captured packet that is believed. tcpdump and Wireshark stop at the same 256 KiB, four
/// times the largest IP packet that is no jumbogram.
pub const MAX_CAPLEN: u32 = 262_144;

/// Different reasons counted under their own name in one file; further ones are counted together.
/// Real captures have a dozen; damaged ones could make 65 536.
const MAX_REASONS: usize = 200;

/// What both capture formats share: packets out of records are numbered, and handed on in the order
/// of their times.
pub(crate) struct Intake {
    node: NodeId,
    /// What the packets go to, and the lane of this capture in it.
    merge: Rc<RefCell<Merge>>,
    lane: usize,
    /// Number of the last packet.
    number: u64,
    /// A packet with a time has come.
    has_begun: bool,
}

/// One packet as a record gives it.
pub(crate) struct Record<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
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
        let series = Series::new(node, opening.settings, packets);
        let merge = Merge::new(series, Account::new(node, opening.settings.block_len));
        let merge = Rc::new(RefCell::new(merge));
        Self { node, merge, lane: 0, number: 0, has_begun: false }
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
    pub(super) fn record(&mut self, record: &Record<'_>, out: &mut dyn Sink) {
        self.number = record.number;
        if !self.has_begun {
            self.begin(record, out);
        }
        self.merge.borrow_mut().push(self.lane, record, out);
    }

    /// Adds what was counted since the last call to the node.
    pub(super) fn flush(&self, out: &mut dyn Sink) {
        self.merge.borrow_mut().flush(self.lane, out);
    }

    /// Before the first packet that has a time: goes on where an earlier capture ended, or beside
    /// others.
    fn begin(&mut self, record: &Record<'_>, out: &mut dyn Sink) {
        let (Some(ts), Some(link_type)) = (record.ts, record.link_type) else { return };
        self.has_begun = true;
        let start = Start { link_type, ts };
        let at =
            Origin { node: self.node, item: record.number, offset: record.offset, len: record.len };
        match out.resume(self.node, &start, &self.merge) {
            Going::Anew => {
                if let Some(series) = self.merge.borrow_mut().series_mut() {
                    series.link_type = link_type;
                    series.first = Some(ts);
                }
            }
            Going::On(mut series) => {
                out.node(self.node).follows = Some(series.node);
                if let Some(why) = series.why {
                    grouping::claim(at, why, out);
                }
                series.node = self.node;
                self.merge.borrow_mut().go_on(*series);
            }
            Going::Beside(merge, lane) => {
                let account = self.merge.borrow_mut().leave(self.lane);
                (self.merge, self.lane) = (merge, lane);
                self.join(account, at, out);
            }
        }
    }

    /// Goes on in a lane beside other captures.
    fn join(&self, account: Option<Account>, at: Origin, out: &mut dyn Sink) {
        let mut merge = self.merge.borrow_mut();
        if let Some(account) = account {
            merge.adopt(self.lane, account);
        }
        let Some(series) = merge.series_mut() else { return };
        let before = std::mem::replace(&mut series.node, self.node);
        let node = out.node(self.node);
        (node.follows, node.is_beside) = (Some(before), true);
        let ended: Vec<_> = merge.ended().map(|(lane, ended)| (lane, ended.node)).collect();
        if let Some(lane) = grouping::claim_by_name(at, &ended, out) {
            merge.is_tap_of(self.lane, lane);
        }
        out.node(self.node).tap = merge.tap(self.lane);
    }

    /// The file is at its end; the capture too, unless another file goes on with it.
    pub(super) fn finish(&mut self, out: &mut dyn Sink) {
        let mut merge = self.merge.borrow_mut();
        merge.flush(self.lane, out);
        merge.end(self.lane, out);
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
