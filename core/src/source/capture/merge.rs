//! Captures that overlap in time, read as one: the packets of all in the order of their times.
//!
//! Each open capture is a lane. A packet is taken when no other lane can bring an earlier one; until
//! then it waits in its lane's queue. The session has its host feed the lane that is farthest behind,
//! so queues hold little more than what one call of a reader gives.

use super::Record;
use super::account::Account;
use super::grouping::{self, Ended};
use super::queued::Queued;
use super::series::{MAX_GAP, MAX_OVERLAP, Series};
use crate::event::NodeId;
use crate::source::Sink;
use crate::time::Time;
use std::collections::VecDeque;

/// Lanes open at once. Taps of one network are a few; a sensor that writes a capture for each of
/// its threads has as many as it has processors.
pub const MAX_LANES: usize = 32;

/// Bytes that a capture may queue until it is known whether another one that begins overlaps it by
/// more than a moment. Packets that processors hand over out of order are far fewer.
pub const MAX_HELD: usize = 32 << 20;

/// The share of a capture, one part of so many, that another one may overlap and still be the next
/// file of a ring. Packets out of order are at the very end of a file.
const OVERLAPPED: i64 = 4;

/// Before all times.
const BEGINNING: Time = Time(i64::MIN);

/// Captures that share one flow table: one, or several that overlap.
pub struct Merge {
    /// `None` once all is over.
    series: Option<Series>,
    lanes: Vec<Lane>,
    /// The lanes that are not over.
    active: Vec<usize>,
    /// Where another capture begins: packets from there on wait until it is known how it goes on.
    horizon: Option<Time>,
    /// A second pass reads stretches: what has no more bytes for now is not over.
    is_rereading: bool,
}

/// One capture of them.
struct Lane {
    account: Option<Account>,
    queue: VecDeque<Queued>,
    /// Bytes of the packets in the queue.
    held: usize,
    /// When it began, and the latest time of its packets so far: a later packet with an earlier
    /// time has its turn at this one.
    begins: Time,
    turn: Time,
    /// The time of the last packet, when it is so much later than those before that the next one
    /// must say whether the clock went on or the time is absurd.
    leap: Option<Time>,
    /// Which tap it is: captures of one series are of the same.
    tap: u32,
    is_ended: bool,
    ended: Option<Ended>,
}

impl Merge {
    /// What begins with one capture.
    pub(super) fn new(series: Series, account: Account) -> Self {
        let mut merge = Self {
            series: Some(series),
            lanes: Vec::new(),
            active: Vec::new(),
            horizon: None,
            is_rereading: false,
        };
        let lane = merge.add(BEGINNING);
        merge.adopt(lane, account);
        merge
    }

    /// What second passes read into: it has no lane yet, and is over when it is dropped.
    pub(super) fn rereading(series: Series) -> Self {
        let (lanes, active) = (Vec::new(), Vec::new());
        Self { series: Some(series), lanes, active, horizon: None, is_rereading: true }
    }

    /// Adds a lane for a capture that begins then.
    pub(crate) fn add(&mut self, begins: Time) -> usize {
        let number = self.lanes.len();
        self.lanes.push(Lane {
            account: None,
            queue: VecDeque::new(),
            held: 0,
            begins,
            turn: begins,
            leap: None,
            tap: number as u32,
            is_ended: false,
            ended: None,
        });
        self.active.push(number);
        number
    }

