//! The pcapng file format: sections, interfaces, packets, and what else capture tools leave in it.

use super::blocks::{self, Begin, Order, PacketBlock, kind};
use super::carry::{Carry, Step, Window};
use super::emits::EMITS_WITH_NAMES;
use super::index::{Block, Section};
use super::{Intake, MAX_CAPLEN, Record, describing, second};
use crate::event::{Body, Endpoint, Event, Flow, KnownHost, Origin};
use crate::net::{Flows, Packets};
use crate::note::{CAP_REACHED, CAPTURE_COMMENT, CAPTURE_LOST, FILE_CUT, Note, RECORD_LENIENT};
use crate::source::keylog;
use crate::source::{Format, Head, Interface, Opening, Reader, Sink, Sniff};
use crate::text;
use crate::time::Clock;

/// Interfaces remembered over all sections of a file. Capture tools describe a handful; packets of
/// further ones are counted, not decoded.
pub(super) const MAX_INTERFACES: usize = 4096;

/// The option code that every block may have.
const COMMENT: u16 = 1;

/// The format's row in the table.
pub const FORMAT: Format = Format {
    name: "pcapng",
    title: "capture, pcapng",
    emits: EMITS_WITH_NAMES,
    sniff,
    open: |opening| Box::new(Pcapng::new(opening, Box::new(Flows::new(opening.settings)))),
    show: second::item,
};

/// Looks for a section header with its byte-order magic.
fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes {
        [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, a, b, c, d, ..] => match Order::of([*a, *b, *c, *d]) {
            Some(_) => Sniff::Certain,
            None => Sniff::No("pcapng section without a byte-order magic"),
        },
        _ => Sniff::No("no pcapng section header"),
    }
}

/// Reads a pcapng file.
pub struct Pcapng {
    carry: Carry,
    parser: Parser,
}

struct Parser {
    intake: Intake,
    order: Order,
    /// The current section's interfaces.
    interfaces: Vec<describing::Clocked>,
    /// Where the current section begins.
    section: u64,
    /// Interfaces of the sections before it.
    base: u32,
    /// Where reading lost its way, and why.
    lost: Option<(u64, &'static str)>,
}

impl Pcapng {
    /// A reader that gives its packets to `packets`.
    pub fn new(opening: &Opening<'_>, packets: Box<dyn Packets>) -> Self {
        let parser = Parser {
            intake: Intake::new(opening, packets),
            order: Order::default(),
            interfaces: Vec::new(),
            section: 0,
            base: 0,
            lost: None,
        };
        Self { carry: Carry::default(), parser }
    }

    /// Goes on at a block of a file with these interfaces.
    pub(super) fn resume(mut self, interfaces: &[Interface], block: &Block) -> Self {
        let Section { offset, is_big_endian, interfaces: n } = block.section;
        let of_section = interfaces.iter().filter(|i| i.section == offset).take(n as usize);
        self.parser.interfaces = of_section.map(describing::Clocked::of).collect();
        self.parser.order = Order { is_big_endian };
        self.parser.section = offset;
        self.parser.base = interfaces.iter().filter(|i| i.section < offset).count() as u32;
        self.parser.intake.begin_behind(block.first.saturating_sub(1));
        self.carry = Carry::at(block.offset);
        self
    }
}

impl Reader for Pcapng {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let used = self.carry.feed(bytes, |window| self.parser.step(window, out));
        self.parser.intake.flush(out);
        used
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let left = self.carry.finish(|window| self.parser.step(window, out));
        self.parser.end(self.carry.offset(), left as u64, out);
        let at = Origin { node: self.parser.intake.node(), ..Origin::default() };
        if let Some(detail) = describing::losses(out.node(at.node)) {
            out.note(Note { at, kind: &CAPTURE_LOST, detail });
        }
        self.parser.intake.finish(out);
    }
}

impl Parser {
    fn step(&mut self, window: Window<'_>, out: &mut dyn Sink) -> Step {
        if self.lost.is_some() {
            return self.search(window, out);
        }
        let head = match blocks::begin(window.data, self.order) {
            Begin::Block(head) => head,
            Begin::Need(n) => return Step::Need(n),
            Begin::No => {
                return self.lose(window.offset, "no block of credible length begins there");
            }
        };
        let Some(whole) = window.data.get(..head.len) else {
            // At the end a length may be a lie that hides what follows: look for it.
            return match window.is_end && self.is_block_ahead(window) {
                true => self.lose(window.offset, "the block is longer than the file"),
                false => Step::Need(head.len),
            };
        };
        let Some(body) = blocks::body(whole, head) else {
            return self.lose(window.offset, "the block's two lengths differ");
        };
        let place = Place { offset: window.offset, len: head.len as u32 };
        match head.kind {
            kind::ENHANCED_PACKET | kind::SIMPLE_PACKET | kind::OLD_PACKET => {
                self.packet(head.kind, body, place, out);
            }
            _ => self.describe(head, body, place, out),
        }
        Step::Used(head.len)
    }

