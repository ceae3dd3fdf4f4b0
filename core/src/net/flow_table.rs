//! The open connections of a capture: found by key, bounded, and freed once they are surely over.

use super::flow::{Flow, TcpFlow};
use super::key::Key;
use crate::bounded::{self, Map};
use crate::time::Time;

/// Packets between two looks for connections that are over. The clock of a look is the earliest
/// time of the packets since the one before, so no packet with an absurd date can end others.
const LOOK_EVERY: u32 = 1024;
/// A look walks one part in so many of the table.
const PARTS: usize = 8;
/// But no more slots than four for each packet: a table of hundreds of thousands of connections must
/// not be what its packets cost.
const MOST_WALKED: usize = 4 * LOOK_EVERY as usize;
/// What an open connection takes, its hash entry included.
const BYTES_PER_FLOW: usize = size_of::<Flow>() + size_of::<TcpFlow>() + 2 * size_of::<Key>() + 64;
/// The table frees one part in so many when it is full, so that it is not sorted at every packet.
const EVICTED: usize = 8;

/// Open connections.
pub(crate) struct FlowTable {
    slots: Vec<Option<Flow>>,
    free: Vec<usize>,
    by_key: Map<Key, usize>,
    /// The slot found last: packets of one connection come in rows.
    recent: Option<(Key, usize)>,
    cap: usize,
    clock: Clock,
    walked: usize,
}

/// The time that the capture has surely reached.
struct Clock {
    packets: u32,
    earliest: Time,
}

impl FlowTable {
    /// An empty table of at most `bytes`.
    pub(crate) fn new(bytes: usize, seed: u64) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_key: bounded::map(seed),
            recent: None,
            cap: (bytes / BYTES_PER_FLOW).max(EVICTED),
            clock: Clock { packets: 0, earliest: Time(i64::MAX) },
            walked: 0,
        }
    }

    /// The slot of a connection.
    pub(crate) fn find(&mut self, key: &Key) -> Option<usize> {
        if let Some((_, slot)) = self.recent.filter(|(recent, _)| recent == key) {
            return Some(slot);
        }
        let slot = *self.by_key.get(key)?;
        self.recent = Some((*key, slot));
        Some(slot)
    }

    /// The connection in a slot.
    pub(crate) fn get_mut(&mut self, slot: usize) -> Option<&mut Flow> {
        self.slots.get_mut(slot)?.as_mut()
    }

    /// Adds a connection; returns its slot.
    pub(crate) fn insert(&mut self, flow: Flow) -> usize {
        let key = flow.key;
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = Some(flow),
            None => self.slots.push(Some(flow)),
        }
        self.by_key.insert(key, slot);
        self.recent = Some((key, slot));
        slot
    }

    /// Takes a connection out.
    pub(crate) fn remove(&mut self, slot: usize) -> Option<Flow> {
        let flow = self.slots.get_mut(slot)?.take()?;
        self.by_key.remove(&flow.key);
        self.free.push(slot);
        self.recent = None;
        Some(flow)
    }

    /// Connections that the table must give up before another is added: those that tell least, and
    /// of equal ones the ones silent for longest. Empty while there is room.
    pub(crate) fn evict(&mut self) -> Vec<Flow> {
        if self.by_key.len() < self.cap {
            return Vec::new();
        }
        let flows = self.slots.iter().enumerate();
        let mut ranked: Vec<_> = flows
            .filter_map(|(slot, flow)| flow.as_ref().map(|f| (worth(f), f.last, f.at, slot)))
            .collect();
        ranked.sort_unstable();
        ranked.truncate(self.cap.div_ceil(EVICTED));
        ranked.into_iter().filter_map(|(.., slot)| self.remove(slot)).collect()
    }

    /// Counts a packet; now and then returns connections that are over, the earliest first.
    pub(crate) fn tick(&mut self, ts: Time) -> Vec<Flow> {
        self.clock.packets += 1;
        self.clock.earliest = self.clock.earliest.min(ts);
        if self.clock.packets < LOOK_EVERY {
            return Vec::new();
        }
        let now = self.clock.earliest;
        self.clock = Clock { packets: 0, earliest: Time(i64::MAX) };
        let n = self.slots.len();
        let part = n.div_ceil(PARTS).min(MOST_WALKED);
        let over: Vec<usize> = (self.walked..self.walked + part)
            .map(|i| if i < n { i } else { i - n })
            .filter(|i| {
                self.slots.get(*i).is_some_and(|f| f.as_ref().is_some_and(|f| f.is_over(now)))
            })
            .collect();
        self.walked = (self.walked + part).checked_rem(n).unwrap_or(0);
        earliest_first(over.into_iter().filter_map(|slot| self.remove(slot)))
    }

    /// Everything that is open, the earliest first.
    pub(crate) fn drain(&mut self) -> Vec<Flow> {
        self.by_key.clear();
        self.free.clear();
        self.recent = None;
        earliest_first(self.slots.drain(..).flatten())
    }
}