    /// The capture of a lane shows itself.
    pub(super) fn adopt(&mut self, lane: usize, account: Account) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.account = Some(account);
        }
    }

    /// Takes the lane's account out, to go on elsewhere.
    pub(super) fn leave(&mut self, lane: usize) -> Option<Account> {
        self.lanes.get_mut(lane)?.account.take()
    }

    /// Sets where the next capture begins, if one is known.
    pub(crate) const fn set_horizon(&mut self, horizon: Option<Time>) {
        self.horizon = horizon;
    }

    /// The connections and fragments of all lanes.
    pub(super) const fn series_mut(&mut self) -> Option<&mut Series> {
        self.series.as_mut()
    }

    /// Goes on with what another capture left open.
    pub(super) fn go_on(&mut self, series: Series) {
        self.series = Some(series);
    }

    /// True when every capture of it is at its end and was told of.
    pub(crate) const fn is_over(&self) -> bool {
        self.active.is_empty()
    }

    /// True when no further capture is read side by side with these.
    pub(crate) fn is_full(&self) -> bool {
        self.active.len() >= MAX_LANES
    }

    /// How many captures are not at their end.
    pub(crate) fn n_open(&self) -> usize {
        self.open().count()
    }

    fn open(&self) -> impl Iterator<Item = (usize, &Lane)> {
        let lanes = self.active.iter().filter_map(|i| Some((*i, self.lanes.get(*i)?)));
        lanes.filter(|(_, lane)| !lane.is_ended)
    }

    /// The lane to feed next: the one that is farthest behind. `None` when the next capture must be
    /// opened first, since all that are open go on behind its begin.
    pub(crate) fn wants(&self) -> Option<usize> {
        let waits = |(_, lane): &(usize, &Lane)| {
            let goes_on = |at: Time| lane.turn > at.plus(MAX_OVERLAP) || lane.held > MAX_HELD;
            !self.horizon.is_some_and(goes_on)
        };
        self.open().filter(waits).min_by_key(|(i, lane)| (lane.turn, *i)).map(|(i, _)| i)
    }

    /// True when it still has packets of a capture that is like this.
    pub(crate) fn reads(&self, is_it: impl Fn(NodeId) -> bool) -> bool {
        self.active.iter().any(|lane| self.node(*lane).is_some_and(&is_it))
    }

    /// The capture that a lane reads; `None` before its first packet.
    pub(crate) fn node(&self, lane: usize) -> Option<NodeId> {
        Some(self.lanes.get(lane)?.account.as_ref()?.node)
    }

    /// The captures that have ended, with their lanes.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (usize, &Ended)> {
        self.lanes.iter().enumerate().filter_map(|(i, lane)| Some((i, lane.ended.as_ref()?)))
    }

    /// True when captures that have ended reach so far behind this time that one which begins then
    /// does not go on where they ended. Where several were read side by side before, any packet will
    /// do: what is a ring's cut and what another tap is not told apart by the time alone.
    pub(crate) fn is_overlapped(&self, begin: Time) -> bool {
        let lanes = self.active.iter().filter_map(|i| self.lanes.get(*i));
        lanes.into_iter().any(|lane| {
            let overlap = lane.turn.since(begin).0;
            let span = lane.turn.since(lane.begins).0;
            let is_beside = self.lanes.len() > 1 && overlap >= 0;
            is_beside
                || overlap > MAX_OVERLAP.0
                || overlap > span / OVERLAPPED
                || lane.held > MAX_HELD
        })
    }

    /// Takes the next packet of a lane.
    pub(super) fn push(&mut self, number: usize, record: &Record<'_>, out: &mut dyn Sink) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        let turn = lane.arrive(record.ts);
        let is_alone = self.active.len() == 1 && self.horizon.is_none();
        // One that leapt may still wait, from when there was another lane: it goes first.
        let goes = lane.queue.is_empty()
            && (is_alone || turn.is_some_and(|turn| self.is_next(number, turn)));
        if goes {
            self.take(number, record, turn, out);
        } else if let Some(lane) = self.lanes.get_mut(number) {
            lane.held += record.data.len() + size_of::<Queued>();
            lane.queue.push_back(Queued::new(record, turn));
        }
        if !(is_alone && goes) {
            self.run(out);
        }
    }

    /// Whether a packet of this lane with its turn then comes before all that other lanes may bring.
    fn is_next(&self, number: usize, turn: Time) -> bool {
        self.horizon.is_none_or(|horizon| turn < horizon)
            && self.active.iter().filter(|i| **i != number).all(|i| {
                let lane = self.lanes.get(*i);
                lane.is_none_or(|lane| lane.bound().is_none_or(|b| (turn, number) < (b, *i)))
            })
    }

    /// Takes what waits and has its turn; tells of lanes that are at their end.
    pub(crate) fn run(&mut self, out: &mut dyn Sink) {
        loop {
            let first = self.active.iter().filter_map(|i| {
                let head = self.lanes.get(*i)?.queue.front()?;
                head.turn.map(|turn| (turn, *i))
            });
            let Some((turn, i)) = first.min().filter(|(turn, i)| self.is_next(*i, *turn)) else {
                break;
            };
            let Some(lane) = self.lanes.get_mut(i) else { break };
            let Some(head) = lane.queue.pop_front() else { break };
            lane.held = lane.held.saturating_sub(head.data.len() + size_of::<Queued>());
            self.take(i, &head.record(), Some(turn), out);
        }
        if self.is_rereading {
            let lanes = &self.lanes;
            let is_over = |lane: &Lane| lane.is_ended && lane.queue.is_empty();
            self.active.retain(|i| lanes.get(*i).is_some_and(|lane| !is_over(lane)));
        } else {
            self.tell_ends(out);
        }
    }

    fn take(&mut self, number: usize, record: &Record<'_>, turn: Option<Time>, out: &mut dyn Sink) {
        let others = if self.lanes.len() > 1 { Some(BEGINNING) } else { self.horizon };
        let (Some(lane), Some(series)) = (self.lanes.get_mut(number), &mut self.series) else {
            return;
        };
        let turn = turn.unwrap_or(lane.turn);
        let Some(account) = &mut lane.account else { return };
        series.decoder.take_turn(lane.tap, turn, others);
        account.take(record, turn, series, out);
        let elsewhere = account.take_elsewhere();
        for (at, flow) in elsewhere {
            let mut lanes = self.active.iter().copied();
            let of = lanes.rfind(|i| self.node(*i) == Some(at.node));
            match of.and_then(|i| self.lanes.get_mut(i)?.account.as_mut()) {
                Some(account) => account.mark_at(at.offset, flow, out),
                None => out.node(at.node).index.mark_at(at.offset, flow),
            }
        }
    }

    /// Writes what was counted for a lane to its node.
    pub(super) fn flush(&mut self, lane: usize, out: &mut dyn Sink) {
        if let Some(account) = self.lanes.get_mut(lane).and_then(|l| l.account.as_mut()) {
            account.flush(out);
        }
    }

    /// A capture is at its end; its last packets may still wait.
    pub(crate) fn end(&mut self, lane: usize, out: &mut dyn Sink) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.confirm(None);
            lane.is_ended = !self.is_rereading;
        }
        if !self.is_rereading {
            self.run(out);
        }
    }

    /// In a second pass: the next packets of a lane have their turn then; or it has no more.
    pub(super) fn expect(&mut self, number: usize, next: Option<Time>, out: &mut dyn Sink) {
        if let Some(lane) = self.lanes.get_mut(number) {
            lane.turn = next.map_or(lane.turn, |next| next.max(lane.turn));
            lane.is_ended = next.is_none();
        }
        self.run(out);
    }

    /// Tells of lanes whose packets were all taken; when none is left, all is over or may go on in a
    /// later capture.
    fn tell_ends(&mut self, out: &mut dyn Sink) {
        let is_over = |lane: &Lane| lane.is_ended && lane.queue.is_empty();
        let over: Vec<usize> = self.active.to_vec();
        for number in over {
            let Some(lane) = self.lanes.get_mut(number).filter(|lane| is_over(lane)) else {
                continue;
            };
            self.active.retain(|i| *i != number);
            if let (Some(mut account), Some(series)) = (lane.account.take(), &mut self.series) {
                lane.ended = Some(account.finish((lane.begins, lane.turn), series, out));
            }
        }
        if !self.active.is_empty() {
            return;
        }
        let Some(mut series) = self.series.take() else { return };
        let ended: Vec<&Ended> = self.lanes.iter().filter_map(|l| l.ended.as_ref()).collect();
        grouping::tell(&ended, out);
        let open = match ended.iter().filter_map(|e| e.last).max() {
            Some(last) => {
                series.last = last;
                out.suspend(series)
            }
            None => Some(series),
        };
        if let Some(series) = open {
            series.finish(out);
        }
    }

    /// The lane reads the same tap as an earlier one.
    pub(super) fn is_tap_of(&mut self, lane: usize, earlier: usize) {
        self.set_tap(lane, self.tap(earlier));
    }

    /// Which tap a lane reads.
    pub(super) fn tap(&self, lane: usize) -> u32 {
        self.lanes.get(lane).map_or(0, |lane| lane.tap)
    }

    /// Says which tap a lane reads.
    pub(super) fn set_tap(&mut self, lane: usize, tap: u32) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.tap = tap;
        }
    }
}