    fn packet(&mut self, kind: u32, body: &[u8], place: Place, out: &mut dyn Sink) {
        let snaplen = self.interfaces.first().map_or(0, |i| i.snaplen);
        let Some(p) = blocks::packet(kind, body, self.order, snaplen) else {
            let detail = format!("packet block of {} bytes is too short", place.len);
            self.note(&RECORD_LENIENT, place, detail, out);
            out.node(self.intake.node()).count("pcapng blocks not understood", 1);
            return;
        };
        let interface = self.interfaces.get(p.interface as usize);
        let record = Record {
            number: self.intake.number() + 1,
            ts: p.ticks.zip(interface).and_then(|(ticks, i)| i.time(ticks)),
            offset: place.offset,
            len: place.len,
            link_type: interface.map(|i| i.link_type),
            interface: self.base.saturating_add(p.interface),
            wire_len: p.wire_len,
            data: p.data.get(..MAX_CAPLEN as usize).unwrap_or(p.data),
            section: Section {
                offset: self.section,
                is_big_endian: self.order.is_big_endian,
                interfaces: self.interfaces.len() as u32,
            },
        };
        self.intake.record(&record, out);
        if p.is_cut {
            let (number, have) = (self.intake.number(), p.data.len());
            let detail = format!("packet {number}: its block has room for {have} bytes of it only");
            self.note(&RECORD_LENIENT, place, detail, out);
        }
        if !p.options.is_empty() || p.lost.is_some_and(|n| n > 0) {
            self.packet_options(&p, place, out);
        }
    }

    /// Comments, and packets that the interface lost before this one.
    fn packet_options(&self, p: &PacketBlock<'_>, place: Place, out: &mut dyn Sink) {
        const DROPS: u16 = 4;
        let mut lost = p.lost.map_or(0, u64::from);
        self.order.options(p.options, &mut |code, value| match code {
            COMMENT => self.comment(&format!("packet {}", self.intake.number()), value, place, out),
            DROPS => lost = lost.saturating_add(self.order.u64(value, 0).unwrap_or(0)),
            _ => {}
        });
        if lost > 0 {
            out.node(self.intake.node()).count(describing::LOST, lost);
        }
    }

    fn comment(&self, of: &str, value: &[u8], place: Place, out: &mut dyn Sink) {
        let detail = format!("{of}: {}", text::from_bytes(value));
        self.note(&CAPTURE_COMMENT, place, detail, out);
    }

    /// Any block that is no packet.
    fn describe(&mut self, head: blocks::Head, body: &[u8], place: Place, out: &mut dyn Sink) {
        let order = head.order;
        let node = out.node(self.intake.node());
        let (of, options) = match head.kind {
            kind::SECTION => {
                self.order = order;
                self.section = place.offset;
                self.interfaces.clear();
                self.base = node.interfaces.len() as u32;
                node.clock = Clock::Utc;
                ("section", body.get(16..))
            }
            kind::INTERFACE => {
                let Some((clocked, mut shown)) = describing::interface(order, body) else {
                    node.count("pcapng blocks not understood", 1);
                    return;
                };
                shown.section = self.section;
                if node.interfaces.len() >= MAX_INTERFACES {
                    let detail = format!("more than {MAX_INTERFACES} interfaces");
                    self.note(&CAP_REACHED, place, detail, out);
                    return;
                }
                node.interfaces.push(shown);
                self.interfaces.push(clocked);
                ("interface", body.get(8..))
            }
            kind::STATISTICS => {
                let base = node.interfaces.len() - self.interfaces.len();
                describing::statistics(order, body, base, node);
                ("statistics", body.get(12..))
            }
            kind::NAMES => ("names", self.names(body, place, out)),
            kind::SECRETS => ("secrets", self.secrets(body, place, out)),
            kind::CUSTOM | kind::CUSTOM_NO_COPY => {
                node.count("pcapng blocks skipped: custom", 1);
                return;
            }
            kind::JOURNAL => {
                node.count("pcapng blocks skipped: systemd journal", 1);
                return;
            }
            _ => {
                node.count("pcapng blocks skipped: unknown", 1);
                return;
            }
        };
        order.options(options.unwrap_or_default(), &mut |code, value| {
            if code == COMMENT {
                self.comment(of, value, place, out);
            }
        });
    }

