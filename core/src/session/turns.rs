//! Which file the host reads next: captures that overlap are read side by side, all else in turn.
//!
//! A capture is read until its packets reach the begin of the next one of the plan. If it goes on
//! for more than a moment behind that, the next one is opened beside it, and the packets of both are
//! taken in the order of their times; so on for further ones. If it ends there, the next one goes on
//! where it ended, as a ring's next file does, unless that is a good part of it.

use super::{FileMeta, Session};
use crate::event::NodeId;
use crate::order::Order;
use crate::source::capture::merge::Merge;
use crate::time::Time;
use std::cell::RefCell;
use std::rc::Rc;

/// A file of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Its place among the files given.
    pub index: usize,
    /// What [`FileMeta::more_follow`] must be.
    pub more_follow: bool,
    /// What [`FileMeta::next_packet`] must be.
    pub next_packet: Option<Time>,
}

/// What the host does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It opens the next file of its plan; where it has none, it says so ([`Session::end_plan`]).
    Open,
    /// It feeds this file, or closes it at its end.
    Feed(NodeId),
    /// Nothing is left to read.
    Done,
}

/// What a session knows of the order of reading.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// When the file begins that follows in the plan, if it may overlap those that are open.
    next: Option<Time>,
    /// More files follow.
    pub(super) more_follow: bool,
    /// The next file to be opened is read beside those that are open.
    joins: bool,
    /// Too many were open when the next one began: it waits until all are read.
    is_late: bool,
}

/// What files must have in common to be of one network: sensor, site, and series.
fn here(of: &FileMeta) -> (&str, &str, &str) {
    (&of.sensor, &of.site, &of.series)
}

impl FileMeta {
    /// The file in its place of a plan.
    pub fn planned(&self, of: &Planned) -> Self {
        let Planned { more_follow, next_packet, .. } = *of;
        Self { more_follow, next_packet, ..self.clone() }
    }
}

impl Session {
    /// The order in which to open files, so that no result depends on the order in which they were
    /// dropped: what others are read by, then all else by name, then captures by their first packet,
    /// those of one sensor, site and series together.
    pub fn plan(files: &[FileMeta]) -> Vec<Planned> {
        let mut order: Vec<(usize, &FileMeta)> = files.iter().enumerate().collect();
        order.order_by_key(|(_, f)| {
            let is_capture = f.first_packet.is_some();
            let place = is_capture.then(|| here(f));
            (!f.is_aid, is_capture, place, f.first_packet, &f.name, f.size, f.sha256)
        });
        let next = order.iter().skip(1).map(|(_, f)| Some(*f)).chain([None]);
        let planned = order.iter().zip(next).map(|((index, file), next)| {
            let is_near =
                |next: &&FileMeta| file.first_packet.is_some() && here(next) == here(file);
            Planned {
                index: *index,
                more_follow: next.is_some(),
                next_packet: next.filter(is_near).and_then(|next| next.first_packet),
            }
        });
        planned.collect()
    }

    /// What the host does next in reading its [plan](Session::begin_plan). It asks before it opens,
    /// feeds or closes a file, so that captures which overlap are read side by side; a host that does
    /// not ask has them read one after the other, each by itself.
    pub fn turn(&mut self) -> Turn {
        let horizon = self.turns.next.filter(|_| !self.turns.is_late);
        self.set_horizon(horizon);
        if self.open.is_empty() {
            return self.open_next(horizon);
        }
        if let Some((refused, _)) = self.open.iter().find(|(_, fed)| fed.is_refused()) {
            return Turn::Feed(*refused);
        }
        let Some(merge) = self.running() else { return self.feed_first() };
        let wanted = merge.borrow().wants();
        if let Some(lane) = wanted {
            return self.file_of(&merge, lane).map_or_else(|| self.feed_first(), Turn::Feed);
        }
        if horizon.is_some() && merge.borrow().is_full() {
            self.turns.is_late = true;
            return self.turn();
        }
        // All that are open were fed as far as they must be, or are no captures.
        self.turns.joins = horizon.is_some() && self.are_together(&merge);
        if self.turns.joins { Turn::Open } else { self.feed_first() }
    }

    /// No file is open: the next one is opened, if there is one.
    fn open_next(&mut self, horizon: Option<Time>) -> Turn {
        if let Some(merge) = self.running() {
            let is_overlapped =
                |begin| !merge.borrow().is_full() && merge.borrow().is_overlapped(begin);
            self.turns.joins = horizon.is_some_and(is_overlapped);
            if !self.turns.joins {
                self.set_horizon(None);
            }
        }
        if self.turns.more_follow { Turn::Open } else { Turn::Done }
    }

