//! Packets to streams: link layers, IP, tunnels, the flow table, reassembly.
//!
//! Decoding one packet ([`Packet`] to [`Decoded`]) needs no other packet but its fragments; what
//! belongs to a connection happens behind it, in the flow table. So flows can be shared out over
//! workers by address pair one day, and decoding cannot depend on them.

mod arp;
mod checksum;
pub(crate) mod community_id;
mod conversation;
pub mod decode;
mod defrag;
mod deliver;
pub mod duplicate;
mod flow;
mod flow_table;
mod flows;
mod follow;
mod history;
pub(crate) mod icmp;
mod identify;
mod ip;
pub(crate) mod key;
mod left;
mod link;
mod locality;
pub(crate) mod ports;
mod reassembly;
mod recent;
pub(crate) mod show;
mod tcp;
mod transport;
mod tunnel;
mod tunnel_path;

pub use arp::Arp;
pub use decode::{Decoder, Found, Outcome, Reason};
pub use flows::Flows;
pub(crate) use follow::Streams;
pub(crate) use icmp::error_about;
pub(crate) use key::{Key, Tuple, flow_mark};
pub(crate) use locality::is_local;
pub(crate) use reassembly::{Budget, Piece};
pub(crate) use show::tcp_flags;
pub use transport::{Quoted, quoted};
pub use tunnel::{Tunnel, TunnelKind};

use crate::event::{NodeId, Origin};
use crate::source::Sink;
use crate::time::Time;
use std::net::IpAddr;

/// One captured packet, as the file has it.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// When it was captured; `None` where the file has no time for it, as pcapng's simple packets.
    pub ts: Option<Time>,
    /// Its place: packet number, offset and length of its record.
    pub at: Origin,
    /// Link type by the tcpdump registry.
    pub link_type: u16,
    /// Which interface of its node captured it, from 0.
    pub interface: u32,
    /// Its length on the wire.
    pub wire_len: u32,
    /// Its captured bytes.
    pub data: &'a [u8],
}

/// What takes decoded packets: the flow table and all behind it.
pub trait Packets {
    /// Takes one IP packet. A captured packet gives several where a tunnel runs over UDP: the outer
    /// datagram first, then what it carries, which names it in [`Decoded::tunnels`].
    fn packet(&mut self, packet: &Packet<'_>, decoded: Decoded<'_>, out: &mut dyn Sink);
    /// Sees each captured packet before it is decoded, whatever becomes of it.
    fn captured(&mut self, _packet: &Packet<'_>) {}
    /// The packet is a fragment and waits for others: [`Decoded::fragments`] of the one that
    /// completes them will tell its place.
    fn held(&mut self, _packet: &Packet<'_>) {}
    /// The other captures with packets of connections that went on in this one.
    fn take_gone_on(&mut self, _node: NodeId) -> Vec<NodeId> {
        Vec::new()
    }
    /// The capture is at its end: what is open goes out.
    fn finish(&mut self, out: &mut dyn Sink);
}

/// One IP packet of a captured packet, defragmented, with the tunnels around it.
#[derive(Debug, Clone)]
pub struct Decoded<'a> {
    /// Sender.
    pub src: IpAddr,
    /// Receiver.
    pub dst: IpAddr,
    /// IP protocol number of the payload, after IPv6 extension headers.
    pub protocol: u8,
    /// Bytes of the IP packet by its own header, header included; of the wire where that says 0.
    pub ip_len: u32,
    /// The same by the header's own word alone, which is what Zeek sums up: of a packet that was
    /// captured before the network card cut it to size it is 0, or the fixed header of IPv6.
    pub told_len: u32,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// VLAN ids, outer first.
    pub vlans: [Option<u16>; 2],
    /// The tunnels around it, outermost first; empty without any.
    pub tunnels: &'a [Tunnel],
    /// The tunnel that this UDP datagram carries: its content follows as a packet of its own, and
    /// its payload is no application's.
    pub carries: Option<TunnelKind>,
    /// Places of the packets before it whose fragments it was joined from; empty for a whole one.
    pub fragments: &'a [Origin],
    /// The transport layer.
    pub l4: L4<'a>,
}

impl Decoded<'_> {
    /// Sender and receiver, with ports where the protocol has some: what [`flow_mark`] hashes, for
    /// the index of blocks.
    pub(crate) const fn ends(&self) -> [(IpAddr, u16); 2] {
        let (sport, dport) = match self.l4 {
            L4::Tcp { src, dst, .. } | L4::Udp { src, dst, .. } | L4::Sctp { src, dst, .. } => {
                (src, dst)
            }
            L4::Icmp { .. } | L4::Other { .. } => (0, 0),
        };
        [(self.src, sport), (self.dst, dport)]
    }
}

/// A transport header with its payload, as far as it was captured.
#[derive(Debug, Clone, Copy)]
pub enum L4<'a> {
    /// TCP.
    Tcp {
        /// Source port.
        src: u16,
        /// Destination port.
        dst: u16,
        /// Sequence number.
        seq: u32,
        /// Acknowledgement number.
        ack: u32,
        /// The flags of RFC 9293's octet: CWR ECE URG ACK PSH RST SYN FIN from the high bit.
        flags: u8,
        /// Window, not scaled.
        window: u16,
        /// Captured payload.
        payload: &'a [u8],
        /// Payload length by the IP header: more than captured when the packet was cut.
        payload_len: u32,
        /// False when the checksum is that of a whole packet and wrong, and not left to the network
        /// card.
        is_checksum_ok: bool,
    },
    /// UDP.
    Udp {
        /// Source port.
        src: u16,
        /// Destination port.
        dst: u16,
        /// Captured payload.
        payload: &'a [u8],
        /// Payload length by the UDP header.
        payload_len: u32,
        /// False when the checksum was computed over a whole packet and is wrong.
        is_checksum_ok: bool,
    },
    /// SCTP.
    Sctp {
        /// Source port.
        src: u16,
        /// Destination port.
        dst: u16,
        /// Captured chunks, behind the common header.
        payload: &'a [u8],
        /// Their length by the IP header.
        payload_len: u32,
    },
    /// ICMP or ICMPv6.
    Icmp {
        /// True for ICMPv6.
        is_v6: bool,
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
        /// Everything behind the checksum, as far as captured: for errors the quoted packet follows
        /// four bytes of it.
        rest: &'a [u8],
        /// Length of the ICMP message behind its 8-byte header, by the IP header.
        payload_len: u32,
    },
    /// Another protocol, or a transport header that was not captured whole.
    Other {
        /// Captured payload of the IP packet.
        payload: &'a [u8],
        /// Its length by the IP header.
        payload_len: u32,
    },
}
