//! Protocols over a reassembled stream or datagrams: bytes to events.
//!
//! A protocol is one folder here and one line in [`PROTOCOLS`]. `wire.rs` in it is pure parsing
//! that returns borrowed views; `mod.rs` has the analyzer: state, pairing, events.

mod ber;
mod carried;
mod dce_rpc;
mod dhcp;
mod dns;
#[cfg(test)]
pub(crate) mod drive;
mod framing;
mod ftp;
mod http;
mod http2;
mod imap;
mod krb;
mod ldap;
mod line;
mod login;
mod logons;
mod mime;
mod mysql;
mod ntlm;
mod ntp;
mod pop3;
mod postgresql;
mod quic;
mod radius;
mod rdp;
mod reorder;
mod sasl;
mod shared;
pub(crate) mod signatures;
mod sip;
mod smb;
mod smtp;
mod snmp;
mod socks;
mod ssh;
mod syslog;
mod telnet;
#[cfg(test)]
pub(crate) mod testing;
mod tls;
mod x509;
mod xmpp;

pub use carried::{Carried, Inner};
pub(crate) use dns::{rcode_number, type_number};
pub(crate) use ftp::Transfer;
pub use shared::Shared;
pub(crate) use snmp::shown_community;

use crate::event::{Body, Event, Flow, Kind, Origin, StringSet, Weird};
use crate::source::Sink;
use crate::time::Time;

/// A protocol: how to recognise it by content, and how to start its analyzer.
#[derive(Debug)]
pub struct Protocol {
    /// Zeek's name for it in `conn.service`.
    pub name: &'static str,
    /// The kinds of events it gives.
    pub emits: &'static [Kind],
    /// What it runs over.
    pub over: Over,
    /// Ports where it is usual. They only break ties between [`Probe::Maybe`]s.
    pub ports: &'static [u16],
    /// Looks at the first bytes of one direction, or at one datagram.
    pub probe: fn(Dir, &[u8]) -> Probe,
    /// Starts an analyzer for one connection.
    pub open: fn() -> Box<dyn Analyzer>,
}

/// What carries a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A byte stream with gaps: TCP.
    Stream,
    /// Datagrams: UDP.
    Datagrams,
}

/// What a protocol says of first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// It is not this protocol.
    No,
    /// These bytes do not tell yet.
    NeedMore,
    /// It could be: only where the port is usual.
    Maybe,
    /// Its structure is there.
    Yes,
}

/// The two directions of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dir {
    /// From the originator.
    Orig,
    /// From the responder.
    Resp,
}

impl Dir {
    /// The one that comes back.
    pub const fn other(self) -> Self {
        match self {
            Self::Orig => Self::Resp,
            Self::Resp => Self::Orig,
        }
    }
}

/// What an analyzer did with the bytes it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It used all of them.
    Done,
    /// It used `used` bytes and wants to be called again when at least `need` bytes are there,
    /// counting those it left. Over datagrams the rest is dropped.
    More {
        /// Bytes used.
        used: usize,
        /// Bytes wanted at the next call; more than were left.
        need: usize,
    },
    /// It used `used` bytes; from there on, in both directions, the connection speaks another
    /// protocol: STARTTLS, CONNECT, upgrade. The name is one of [`PROTOCOLS`], or empty for "find out".
    Become {
        /// Bytes used.
        used: usize,
        /// The protocol that follows.
        protocol: &'static str,
    },
    /// It can make nothing more of this connection: no more bytes, please.
    Quit,
}

/// What one line or unit of a stream did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing to the rest of it.
    GoOn,
    /// TLS follows in both directions: STARTTLS under whatever name.
    Tls,
    /// A protocol follows that nobody named.
    Other,
    /// Nothing more can be made of the connection.
    Quit,
}

impl Then {
    /// The step that it comes to after `used` bytes; `None` to go on.
    pub const fn step(self, used: usize) -> Option<Step> {
        match self {
            Self::GoOn => None,
            Self::Tls => Some(Step::Become { used, protocol: "ssl" }),
            Self::Other => Some(Step::Become { used, protocol: "" }),
            Self::Quit => Some(Step::Quit),
        }
    }
}

/// One connection's protocol state. Never fails: odd traffic becomes a `weird`, the rest is used.
/// Over a stream `data` gets the unused bytes again with new ones behind them.
pub trait Analyzer {
    /// Takes the next bytes of one direction.
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step;
    /// `len` bytes of that direction are missing from the capture, those counted in that the
    /// analyzer had handed back unused. [`Step::More`] is not an answer.
    fn gap(&mut self, dir: Dir, len: u64, cx: &mut Cx<'_>) -> Step {
        let _ = (dir, len, cx);
        Step::Quit
    }
    /// The connection is at its end: what is pending goes out.
    fn finish(&mut self, cx: &mut Cx<'_>);
    /// Memory held that grows with what was said, in bytes.
    fn held(&self) -> usize {
        0
    }
}

/// What an analyzer knows of its surroundings at the moment of a call.
pub struct Cx<'a> {
    /// The connection.
    pub flow: &'a Flow,
    /// Time of the packet that brought the bytes.
    pub ts: Time,
    /// The packet that brought the first of the bytes.
    pub at: Origin,
    /// The connection's `service`: a protocol adds its name once it has seen itself.
    pub service: &'a mut StringSet,
    /// What the connections of the capture know of each other.
    pub shared: &'a mut Shared,
    /// What this protocol carries inside: deciphered bytes go there.
    pub carried: &'a mut Carried,
    /// Where events go.
    pub out: &'a mut dyn Sink,
}

impl Cx<'_> {
    /// Sends an event of this connection that began at `ts` in packet `at`.
    pub fn emit(&mut self, ts: Time, at: Origin, body: Body) {
        let flow = self.flow.clone();
        self.out.event(Event { ts: Some(ts), at, also: Vec::new(), flow, body });
    }

    /// Sends an anomaly of the traffic, named as Zeek names it where Zeek has it.
    pub fn weird(&mut self, source: &str, name: &str, addl: Option<&str>) {
        let weird = Weird {
            name: Some(name.into()),
            addl: addl.map(Into::into),
            source: Some(source.into()),
        };
        self.emit(self.ts, self.at, Body::Weird(weird));
    }
}

/// Every protocol, in alphabetical order of names.
pub static PROTOCOLS: &[&Protocol] = &[
    &dce_rpc::PROTOCOL,
    &dhcp::PROTOCOL,
    &dns::DATAGRAMS,
    &dns::STREAM,
    &tls::DTLS,
    &ftp::PROTOCOL,
    &http::PROTOCOL,
    &http2::PROTOCOL,
    &imap::PROTOCOL,
    &krb::DATAGRAMS,
    &krb::STREAM,
    &ldap::STREAM,
    &ldap::DATAGRAMS,
    &mysql::PROTOCOL,
    &ntp::PROTOCOL,
    &pop3::PROTOCOL,
    &postgresql::PROTOCOL,
    &quic::PROTOCOL,
    &radius::PROTOCOL,
    &rdp::PROTOCOL,
    &sip::DATAGRAMS,
    &sip::STREAM,
    &smb::PROTOCOL,
    &smtp::PROTOCOL,
    &snmp::PROTOCOL,
    &socks::PROTOCOL,
    &ssh::PROTOCOL,
    &tls::TLS,
    &syslog::DATAGRAMS,
    &syslog::STREAM,
    &telnet::PROTOCOL,
    &xmpp::PROTOCOL,
];