    /// The host has a plan of files to read, and asks from now on.
    pub const fn begin_plan(&mut self) {
        self.turns.more_follow = true;
    }

    /// No more files follow, although some were announced.
    pub fn end_plan(&mut self) {
        self.turns = Turns::default();
        self.store.more_follow = false;
        self.set_horizon(None);
    }

    /// A file was opened: notes what follows it, and gives it a lane if it is read beside others.
    pub(super) fn begin_turn(&mut self, node: NodeId, meta: &Began) {
        let joins = self.turns.joins;
        let Began { first_packet, next_packet, more_follow, is_refused } = *meta;
        self.turns = Turns { next: next_packet, more_follow, joins: false, is_late: false };
        let begins = first_packet.filter(|_| joins && !is_refused);
        if let Some((merge, begins)) = self.running().zip(begins) {
            let lane = merge.borrow_mut().add(begins);
            self.store.joining.insert(node, lane);
            self.set_horizon(next_packet);
        }
    }

    /// A file was closed before any packet of it came: its lane is at its end.
    pub(super) fn leave_lane(&mut self, file: NodeId) {
        if let Some((lane, merge)) = self.store.joining.remove(&file).zip(self.running()) {
            merge.borrow_mut().end(lane, &mut self.store);
        }
    }

    /// The captures that are being read as one, unless all were told of.
    fn running(&self) -> Option<Rc<RefCell<Merge>>> {
        self.store.running.as_ref().filter(|merge| !merge.borrow().is_over()).map(Rc::clone)
    }

    fn set_horizon(&mut self, horizon: Option<Time>) {
        if self.store.horizon == horizon {
            return;
        }
        self.store.horizon = horizon;
        if let Some(merge) = self.running() {
            merge.borrow_mut().set_horizon(horizon);
            merge.borrow_mut().run(&mut self.store);
        }
    }

    /// True when every open file is a capture of these.
    fn are_together(&self, merge: &RefCell<Merge>) -> bool {
        self.open.len() == merge.borrow().n_open()
    }

    /// The open file that a lane reads.
    fn file_of(&self, merge: &RefCell<Merge>, lane: usize) -> Option<NodeId> {
        let waiting = self.store.joining.iter().find(|(_, l)| **l == lane).map(|(file, _)| *file);
        let reading = || Some(self.store.tree.file_of(merge.borrow().node(lane)?));
        waiting.or_else(reading).filter(|file| self.open.contains_key(file))
    }

    /// An open file that is in no lane, or any.
    fn feed_first(&self) -> Turn {
        let lone = self.open.keys().find(|file| !self.is_waiting(**file));
        lone.or_else(|| self.open.keys().next()).map_or(Turn::Done, |file| Turn::Feed(*file))
    }

    /// Whether packets of a file still wait for those of others.
    pub(super) fn is_waiting(&self, file: NodeId) -> bool {
        let is_it = |node| self.store.tree.file_of(node) == file;
        self.running().is_some_and(|merge| merge.borrow().reads(is_it))
    }
}

