//! Packets as evidence: a second pass over captures for the packets of some connections.
//!
//! A [`Pursuit`] asks its host for ranges of files, and only for those that may hold a packet it
//! looks for; what is done with each packet is the business of what it feeds: [`List`], [`Follow`],
//! [`Carve`], [`Search`].

mod carve;
mod chase;
mod connection;
mod follow;
mod list;
mod pattern;
mod pursuit;
mod reach;
mod scope;
mod search;

pub use carve::Carve;
pub use connection::{Connection, connections};
pub use follow::{Follow, Followed, MAX_BYTES, Part};
pub use list::{List, Listed, MAX_LISTED};
pub use pattern::{MAX_PATTERN, Pattern, PatternError};
pub use pursuit::Pursuit;
pub use reach::{MAX_REACH, Reach, reach_of_item, reach_of_rows};
pub use scope::{Range, Scope};
pub use search::{Hit, MAX_CONTEXT, MAX_HITS, Place, Search};

use crate::event::{NodeId, Origin};
use crate::net::{Decoded, Packet};
use crate::source::Interface;
use crate::time::Time;

/// A packet of a connection that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The captured packet.
    pub packet: &'a Packet<'a>,
    /// The packet of the connection in it: the same, or inside tunnels, or joined from fragments.
    pub decoded: &'a Decoded<'a>,
    /// Which connection, by its place in the scope.
    pub connection: usize,
    /// True when its originator sent it.
    pub is_orig: bool,
    /// Packets before it that hold the other fragments of it.
    pub fragments: &'a [Held],
}

/// A captured packet that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its place.
    pub at: Origin,
    /// When it was captured.
    pub ts: Option<Time>,
    /// Link type by the tcpdump registry.
    pub link_type: u16,
    /// Which interface of its node captured it, from 0.
    pub interface: u32,
    /// Its length on the wire.
    pub wire_len: u32,
    /// Its captured bytes.
    pub data: Box<[u8]>,
}

impl Held {
    /// The packet as it was.
    pub fn packet(&self) -> Packet<'_> {
        let Self { at, ts, link_type, interface, wire_len, ref data } = *self;
        Packet { ts, at, link_type, interface, wire_len, data }
    }
}

/// What is done with the packets of a pursuit.
pub trait Take {
    /// Packets of another capture follow; its interfaces, in order.
    fn source(&mut self, _node: NodeId, _interfaces: &[Interface]) {}
    /// Takes a packet of a connection.
    fn found(&mut self, found: &Found<'_>);
    /// Takes an ICMP error that speaks of a connection.
    fn about(&mut self, _found: &Found<'_>) {}
    /// Takes a captured packet of a whole file, decoded or not.
    fn captured(&mut self, _packet: &Packet<'_>) {}
    /// No more packets of a connection follow: all were found, or everything was read.
    fn ended(&mut self, _connection: usize) {}
}

#[cfg(test)]
mod tests;
