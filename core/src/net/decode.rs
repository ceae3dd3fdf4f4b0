//! Decodes one captured packet: link layer, IP, fragments, tunnels, transport header.

use super::arp::{self, Arp};
use super::defrag::{Came, Fragments, Joined, MAX_HELD};
use super::duplicate::{By, Recent, Windows};
use super::ip::{self, Ip};
use super::link::{self, Layer, Next, Vlans};
use super::tunnel::{self, MAX_TUNNELS, Tunnel, TunnelKind};
use super::{Decoded, L4, Packet, transport};
use crate::event::{NodeId, Origin};
use crate::settings::Settings;
use crate::time::Time;
use std::fmt;
use std::hash::BuildHasher;
use std::net::IpAddr;

/// Headers before IP that are taken off at most, tags and labels included. No real frame has half
/// as many.
pub(super) const MAX_HEADERS: usize = 24;

/// Turns captured packets into IP packets. Its only state is what waits for further fragments.
#[derive(Debug)]
pub struct Decoder {
    fragments: Fragments,
    recent: Recent,
    /// Which of several taps captured the next packet.
    tap: u32,
    /// Another tap may bring a copy of it later.
    has_taps: bool,
    path: Vec<Tunnel>,
    /// Where the fragments before this packet came that it completes.
    joined: Vec<Origin>,
    hasher: foldhash::quality::FixedState,
}

/// What a captured packet holds, given out as it is found.
#[derive(Debug)]
pub enum Found<'a> {
    /// An ARP packet.
    Arp(Arp),
    /// An IP packet.
    Ip(Decoded<'a>),
    /// Something odd about it, by Zeek's name, between these two.
    Odd {
        /// Zeek's name of it.
        name: &'static str,
        /// Sender.
        src: IpAddr,
        /// Receiver.
        dst: IpAddr,
    },
}

/// What became of a captured packet: exactly one of these, so that counts add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// At least one IP or ARP packet was given out.
    Decoded,
    /// It is a second copy of a packet before it, which this capture holds, and is left out of
    /// everything.
    Duplicate(NodeId),
    /// It is a fragment and waits for others; the packet that completes it counts as decoded.
    Fragment,
    /// It holds nothing that could be decoded, and why.
    Undecoded(Reason),
}