impl Lane {
    /// A packet with this time came: its turn, unless the next one must confirm it.
    fn arrive(&mut self, ts: Option<Time>) -> Option<Time> {
        let Some(ts) = ts else { return Some(self.turn).filter(|_| self.leap.is_none()) };
        if self.turn == BEGINNING {
            (self.begins, self.turn) = (ts, ts);
        }
        self.confirm(Some(ts));
        if ts > self.turn.plus(MAX_GAP) {
            self.leap = Some(ts);
            return None;
        }
        self.turn = self.turn.max(ts);
        Some(self.turn)
    }

    /// Gives the packet that leapt its turn: with the one behind it, if that is late too.
    fn confirm(&mut self, next: Option<Time>) {
        let Some(leap) = self.leap.take() else { return };
        match next {
            Some(next) if next <= self.turn.plus(MAX_GAP) => {}
            next => self.turn = next.map_or(leap, |next| leap.min(next)).max(self.turn),
        }
        for queued in self.queue.iter_mut().rev().take_while(|q| q.turn.is_none()) {
            queued.turn = Some(self.turn);
        }
    }

    /// The turn before which it brings no packet; `None` when it brings none at all.
    fn bound(&self) -> Option<Time> {
        match self.queue.front() {
            Some(head) => Some(head.turn.unwrap_or(self.turn)),
            None => Some(self.turn).filter(|_| !self.is_ended),
        }
    }
}
