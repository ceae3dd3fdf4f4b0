//! The pcapng file format: sections, interfaces, packets, and what else capture tools leave in it.

use super::blocks::{self, Begin, Order, PacketBlock, kind};
use super::carry::{Carry, Step, Window};
use super::{Intake, MAX_CAPLEN, Record, describing, pcap, second};
use crate::net::{Flows, Packets};
use crate::note::{CAP_REACHED, CAPTURE_COMMENT, CAPTURE_DAMAGED, FILE_CUT, RECORD_LENIENT};
use crate::source::{Format, Head, Opening, Reader, Sink, Sniff};
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
    emits: pcap::EMITS,
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
    /// Where reading lost its way, and why.
    lost: Option<(u64, &'static str)>,
    described: describing::Described,
}

impl Pcapng {
    /// A reader that gives its packets to `packets`.
    pub fn new(opening: &Opening<'_>, packets: Box<dyn Packets>) -> Self {
        let parser = Parser {
            intake: Intake::new(opening.node, opening.settings.seed, packets),
            order: Order::default(),
            interfaces: Vec::new(),
            section: 0,
            lost: None,
            described: describing::Described::default(),
        };
        Self { carry: Carry::default(), parser }
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
            Begin::No => return self.lose(window.offset, "no block begins there"),
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
            ts: p.ticks.zip(interface).and_then(|(ticks, i)| i.time(ticks)),
            offset: place.offset,
            len: place.len,
            link_type: interface.map(|i| i.link_type),
            wire_len: p.wire_len,
            data: p.data.get(..MAX_CAPLEN as usize).unwrap_or(p.data),
        };
        self.intake.record(&record, out);
        if p.is_cut {
            let detail = format!("packet {}: block too short for it", self.intake.number());
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
            out.node(self.intake.node()).count("packets lost before others, by the capture", lost);
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
            kind::NAMES => ("names", self.described.names(order, body, node)),
            kind::SECRETS => ("secrets", self.described.secrets(order, body, node)),
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
            let lost = offset - since;
            let number = self.intake.number();
            let detail =
                format!("behind packet {number}, at offset {since}: {why}; {lost} bytes are lost");
            self.intake.note(&CAPTURE_DAMAGED, (since, lost), detail, out);
        }
    }

    /// The file ends with `left` bytes that are no whole block.
    fn end(&mut self, offset: u64, left: u64, out: &mut dyn Sink) {
        if self.lost.is_some() {
            self.found(offset + left, out);
        } else if left > 0 {
            let number = self.intake.number();
            let detail =
                format!("behind packet {number}, at offset {offset}: {left} bytes of a block");
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
