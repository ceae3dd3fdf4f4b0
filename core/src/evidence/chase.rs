//! Picks the packets of chosen connections out of the packets of captures.

use super::connection::Connection;
use super::{Found, Held, Take};
use crate::bounded::{self, Map};
use crate::event::{NodeId, Origin};
use crate::net::{Decoded, Key, Packet, Packets, Tuple, error_about};
use crate::source::Sink;
use crate::source::capture::index::Block;
use crate::time::{Interval, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of fragments kept until the packet comes that completes their datagram: as many as the
/// decoder holds.
const MAX_HELD: usize = 16 << 20;

/// How long after a connection's last packet an ICMP error still speaks of it: the time-out of
/// datagrams, of which most of these errors speak.
const MAX_ERROR_DELAY: Interval = Interval::from_secs(60);

/// What is looked for, and what takes it.
pub(super) struct Chase<T> {
    pub(super) take: T,
    pub(super) chosen: Vec<Connection>,
    /// True when every captured packet is wanted, decoded or not.
    pub(super) is_all: bool,
    /// Packets of each connection still to come.
    pub(super) left: Vec<u64>,
    /// Packets that did not come.
    pub(super) n_missing: u64,
    starts: BTreeMap<(NodeId, u64), Vec<usize>>,
    /// The connection that the packets of a key belong to now.
    current: Map<Key, usize>,
    /// Connections with ICMP errors, each with the time of its last packet so far.
    with_errors: Map<Key, (usize, Option<Time>)>,
    marks: Vec<Option<u64>>,
    /// Fragments by their place.
    held: BTreeMap<(NodeId, u64), Held>,
    n_held: usize,
}

impl<T: Take> Chase<T> {
    pub(super) fn new(take: T, chosen: Vec<Connection>, is_all: bool, seed: u64) -> Self {
        let mut starts: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (i, c) in chosen.iter().enumerate() {
            starts.entry((c.at.node, c.at.item)).or_default().push(i);
        }
        Self {
            take,
            left: chosen.iter().map(|c| c.packets).collect(),
            marks: chosen.iter().map(Connection::mark).collect(),
            chosen,
            is_all,
            n_missing: 0,
            starts,
            current: bounded::map(seed),
            with_errors: bounded::map(seed),
            held: BTreeMap::new(),
            n_held: 0,
        }
    }

    /// Whether any connection still to be found may have packets in a block, where `has_begun` tells
    /// whether its first packet can be in it or before it.
    pub(super) fn wants(&self, block: &Block, has_begun: impl Fn(Origin) -> bool) -> bool {
        let all = self.chosen.iter().zip(&self.left).zip(&self.marks);
        self.is_all
            || all.into_iter().any(|((c, left), mark)| {
                (*left > 0 || c.has_errors)
                    && (block.has_fragments || has_begun(c.at))
                    && mark.is_none_or(|mark| block.may_hold(mark))
            })
    }

    /// Forgets what belongs to one series of captures: another one follows.
    pub(super) fn begin_series(&mut self) {
        self.current.clear();
        self.with_errors.clear();
        self.held.clear();
        self.n_held = 0;
    }

    /// The connection that a packet belongs to: the one that begins with it, else the one that its
    /// key had before. Between two packets of a connection there is none of another with its key.
    fn connection(&mut self, at: Origin, tuple: &Tuple) -> Option<usize> {
        let key = tuple.key();
        let (src, dst) = tuple.endpoints();
        let begins = self.starts.get(&(at.node, at.item)).into_iter().flatten().find(|i| {
            self.chosen
                .get(**i)
                .is_some_and(|c| (c.orig, c.resp) == (src, dst) || (c.orig, c.resp) == (dst, src))
        });
        if let Some(i) = begins {
            self.current.insert(key, *i);
        }
        let i = *self.current.get(&key)?;
        let left = self.left.get_mut(i)?;
        *left = left.checked_sub(1)?;
        if *left == 0 {
            self.current.remove(&key);
        }
        Some(i)
    }

    fn found(&mut self, packet: &Packet<'_>, decoded: &Decoded<'_>) {
        let tuple = Tuple::of(decoded);
        let Some(connection) = self.connection(packet.at, &tuple) else {
            return self.error(packet, decoded);
        };
        let of = self.chosen.get(connection);
        if of.is_some_and(|c| c.has_errors) {
            self.with_errors.insert(tuple.key(), (connection, packet.ts));
        }
        let is_orig = of.is_none_or(|c| c.is_orig(tuple.endpoints().0));
        let held = decoded.fragments.iter().filter_map(|at| self.held.get(&(at.node, at.item)));
        let fragments: Vec<Held> = held.cloned().collect();
        self.take.found(&Found { packet, decoded, connection, is_orig, fragments: &fragments });
        if self.left.get(connection) == Some(&0) {
            self.take.ended(connection);
        }
    }

    /// An ICMP error goes with the connection that it speaks of.
    fn error(&mut self, packet: &Packet<'_>, decoded: &Decoded<'_>) {
        let Some((_, about)) = error_about(decoded) else { return };
        let Some((connection, last)) = self.with_errors.get(&about.key()).copied() else { return };
        let is_late =
            packet.ts.zip(last).is_some_and(|(ts, last)| ts.since(last) > MAX_ERROR_DELAY);
        let Some(of) = self.chosen.get(connection).filter(|_| !is_late) else { return };
        // It is sent to whoever sent the packet that it quotes.
        let is_orig = !of.is_orig(about.endpoints().0);
        self.take.about(&Found { packet, decoded, connection, is_orig, fragments: &[] });
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) {
        let unfinished = self.left.iter().enumerate().filter(|(_, left)| **left > 0);
        for (connection, _) in unfinished {
            self.take.ended(connection);
        }
        self.n_missing += self.left.iter().sum::<u64>();
        self.left.fill(0);
    }

    fn hold(&mut self, packet: &Packet<'_>) {
        self.n_held += packet.data.len() + size_of::<Held>();
        self.held.insert(
            (packet.at.node, packet.at.item),
            Held {
                at: packet.at,
                ts: packet.ts,
                link_type: packet.link_type,
                interface: packet.interface,
                wire_len: packet.wire_len,
                data: packet.data.into(),
            },
        );
        while self.n_held > MAX_HELD {
            let Some((_, first)) = self.held.pop_first() else { return };
            self.n_held = self.n_held.saturating_sub(first.data.len() + size_of::<Held>());
        }
    }
}

/// The same chase for each reader that is opened one after the other.
pub(super) struct Shared<T>(pub(super) Rc<RefCell<Chase<T>>>);

impl<T: Take> Packets for Shared<T> {
    fn packet(&mut self, packet: &Packet<'_>, decoded: Decoded<'_>, _: &mut dyn Sink) {
        self.0.borrow_mut().found(packet, &decoded);
    }

    fn captured(&mut self, packet: &Packet<'_>) {
        let mut chase = self.0.borrow_mut();
        if chase.is_all {
            chase.take.captured(packet);
        }
    }

    fn held(&mut self, packet: &Packet<'_>) {
        let mut chase = self.0.borrow_mut();
        if !chase.chosen.is_empty() {
            chase.hold(packet);
        }
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}
