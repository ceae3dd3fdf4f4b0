//! The packets of connections as a list.

use super::{Found, Take};
use crate::event::Origin;
use crate::net::{L4, error_about, tcp_flags};
use crate::time::Time;
use serde::Serialize;

/// Packets listed at most; the rest are counted. A person looks at some hundred.
pub const MAX_LISTED: u64 = 100_000;

/// One packet of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its place: packet number, offset, length of its record.
    pub at: Origin,
    /// When it was captured, in nanoseconds since 1970.
    pub ts: Option<Time>,
    /// The connection, by its place in the scope.
    pub connection: usize,
    /// True when the originator sent it.
    pub is_orig: bool,
    /// Its length on the wire.
    pub wire_len: u32,
    /// Bytes of payload.
    pub payload_len: u32,
    /// TCP flags by their names; empty without any.
    pub flags: String,
    /// Its header in words.
    pub info: String,
}

/// Lists packets.
#[derive(Debug, Default)]
pub struct List {
    /// The packets, in the order of the capture.
    pub packets: Vec<Listed>,
    /// All packets: those beyond [`MAX_LISTED`] are counted only.
    pub n_found: u64,
}

impl Take for List {
    fn found(&mut self, found: &Found<'_>) {
        self.add(found, words(found));
    }

    fn about(&mut self, found: &Found<'_>) {
        let (flags, info, payload_len) = words(found);
        let name = error_about(found.decoded).map_or("error", |(name, _)| name);
        self.add(found, (flags, format!("{info}: {name}, about this connection"), payload_len));
    }
}

impl List {
    fn add(&mut self, found: &Found<'_>, (flags, info, payload_len): (String, String, u32)) {
        self.n_found += 1;
        if self.n_found > MAX_LISTED {
            return;
        }
        let packet = found.packet;
        self.packets.push(Listed {
            at: packet.at,
            ts: packet.ts,
            connection: found.connection,
            is_orig: found.is_orig,
            wire_len: packet.wire_len,
            payload_len,
            flags,
            info,
        });
    }
}

/// Flags, header in words, payload length.
fn words(found: &Found<'_>) -> (String, String, u32) {
    let none = String::new;
    let (flags, mut info, len) = match found.decoded.l4 {
        L4::Tcp { src, dst, seq, ack, flags, window, payload_len, .. } => {
            let info = format!("TCP {src} → {dst}, seq {seq}, ack {ack}, window {window}");
            (tcp_flags(flags), info, payload_len)
        }
        L4::Udp { src, dst, payload_len, .. } => {
            (none(), format!("UDP {src} → {dst}"), payload_len)
        }
        L4::Sctp { src, dst, payload_len, .. } => {
            (none(), format!("SCTP {src} → {dst}"), payload_len)
        }
        L4::Icmp { is_v6, kind, code, payload_len, .. } => {
            let name = if is_v6 { "ICMPv6" } else { "ICMP" };
            (none(), format!("{name} type {kind}, code {code}"), payload_len)
        }
        L4::Other { payload_len, .. } => {
            (none(), format!("IP protocol {}", found.decoded.protocol), payload_len)
        }
    };
    for tunnel in found.decoded.tunnels.iter().rev() {
        info = format!("{} in {}", info, tunnel.kind.name());
    }
    if !found.fragments.is_empty() {
        let numbers: Vec<_> = found.fragments.iter().map(|h| h.at.item.to_string()).collect();
        info = format!("{info}, joined with fragments in {}", numbers.join(", "));
    }
    (flags, info, len)
}