/// What [`Session::open`] keeps of a file for its turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    pub(super) first_packet: Option<Time>,
    pub(super) next_packet: Option<Time>,
    pub(super) more_follow: bool,
    pub(super) is_refused: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first_look;
    use crate::settings::Settings;
    use crate::source::capture::merge::MAX_LANES;
    use std::collections::BTreeMap;

    /// A pcap file of raw IPv4 with UDP from this port, at these milliseconds; each packet has an
    /// identification of its own, by its time.
    fn file(port: u16, times: &[u32]) -> Vec<u8> {
        let mut out =
            b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0".to_vec();
        for ms in times {
            let mut data = vec![0x45, 0, 0, 29, (ms >> 8) as u8, *ms as u8, 0, 0, 64, 17, 0, 0];
            data.extend([10, 0, 0, 1, 10, 0, 0, 2]);
            data.extend(port.to_be_bytes());
            data.extend([7, 0xd0, 0, 9, 0, 0, b'a']);
            let len = data.len() as u32;
            for n in [1_700_000_000 + ms / 1000, ms % 1000 * 1000, len, len] {
                out.extend(n.to_le_bytes());
            }
            out.extend(data);
        }
        out
    }

    fn meta(name: &str, bytes: &[u8]) -> FileMeta {
        let first_packet = first_look(bytes, true, None).first_packet;
        FileMeta { name: name.to_owned(), first_packet, ..FileMeta::default() }
    }

    /// Reads files by their plan, in pieces of `chunk` bytes; the order in which they were fed.
    fn read(files: &[(FileMeta, Vec<u8>)], chunk: usize) -> (Session, String) {
        let metas: Vec<FileMeta> = files.iter().map(|(meta, _)| meta.clone()).collect();
        let plan = Session::plan(&metas);
        let mut plan = plan.iter();
        let mut session = Session::new(Settings::default());
        let mut open: BTreeMap<NodeId, (&str, &[u8])> = BTreeMap::new();
        let mut order = String::new();
        session.begin_plan();
        loop {
            match session.turn() {
                Turn::Done => break,
                Turn::Open => {
                    let Some(next) = plan.next() else {
                        session.end_plan();
                        continue;
                    };
                    let (meta, bytes) = &files[next.index];
                    open.insert(session.open(meta.planned(next)), (&meta.name, bytes));
                }
                Turn::Feed(file) => {
                    let (name, rest) = open[&file];
                    if !order.ends_with(name) {
                        order += name;
                    }
                    if rest.is_empty() {
                        session.close(file);
                        continue;
                    }
                    let used = session.feed(file, &rest[..chunk.min(rest.len())]);
                    open.insert(file, (name, &rest[used..]));
                }
            }
        }
        session.settle();
        (session, order)
    }

    fn n_conns(session: &Session) -> u64 {
        session.report().records["conn"].seen
    }

    fn n_twice(session: &Session) -> u64 {
        let sources = session.report().sources;
        sources.iter().filter_map(|s| s.counters.get("packets seen twice")).sum()
    }

    #[test]
    fn captures_that_overlap_are_read_side_by_side() {
        let times: Vec<u32> = (0..100).map(|n| n * 100).collect();
        for (from, want) in [(0, 100), (40, 60), (99, 1)] {
            let a = file(1000, &times);
            let b = file(1000, &times[from..]);
            let files = [(meta("a", &a), a), (meta("b", &b), b)];
            for chunk in [1, 100, usize::MAX] {
                let (session, _) = read(&files, chunk);
                assert_eq!((n_conns(&session), n_twice(&session)), (1, want), "from {from}");
            }
        }
    }

    #[test]
    fn a_ring_is_read_one_after_the_other_unless_much_of_a_file_is_overlapped() {
        // The second begins half a second before the first ends: a quarter of it, or more.
        let beside = |first: &[u32], second: &[u32]| {
            let (a, b) = (file(1000, first), file(1001, second));
            let (session, _) = read(&[(meta("a1", &a), a), (meta("a2", &b), b)], 64);
            let report = session.report();
            (report.sources[1].continues.is_some(), session.store.tree.get(NodeId(1)).is_beside)
        };
        assert_eq!(beside(&[0, 1000, 2000], &[1500, 2500]), (true, false));
        assert_eq!(beside(&[1200, 1700, 2000], &[1500, 2500]), (false, true));
        assert_eq!(beside(&[0, 1000, 2000], &[999, 2500]), (false, true));
    }

    #[test]
    fn one_absurd_time_does_not_hold_a_capture_up() {
        let mut times: Vec<u32> = (0..50).map(|n| n * 100).collect();
        let b = file(1000, &times);
        times[20] = 1_000_000_000;
        let a = file(1000, &times);
        let (session, _) = read(&[(meta("a", &a), a), (meta("b", &b), b)], usize::MAX);
        assert_eq!(n_twice(&session), 49);
    }

    #[test]
    fn what_is_said_of_captures_keeps_them_apart() {
        let bytes = file(1000, &[0, 500, 1000, 2000]);
        let later = file(1000, &[100, 500, 1000, 2000]);
        let conns = |change: fn(&mut FileMeta)| {
            let mut other = meta("b", &later);
            change(&mut other);
            let files = [(meta("a", &bytes), bytes.clone()), (other, later.clone())];
            n_conns(&read(&files, usize::MAX).0)
        };
        assert_eq!(conns(|_| ()), 1);
        assert_eq!(conns(|meta| meta.sensor = "other".into()), 2);
        assert_eq!(conns(|meta| meta.site = "other".into()), 2);
        assert_eq!(conns(|meta| meta.series = "other".into()), 2);
    }

    #[test]
    fn of_very_many_captures_so_many_are_read_side_by_side() {
        let times: Vec<u32> = (0..40).map(|n| n * 100).collect();
        for (n, conns) in [(MAX_LANES, 1), (MAX_LANES + 2, 2)] {
            let files: Vec<_> = (0..n)
                .map(|i| {
                    let bytes = file(1000, &times);
                    (meta(&format!("{i}"), &bytes), bytes)
                })
                .collect();
            assert_eq!(n_conns(&read(&files, 256).0), conns, "{n}");
        }
    }
}
