//! The pcap file format, in every form it is found in.
//!
//! Six magics: seconds with micro- or nanoseconds, and Kuznetzov's modified form with 8 more bytes in
//! each record header, each in both byte orders. The file header is pcap-parser's business; record
//! headers are four numbers and read here, since they are the hot path and the place where a damaged
//! file is found out.

use super::EMITS;
use super::carry::{Carry, Step, Window};
use super::index::{Block, Section};
use super::{Intake, MAX_CAPLEN, Record, second};
use crate::net::{Flows, Packets};
use crate::note::{FILE_CUT, RECORD_LENIENT};
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
    pub is_big_endian: bool,
    pub is_nano: bool,
    /// Bytes of a record header.
    pub record: usize,
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

    pub(super) fn time(self, r: &RecordHead) -> Time {
        let nanos = i64::from(r.fraction) * (NANOS / i64::from(self.units()));
        Time(i64::from(r.secs) * NANOS + nanos)
    }

    /// The record header at the start of `data`.
    pub(super) fn head(self, data: &[u8]) -> Option<RecordHead> {
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
pub(super) struct RecordHead {
    secs: u32,
    fraction: u32,
    pub caplen: u32,
    pub wire_len: u32,
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

    /// What about a record is not sane.
    fn contradiction(&self, r: &RecordHead) -> String {
        let RecordHead { fraction, caplen, wire_len, .. } = r;
        if fraction >= &self.form.units() {
            let unit = if self.form.is_nano { "nanoseconds" } else { "microseconds" };
            format!("{fraction} {unit} are more than a second")
        } else if caplen > wire_len {
            format!("{caplen} bytes captured of {wire_len} that were sent")
        } else if *caplen > MAX_CAPLEN || (self.snaplen != 0 && *caplen > self.snaplen) {
            let most = if self.snaplen == 0 { MAX_CAPLEN } else { MAX_CAPLEN.min(self.snaplen) };
            format!("{caplen} bytes captured where the most is {most}")
        } else {
            "no time and no length".to_owned()
        }
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
            intake: Intake::new(opening, packets),
            state: State::Start,
            head: FileHead { form, link_type: 1, snaplen: 0, version: (2, 4) },
            last_secs: None,
        };
        Self { carry: Carry::default(), parser }
    }

    /// Goes on at a block of a file with this header.
    pub(super) fn resume(mut self, header: &[u8], block: &Block) -> Option<Self> {
        self.parser.head = FileHead::of(header)?;
        self.parser.state = State::Records;
        self.parser.intake.begin_behind(block.first.saturating_sub(1));
        self.carry = Carry::at(block.offset);
        Some(self)
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
        node.index.header = window.data.get(..Form::HEADER).unwrap_or_default().to_vec();
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
        let len = header.saturating_add(r.caplen as usize);
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
            number: self.intake.number() + 1,
            ts: Some(self.head.form.time(&r)),
            offset: window.offset,
            len: len as u32,
            link_type: Some(self.head.link_type),
            wire_len: r.wire_len.max(r.caplen),
            data,
            interface: 0,
            section: Section::default(),
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
            Some(next) => {
                Some(self.head.is_possible(&next) && next.fraction < self.fraction_limit(r))
            }
            None if window.is_end => Some(window.data.len() == len),
            None => None,
        }
    }

    /// What a fraction behind this record stays below. A writer that forgets to carry a second, or
    /// adds two fractions, goes on for several records, up to twice a second; one whose clock is
    /// wrong altogether may stay as high as it was.
    const fn fraction_limit(&self, r: &RecordHead) -> u32 {
        let twice = 2 * self.head.form.units();
        if r.fraction < twice { twice } else { r.fraction.saturating_add(1) }
    }

    fn note_lie(&self, r: &RecordHead, offset: u64, out: &mut dyn Sink) {
        let why = self.head.contradiction(r);
        let detail = format!("packet {}: {}, {why}", self.intake.number() + 1, describe(r));
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
                    Ok(links > 0 && at == data.len())
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
            self.intake.note_loss(since..offset, &why, out);
        }
    }

    /// The file ends with `left` bytes that are no whole record.
    fn end(&mut self, offset: u64, left: u64, out: &mut dyn Sink) {
        match std::mem::replace(&mut self.state, State::Records) {
            State::Lost(since, why) => self.intake.note_loss(since..offset + left, &why, out),
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

/// A record header in words.
fn describe(r: &RecordHead) -> String {
    format!(
        "record header says {} of {} bytes captured at {}.{}",
        r.caplen, r.wire_len, r.secs, r.fraction
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Kept, read, udp};
    use super::*;

    /// 2023-11-14T22:13:20Z.
    const SECS: u32 = 1_700_000_000;

    /// A file in one of the forms.
    struct File {
        big: bool,
        record: usize,
        bytes: Vec<u8>,
    }

    fn file(magic: u32, big: bool, link_type: u32) -> File {
        let record = if magic == 0xa1b2_cd34 { 24 } else { 16 };
        let mut file = File { big, record, bytes: Vec::new() };
        file.number(magic);
        let version = [2u16, 4].map(|n| if big { n.to_be_bytes() } else { n.to_le_bytes() });
        file.bytes.extend(version.concat());
        [0, 0, 65_535, link_type].into_iter().for_each(|n| file.number(n));
        file
    }

    fn plain() -> File {
        file(0xa1b2_c3d4, false, 101)
    }

    impl File {
        fn number(&mut self, n: u32) {
            self.bytes.extend(if self.big { n.to_be_bytes() } else { n.to_le_bytes() });
        }

        fn head(&mut self, secs: u32, fraction: u32, caplen: u32, wire_len: u32) {
            [secs, fraction, caplen, wire_len].into_iter().for_each(|n| self.number(n));
            self.bytes.extend(vec![7; self.record - 16]);
        }

        fn packet(&mut self, n: u8) {
            let data = udp(&[n; 4]);
            self.head(SECS + u32::from(n), 5, data.len() as u32, data.len() as u32);
            self.bytes.extend(data);
        }

        fn read(&self) -> Kept {
            read(&FORMAT, |opening, packets| Box::new(Pcap::new(opening, packets)), &self.bytes)
        }
    }

    #[test]
    fn every_form_gives_the_same_packets() {
        for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1), (0xa1b2_cd34, 1000)] {
            for big in [false, true] {
                let mut file = file(magic, big, 0x1400_0000 | 101);
                (1..4).for_each(|n| file.packet(n));
                let got = file.read();
                assert_eq!(got.payloads(), [[1; 4], [2; 4], [3; 4]], "{magic:x} {big}");
                assert_eq!(got.packets[0].nanos, Some(i64::from(SECS + 1) * NANOS + 5 * unit));
                assert_eq!((got.count("packets"), got.notes.len()), (3, 0));
                assert_eq!(got.node().interfaces[0].link_type, 101);
                let head = Head { bytes: &file.bytes, is_whole: true };
                assert_eq!(sniff(&head), Sniff::Certain);
            }
        }
    }

    #[test]
    fn what_is_no_pcap_is_refused() {
        for bytes in [&b"\xd4\xc3\xb2"[..], b"\xd4\xc3\xb2\xa2", b"", b"\x0a\x0d\x0d\x0a"] {
            assert!(matches!(sniff(&Head { bytes, is_whole: true }), Sniff::No(_)));
        }
        let short = Head { bytes: &plain().bytes[..23], is_whole: true };
        assert!(matches!(sniff(&short), Sniff::No(_)));
    }

    #[test]
    fn lengths_that_lie_are_told_and_the_packet_is_used() {
        let data = udp(b"lies");
        let lies = [
            (32, 10, 0, "32 bytes captured of 10 that were sent"),
            (32, 32, 2_000_000, "2000000 microseconds are more than a second"),
        ];
        for (caplen, wire_len, fraction, why) in lies {
            let mut file = plain();
            file.packet(1);
            file.head(SECS + 2, fraction, caplen, wire_len);
            file.bytes.extend(&data);
            file.packet(3);
            let got = file.read();
            assert_eq!(got.payloads(), [&[1; 4][..], b"lies", &[3; 4]]);
            assert_eq!(got.codes(), ["record-lenient"]);
            assert!(got.notes[0].detail.ends_with(why), "{}", got.notes[0].detail);
        }
    }

    #[test]
    fn seconds_that_are_not_carried_are_told_and_the_packets_used() {
        for (magic, units) in [(0xa1b2_c3d4, 1_000_000), (0xa1b2_3c4d, 1_000_000_000)] {
            let mut file = file(magic, false, 101);
            for (n, fraction) in [(1, units - 1), (2, units), (3, units + 1), (4, 2 * units - 1)] {
                let data = udp(&[n; 4]);
                file.head(SECS, fraction, data.len() as u32, data.len() as u32);
                file.bytes.extend(data);
            }
            file.packet(5);
            let got = file.read();
            assert_eq!((got.payloads().len(), got.codes()), (5, vec!["record-lenient"; 3]));
        }
    }

    #[test]
    fn a_packet_over_the_snap_length_is_used() {
        let mut file = plain();
        let at = 16;
        file.bytes[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
        (1..4).for_each(|n| file.packet(n));
        let got = file.read();
        assert_eq!((got.payloads().len(), got.codes()), (3, vec!["record-lenient"; 3]));
        let detail = &got.notes[0].detail;
        assert!(detail.ends_with("32 bytes captured where the most is 10"), "{detail}");
    }

    #[test]
    fn packets_whose_end_was_not_captured_are_told_once() {
        let mut file = plain();
        file.packet(1);
        for n in 2..4 {
            let data = udp(&[n; 4]);
            file.head(SECS, 0, data.len() as u32, 1500);
            file.bytes.extend(&data);
        }
        let got = file.read();
        assert_eq!((got.count("packets cut"), got.codes()), (2, vec!["packets-cut"]));
        assert_eq!(
            (got.notes[0].at.item, &*got.notes[0].detail),
            (2, "2 in all, packet 2 the first")
        );
    }

    #[test]
    fn old_files_with_swapped_lengths_are_read() {
        let mut file = plain();
        file.bytes[6] = 2;
        let data = udp(b"old!");
        // The first number is the length on the wire, which was cut.
        file.head(SECS, 0, 500, data.len() as u32);
        file.bytes.extend(&data);
        let got = file.read();
        assert_eq!((got.payloads(), got.codes()), (vec![&b"old!"[..]], vec!["packets-cut"]));
    }

    #[test]
    fn a_damaged_place_is_skipped_and_told_with_its_bytes() {
        let mut file = plain();
        (1..4).for_each(|n| file.packet(n));
        let from = file.bytes.len();
        file.bytes.extend([0xff; 37]);
        let until = file.bytes.len();
        (4..9).for_each(|n| file.packet(n));
        let got = file.read();
        assert_eq!(got.payloads().len(), 8);
        assert_eq!(got.codes(), ["capture-damaged"]);
        assert_eq!((got.notes[0].at.offset, got.notes[0].at.len), (from as u64, 37));
        assert_eq!(got.packets[3].offset, until as u64);
        let detail = &got.notes[0].detail;
        assert!(detail.contains("37 bytes are lost") && detail.starts_with("behind packet 3"));
        let mut file = plain();
        file.bytes.extend([0xff; 37]);
        let detail = &file.read().notes[0].detail;
        assert!(detail.starts_with("before the first packet, at offset 24"), "{detail}");
    }

    #[test]
    fn reading_goes_on_only_where_several_records_make_sense() {
        // Two records before the end are believed since they end with it; one and a half are not.
        let mut file = plain();
        (1..4).for_each(|n| file.packet(n));
        file.bytes.extend([0xff; 37]);
        (4..6).for_each(|n| file.packet(n));
        assert_eq!(file.read().payloads().len(), 5);
        file.bytes.pop();
        let got = file.read();
        assert_eq!((got.payloads().len(), got.codes()), (3, vec!["capture-damaged"]));
    }

    #[test]
    fn reading_goes_on_only_near_in_time() {
        for (far, want) in [(NEAR, 6), (NEAR + 1, 3)] {
            let mut file = plain();
            (1..4).for_each(|n| file.packet(n));
            file.bytes.extend([0xff; 37]);
            for n in 0..3 {
                file.head(SECS + 3 + far, 0, 32, 32);
                file.bytes.extend(udp(&[n; 4]));
            }
            assert_eq!(file.read().payloads().len(), want);
        }
    }

    #[test]
    fn a_cut_last_packet_is_told() {
        let mut file = plain();
        (1..3).for_each(|n| file.packet(n));
        let whole = file.bytes.len();
        file.packet(3);
        for len in whole + 1..file.bytes.len() {
            let cut = File { bytes: file.bytes[..len].to_vec(), ..file };
            let got = cut.read();
            assert_eq!((got.payloads().len(), got.codes()), (2, vec!["file-cut"]), "at {len}");
            assert_eq!(got.notes[0].at.offset, whole as u64);
        }
    }

    #[test]
    fn a_tail_of_zeros_is_no_packets() {
        let mut file = plain();
        (1..3).for_each(|n| file.packet(n));
        file.bytes.extend([0; 4096]);
        let got = file.read();
        assert_eq!((got.count("packets"), got.codes()), (2, vec!["capture-damaged"]));
    }

    #[test]
    fn which_reasons_are_counted_by_name_does_not_depend_on_the_pieces() {
        let mut file = file(0xa1b2_c3d4, false, 1);
        // More EtherTypes than are named, the greatest first, and each of them twice.
        for n in (0..300_u16).rev().chain(0..300) {
            let mut data = [0; 60];
            data[12..14].copy_from_slice(&(0x2000 + n).to_be_bytes());
            file.head(SECS, u32::from(n), 60, 60);
            file.bytes.extend(data);
        }
        let got = file.read();
        assert_eq!(got.count("packets not decoded: EtherType 0x212b"), 2);
        assert_eq!(got.count("packets not decoded: EtherType 0x2064"), 2);
        assert_eq!(got.count("packets not decoded: EtherType 0x2063"), 0);
        assert_eq!(got.count("packets not decoded: other reasons"), 200);
        assert_eq!(got.count("packets"), 600);
    }

    #[test]
    fn a_length_beyond_all_packets_costs_no_memory() {
        let mut file = plain();
        file.packet(1);
        file.head(SECS + 2, 0, MAX_CAPLEN + 1, MAX_CAPLEN + 1);
        file.bytes.extend([0; 64]);
        (3..7).for_each(|n| file.packet(n));
        let got = file.read();
        assert_eq!((got.payloads().len(), got.codes()), (5, vec!["capture-damaged"]));
    }
}
