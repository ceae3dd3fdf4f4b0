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

#[cfg(test)]
mod tests {
    use super::*;

    /// IPv4, 20 bytes of header and nothing behind, 10.0.0.1 to 10.0.0.2.
    const IP: &str = "4500001400010000401100000a0000010a000002";

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: String = hex.split_whitespace().collect();
        base16ct::lower::decode_vec(hex.as_bytes()).unwrap()
    }

    /// Down to IP: what is left, and the VLAN ids on the way.
    fn down(next: Next, data: &[u8]) -> Result<(Next, Vec<u8>, Vlans), Reason> {
        let mut vlans = [None; 2];
        let mut layer = Layer { next, data, wire: data.len() as u32 };
        while !matches!(layer.next, Next::Ip | Next::Arp | Next::Amsdu) {
            layer = peel(layer, &mut vlans)?;
        }
        Ok((layer.next, layer.data.to_vec(), vlans))
    }

    #[track_caller]
    fn leads_to_ip(link_type: u16, header: &str) {
        let frame = bytes(&format!("{header} {IP}"));
        let (next, rest, _) = down(Next::Link(link_type), &frame).unwrap();
        assert_eq!((next, rest), (Next::Ip, bytes(IP)), "link type {link_type}");
        // Cut anywhere inside the header, it is told and nothing panics.
        for len in 0..frame.len() - 20 {
            let _ = down(Next::Link(link_type), &frame[..len]);
        }
    }

    const MACS: &str = "020000000001 020000000002";

    #[test]
    fn ethernet_and_what_comes_before_its_payload() {
        leads_to_ip(1, &format!("{MACS} 0800"));
        // LLC and SNAP, and LLC's own number for IP, behind a length.
        leads_to_ip(1, &format!("{MACS} 001c aaaa03 000000 0800"));
        leads_to_ip(1, &format!("{MACS} 0017 060603"));
        // PPPoE, with the protocol field whole and compressed.
        leads_to_ip(1, &format!("{MACS} 8864 1100 0001 0016 0021"));
        leads_to_ip(1, &format!("{MACS} 8864 1100 0001 0015 21"));
        // One label, three labels, a pseudowire with and without a control word.
        leads_to_ip(1, &format!("{MACS} 8847 000101ff"));
        leads_to_ip(1, &format!("{MACS} 8847 000100ff 000200ff 000301ff"));
        leads_to_ip(1, &format!("{MACS} 8847 000101ff 00000000 {MACS} 0800"));
        leads_to_ip(1, &format!("{MACS} 8847 000101ff {MACS} 0800"));
        // A provider's backbone bridge, VN-Tag, E-tag, MACsec without encryption.
        leads_to_ip(1, &format!("{MACS} 88e7 00000001 {MACS} 0800"));
        leads_to_ip(1, &format!("{MACS} 8926 00000000 0800"));
        leads_to_ip(1, &format!("{MACS} 893f 000000000000 0800"));
        leads_to_ip(1, &format!("{MACS} 88e5 00 00 00000001 0800"));
        leads_to_ip(1, &format!("{MACS} 88e5 20 00 00000001 0000000000000001 0800"));
        leads_to_ip(1, &format!("{MACS} 8909 01 01 0001 0002 0800"));
    }

    #[test]
    fn vlan_ids_are_kept_two_deep_outer_first() {
        let frame = bytes(&format!("{MACS} 88a8 2064 8100 0fff 8100 0007 0800 {IP}"));
        let (_, rest, vlans) = down(Next::Link(1), &frame).unwrap();
        assert_eq!((rest, vlans), (bytes(IP), [Some(0x64), Some(0xfff)]));
    }

    #[test]
    fn padding_behind_an_802_3_length_is_left_out() {
        let frame = bytes(&format!("{MACS} 001c aaaa03 000000 0800 {IP} 00000000"));
        assert_eq!(down(Next::Link(1), &frame).unwrap().1, bytes(IP));
    }

    #[test]
    fn other_link_types_lead_to_ip() {
        for raw in [12, 14, 101, 228, 229] {
            leads_to_ip(raw, "");
        }
        for order in ["02000000", "00000002", "0a000000", "1e000000", "0000001c"] {
            leads_to_ip(0, order);
            leads_to_ip(108, order);
        }
        leads_to_ip(6, "1040 020000000001 020000000002 aaaa03 000000 0800");
        leads_to_ip(6, "1040 020000000001 820000000002 0610 0011 0021 aaaa03 000000 0800");
        leads_to_ip(7, "0102 f0");
        leads_to_ip(129, "0102 0000 d4 00 0001");
        leads_to_ip(129, "0102 0000 d4 ff ffff d4 00 0001");
        for ppp in [9, 16, 50] {
            leads_to_ip(ppp, "ff03 0021");
            leads_to_ip(ppp, "0021");
            leads_to_ip(ppp, "21");
            leads_to_ip(ppp, "0f00 0800");
            leads_to_ip(ppp, "8f00 0800");
        }
        leads_to_ip(10, "50 020000000001 020000000002 aaaa03 000000 0800");
        leads_to_ip(11, "aaaa03 000000 0800");
        leads_to_ip(50, "0f00 0800");
        leads_to_ip(51, "1100 0001 0016 0021");
        leads_to_ip(104, "0f00 0800");
        leads_to_ip(107, "1841 03 cc");
        leads_to_ip(107, "1841 03 00 80 000000 0800");
        leads_to_ip(107, "1841 0800");
        leads_to_ip(109, "02000000 00000000 00000000");
        leads_to_ip(113, "0000 0001 0006 0200000000010000 0800");
        leads_to_ip(117, &format!("3d 02 {}", "00".repeat(62)));
        leads_to_ip(138, "0102030405060708 0102030405060708 0800");
        leads_to_ip(166, "01 0021");
        leads_to_ip(178, &format!("4d4743 00 {MACS} 0800"));
        leads_to_ip(178, &format!("4d4743 80 0002 abcd {MACS} 0800"));
        leads_to_ip(178, "4d4743 02 02000000");
        leads_to_ip(179, "4d4743 00 0021");
        leads_to_ip(180, "4d4743 00 1841 03 cc");
        leads_to_ip(181, "4d4743 00 0f00 0800");
        leads_to_ip(204, "00 ff03 0021");
        leads_to_ip(205, "00 0f00 0800");
        leads_to_ip(206, "00 1841 03 cc");
        leads_to_ip(226, &"01".repeat(24));
        leads_to_ip(239, "02 00 0000 0800 0100 00000000 1800 0900");
        leads_to_ip(239, "02 00 0000 0008 0001 00000000 0018 0009");
        leads_to_ip(240, &format!("00000000 {MACS} 0800"));
        leads_to_ip(241, &format!("{} {MACS} 0800", "00".repeat(12)));
        leads_to_ip(274, &format!("55555555555555d5 {MACS} 0800"));
        leads_to_ip(276, "0800 0000 00000001 0001 00 06 0200000000010000");
        let pktap = |link_type| format!("6c000000 01000000 {link_type}000000 {}", "00".repeat(96));
        leads_to_ip(258, &pktap("0c"));
        leads_to_ip(149, &format!("{} {MACS} 0800", pktap("01")));
    }

    #[test]
    fn wireless_data_frames_lead_to_ip() {
        const FRAME: &str = "0801 0000 020000000001 020000000002 020000000003 0000";
        const LLC: &str = "aaaa03 000000 0800";
        leads_to_ip(105, &format!("{FRAME} {LLC}"));
        // Quality of service; both directions' addresses; HT control.
        leads_to_ip(105, &format!("88{} 0000 {LLC}", &FRAME[2..]));
        leads_to_ip(105, &format!("0803{} 020000000004 {LLC}", &FRAME[4..]));
        leads_to_ip(105, &format!("8881{} 0000 00000000 {LLC}", &FRAME[4..]));
        // Radiotap bare; with time stamp and flags that tell of padding (24 bytes need none).
        leads_to_ip(127, &format!("0000 0800 00000000 {FRAME} {LLC}"));
        leads_to_ip(
            127,
            &format!("0000 1900 03000000 {} 20 0000000000000000 {FRAME} {LLC}", "00".repeat(8)),
        );
        // The padding itself, behind a header of 26 bytes.
        let qos = format!("88{} 0000", &FRAME[2..]);
        leads_to_ip(127, &format!("0000 0900 02000000 20 {qos} 0000 {LLC}"));
        leads_to_ip(119, &format!("44000000 90000000 {} {FRAME} {LLC}", "00".repeat(136)));
        leads_to_ip(119, &format!("80211001 00000040 {} {FRAME} {LLC}", "00".repeat(56)));
        leads_to_ip(163, &format!("80211001 00000040 {} {FRAME} {LLC}", "00".repeat(56)));
        leads_to_ip(192, &format!("0000 0800 69000000 {FRAME} {LLC}"));
    }

    #[test]
    fn what_is_no_ip_has_a_reason_with_a_name() {
        let why = |link_type, hex: &str| {
            down(Next::Link(link_type), &bytes(hex)).unwrap_err().to_string()
        };
        assert_eq!(why(147, ""), "link type 147 (private use)");
        assert_eq!(why(1, &format!("{MACS} 88cc")), "EtherType 0x88cc (LLDP)");
        assert_eq!(
            why(1, &format!("{MACS} 0026 424203")),
            "LLC service access point 0x42 (spanning tree)"
        );
        assert_eq!(why(9, "c021"), "PPP protocol 0xc021 (LCP)");
        assert_eq!(why(51, "1109 0000 0000"), "PPPoE discovery");
        assert_eq!(why(1, "0200"), "cut inside its link layer header");
        assert_eq!(why(105, "8000 0000"), "802.11 management frame");
        assert_eq!(why(105, "0840 0000"), "encrypted 802.11");
        assert_eq!(why(0, "05000000"), "address family 5");
        assert_eq!(why(1, &format!("{MACS} 88e5 0c 00 00000001")), "encrypted MACsec");
    }
}
