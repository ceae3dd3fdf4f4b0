//! The pcap file format, in every form it is found in.
//!
//! Six magics: seconds with micro- or nanoseconds, and Kuznetzov's modified form with 8 more bytes in
//! each record header, each in both byte orders. The file header is pcap-parser's business; record
//! headers are four numbers and read here, since they are the hot path and the place where a damaged
//! file is found out.

use super::carry::{Carry, Step, Window};
use super::{Intake, MAX_CAPLEN, Record, second};
use crate::event::{Kind, Origin};
use crate::net::{Flows, Packet, Packets};
use crate::note::{CAPTURE_DAMAGED, FILE_CUT, RECORD_LENIENT};
use crate::source::{Format, Head, Interface, Opening, Reader, Sink, Sniff};
use crate::time::{Clock, NANOS, Time};

/// Records in a row that must make sense before a damaged file is read on from there: one could be
/// chance, three of 16 bytes hardly.
const CHAIN: usize = 3;

/// How far from the last good packet's time, in seconds, a packet may be where a damaged file is
/// read on. Captures run for days; a month leaves few of the 4 billion seconds to chance.
const NEAR: u32 = 31 * 86_400;

/// The format's row in the table.
pub const FORMAT: Format = Format {
    name: "pcap",
    title: "capture, pcap",
    emits: EMITS,
    sniff,
    open: |opening| Box::new(Pcap::new(opening, Box::new(Flows::new(opening.settings)))),
    show: second::item,
};

/// What packets can give: connections, and what the protocols over them give.
pub(super) const EMITS: &[Kind] = &[Kind::Conn, Kind::Weird];

/// Looks at the magic and the header's own fields.
fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes.first_chunk::<4>().and_then(|magic| Form::of(*magic)) {
        None => Sniff::No("no pcap magic number"),
        Some(_) if head.bytes.len() < Form::HEADER => Sniff::No("shorter than a pcap header"),
        Some(_) => Sniff::Certain,
    }
}

/// How a file writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    is_big_endian: bool,
    is_nano: bool,
    /// Bytes of a record header.
    record: usize,
}

impl Form {
    /// Bytes of the file header.
    const HEADER: usize = 24;

    fn of(magic: [u8; 4]) -> Option<Self> {
        let (value, is_big_endian) = match u32::from_le_bytes(magic) {
            v @ (0xa1b2_c3d4 | 0xa1b2_3c4d | 0xa1b2_cd34) => (v, false),
            v => (v.swap_bytes(), true),
        };
        let (is_nano, record) = match value {
            0xa1b2_c3d4 => (false, 16),
            0xa1b2_3c4d => (true, 16),
            0xa1b2_cd34 => (false, 24),
            _ => return None,
        };
        Some(Self { is_big_endian, is_nano, record })
    }

    const fn units(self) -> u32 {
        if self.is_nano { 1_000_000_000 } else { 1_000_000 }
    }

    fn time(self, r: &RecordHead) -> Time {
        let nanos = i64::from(r.fraction) * (NANOS / i64::from(self.units()));
        Time(i64::from(r.secs) * NANOS + nanos)
    }

    /// The record header at the start of `data`.
    fn head(self, data: &[u8]) -> Option<RecordHead> {
        let bytes: [u8; 16] = *data.get(..self.record)?.first_chunk()?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
        let number =
            |b| if self.is_big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) };
        Some(RecordHead {
            secs: number([a, b, c, d]),
            fraction: number([e, f, g, h]),
            caplen: number([i, j, k, l]),
            wire_len: number([m, n, o, p]),
        })
    }
}

/// A record header's four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RecordHead {
    secs: u32,
    fraction: u32,
    caplen: u32,
    wire_len: u32,
}

/// What the file header says.
#[derive(Debug, Clone, Copy)]
struct FileHead {
    form: Form,
    link_type: u16,
    snaplen: u32,
    /// Version 2.3 and before had the two lengths the other way round, 2.3 not always.
    version: (u16, u16),
}

