//! One packet as a tree of fields with their bytes, for a person: the second pass's view.

mod content;
mod layout;
mod names;

use super::ip::{self, Ip};
use super::link::{self, Layer, Next};
use super::{Packet, checksum, transport, tunnel};
use crate::report::ItemField;
pub(crate) use layout::tcp_flags;
use layout::{Row, named};

/// A link type's number, with its name where it has one.
pub(crate) fn link_type(number: u16) -> String {
    named(number.to_string(), link::link_type_name(number))
}

/// Fields of one packet, at most. A real one has under 200; a crafted chain of headers could have
/// thousands, which nobody reads.
const MAX_FIELDS: usize = 1000;

/// Every header of the packet down to what it carries, outermost first. Headers are at depth 0,
/// their fields below them.
pub(crate) fn fields(packet: &Packet<'_>) -> Vec<ItemField> {
    let mut tree = Tree { whole: packet.data, fields: Vec::new(), has_stopped: false };
    let first =
        Layer { next: Next::Link(packet.link_type), data: packet.data, wire: packet.wire_len };
    tree.layers(first, 0);
    tree.fields
}

/// The tree as it grows.
struct Tree<'a> {
    whole: &'a [u8],
    fields: Vec<ItemField>,
    has_stopped: bool,
}

impl<'a> Tree<'a> {
    /// Adds a field that takes these bytes, which are part of the packet.
    fn add(&mut self, depth: u8, name: &str, value: String, bytes: &[u8]) {
        if self.fields.len() >= MAX_FIELDS {
            self.has_stopped = true;
            return;
        }
        let start = bytes.as_ptr().addr().wrapping_sub(self.whole.as_ptr().addr());
        let is_inside = start.saturating_add(bytes.len()) <= self.whole.len();
        let (start, len) = if is_inside { (start as u32, bytes.len() as u32) } else { (0, 0) };
        self.fields.push(ItemField { depth, name: name.to_owned(), value, start, len });
    }

    /// Adds a header and its fields by their table.
    fn header(&mut self, name: &str, summary: String, bytes: &[u8], rows: &[Row]) {
        self.add(0, name, summary, bytes);
        for row in rows {
            if let Some(field) = bytes.get(row.at..).and_then(|rest| rest.get(..row.len)) {
                self.add(1, row.name, row.shape.value(field), field);
            }
        }
    }

    /// Link layers down to IP; then IP and on.
    fn layers(&mut self, mut layer: Layer<'a>, depth: usize) {
        let mut vlans = [None; 2];
        for _ in 0..super::decode::MAX_HEADERS {
            match layer.next {
                Next::Ip => return self.ip(layer, depth),
                Next::Arp => {
                    return self.header("ARP", String::new(), layer.data, layout::ARP);
                }
                Next::Amsdu => match link::subframe(layer) {
                    Ok((body, _)) => layer = body,
                    Err(why) => return self.rest(&why.to_string(), layer.data),
                },
                _ => match link::peel(layer, &mut vlans) {
                    Ok(inner) => {
                        self.link(layer, inner);
                        layer = inner;
                    }
                    Err(why) => return self.rest(&why.to_string(), layer.data),
                },
            }
        }
    }

    /// One header of a link layer; those that only say what follows have no bytes and no row.
    fn link(&mut self, layer: Layer<'a>, inner: Layer<'a>) {
        let start = inner.data.as_ptr().addr().wrapping_sub(layer.data.as_ptr().addr());
        let header = layer.data.get(..start).unwrap_or_default();
        if !header.is_empty() {
            let (name, rows) = layout::of(layer.next);
            self.header(&name, String::new(), header, rows);
        }
    }

    fn ip(&mut self, layer: Layer<'a>, depth: usize) {
        let ip = match ip::parse(layer.data, layer.wire) {
            Ok(ip) => ip,
            Err(why) => return self.rest(&why.to_string(), layer.data),
        };
        let header = layer.data.get(..ip.header_len).unwrap_or(layer.data);
        let summary = format!("{} → {}, {} bytes", ip.src, ip.dst, ip.len);
        if ip.is_v6() {
            self.header("IPv6", summary, header, layout::IPV6);
            self.extensions(header);
        } else {
            self.header("IPv4", summary, header, layout::IPV4);
        }
        match ip.fragment {
            Some(part) => {
                let more = if part.is_more { ", more follow" } else { ", the last" };
                let value = format!("{} bytes at {}{more}", ip.payload_len, part.offset);
                self.add(0, "Fragment", value, ip.payload);
            }
            None => self.payload(&ip, depth),
        }
    }

