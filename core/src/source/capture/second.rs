//! The second pass: a record cut out by its place, read again without the file around it.

use super::blocks::{self, Begin, Order};
use super::describing::Clocked;
use super::pcap::Form;
use super::{pcap, pcapng};
use crate::event::Origin;
use crate::net::{Packet, show};
use crate::report::{Item, ItemField};
use crate::source::{Interface, Node};
use crate::text;

/// The packet in a record that was cut out of a capture by its [`Origin`]; `None` when the bytes
/// are no record of that node.
pub fn packet<'a>(node: &Node, at: Origin, bytes: &'a [u8]) -> Option<Packet<'a>> {
    match node.format {
        Some(name) if name == pcap::FORMAT.name => record(node.interfaces.first()?, at, bytes),
        Some(name) if name == pcapng::FORMAT.name => block(node, at, bytes).map(|(p, _)| p),
        _ => None,
    }
}

/// The packet in one record. How the file writes numbers is told by the length that fits.
fn record<'a>(interface: &Interface, at: Origin, bytes: &'a [u8]) -> Option<Packet<'a>> {
    let is_nano = interface.ticks_per_sec == 1_000_000_000;
    let forms = [(false, 16), (true, 16), (false, 24), (true, 24)];
    forms.into_iter().find_map(|(is_big_endian, record)| {
        let form = Form { is_big_endian, is_nano, record };
        let r = form.head(bytes)?;
        let data = bytes.get(record..)?;
        let len = data.len() as u64;
        // Old files have the two lengths the other way round.
        let fits = len == u64::from(r.caplen) || len == u64::from(r.wire_len);
        fits.then(|| Packet {
            ts: Some(form.time(&r)),
            at,
            link_type: interface.link_type,
            interface: 0,
            wire_len: r.wire_len.max(r.caplen),
            data,
        })
    })
}

/// A packet block; its order is the one in which both of its lengths fit.
fn block<'a, 'n>(
    node: &'n Node,
    at: Origin,
    bytes: &'a [u8],
) -> Option<(Packet<'a>, &'n Interface)> {
    let section = node.interfaces.iter().map(|i| i.section).filter(|s| *s <= at.offset).max()?;
    let mut interfaces = node.interfaces.iter().filter(|i| i.section == section);
    let (head, body) = [false, true].into_iter().find_map(|is_big_endian| {
        let Begin::Block(head) = blocks::begin(bytes, Order { is_big_endian }) else { return None };
        (head.len == bytes.len()).then(|| blocks::body(bytes, head).map(|body| (head, body)))?
    })?;
    let snaplen = interfaces.clone().next().map_or(0, |i| i.snaplen);
    let p = blocks::packet(head.kind, body, head.order, snaplen)?;
    let interface = interfaces.nth(p.interface as usize)?;
    let packet = Packet {
        interface: node.interfaces.partition_point(|i| i.section < section) as u32 + p.interface,
        ts: p.ticks.and_then(|ticks| Clocked::of(interface).time(ticks)),
        at,
        link_type: interface.link_type,
        wire_len: p.wire_len,
        data: p.data,
    };
    Some((packet, interface))
}

/// One packet field by field, beside its bytes.
pub(super) fn item(node: &Node, at: Origin, bytes: &[u8]) -> Item {
    // A block that is no packet has no number.
    if at.item == 0 {
        return Item::raw(at, bytes);
    }
    let title = format!("packet {}", at.item);
    let Some(packet) = packet(node, at, bytes) else {
        return Item { at, title, is_text: false, bytes: bytes.to_vec(), fields: Vec::new() };
    };
    let mut fields = Vec::new();
    let mut frame = |depth, name: &str, value: String| {
        fields.push(ItemField { depth, name: name.to_owned(), value, start: 0, len: 0 });
    };
    frame(0, "Frame", format!("{} of {} bytes captured", packet.data.len(), packet.wire_len));
    match packet.ts {
        Some(ts) => frame(1, "time", ts.to_string()),
        None => frame(1, "time", "none in the file".to_owned()),
    }
    let interface = block(node, at, bytes).map(|(_, interface)| interface);
    if let Some(interface) = interface.filter(|i| !i.name.is_empty()) {
        frame(1, "interface", text::visible(&interface.name).into_owned());
    }
    frame(1, "link type", show::link_type(packet.link_type));
    fields.extend(show::fields(&packet));
    Item { at, title, is_text: false, bytes: packet.data.to_vec(), fields }
}