impl FileHead {
    fn of(data: &[u8]) -> Option<Self> {
        let mut head: [u8; Form::HEADER] = *data.first_chunk()?;
        let form = Form::of(*head.first_chunk()?)?;
        // pcap-parser does not know the modified form in big-endian order, which has the same header.
        if form.is_big_endian && form.record == 24 {
            *head.first_chunk_mut::<4>()? = [0xa1, 0xb2, 0xc3, 0xd4];
        }
        let (_, header) = pcap_parser::parse_pcap_header(&head).ok()?;
        Some(Self {
            form,
            // The upper bits tell whether frames end in a checksum, and how long it is.
            link_type: (header.network.0 & 0xffff) as u16,
            snaplen: header.snaplen,
            version: (header.version_major, header.version_minor),
        })
    }

    fn record(&self, data: &[u8]) -> Option<RecordHead> {
        let head = self.form.head(data)?;
        let is_swapped = match self.version {
            (2, 3) => head.caplen > head.wire_len,
            (2, minor) => minor < 3,
            _ => false,
        };
        let (caplen, wire_len) =
            if is_swapped { (head.wire_len, head.caplen) } else { (head.caplen, head.wire_len) };
        Some(RecordHead { caplen, wire_len, ..head })
    }

    /// Nothing about the record contradicts itself or the file's header.
    const fn is_sane(&self, r: &RecordHead) -> bool {
        let is_within_snaplen = self.snaplen == 0 || r.caplen <= self.snaplen;
        r.fraction < self.form.units()
            && r.caplen <= r.wire_len
            && r.caplen <= MAX_CAPLEN
            && is_within_snaplen
            && (r.secs | r.wire_len) != 0
    }

    /// It may be a record: its length can be followed.
    const fn is_possible(&self, r: &RecordHead) -> bool {
        r.caplen <= MAX_CAPLEN && (r.secs | r.wire_len | r.caplen) != 0
    }
}

/// Where reading stands.
#[derive(Debug)]
enum State {
    /// Before the file header.
    Start,
    /// Between two records.
    Records,
    /// Looking for a record since this offset, because of this.
    Lost(u64, String),
}

/// Reads a pcap file.
pub struct Pcap {
    carry: Carry,
    parser: Parser,
}

struct Parser {
    intake: Intake,
    state: State,
    head: FileHead,
    /// Seconds of the last packet that made sense.
    last_secs: Option<u32>,
}

impl Pcap {
    /// A reader that gives its packets to `packets`.
    pub fn new(opening: &Opening<'_>, packets: Box<dyn Packets>) -> Self {
        let form = Form { is_big_endian: false, is_nano: false, record: 16 };
        let parser = Parser {
            intake: Intake::new(opening.node, opening.settings.seed, packets),
            state: State::Start,
            head: FileHead { form, link_type: 1, snaplen: 0, version: (2, 4) },
            last_secs: None,
        };
        Self { carry: Carry::default(), parser }
    }
}

