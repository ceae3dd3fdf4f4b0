//! `conn`: one connection, as Zeek's conn.log.

use crate::event::record;
use crate::event::value::StringSet;
use crate::text::Text;
use crate::time::Interval;

record! {
    /// One connection of TCP, or one exchange of UDP or ICMP between two endpoints.
    Conn "conn" {
        /// Application protocols seen by content, as Zeek names them; never guessed from a port. From a log: what the log says.
        service: StringSet = "service",
        /// Time from the first packet to the last. Flow records: as the exporter says.
        duration: Option<Interval> = "duration",
        /// Payload bytes of the originator; TCP by sequence numbers.
        orig_bytes: Option<u64> = "orig_bytes",
        /// Payload bytes of the responder; TCP by sequence numbers.
        resp_bytes: Option<u64> = "resp_bytes",
        /// Zeek's summary of the connection: S0 attempt, no reply; S1 established, not closed; SF normal; REJ refused; S2, S3 half closed; RSTO, RSTR aborted by orig, resp; RSTOS0 SYN then RST by orig; RSTRH SYN-ACK then RST by resp; SH SYN then FIN by orig; SHR SYN-ACK then FIN by resp; OTH midstream.
        conn_state: Option<&'static str> = "conn_state",
        /// True when the originator's address is private. Unset when the source does not say.
        local_orig: Option<bool> = "local_orig",
        /// True when the responder's address is private.
        local_resp: Option<bool> = "local_resp",
        /// Bytes of the stream that the capture does not hold.
        missed_bytes: Option<u64> = "missed_bytes",
        /// Zeek's history letters: s SYN, h SYN-ACK, a ACK, d data, f FIN, r RST, c bad checksum, g gap, t retransmission, w zero window, i inconsistent, q multi-flag, ^ flipped; upper case from the originator.
        history: Option<Text> = "history",
        /// Packets of the originator.
        orig_pkts: Option<u64> = "orig_pkts",
        /// Bytes of the originator at IP level, headers included. From packets: the sum of the IP headers' lengths, as Zeek; a packet captured before its network card filled them in adds none.
        orig_ip_bytes: Option<u64> = "orig_ip_bytes",
        /// Packets of the responder.
        resp_pkts: Option<u64> = "resp_pkts",
        /// Bytes of the responder at IP level, headers included, as those of the originator.
        resp_ip_bytes: Option<u64> = "resp_ip_bytes",
        /// The tunnels around this connection: from packets, outermost first, as `kind outer-orig>outer-resp`; from Zeek, uids.
        tunnel_parents: Vec<Text> = "tunnel_parents",
        /// Outer VLAN id.
        vlan: Option<u16> = "vlan",
        /// Inner VLAN id.
        inner_vlan: Option<u16> = "inner_vlan",
        /// True when the responder sent anything in reply (a refusal included), false when it is known that it did not. Filled from the flow table, `conn_state` or `history`, EVE `flow.state`, TCP flags, or the paired record of an exporter that is seen to export both directions. Unset when that is not known.
        answered: Option<bool> = "answered",
        /// True when the answer was a refusal: TCP RST to a SYN, ICMP unreachable. Unset when that is not known.
        refused: Option<bool> = "refused",
        /// Union of the originator's TCP flags as letters of UAPRSF, where a flow record carries them.
        orig_flags: Option<Text> = "orig_flags",
        /// Union of the responder's TCP flags as letters of UAPRSF, where a flow record carries them.
        resp_flags: Option<Text> = "resp_flags",
        /// How it is known which side is the originator: observed (its SYN or first packet), reported (by a log), inferred (by port rule), or assumed.
        direction: Option<&'static str> = "direction",
        /// ICMP errors that speak of this connection, such as `port-unreachable`.
        icmp_errors: StringSet = "icmp_errors",
        /// True when the evidence ends with the connection still open.
        partial: Option<bool> = "partial",
    }
}
