//! Which end of a pair of flow records began: by TCP flags, by a port that stays while the peers'
//! change, by port rank, by the earlier row; else it is not known.

use crate::event::{Endpoint, Transport};
use crate::net::ports::{is_tcp_server, is_udp_server};

/// How many different peers (address and port) an endpoint must have had before its constant port
/// tells anything: a client's ephemeral port is used again now and then, but not four times.
pub(super) const MANY_PEERS: usize = 4;

/// From here on ports are handed out to clients by common systems (Linux; Windows and RFC 6335
/// begin at 49152).
const EPHEMERAL_FROM: u16 = 32_768;

/// One side of a pair, as far as the rule needs it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Side {
    pub(super) end: Endpoint,
    /// TCP flags it sent: had a SYN, had an ACK.
    pub(super) syn_ack: Option<(bool, bool)>,
    /// Time of its first row.
    pub(super) first: Option<crate::time::Time>,
    /// Different peers its endpoint had in all of the exporter's rows.
    pub(super) n_peers: usize,
    /// How many of those were ports that servers listen on.
    pub(super) n_server_ports: usize,
}

/// Which side began, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Began {
    pub(super) is_first: bool,
    pub(super) by: &'static str,
}

/// Which of two sides began; `None` when nothing tells.
pub(super) fn began(a: &Side, b: &Side, transport: Transport) -> Option<Began> {
    if transport == Transport::Icmp {
        return by_icmp(a.end.port?, b.end.port?);
    }
    by_flags(a, b)
        .or_else(|| by_constant_port(a, b, transport))
        .or_else(|| by_rank(a, b, transport))
        .or_else(|| by_time(a, b))
}

/// The type that asks, of each pair of types.
fn by_icmp(a: u16, b: u16) -> Option<Began> {
    const ASKS: [u16; 11] = [8, 10, 13, 15, 17, 128, 130, 133, 135, 139, 144];
    let is_first = match (ASKS.contains(&a), ASKS.contains(&b)) {
        (true, false) => true,
        (false, true) => false,
        _ => return None,
    };
    Some(Began { is_first, by: "inferred: ICMP type" })
}

/// A SYN without an ACK asks; a side that sent no SYN at all to one that did was asked. Rows sum
/// the flags of a connection, so an established one has both on both sides and tells nothing.
fn by_flags(a: &Side, b: &Side) -> Option<Began> {
    let asks = |s: &Side| s.syn_ack == Some((true, false));
    let has_syn = |s: &Side| s.syn_ack.map(|(syn, _)| syn);
    let is_first = match (asks(a), asks(b)) {
        (true, false) => true,
        (false, true) => false,
        _ => match (has_syn(a), has_syn(b)) {
            (Some(true), Some(false)) => true,
            (Some(false), Some(true)) => false,
            _ => return None,
        },
    };
    Some(Began { is_first, by: "inferred: TCP flags" })
}

/// An endpoint with many peers is a server, unless its own port is a client's and its peers'
/// ports are servers': then it is one socket that asks many services, as a scan does.
fn by_constant_port(a: &Side, b: &Side, transport: Transport) -> Option<Began> {
    let (is_a, hub) = match (a.n_peers >= MANY_PEERS, b.n_peers >= MANY_PEERS) {
        (true, false) => (true, a),
        (false, true) => (false, b),
        _ => return None,
    };
    let is_server_port = rank(hub.end.port?, transport) == 0;
    let asks_services = !is_server_port && hub.n_server_ports >= 2;
    // A server with peers on server ports would be a port 53 asked from port 53: left to the rank.
    if is_server_port && hub.n_server_ports > hub.n_peers / 2 {
        return None;
    }
    let by = if asks_services {
        "inferred: one port asks many services"
    } else {
        "inferred: one port has many peers"
    };
    Some(Began { is_first: is_a == asks_services, by })
}

fn by_rank(a: &Side, b: &Side, transport: Transport) -> Option<Began> {
    let (ours, theirs) = (rank(a.end.port?, transport), rank(b.end.port?, transport));
    let is_first = match ours.cmp(&theirs) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => return None,
    };
    Some(Began { is_first, by: "inferred: port rank" })
}

/// Both directions were seen by one exporter, whose clock orders them.
fn by_time(a: &Side, b: &Side) -> Option<Began> {
    let (ours, theirs) = (a.first?, b.first?);
    (ours != theirs).then_some(Began { is_first: ours < theirs, by: "inferred: earlier row" })
}

/// How likely a port is a server's: 0 known or below 1024, 1 below the ephemeral ports, 2 ephemeral.
pub(super) fn rank(port: u16, transport: Transport) -> u8 {
    let is_known = match transport {
        Transport::Udp => is_udp_server(port),
        _ => is_tcp_server(port),
    };
    match port {
        1..1024 => 0,
        _ if is_known => 0,
        0..EPHEMERAL_FROM => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn side(port: u16) -> Side {
        Side { end: Endpoint { addr: None, port: Some(port) }, ..Side::default() }
    }

    fn by(a: Side, b: Side) -> Option<(bool, &'static str)> {
        let there = began(&a, &b, Transport::Tcp).map(|x| (x.is_first, x.by));
        let back = began(&b, &a, Transport::Tcp).map(|x| (!x.is_first, x.by));
        assert_eq!(there, back, "the order of the sides must not matter");
        there
    }

    #[test]
    fn flags_come_first() {
        let syn = Side { syn_ack: Some((true, false)), ..side(80) };
        let rst = Side { syn_ack: Some((false, true)), ..side(40_000) };
        let both = Side { syn_ack: Some((true, true)), ..side(40_000) };
        assert_eq!(by(syn, both), Some((true, "inferred: TCP flags")));
        assert_eq!(by(both, rst), Some((true, "inferred: TCP flags")));
        assert_eq!(
            by(both, Side { syn_ack: Some((true, true)), ..side(80) }),
            Some((true, "inferred: port rank"))
        );
    }

    #[test]
    fn a_constant_port_is_a_server_or_a_scan() {
        let hub = |port, n_peers, n_server_ports| Side { n_peers, n_server_ports, ..side(port) };
        // A server on an unusual port, above its clients' own.
        assert_eq!(
            by(hub(60_000, 9, 0), side(40_000)),
            Some((false, "inferred: one port has many peers"))
        );
        // A scan from one port to ports below and above it.
        assert_eq!(
            by(hub(38_553, 9, 6), side(50_000)),
            Some((true, "inferred: one port asks many services"))
        );
        assert_eq!(
            by(hub(443, 9, 0), side(50_000)),
            Some((false, "inferred: one port has many peers"))
        );
        // One peer short of many, and one server port short of a scan.
        assert_eq!(by(hub(60_000, MANY_PEERS - 1, 0), side(40_000)), None);
        assert_eq!(
            by(hub(60_000, MANY_PEERS, 1), side(40_000)),
            Some((false, "inferred: one port has many peers"))
        );
    }

    #[test]
    fn rank_then_time_then_nothing() {
        assert_eq!(
            by(side(EPHEMERAL_FROM), side(EPHEMERAL_FROM - 1)),
            Some((true, "inferred: port rank"))
        );
        assert_eq!(by(side(3000), side(3389)), Some((true, "inferred: port rank")));
        let (early, late) = (
            Side { first: Some(Time(1)), ..side(40_000) },
            Side { first: Some(Time(2)), ..side(50_000) },
        );
        assert_eq!(by(early, late), Some((true, "inferred: earlier row")));
        assert_eq!(by(side(40_000), side(50_000)), None);
    }
}
