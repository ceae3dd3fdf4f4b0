//! Link layers: from a captured frame to the IP packet in it, one header at a time.
//!
//! Each function takes one header off and says what comes next. A new link type is one line in
//! [`frame`], and a function if its header is not known yet.

mod ethernet;
mod names;
mod ppp;
mod wan;
mod wifi;
mod wrapped;

pub(super) use names::{ether_type_name, link_type_name, ppp_name, sap_name};
pub(super) use wifi::subframe;

use super::decode::Reason;

/// What the next header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A frame of a link type by the tcpdump registry.
    Link(u16),
    /// What an EtherType says.
    Ether(u16),
    /// An LLC header (IEEE 802.2).
    Llc,
    /// A PPP protocol field.
    Ppp,
    /// An IP header of either version.
    Ip,
    /// An ARP packet.
    Arp,
    /// 802.11 subframes, several to a frame.
    Amsdu,
}

/// A header yet to be read, with everything behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    pub next: Next,
    /// Captured bytes from the header on.
    pub data: &'a [u8],
    /// Their length on the wire.
    pub wire: u32,
}

impl<'a> Layer<'a> {
    /// What comes behind a header of `len` bytes.
    pub(super) fn after(self, len: usize, next: Next) -> Result<Self, Reason> {
        let data = self.data.get(len..).ok_or(Reason::Cut("link layer"))?;
        Ok(Self { next, data, wire: self.wire.saturating_sub(len as u32) })
    }

    /// The same, of at most `len` bytes: what is behind is padding or a checksum.
    pub(super) fn limited(self, len: u32) -> Self {
        let data = self.data.get(..len as usize).unwrap_or(self.data);
        Self { data, wire: self.wire.min(len), ..self }
    }

    /// `N` bytes at `at`.
    pub(super) fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], Reason> {
        let bytes = self.data.get(at..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or(Reason::Cut("link layer"))
    }

    /// Two bytes at `at`, network order.
    pub(super) fn be16(&self, at: usize) -> Result<u16, Reason> {
        self.array(at).map(u16::from_be_bytes)
    }
}

/// VLAN ids on the way, outer first; a third and further ones are passed over.
pub(super) type Vlans = [Option<u16>; 2];

/// Takes one header off.
pub(super) fn peel<'a>(layer: Layer<'a>, vlans: &mut Vlans) -> Result<Layer<'a>, Reason> {
    match layer.next {
        Next::Link(link_type) => frame(link_type, layer),
        Next::Ether(ether_type) => ethernet::ether_type(ether_type, layer, vlans),
        Next::Llc => ethernet::llc(layer),
        Next::Ppp => ppp::protocol(layer),
        Next::Ip | Next::Arp | Next::Amsdu => Ok(layer),
    }
}

/// Ethernet's number in the tcpdump registry.
pub(super) const ETHERNET: u16 = 1;
/// 802.11's number in the tcpdump registry.
pub(super) const WIFI: u16 = 105;

/// A frame of a link type, by the numbers of the tcpdump registry; 14 and 18 are numbers that some
/// systems write for raw IP and PPP in their own numbering.
fn frame(link_type: u16, layer: Layer<'_>) -> Result<Layer<'_>, Reason> {
    match link_type {
        ETHERNET => ethernet::frame(layer),
        0 | 108 => wrapped::null(layer),
        6 => ethernet::token_ring(layer),
        7 => wan::arcnet(layer, 3),
        129 => wan::arcnet(layer, 5),
        9 | 16 => ppp::frame(layer),
        10 => ethernet::fddi(layer),
        11 | 100 => Ok(Layer { next: Next::Llc, ..layer }),
        12 | 14 | 101 | 228 | 229 => Ok(Layer { next: Next::Ip, ..layer }),
        50 => ppp::hdlc(layer),
        51 => ppp::pppoe(layer),
        104 => wan::cisco_hdlc(layer),
        WIFI => wifi::frame(layer),
        107 => wan::frame_relay(layer),
        109 => layer.after(12, Next::Ip),
        113 => wrapped::cooked(layer),
        117 => wrapped::pflog(layer),
        119 => wifi::prism(layer),
        122 => layer.after(16, Next::Llc),
        127 => wifi::radiotap(layer),
        138 => wrapped::ether_type_at(layer, 16),
        149 | 258 => wrapped::pktap(layer),
        163 => wifi::avs(layer),
        166 | 204 => layer.after(1, Next::Link(9)),
        178 => wan::juniper(layer, Next::Link(ETHERNET)),
        179 => wan::juniper(layer, Next::Ppp),
        180 => wan::juniper(layer, Next::Link(107)),
        181 => wan::juniper(layer, Next::Link(104)),
        192 => wifi::ppi(layer),
        205 => layer.after(1, Next::Link(104)),
        206 => layer.after(1, Next::Link(107)),
        226 => layer.after(24, Next::Ip),
        239 => wrapped::nflog(layer),
        240 => layer.after(4, Next::Link(ETHERNET)),
        241 => layer.after(12, Next::Link(ETHERNET)),
        274 => layer.after(8, Next::Link(ETHERNET)),
        276 => wrapped::cooked2(layer),
        _ => Err(Reason::LinkType(link_type)),
    }
}