    /// The names of a block as events; gives its options.
    fn names<'a>(&self, body: &'a [u8], place: Place, out: &mut dyn Sink) -> Option<&'a [u8]> {
        let node = self.intake.node();
        let at = Origin { node, item: 0, offset: place.offset, len: place.len };
        describing::names(self.order, body, &mut |addr, name| {
            let resp = Endpoint { addr: Some(addr), port: None };
            out.event(Event {
                ts: None,
                at,
                also: Vec::new(),
                flow: Flow { resp, ..Flow::default() },
                body: Body::KnownHost(KnownHost { host_name: Some(text::from_bytes(name)) }),
            });
        })
    }

    /// Hands a block's secrets on; gives its options.
    fn secrets<'a>(&self, body: &'a [u8], place: Place, out: &mut dyn Sink) -> Option<&'a [u8]> {
        let node = self.intake.node();
        let (secrets, options) = describing::secrets(self.order, body)?;
        match secrets {
            Some(log) => {
                let at = Origin { node, item: 0, offset: place.offset, len: place.len };
                keylog::take_block(node, log, at, out);
            }
            None => out.node(node).count("secrets not used: of another protocol", 1),
        }
        Some(options)
    }

    /// Goes looking for the next block, from the byte behind `offset` on.
    const fn lose(&mut self, offset: u64, why: &'static str) -> Step {
        self.lost = Some((offset, why));
        Step::Used(1)
    }

    /// Looks for the next place where a block of a known kind is whole, with both lengths equal.
    fn search(&mut self, window: Window<'_>, out: &mut dyn Sink) -> Step {
        for at in 0..window.data.len() {
            let rest = window.data.get(at..).unwrap_or_default();
            let need = match self.is_block(rest) {
                Ok(false) => continue,
                Ok(true) => {
                    self.found(window.offset + at as u64, out);
                    return if at > 0 { Step::Used(at) } else { self.step(window, out) };
                }
                Err(_) if window.is_end => continue,
                Err(need) => need,
            };
            return if at > 0 { Step::Used(at) } else { Step::Need(need) };
        }
        Step::Used(window.data.len())
    }

    fn is_block(&self, data: &[u8]) -> Result<bool, usize> {
        match blocks::begin(data, self.order) {
            Begin::No => Ok(false),
            Begin::Need(n) => Err(n),
            Begin::Block(head) if !is_known(head.kind) => Ok(false),
            Begin::Block(head) if data.len() < head.len => Err(head.len),
            Begin::Block(head) => Ok(blocks::body(data, head).is_some()),
        }
    }

    fn is_block_ahead(&self, window: Window<'_>) -> bool {
        (1..window.data.len())
            .any(|at| window.data.get(at..).is_some_and(|rest| self.is_block(rest) == Ok(true)))
    }

    fn found(&mut self, offset: u64, out: &mut dyn Sink) {
        if let Some((since, why)) = self.lost.take() {
            self.intake.note_loss(since..offset, why, out);
        }
    }

    /// The file ends with `left` bytes that are no whole block.
    fn end(&mut self, offset: u64, left: u64, out: &mut dyn Sink) {
        if self.lost.is_some() {
            self.found(offset + left, out);
        } else if left > 0 {
            let behind = self.intake.behind();
            let detail = format!("{behind}, at offset {offset}: {left} bytes of a block");
            self.intake.note(&FILE_CUT, (offset, left), detail, out);
        }
    }

    fn note(
        &self,
        kind: &'static crate::note::NoteKind,
        place: Place,
        detail: String,
        out: &mut dyn Sink,
    ) {
        self.intake.note(kind, (place.offset, u64::from(place.len)), detail, out);
    }
}

/// Where a block is.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    len: u32,
}