/// Why a packet was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// ARP that is cut, or not for IPv4 over Ethernet.
    Arp,
    /// Captured bytes end inside this header.
    Cut(&'static str),
    /// Encrypted at this layer.
    Encrypted(&'static str),
    /// No EtherType that is decoded.
    EtherType(u16),
    /// No address family that is decoded.
    Family(u32),
    /// A fragment that fits no datagram.
    Fragment,
    /// The capture does not describe the interface that the packet names.
    Interface,
    /// IP of this version.
    IpVersion(u8),
    /// No link type that is decoded.
    LinkType(u16),
    /// No LLC service access point that is decoded.
    Llc(u8),
    /// A header that contradicts itself.
    Malformed(&'static str),
    /// The link's own business, such as management frames.
    NotData(&'static str),
    /// No PPP protocol that is decoded.
    Ppp(u16),
    /// More headers than [`MAX_HEADERS`].
    TooDeep,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |f: &mut fmt::Formatter<'_>, name: Option<&str>| match name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        };
        match self {
            Self::Arp => f.write_str("ARP of another kind"),
            Self::Cut(layer) => write!(f, "cut inside its {layer} header"),
            Self::Encrypted(layer) => write!(f, "encrypted {layer}"),
            Self::EtherType(n) => {
                write!(f, "EtherType 0x{n:04x}")?;
                known(f, link::ether_type_name(*n))
            }
            Self::Family(n) => write!(f, "address family {n}"),
            Self::Fragment => f.write_str("fragment that fits no datagram"),
            Self::Interface => f.write_str("unknown interface"),
            Self::IpVersion(n) => write!(f, "IP version {n}"),
            Self::LinkType(n) => {
                write!(f, "link type {n}")?;
                known(f, link::link_type_name(*n))
            }
            Self::Llc(n) => {
                write!(f, "LLC service access point 0x{n:02x}")?;
                known(f, link::sap_name(*n))
            }
            Self::Malformed(layer) => write!(f, "malformed {layer} header"),
            Self::NotData(what) => f.write_str(what),
            Self::Ppp(n) => {
                write!(f, "PPP protocol 0x{n:04x}")?;
                known(f, link::ppp_name(*n))
            }
            Self::TooDeep => write!(f, "more than {MAX_HEADERS} headers before IP"),
        }
    }
}

impl Decoder {
    /// A decoder with the case's seed and window for packets seen twice.
    pub fn new(settings: &Settings) -> Self {
        let seed = settings.seed;
        Self {
            fragments: Fragments::new(seed, MAX_HELD),
            recent: Recent::new(seed, Windows::of(settings)),
            tap: 0,
            has_taps: false,
            path: Vec::new(),
            joined: Vec::new(),
            hasher: foldhash::quality::FixedState::with_seed(seed),
        }
    }

    /// The next packet is one of this tap, and this is its turn; other taps' packets come from
    /// `others` on.
    pub(crate) fn take_turn(&mut self, tap: u32, turn: Time, others: Option<Time>) {
        self.tap = tap;
        self.has_taps = others.is_some_and(|others| self.recent.is_near(turn, others));
    }

    /// Decodes a packet and gives out what it holds: of a tunnel over UDP the outer datagram, then
    /// what it carries; of other tunnels only the innermost packet that could be read.
    pub fn decode(&mut self, packet: &Packet<'_>, on: &mut dyn FnMut(Found<'_>)) -> Outcome {
        self.path.clear();
        self.joined.clear();
        let first =
            Layer { next: Next::Link(packet.link_type), data: packet.data, wire: packet.wire_len };
        let mut walk = Walk { decoder: self, packet, on, vlans: [None; 2] };
        match walk.layers(first) {
            Ok(Got::Decoded) => Outcome::Decoded,
            Ok(Got::Duplicate(first)) => Outcome::Duplicate(first),
            Ok(Got::Fragment) => Outcome::Fragment,
            Err(why) => Outcome::Undecoded(why),
        }
    }

    /// Fragments that still wait for others.
    pub fn fragments_waiting(&self) -> u64 {
        self.fragments.waiting()
    }

    /// Fragments that were given up: no room, or the rest came too late.
    pub const fn fragments_dropped(&self) -> u64 {
        self.fragments.dropped
    }
}

enum Got {
    Decoded,
    Duplicate(NodeId),
    Fragment,
}

/// One packet's way down.
struct Walk<'d> {
    decoder: &'d mut Decoder,
    packet: &'d Packet<'d>,
    on: &'d mut dyn FnMut(Found<'_>),
    vlans: Vlans,
}