/// Connections in the order they began, not that of their slots, which are taken last freed first:
/// what keeps the first of several would keep each for a moment.
fn earliest_first(flows: impl Iterator<Item = Flow>) -> Vec<Flow> {
    let mut flows: Vec<Flow> = flows.collect();
    flows.sort_by_key(|f| (f.at, f.key));
    flows
}

/// How much a connection tells: an unanswered packet less than an unanswered conversation, less
/// than one that is answered, less than one whose content is being read.
fn worth(flow: &Flow) -> u8 {
    match (flow.resp.packets, flow.orig.packets) {
        (0, 0 | 1) | (1, 0) => 0,
        (0, _) | (_, 0) => 1,
        _ if flow.conversation.is_none() => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, Transport};
    use crate::net::key::Tuple;
    use crate::net::reassembly::Mark;

    #[test]
    fn connections_that_are_over_come_in_the_order_they_began() {
        let begun = |n: u8| {
            let [src, dst] = [[10, 0, 0, n], [10, 0, 1, n]].map(|addr| (addr.into(), 53));
            let transport = Transport::Udp;
            let tuple = Tuple { transport, src, dst, is_one_way: false, has_ports: true };
            let at = Origin { item: n.into(), ..Origin::default() };
            Flow::new(tuple, Mark { ts: Time(n.into()), at }, [None; 2])
        };
        let mut table = FlowTable::new(1 << 20, 1);
        // Places that were free before are taken in another order than they lie.
        let slots: Vec<usize> = (0..64).map(|n| table.insert(begun(n))).collect();
        slots.into_iter().for_each(|slot| drop(table.remove(slot)));
        for n in 0..64 {
            table.insert(begun(n));
        }
        let later = Time(1 << 60);
        let looks = (0..LOOK_EVERY * PARTS as u32).map(|_| table.tick(later));
        let looks: Vec<Vec<Flow>> = looks.filter(|over| !over.is_empty()).collect();
        assert_eq!(looks.len(), PARTS);
        assert!(looks.iter().all(|over| over.len() == 8 && over.is_sorted_by_key(|f| f.at)));
    }

    #[test]
    fn a_look_walks_a_part_of_the_table_and_never_more_than_its_packets_pay_for() {
        for (n, walked) in [
            (PARTS, 1),
            (PARTS * MOST_WALKED, MOST_WALKED),
            (PARTS * MOST_WALKED + 1, MOST_WALKED),
            (100 * MOST_WALKED, MOST_WALKED),
        ] {
            let mut table = FlowTable::new(1 << 20, 1);
            table.slots.resize_with(n, || None);
            (0..LOOK_EVERY).for_each(|_| drop(table.tick(Time(0))));
            assert_eq!(table.walked, walked, "{n}");
        }
    }
}
