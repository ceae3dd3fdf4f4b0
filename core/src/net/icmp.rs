//! ICMP: which message answers which, and the connection that an error message speaks of.

use super::key::Tuple;
use super::{Decoded, L4, Quoted, quoted};
use crate::event::Transport;

/// The type that answers `kind`, in the place of a responder's port; where there is none, the
/// code, and `true`: the other direction is a connection of its own. Zeek and Community ID agree
/// on these pairs.
pub(crate) const fn counterpart(is_v6: bool, kind: u8, code: u8) -> (u8, bool) {
    let pair = if is_v6 {
        match kind {
            // Echo, listener query and report, router and neighbour discovery, node information,
            // home agent discovery (RFC 4443, 2710, 4861, 4620, 6275).
            128 => 129,
            129 => 128,
            130 => 131,
            131 => 130,
            133 => 134,
            134 => 133,
            135 => 136,
            136 => 135,
            139 => 140,
            140 => 139,
            144 => 145,
            145 => 144,
            _ => return (code, true),
        }
    } else {
        match kind {
            // Echo, router discovery, timestamp, information, mask (RFC 792, 1256, 950).
            0 => 8,
            8 => 0,
            9 => 10,
            10 => 9,
            13 => 14,
            14 => 13,
            15 => 16,
            16 => 15,
            17 => 18,
            18 => 17,
            _ => return (code, true),
        }
    };
    (pair, false)
}

/// What an ICMP error says of the packet it quotes; `None` when it is no error.
pub(crate) const fn error_name(is_v6: bool, kind: u8, code: u8) -> Option<&'static str> {
    Some(match (is_v6, kind, code) {
        (false, 3, 0) => "net-unreachable",
        (false, 3, 1) | (true, 1, 3) => "host-unreachable",
        (false, 3, 2) => "protocol-unreachable",
        (false, 3, 3) | (true, 1, 4) => "port-unreachable",
        (false, 3, 4) => "fragmentation-needed",
        (false, 3, 9 | 10 | 13) | (true, 1, 1) => "administratively-prohibited",
        (true, 1, 0) => "no-route",
        (false, 3, _) | (true, 1, _) => "unreachable",
        (true, 2, _) => "packet-too-big",
        (false, 4, _) => "source-quench",
        (false, 5, _) => "redirect",
        (false, 11, _) | (true, 3, _) => "time-exceeded",
        (false, 12, _) | (true, 4, _) => "parameter-problem",
        _ => return None,
    })
}

/// True for an error that turns a connection attempt down.
pub(crate) fn is_refusal(error: &str) -> bool {
    error.ends_with("unreachable") || error == "administratively-prohibited" || error == "no-route"
}

/// The connection of a quoted packet, in the direction it was sent.
pub(crate) fn tuple_of(quoted: &Quoted) -> Option<Tuple> {
    let (sport, dport) = quoted.ports?;
    let (transport, dport, is_one_way) = match quoted.protocol {
        6 => (Transport::Tcp, dport, false),
        17 => (Transport::Udp, dport, false),
        132 => (Transport::Sctp, dport, false),
        1 | 58 => {
            let (kind, code) = (u8::try_from(sport).ok()?, u8::try_from(dport).ok()?);
            let (port, one_way) = counterpart(quoted.protocol == 58, kind, code);
            (Transport::Icmp, u16::from(port), one_way)
        }
        _ => return None,
    };
    let (src, dst) = ((quoted.src, sport), (quoted.dst, dport));
    Some(Tuple { transport, src, dst, is_one_way, has_ports: true })
}

/// What an ICMP error says, and the connection that it speaks of, in the direction of the packet
/// that it quotes; `None` for any other packet.
pub(crate) fn error_about(d: &Decoded<'_>) -> Option<(&'static str, Tuple)> {
    let L4::Icmp { is_v6, kind, code, rest, .. } = d.l4 else { return None };
    let name = error_name(is_v6, kind, code)?;
    Some((name, tuple_of(&quoted(is_v6, kind, rest)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::quoted;
    use std::net::{IpAddr, Ipv4Addr};

    /// A port-unreachable's rest, from `tunnel/zeek__tunnels_gre-sample.pcap` of the test corpus:
    /// a DNS query of 66.59.111.190:37675 to 172.28.2.3.
    const REST: &[u8] = &[
        0, 0, 0, 0, 0x45, 0, 0, 0x3d, 0xb1, 0x9d, 0x40, 0, 0x40, 0x11, 0, 0, 66, 59, 111, 190, 172,
        28, 2, 3, 0x93, 0x2b, 0, 53, 0, 0x29, 0, 0,
    ];

    #[test]
    fn the_quoted_packet_names_its_connection() {
        let tuple = quoted(false, 3, REST).and_then(|q| tuple_of(&q)).unwrap();
        assert_eq!(tuple.transport, Transport::Udp);
        assert_eq!((tuple.src.1, tuple.dst.1), (37675, 53));
        assert_eq!(tuple.src.0, IpAddr::V4(Ipv4Addr::new(66, 59, 111, 190)));
        assert_eq!(quoted(false, 3, &REST[..24]).and_then(|q| tuple_of(&q)), None);
    }

    #[test]
    fn errors_have_no_counterpart_and_echo_has() {
        assert_eq!(counterpart(false, 8, 0), (0, false));
        assert_eq!(counterpart(false, 3, 3), (3, true));
        assert_eq!(counterpart(true, 131, 0), (130, false));
        assert_eq!(error_name(true, 1, 4), Some("port-unreachable"));
        assert!(is_refusal("port-unreachable") && !is_refusal("time-exceeded"));
    }
}