impl Walk<'_> {
    /// From a link layer header down to IP.
    fn layers(&mut self, mut layer: Layer<'_>) -> Result<Got, Reason> {
        for _ in 0..MAX_HEADERS {
            match layer.next {
                Next::Ip => return self.ip(&ip::parse(layer.data, layer.wire)?),
                Next::Arp => return self.arp(layer),
                Next::Amsdu => return self.subframes(layer),
                _ => layer = link::peel(layer, &mut self.vlans)?,
            }
        }
        Err(Reason::TooDeep)
    }

    fn arp(&mut self, layer: Layer<'_>) -> Result<Got, Reason> {
        let found = arp::parse(layer.data).ok_or(Reason::Arp)?;
        let by = self.by();
        if let Some(first) = self.decoder.recent.copied_arp(layer.data, by) {
            return Ok(Got::Duplicate(first));
        }
        (self.on)(Found::Arp(found));
        Ok(Got::Decoded)
    }

    const fn by(&self) -> By {
        let Decoder { tap, has_taps, .. } = *self.decoder;
        By { ts: self.packet.ts, tap, has_taps, node: self.packet.at.node }
    }

    /// Each 802.11 subframe; one that decodes is enough.
    fn subframes(&mut self, mut layer: Layer<'_>) -> Result<Got, Reason> {
        let mut got = Err(Reason::Cut("802.11 subframe"));
        while !layer.data.is_empty() {
            let (body, rest) = match link::subframe(layer) {
                Ok(both) => both,
                Err(why) => return got.or(Err(why)),
            };
            let this = self.layers(body);
            got = if got.is_ok() { got } else { this };
            layer = rest;
        }
        got
    }

    /// An IP packet: joined first if it is a fragment. The outermost tells whether all was seen
    /// before.
    fn ip(&mut self, ip: &Ip<'_>) -> Result<Got, Reason> {
        let by = self.by();
        let is_outermost = self.decoder.path.is_empty();
        let recent = &mut self.decoder.recent;
        if let Some(first) = is_outermost.then(|| recent.copied(ip, by)).flatten() {
            return Ok(Got::Duplicate(first));
        }
        let Some(part) = ip.fragment else { return self.whole(ip) };
        let scope = self.scope();
        let (src, dst) = (ip.src, ip.dst);
        let on = &mut *self.on;
        let odd = &mut |name| on(Found::Odd { name, src, dst });
        let Decoder { fragments, joined, .. } = &mut *self.decoder;
        let came = Came { ts: self.packet.ts, at: self.packet.at, around: joined };
        match fragments.add(ip, part, scope, came, odd) {
            Joined::Held => Ok(Got::Fragment),
            Joined::Refused => Err(Reason::Fragment),
            Joined::Whole { data, len, protocol, places } => {
                self.decoder.joined.extend(places);
                self.whole(&Ip { protocol, ..*ip }.joined(&data, len))
            }
        }
    }

    /// What sets apart equal addresses and ids: the tunnels and VLANs around them.
    fn scope(&self) -> u64 {
        self.decoder.hasher.hash_one((&self.decoder.path, self.vlans))
    }

    /// An IP packet with all its payload: a tunnel's outside, or the end of the way.
    fn whole(&mut self, ip: &Ip<'_>) -> Result<Got, Reason> {
        if let Some((kind, id, layer)) = tunnel::over_ip(ip) {
            let outside = Tunnel { kind, src: ip.src, dst: ip.dst, ports: None, id };
            // A tunnel that holds nothing readable is a connection of its protocol number.
            if let Some(Ok(got)) = self.inside(outside, layer) {
                return Ok(got);
            }
        }
        let l4 = transport::parse(ip);
        let inner = match l4 {
            L4::Udp { src, dst, payload, payload_len, .. } => {
                tunnel::over_udp((src, dst), payload, payload_len).map(|(kind, id, layer)| {
                    let ports = Some((src, dst));
                    (Tunnel { kind, src: ip.src, dst: ip.dst, ports, id }, layer)
                })
            }
            _ => None,
        };
        self.give(ip, l4, inner.map(|(outside, _)| outside.kind));
        if let Some((outside, layer)) = inner {
            self.inside(outside, layer);
        }
        Ok(Got::Decoded)
    }

    /// What a tunnel holds; `None` when tunnels are too deep.
    fn inside(&mut self, outside: Tunnel, layer: Layer<'_>) -> Option<Result<Got, Reason>> {
        if self.decoder.path.len() >= MAX_TUNNELS {
            let (name, src, dst) = ("exceeded_tunnel_max_depth", outside.src, outside.dst);
            (self.on)(Found::Odd { name, src, dst });
            return None;
        }
        self.decoder.path.push(outside);
        let vlans = std::mem::take(&mut self.vlans);
        let got = self.layers(layer);
        self.vlans = vlans;
        self.decoder.path.pop();
        Some(got)
    }

    fn give(&mut self, ip: &Ip<'_>, l4: L4<'_>, carries: Option<TunnelKind>) {
        (self.on)(Found::Ip(Decoded {
            src: ip.src,
            dst: ip.dst,
            protocol: ip.protocol,
            ip_len: ip.len,
            told_len: ip.told_len,
            ttl: ip.ttl,
            vlans: self.vlans,
            tunnels: &self.decoder.path,
            carries,
            fragments: &self.decoder.joined,
            l4,
        }));
    }
}
