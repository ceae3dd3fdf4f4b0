//! FTP's data connections: announced on the control connection, counted, never read as a protocol.

use super::super::mime::{self, Head};
use super::super::{Analyzer, Cx, Dir, Step};
use crate::event::Origin;
use crate::time::{Interval, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

/// How long an announced connection is waited for, as in Zeek.
const WAIT: Interval = Interval::from_secs(300);
/// Announcements that may wait at once; a session has one, and uses it within a second.
const MAX_EXPECTED: usize = 4096;
/// One part in so many is given up when there is no room: the oldest.
const GIVEN_UP: usize = 8;

/// Who opens the connection, to whom, to which port.
type Ends = (IpAddr, IpAddr, u16);

/// What a data connection moved.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moved {
    /// Bytes in both directions; `None` before the connection was seen.
    pub bytes: Option<u64>,
    /// What the file is, by its first bytes.
    pub mime: Option<&'static str>,
}

/// A data connection, as its control connection and itself know it.
#[derive(Debug, Clone, Default)]
pub struct Transfer(Rc<RefCell<Moved>>);

impl Transfer {
    /// What it moved up to now.
    pub fn moved(&self) -> Moved {
        *self.0.borrow()
    }

    /// The analyzer of the connection.
    pub fn open(self) -> Box<dyn Analyzer> {
        self.0.borrow_mut().bytes.get_or_insert(0);
        Box::new(Data { transfer: self, head: Head::default() })
    }
}

/// Announced connections that did not begin yet.
#[derive(Debug, Default)]
pub struct Expected {
    by_ends: BTreeMap<Ends, Waiting>,
    /// How many announcements were given up for lack of room, and where that was first.
    pub given_up: Option<(Origin, u64)>,
}

/// An announcement.
#[derive(Debug)]
struct Waiting {
    since: Time,
    transfer: Transfer,
    /// By what else it is known.
    all: Rc<[Ends]>,
}

impl Expected {
    /// A control connection agreed on a data connection, known by any of `ends`.
    pub fn announce(
        &mut self,
        ends: impl Iterator<Item = Ends>,
        now: Time,
        at: Origin,
    ) -> Transfer {
        let transfer = Transfer::default();
        if self.by_ends.len() >= MAX_EXPECTED {
            self.make_room(now, at);
        }
        let all: Rc<[Ends]> = ends.collect();
        for ends in &*all {
            let waiting = Waiting { since: now, transfer: transfer.clone(), all: Rc::clone(&all) };
            self.by_ends.insert(*ends, waiting);
        }
        transfer
    }

    /// A connection begins: was it announced?
    pub fn take(&mut self, ends: Ends, now: Time) -> Option<Transfer> {
        if self.by_ends.is_empty() {
            return None;
        }
        let Waiting { since, transfer, all } = self.by_ends.remove(&ends)?;
        for other in &*all {
            // Unless another one was announced there since.
            let of = self.by_ends.get(other);
            if of.is_some_and(|w| Rc::ptr_eq(&w.transfer.0, &transfer.0)) {
                self.by_ends.remove(other);
            }
        }
        (now.since(since) <= WAIT).then_some(transfer)
    }

    /// Gives up those that nobody waits for, and the oldest.
    fn make_room(&mut self, now: Time, at: Origin) {
        self.by_ends.retain(|_, w| now.since(w.since) <= WAIT);
        let mut times: Vec<Time> = self.by_ends.values().map(|w| w.since).collect();
        if times.len() < MAX_EXPECTED {
            return;
        }
        let (_, limit, _) = times.select_nth_unstable(MAX_EXPECTED / GIVEN_UP);
        let limit = *limit;
        let before = self.by_ends.len();
        self.by_ends.retain(|_, w| w.since > limit);
        let (_, n) = self.given_up.get_or_insert((at, 0));
        *n += (before - self.by_ends.len()) as u64;
    }
}

/// A data connection.
struct Data {
    transfer: Transfer,
    /// First bytes of the side that speaks.
    head: Head,
}