    /// Extension headers: each names the next and its own length.
    fn extensions(&mut self, header: &[u8]) {
        let mut number = header.get(6).copied().unwrap_or(59);
        let mut at = 40;
        while let Some([next, len]) = header.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
            let len = match number {
                44 => 8,
                51 => (usize::from(*len) + 2) * 4,
                _ => (usize::from(*len) + 1) * 8,
            };
            let rest = header.get(at..).unwrap_or_default();
            let name = match number {
                0 => "hop-by-hop options",
                43 => "routing header",
                44 => "fragment header",
                51 => "authentication header",
                60 => "destination options",
                _ => "extension header",
            };
            let value = format!("{len} bytes, next header {next}");
            self.add(1, name, value, rest.get(..len).unwrap_or(rest));
            number = *next;
            at += len;
        }
    }

    fn payload(&mut self, ip: &Ip<'a>, depth: usize) {
        if let Some((kind, id, inner)) = tunnel::over_ip(ip).filter(|_| depth < tunnel::MAX_TUNNELS)
        {
            self.tunnel(kind.name(), id, ip.payload, inner);
            return self.layers(inner, depth + 1);
        }
        let is_whole = ip.payload.len() as u64 == u64::from(ip.payload_len);
        let (src, dst, protocol) = (ip.src, ip.dst, ip.protocol);
        let sum = |segment, at| match is_whole {
            true if checksum::is_ok(src, dst, protocol, segment) => ", checksum right",
            true if checksum::is_unfinished(src, dst, protocol, segment, at) => {
                ", checksum left to the network card"
            }
            true => ", checksum wrong",
            false => "",
        };
        match (transport::parse(ip), ip.protocol) {
            (super::L4::Tcp { src, dst, flags, payload, .. }, _) => {
                let header = ip.payload.len() - payload.len();
                let header = ip.payload.get(..header).unwrap_or_default();
                let flags = tcp_flags(flags);
                let summary =
                    format!("{src} → {dst}, {flags}{}", sum(ip.payload, transport::TCP_SUM));
                self.header("TCP", summary, header, layout::TCP);
                self.tcp_options(header.get(20..).unwrap_or_default());
                self.content(src, dst, payload, false);
            }
            (super::L4::Udp { src, dst, payload, payload_len, .. }, _) => {
                let header = ip.payload.get(..8).unwrap_or_default();
                let has_sum = header.get(6..) != Some(&[0, 0]);
                let verdict =
                    if has_sum { sum(ip.payload, transport::UDP_SUM) } else { ", no checksum" };
                let summary = format!("{src} → {dst}{verdict}");
                self.header("UDP", summary, header, layout::UDP);
                let inside = tunnel::over_udp((src, dst), payload, payload_len);
                match inside.filter(|_| depth < tunnel::MAX_TUNNELS) {
                    Some((kind, id, inner)) => {
                        self.tunnel(kind.name(), id, payload, inner);
                        self.layers(inner, depth + 1);
                    }
                    None => self.content(src, dst, payload, true),
                }
            }
            (super::L4::Icmp { is_v6, kind, code, rest, .. }, _) => {
                let (name, rows) =
                    if is_v6 { ("ICMPv6", layout::ICMP6) } else { ("ICMP", layout::ICMP) };
                let summary = format!("type {kind}, code {code}");
                self.header(name, summary, ip.payload.get(..4).unwrap_or_default(), rows);
                match transport::quoted(is_v6, kind, rest) {
                    Some(q) => {
                        let ports = q.ports.map_or(String::new(), |(a, b)| format!(", {a} → {b}"));
                        let value = format!("{} → {}{ports}", q.src, q.dst);
                        self.add(1, "quoted packet", value, rest.get(4..).unwrap_or_default());
                    }
                    None => self.rest("Data", rest),
                }
            }
            (_, protocol) => self.rest(&format!("IP protocol {protocol}"), ip.payload),
        }
    }

    /// A tunnel's header: from `outside` up to where `inner` begins.
    fn tunnel(&mut self, name: &str, id: Option<u32>, outside: &'a [u8], inner: Layer<'a>) {
        let len = inner.data.as_ptr().addr().wrapping_sub(outside.as_ptr().addr());
        let header = outside.get(..len).unwrap_or_default();
        let id = id.map_or(String::new(), |id| format!("number {id}"));
        self.add(0, &format!("Tunnel {name}"), id, header);
    }

    /// Kind and length, then a value (RFC 9293 section 3.1).
    fn tcp_options(&mut self, mut options: &[u8]) {
        while let Some((&kind, rest)) = options.split_first() {
            let len = match kind {
                0 => return,
                1 => 1,
                _ => usize::from(rest.first().copied().unwrap_or(0)).max(2),
            };
            let option = options.get(..len).unwrap_or(options);
            let value = layout::tcp_option(kind, option.get(2..).unwrap_or_default());
            self.add(1, "option", value, option);
            options = options.get(len..).unwrap_or_default();
        }
    }

    fn content(&mut self, src: u16, dst: u16, payload: &[u8], is_datagram: bool) {
        if payload.is_empty() {
            return;
        }
        if !content::show(self, src, dst, payload, is_datagram) {
            self.rest("Data", payload);
        }
    }

    /// Bytes that are not looked into.
    fn rest(&mut self, name: &str, bytes: &[u8]) {
        self.add(0, name, format!("{} bytes", bytes.len()), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Origin;

    /// Names and values with their bytes.
    fn show(link_type: u16, data: &[u8]) -> Vec<String> {
        let wire_len = data.len() as u32;
        let at = Origin::default();
        let packet = Packet { ts: None, at, link_type, interface: 0, wire_len, data };
        let line = |f: &ItemField| {
            let end = (f.start + f.len) as usize;
            assert!(end <= data.len());
            format!("{} {}={} [{}+{}]", f.depth, f.name, f.value, f.start, f.len)
        };
        fields(&packet).iter().map(line).collect()
    }

    #[test]
    fn a_dns_query_over_vlan_is_shown_down_to_its_question() {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0x20, 0x05, 8, 0];
        let dns = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x01a\x03org\0\0\x01\0\x01";
        let len = 28 + dns.len() as u8;
        frame.extend([0x45, 0, 0, len, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend([0xd4, 0x31, 0, 53, 0, len - 20, 0, 0]);
        frame.extend(dns);
        let shown = show(1, &frame);
        for want in [
            "0 Ethernet= [0+14]",
            "1 source address=02:00:00:00:00:02 [6+6]",
            "1 type or length=0x8100 (VLAN) [12+2]",
            "1 VLAN id=5 [14+2]",
            "1 type=0x0800 (IPv4) [16+2]",
            "1 protocol=17 (UDP) [27+1]",
            "0 IPv4=10.0.0.1 → 10.0.0.2, 51 bytes [18+20]",
            "1 time to live=64 [26+1]",
            "0 UDP=54321 → 53, no checksum [38+8]",
            "1 query=a.org, type 1 [58+7]",
        ] {
            assert!(shown.iter().any(|line| line == want), "{want} in {shown:#?}");
        }
    }

    #[test]
    fn any_cut_of_a_packet_is_shown_without_fields_outside_it() {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        frame.extend([0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend([0, 80, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x18, 1, 0, 0, 0, 0, 0]);
        frame.extend([2, 4, 5, 0xb4, 3, 3, 7, 1, 0, 0, 0, 0]);
        frame.extend(b"GET / HTTP/1.1\r\n");
        for len in 0..=frame.len() {
            show(1, &frame[..len]);
        }
        let shown = show(1, &frame);
        assert!(shown.contains(&"1 option=maximum segment size 1460 [54+4]".to_owned()));
        assert!(shown.contains(&"1 flags=0x18 (PSH ACK) [47+1]".to_owned()));
    }

    #[test]
    fn numbers_that_are_met_every_day_have_their_names() {
        assert_eq!([1, 147, 300].map(link_type), ["1 (Ethernet)", "147 (private use)", "300"]);
        let mac = [2, 0, 0, 0, 0, 1];
        let arp = [[0, 1, 8, 0, 6, 4, 0, 2].as_slice(), &mac, &[10, 0, 0, 1], &mac, &[10, 0, 0, 2]];
        let shown = show(1, &[&mac, &mac, [8, 6].as_slice(), &arp.concat()].concat());
        for want in [
            "1 hardware type=1 (Ethernet) [14+2]",
            "1 protocol type=0x0800 (IPv4) [16+2]",
            "1 operation=2 (reply) [20+2]",
        ] {
            assert!(shown.iter().any(|line| line == want), "{want} in {shown:#?}");
        }
        let head = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        for (kind, want) in [(8, "1 type=8 (echo request) [20+1]"), (99, "1 type=99 [20+1]")] {
            let shown = show(101, &[head.as_slice(), &[kind, 0, 0, 0, 0, 1, 0, 1]].concat());
            assert!(shown.iter().any(|line| line == want), "{want} in {shown:#?}");
        }
        let mut six = vec![0x60, 0, 0, 0, 0, 8, 58, 255];
        six.extend([0; 32]);
        six.extend([135, 0, 0, 0, 0, 0, 0, 0]);
        let shown = show(101, &six);
        assert!(shown.contains(&"1 next header=58 (ICMPv6) [6+1]".to_owned()));
        assert!(
            shown.contains(&"1 type=135 (neighbour solicitation) [40+1]".to_owned()),
            "{shown:#?}"
        );
    }
}