impl Reader for Pcap {
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
        match self.state {
            State::Start => self.start(window, out),
            State::Records => self.record(window, out),
            State::Lost(..) => self.search(window, out),
        }
    }

    fn start(&mut self, window: Window<'_>, out: &mut dyn Sink) -> Step {
        let Some(head) = FileHead::of(window.data) else { return Step::Need(Form::HEADER) };
        self.head = head;
        self.state = State::Records;
        let node = out.node(self.intake.node());
        node.clock = Clock::Utc;
        node.interfaces.push(Interface {
            link_type: head.link_type,
            ticks_per_sec: u64::from(head.form.units()),
            snaplen: head.snaplen,
            ..Interface::default()
        });
        Step::Used(Form::HEADER)
    }

    fn record(&mut self, window: Window<'_>, out: &mut dyn Sink) -> Step {
        let header = self.head.form.record;
        let Some(r) = self.head.record(window.data) else { return Step::Need(header) };
        let len = header + r.caplen as usize;
        if !self.head.is_sane(&r) {
            match self.is_usable(&r, len, &window) {
                Some(true) => self.note_lie(&r, window.offset, out),
                Some(false) => {
                    self.state = State::Lost(window.offset, describe(&r));
                    return Step::Used(1);
                }
                None => return Step::Need(len + header),
            }
        }
        let Some(data) = window.data.get(header..len) else { return Step::Need(len) };
        self.last_secs = Some(r.secs);
        let record = Record {
            ts: Some(self.head.form.time(&r)),
            offset: window.offset,
            len: len as u32,
            link_type: Some(self.head.link_type),
            wire_len: r.wire_len.max(r.caplen),
            data,
        };
        self.intake.record(&record, out);
        Step::Used(len)
    }

    /// Whether a record that contradicts itself is one all the same: its length leads to another, or
    /// to the end. `None` when that cannot be seen yet.
    fn is_usable(&self, r: &RecordHead, len: usize, window: &Window<'_>) -> Option<bool> {
        if !self.head.is_possible(r) {
            return Some(false);
        }
        match window.data.get(len..).and_then(|rest| self.head.record(rest)) {
            Some(next) => Some(
                self.head.is_possible(&next)
                    && next.fraction
                        < u32::max(self.head.form.units(), r.fraction.saturating_add(1)),
            ),
            None if window.is_end => Some(window.data.len() == len),
            None => None,
        }
    }

    fn note_lie(&self, r: &RecordHead, offset: u64, out: &mut dyn Sink) {
        let detail = format!("packet {}: {}", self.intake.number() + 1, describe(r));
        self.intake.note(&RECORD_LENIENT, (offset, self.head.form.record as u64), detail, out);
    }

    /// Looks for the next place where records make sense.
    fn search(&mut self, window: Window<'_>, out: &mut dyn Sink) -> Step {
        for at in 0..window.data.len() {
            let rest = window.data.get(at..).unwrap_or_default();
            match self.chain(rest, window.is_end) {
                Ok(true) => {
                    self.found(window.offset + at as u64, out);
                    return if at > 0 { Step::Used(at) } else { self.record(window, out) };
                }
                Ok(false) => {}
                Err(need) if at == 0 => return Step::Need(need),
                Err(_) => return Step::Used(at),
            }
        }
        Step::Used(window.data.len())
    }

    /// Whether a chain of records begins here, each sane, not empty, and near in time. `Err` says
    /// how many bytes are needed to tell.
    fn chain(&self, data: &[u8], is_end: bool) -> Result<bool, usize> {
        let (mut at, mut last) = (0, self.last_secs);
        for links in 0..CHAIN {
            let rest = data.get(at..).unwrap_or_default();
            let Some(r) = self.head.record(rest) else {
                return if is_end {
                    // Records up to the very end are as good as a chain.
                    Ok(links > 0 && rest.is_empty())
                } else {
                    Err(at + self.head.form.record)
                };
            };
            let is_near = last.is_none_or(|last| r.secs.abs_diff(last) <= NEAR);
            if !(self.head.is_sane(&r) && r.caplen > 0 && is_near) {
                return Ok(false);
            }
            last = Some(r.secs);
            at += self.head.form.record + r.caplen as usize;
        }
        Ok(true)
    }

    fn found(&mut self, offset: u64, out: &mut dyn Sink) {
        if let State::Lost(since, why) = std::mem::replace(&mut self.state, State::Records) {
            self.note_loss(since, offset, &why, out);
        }
    }

    fn note_loss(&self, since: u64, until: u64, why: &str, out: &mut dyn Sink) {
        let lost = until - since;
        let detail = format!(
            "behind packet {}, at offset {since}: {why}; {lost} bytes are lost",
            self.intake.number()
        );
        self.intake.note(&CAPTURE_DAMAGED, (since, lost), detail, out);
    }

    /// The file ends with `left` bytes that are no whole record.
    fn end(&mut self, offset: u64, left: u64, out: &mut dyn Sink) {
        match std::mem::replace(&mut self.state, State::Records) {
            State::Lost(since, why) => self.note_loss(since, offset + left, &why, out),
            _ if left > 0 => {
                let number = self.intake.number() + 1;
                let detail =
                    format!("packet {number}, at offset {offset}: only {left} bytes of it");
                self.intake.note(&FILE_CUT, (offset, left), detail, out);
            }
            _ => {}
        }
    }
}

/// The packet in one record. How the file writes numbers is told by the length that fits.
pub(super) fn again<'a>(interface: &Interface, at: Origin, bytes: &'a [u8]) -> Option<Packet<'a>> {
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
            wire_len: r.wire_len.max(r.caplen),
            data,
        })
    })
}

/// A record header in words.
fn describe(r: &RecordHead) -> String {
    format!(
        "record header says {} of {} bytes captured at {}.{}",
        r.caplen, r.wire_len, r.secs, r.fraction
    )
}