impl Data {
    fn count(&self, n: u64) {
        let mut moved = self.transfer.0.borrow_mut();
        moved.bytes = Some(moved.bytes.unwrap_or(0).saturating_add(n));
    }
}

impl Analyzer for Data {
    fn data(&mut self, _: Dir, data: &[u8], _: &mut Cx<'_>) -> Step {
        let before = self.head.bytes().len();
        self.head.take(data);
        if self.head.bytes().len() > before {
            self.transfer.0.borrow_mut().mime = mime::of(self.head.bytes());
        }
        self.count(data.len() as u64);
        Step::Done
    }

    /// Missing bytes crossed all the same.
    fn gap(&mut self, _: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        self.head.end();
        self.count(len);
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;
    use crate::proto::drive::{Row, corpus, events, rows};

    fn ends(port: u16) -> Ends {
        (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]), port)
    }

    #[test]
    fn an_announcement_is_good_once_and_for_five_minutes() {
        for (after, is_known) in [(WAIT, true), (Interval(WAIT.0 + 1), false)] {
            let mut expected = Expected::default();
            let both = [ends(7), ends(8)];
            let transfer = expected.announce(both.into_iter(), Time(0), Origin::default());
            assert!(expected.take(ends(9), Time(0)).is_none());
            let got = expected.take(ends(8), Time(after.0));
            assert_eq!(got.is_some(), is_known);
            assert!(expected.take(ends(7), Time(0)).is_none());
            assert!(transfer.moved().bytes.is_none());
        }
    }

    #[test]
    fn an_announcement_leaves_what_was_announced_since_at_one_of_its_ends() {
        let mut expected = Expected::default();
        let mut announce = |ports: &[u16]| {
            let ends: Vec<Ends> = ports.iter().map(|p| ends(*p)).collect();
            expected.announce(ends.into_iter(), Time(0), Origin::default())
        };
        let (_, later) = (announce(&[7, 8]), announce(&[8, 9]));
        assert!(expected.take(ends(7), Time(0)).is_some());
        assert!(Rc::ptr_eq(&expected.take(ends(8), Time(0)).unwrap().0, &later.0));
        assert!(expected.by_ends.is_empty());
    }

    #[test]
    fn the_oldest_announcements_are_given_up() {
        for n in [MAX_EXPECTED, MAX_EXPECTED + 1] {
            let mut expected = Expected::default();
            (0..n).for_each(|i| {
                let ends = [ends(i as u16)].into_iter();
                expected.announce(ends, Time(i as i64), Origin::default());
            });
            let lost = n > MAX_EXPECTED;
            assert_eq!(expected.given_up.is_some(), lost);
            assert_eq!(expected.take(ends(0), Time(0)).is_none(), lost);
            assert!(expected.take(ends(n as u16 - 1), Time(0)).is_some());
        }
    }

    #[test]
    fn transfers_of_a_capture_are_joined_whichever_side_opens_them() {
        let path = "ftp/zeek__ftp_ipv4.pcap";
        let Some(events) = corpus(path).and_then(|_| events(path)) else { return };
        let sent = rows(&events, Kind::Ftp);
        let sent: Vec<_> = sent.iter().filter_map(|r| r.get("data_channel.bytes")).collect();
        let conns = rows(&events, Kind::Conn);
        let is_data = |c: &&Row| c.get("service").is_some_and(|s| s == "ftp-data");
        let moved = |c: &Row| {
            let n = |f| c.get(f).and_then(|v: &String| v.parse::<u64>().ok()).unwrap_or(0);
            (n("orig_bytes") + n("resp_bytes")).to_string()
        };
        let data: Vec<String> = conns.iter().filter(is_data).map(moved).collect();
        assert_eq!(data.len(), 4);
        assert_eq!(sent.len(), 4);
        assert!(sent.iter().all(|n| data.contains(n)), "{sent:?} {data:?}");
    }
}