/// The kinds at which a damaged file is read on.
const fn is_known(kind: u32) -> bool {
    matches!(kind, kind::SECTION | kind::INTERFACE..=kind::ENHANCED_PACKET | kind::SECRETS)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Kept, read, udp};
    use super::*;
    use crate::time::NANOS;

    /// A file being written, in one section's order.
    struct File {
        big: bool,
        bytes: Vec<u8>,
    }

    impl File {
        fn new(big: bool) -> Self {
            let mut file = Self { big, bytes: Vec::new() };
            file.section();
            file
        }

        fn n32(&self, n: u32) -> Vec<u8> {
            if self.big { n.to_be_bytes().into() } else { n.to_le_bytes().into() }
        }

        fn n16(&self, n: u16) -> Vec<u8> {
            if self.big { n.to_be_bytes().into() } else { n.to_le_bytes().into() }
        }

        fn block(&mut self, kind: u32, body: &[u8]) {
            let padded = body.len().next_multiple_of(4);
            let len = self.n32(padded as u32 + 12);
            self.bytes.extend(self.n32(kind));
            self.bytes.extend(&len);
            self.bytes.extend(body);
            self.bytes.extend(vec![0; padded - body.len()]);
            self.bytes.extend(&len);
        }

        fn section(&mut self) {
            let mut body = self.n32(0x1a2b_3c4d);
            body.extend([self.n16(1), self.n16(0)].concat());
            body.extend([0xff; 8]);
            self.block(kind::SECTION, &body);
        }

        fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
            let mut out = [self.n16(code), self.n16(value.len() as u16), value.to_vec()].concat();
            out.resize(out.len().next_multiple_of(4), 0);
            out
        }

        fn interface(&mut self, link_type: u16, snaplen: u32, options: &[Vec<u8>]) {
            let head = [self.n16(link_type), self.n16(0), self.n32(snaplen)].concat();
            self.block(kind::INTERFACE, &[head, options.concat()].concat());
        }

        fn packet(&mut self, interface: u32, ticks: u64, payload: &[u8], options: &[Vec<u8>]) {
            let data = udp(payload);
            let len = self.n32(data.len() as u32);
            let (hi, lo) = (self.n32((ticks >> 32) as u32), self.n32(ticks as u32));
            let mut body = [self.n32(interface), hi, lo, len.clone(), len, data].concat();
            body.resize(body.len().next_multiple_of(4), 0);
            body.extend(options.concat());
            self.block(kind::ENHANCED_PACKET, &body);
        }

        fn read(&self) -> Kept {
            read(&FORMAT, |opening, packets| Box::new(Pcapng::new(opening, packets)), &self.bytes)
        }
    }

    fn plain() -> File {
        let mut file = File::new(false);
        file.interface(101, 0, &[]);
        file
    }

    #[test]
    fn sections_of_both_orders_number_their_interfaces_anew() {
        let mut file = File::new(false);
        let resolution = file.option(9, &[9]);
        file.interface(101, 0, &[file.option(2, b"eth0"), resolution]);
        file.packet(0, 7, b"one", &[]);
        file.big = true;
        file.section();
        file.interface(147, 0, &[]);
        let offset = file.option(14, &900i64.to_be_bytes());
        file.interface(101, 0, &[offset]);
        file.packet(1, 2_000_000, b"two", &[]);
        file.packet(0, 3_000_000, b"private", &[]);
        let got = file.read();
        assert_eq!(got.payloads(), [b"one", b"two"]);
        assert_eq!(got.packets[0].nanos, Some(7));
        assert_eq!(got.packets[1].nanos, Some(902 * NANOS));
        assert_eq!(got.count("packets"), 3);
        assert_eq!(got.count("packets not decoded: link type 147 (private use)"), 1);
        assert_eq!(got.node().interfaces.len(), 3);
        assert_eq!(&*got.node().interfaces[0].name, "eth0");
        assert!(got.notes.is_empty());
    }

    #[test]
    fn simple_and_obsolete_packets() {
        let mut file = File::new(false);
        file.interface(101, 33, &[]);
        let data = udp(b"simple");
        let len = data.len() as u32;
        // The snap length cut it: only 33 bytes are there.
        let body = [file.n32(len), data[..33].to_vec()].concat();
        file.block(kind::SIMPLE_PACKET, &body);
        let data = udp(b"old");
        let len = file.n32(data.len() as u32);
        let ids = [file.n16(0), file.n16(4)].concat();
        let body = [ids, file.n32(0), file.n32(5), len.clone(), len, data].concat();
        file.block(kind::OLD_PACKET, &body);
        let got = file.read();
        assert_eq!(got.payloads(), [&b"simpl"[..], b"old"]);
        assert_eq!((got.packets[0].nanos, got.packets[1].nanos), (None, Some(5000)));
        assert_eq!(got.count("packets lost before others, by the capture"), 4);
    }

    #[test]
    fn names_secrets_statistics_and_comments_are_kept() {
        let mut file = plain();
        let name = [&[10, 0, 0, 1][..], b"host.example\0alias\0"].concat();
        let record = file.option(1, &name);
        let end = file.option(0, b"");
        file.block(kind::NAMES, &[record, end].concat());
        let line = format!("CLIENT_RANDOM {} {}\n", "ab".repeat(32), "5e".repeat(48));
        let secrets = line.as_bytes();
        let head = [file.n32(0x544c_534b), file.n32(secrets.len() as u32)].concat();
        file.block(kind::SECRETS, &[&head[..], secrets].concat());
        for (received, dropped) in [(1u64, 1u64), (9, 2)] {
            let options =
                [file.option(4, &received.to_le_bytes()), file.option(5, &dropped.to_le_bytes())];
            let head = [file.n32(0), file.n32(0), file.n32(0)].concat();
            file.block(kind::STATISTICS, &[head, options.concat()].concat());
        }
        let options = [file.option(1, b"look <here>"), file.option(4, &3u64.to_le_bytes())];
        file.packet(0, 1, b"x", &options);
        file.block(77, b"what is this");
        file.block(kind::CUSTOM, b"1234mine");
        let got = file.read();
        let named = got.events.iter().filter_map(|e| match &e.body {
            Body::KnownHost(host) => Some((e.flow.resp.addr.unwrap(), host.host_name.as_deref()?)),
            _ => None,
        });
        let addr = [10, 0, 0, 1].into();
        let want = [(addr, "host.example"), (addr, "alias")];
        assert!(named.eq(want), "{:?}", got.events);
        assert_eq!(got.count("secrets: CLIENT_RANDOM"), 1);
        assert_eq!(got.count("interface 0: received"), 9);
        assert_eq!(got.count("interface 0: dropped by the interface"), 2);
        assert_eq!(got.count("packets lost before others, by the capture"), 3);
        assert_eq!(got.count("pcapng blocks skipped: unknown"), 1);
        assert_eq!(got.count("pcapng blocks skipped: custom"), 1);
        assert_eq!(got.notes[0].detail, "packet 1: look <here>");
        assert_eq!(got.codes(), ["capture-comment", "capture-lost-packets"]);
        assert_eq!(
            got.notes[1].detail,
            "interface 0: dropped by the interface: 2; packets lost before others, by the capture: 3"
        );
    }

    #[test]
    fn a_packet_of_no_interface_is_counted() {
        let mut file = plain();
        file.packet(1, 1, b"lost", &[]);
        let got = file.read();
        assert_eq!(got.count("packets not decoded: unknown interface"), 1);
        assert_eq!(got.count("packets"), 1);
    }

    #[test]
    fn a_block_too_short_for_its_packet_gives_what_is_there() {
        let mut file = plain();
        let data = udp(b"four");
        let len = file.n32(5000);
        let zero = file.n32(0);
        let body = [zero.clone(), zero.clone(), zero, len.clone(), len, data].concat();
        file.block(kind::ENHANCED_PACKET, &body);
        let got = file.read();
        assert_eq!(got.payloads(), [b"four"]);
        assert_eq!(got.codes(), ["record-lenient", "packets-cut"]);
    }

    #[test]
    fn damage_is_skipped_to_the_next_whole_block() {
        let mut file = plain();
        file.packet(0, 1, b"1", &[]);
        let from = file.bytes.len();
        file.packet(0, 2, b"2", &[]);
        let until = file.bytes.len();
        file.packet(0, 3, b"3", &[]);
        for (at, byte) in [(from + 4, 0xff), (from + 7, 0x7f), (until - 4, 0xff), (from + 4, 0)] {
            let mut damaged = File { big: false, bytes: file.bytes.clone() };
            damaged.bytes[at] = byte;
            let got = damaged.read();
            assert_eq!(got.payloads(), [b"1", b"3"], "byte {at}");
            assert_eq!(got.codes(), ["capture-damaged"]);
            let place = got.notes[0].at;
            assert_eq!((place.offset, place.len), (from as u64, (until - from) as u32));
        }
    }

    #[test]
    fn a_cut_last_block_is_told() {
        let mut file = plain();
        file.packet(0, 1, b"1", &[]);
        let whole = file.bytes.len();
        file.packet(0, 2, b"2", &[]);
        for len in whole + 1..file.bytes.len() {
            let got = File { big: false, bytes: file.bytes[..len].to_vec() }.read();
            assert_eq!((got.payloads(), got.codes()), (vec![&b"1"[..]], vec!["file-cut"]), "{len}");
        }
    }

    #[test]
    fn interfaces_are_capped() {
        let mut file = File::new(false);
        (0..=MAX_INTERFACES).for_each(|_| file.interface(101, 0, &[]));
        file.packet(MAX_INTERFACES as u32 - 1, 1, b"in", &[]);
        file.packet(MAX_INTERFACES as u32, 1, b"out", &[]);
        let got = file.read();
        assert_eq!((got.payloads(), got.codes()), (vec![&b"in"[..]], vec!["cap-reached"]));
    }
}
