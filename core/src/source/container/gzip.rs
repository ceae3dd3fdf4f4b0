//! gzip (RFC 1952): one or many members, which together are one file.

use super::checkpoint::Checkpoint;
use super::child::Child;
use super::deflate::{Deflate, End};
use crate::event::{NodeId, Origin};
use crate::note::{CONTAINER_DAMAGED, CONTAINER_RATIO, Note, NoteKind};
use crate::report::Item;
use crate::source::{Format, Head, Opening, Reader, Sink, Sniff};
use crate::text::from_bytes;

/// The format.
pub const GZIP: Format = Format {
    name: "gzip",
    title: "gzip",
    emits: &[],
    sniff,
    open,
    show: |_, at, bytes| Item::raw(at, bytes),
};

/// Longest header of a member that is believed: two names of 64 KB and an extra field.
const MAX_HEADER: usize = 256 << 10;

fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes {
        // Method 8 is deflate, the only one; the high three flags are reserved and zero.
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Sniff::Certain,
        [0x1f, 0x8b, ..] => Sniff::No("gzip's first two bytes, but an unknown method or flags"),
        _ => Sniff::No("does not begin with gzip's 1f 8b"),
    }
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(Gzip::new(opening))
}

/// Goes on from a checkpoint, with the content's node opened anew.
pub(crate) fn resume(
    opening: &Opening<'_>,
    checkpoint: &Checkpoint,
    out: &mut dyn Sink,
) -> Box<dyn Reader> {
    let deflate = Deflate::resume(checkpoint);
    let n_in = checkpoint.n_in;
    let mut gzip = Gzip { state: State::Body, deflate, n_in, ..Gzip::new(opening) };
    gzip.child.open("", out);
    Box::new(gzip)
}

impl Gzip {
    fn new(opening: &Opening<'_>) -> Self {
        Self {
            node: opening.node,
            child: Child::new(opening),
            state: State::Header(Vec::new()),
            deflate: Deflate::new((opening.depth == 0).then_some(opening.node)),
            n_in: 0,
            n_members: 0,
        }
    }
}

struct Gzip {
    node: NodeId,
    child: Child,
    state: State,
    deflate: Deflate,
    n_in: u64,
    n_members: u64,
}

enum State {
    /// Bytes of a member's header so far.
    Header(Vec<u8>),
    Body,
    /// Bytes of the checksum and length behind a member.
    Trailer(Vec<u8>),
    /// Nothing more is taken: damaged, a bomb, or nobody reads it.
    Over,
}

impl Reader for Gzip {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        self.child.refill();
        let mut used = 0;
        loop {
            if !self.child.drain(out) {
                return used;
            }
            if self.child.is_refused() {
                self.state = State::Over;
            }
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() && !matches!(self.state, State::Body) {
                return used;
            }
            let step = match &mut self.state {
                State::Header(_) => self.header(rest, out),
                State::Body => self.body(rest, out),
                State::Trailer(_) => self.trailer(rest, out),
                State::Over => rest.len(),
            };
            used += step;
            self.n_in += step as u64;
            if step == 0 && self.child.pending().is_empty() && rest.is_empty() {
                return used;
            }
        }
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        // What the decompressor still holds comes out without input.
        while matches!(self.state, State::Body) {
            self.child.refill();
            if self.child.drain(out) {
                self.body(&[], out);
                if self.child.pending().is_empty() {
                    break;
                }
            }
        }
        match &self.state {
            State::Body => {
                self.note(&CONTAINER_DAMAGED, "the file ends inside compressed data", out)
            }
            State::Trailer(_) => {
                self.note(&CONTAINER_DAMAGED, "the file ends inside a member's checksum", out);
            }
            State::Header(held) if !held.iter().all(|b| *b == 0) => {
                let what = if self.n_members == 0 {
                    "the file ends inside its first header"
                } else {
                    "bytes behind the last member are no further member"
                };
                self.note(&CONTAINER_DAMAGED, what, out);
            }
            _ => {}
        }
        self.child.finish(out);
    }
}

impl Gzip {
    fn header(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let State::Header(held) = &mut self.state else { return 0 };
        let before = held.len();
        let begin = self.n_in - before as u64;
        // Padding behind a member, as tape blocks have it.
        if before == 0 && self.n_members > 0 {
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            if zeros > 0 {
                return zeros;
            }
        }
        let new = bytes.get(..bytes.len().min(MAX_HEADER + 1 - before)).unwrap_or_default();
        // Nearly always all of it is here. What is behind it is not copied: that would be done for
        // every one of many small members.
        let header = if before == 0 {
            new
        } else {
            held.extend_from_slice(new);
            held.as_slice()
        };
        let n = header.len();
        match parse_header(header) {
            Parsed::Header { len, name } => {
                let name = name.map(from_bytes);
                self.state = State::Body;
                self.deflate.begin();
                let name = name.unwrap_or_else(|| own_name(&out.node(self.node).name).into());
                self.child.open(&name, out);
                len - before
            }
            Parsed::More if n <= MAX_HEADER => {
                if before == 0 {
                    held.extend_from_slice(new);
                }
                n - before
            }
            _ => {
                let what = if self.n_members == 0 {
                    "the header is damaged"
                } else {
                    "bytes behind a member are no further member"
                };
                self.note_at(begin, &CONTAINER_DAMAGED, what, out);
                self.state = State::Over;
                bytes.len()
            }
        }
    }

    fn body(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let (used, end) = self.deflate.step(self.n_in, bytes, self.child.pending(), out);
        let n_in = self.n_in + used as u64;
        match end {
            Some(End::Stream) => self.state = State::Trailer(Vec::new()),
            Some(End::Bomb) => {
                self.note_at(n_in, &CONTAINER_RATIO, "", out);
                self.state = State::Over;
            }
            Some(End::Damaged) => {
                self.note_at(n_in, &CONTAINER_DAMAGED, "the compressed data is damaged", out);
                self.state = State::Over;
            }
            None => {}
        }
        used
    }

    fn trailer(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let State::Trailer(held) = &mut self.state else { return 0 };
        let begin = self.n_in - held.len() as u64;
        let used = bytes.len().min(8 - held.len().min(8));
        held.extend_from_slice(bytes.get(..used).unwrap_or_default());
        if let [a, b, c, d, e, f, g, h] = held.as_slice() {
            let sum = u32::from_le_bytes([*a, *b, *c, *d]);
            let len = u32::from_le_bytes([*e, *f, *g, *h]);
            if sum != self.deflate.crc.sum() {
                let what = "a member's checksum is wrong: its content was used";
                self.note_at(begin, &CONTAINER_DAMAGED, what, out);
            } else if len != self.deflate.crc.amount() {
                let what = "a member's length is wrong: its content was used";
                self.note_at(begin, &CONTAINER_DAMAGED, what, out);
            }
            self.n_members += 1;
            self.state = State::Header(Vec::new());
        }
        used
    }

    fn note(&self, kind: &'static NoteKind, what: &str, out: &mut dyn Sink) {
        self.note_at(self.n_in, kind, what, out);
    }

    fn note_at(&self, n_in: u64, kind: &'static NoteKind, what: &str, out: &mut dyn Sink) {
        let at = Origin { node: self.node, item: 0, offset: n_in, len: 0 };
        let sizes = format!("after {n_in} bytes, which gave {}", self.deflate.n_out);
        let detail = if what.is_empty() { sizes } else { format!("{what}, {sizes}") };
        out.note(Note { at, kind, detail });
    }
}

/// What the bytes of a header are so far.
enum Parsed<'a> {
    More,
    Bad,
    Header { len: usize, name: Option<&'a [u8]> },
}

/// RFC 1952 section 2.3.
fn parse_header(bytes: &[u8]) -> Parsed<'_> {
    const FHCRC: u8 = 2;
    const FEXTRA: u8 = 4;
    const FNAME: u8 = 8;
    const FCOMMENT: u8 = 16;
    let magic = [0x1f, 0x8b, 8];
    if !magic.starts_with(bytes.get(..3).unwrap_or(bytes)) {
        return Parsed::Bad;
    }
    let Some(flags) = bytes.get(3).filter(|_| bytes.len() >= 10) else { return Parsed::More };
    let mut len = 10;
    if flags & FEXTRA != 0 {
        let Some([a, b]) = bytes.get(len..len + 2) else { return Parsed::More };
        len += 2 + usize::from(u16::from_le_bytes([*a, *b]));
    }
    let mut text = |flag| {
        if flags & flag == 0 {
            return Some(None);
        }
        let rest = bytes.get(len..)?;
        let end = memchr::memchr(0, rest)?;
        len += end + 1;
        Some(rest.get(..end))
    };
    let (Some(name), Some(_)) = (text(FNAME), text(FCOMMENT)) else { return Parsed::More };
    if flags & FHCRC != 0 {
        len += 2;
    }
    if bytes.len() < len { Parsed::More } else { Parsed::Header { len, name } }
}

/// The name of the content where the header has none: the file's own without its ending.
fn own_name(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{Sunk, read, read_by};
    use flate2::{Compression, GzBuilder, write::GzEncoder};
    use std::io::Write;

    const ROW: &str = "{\"_path\":\"conn\",\"ts\":1,\"id.orig_h\":\"10.0.0.1\"}\n";

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn codes(sunk: &Sunk) -> Vec<&str> {
        sunk.notes.iter().map(|n| n.kind.code).collect()
    }

    #[test]
    fn members_are_one_file_named_by_the_first_header() {
        let mut file = GzBuilder::new()
            .filename("conn.log")
            .comment("c")
            .extra(vec![1, 2])
            .write(Vec::new(), Compression::fast());
        file.write_all(ROW.as_bytes()).unwrap();
        let mut bytes = file.finish().unwrap();
        bytes.extend(gz(ROW.repeat(3).as_bytes()));
        bytes.extend([0; 512]);
        let sunk = read(&bytes);
        assert_eq!((sunk.events.len(), sunk.notes.len()), (4, 0), "{:?}", sunk.notes());
        let child = &sunk.nodes[&1];
        assert_eq!((&*child.name, child.format), ("conn.log", Some("zeek-json")));
        assert_eq!(sunk.events[3].at.offset, ROW.len() as u64 * 3);
    }

    #[test]
    fn cut_and_damaged_files_give_what_is_before() {
        let rows = (0..5000).map(|i| ROW.replace(":1,", &format!(":{i},"))).collect::<String>();
        let whole = gz(rows.as_bytes());
        let cut = read_by(&whole[..whole.len() / 2], 1000);
        assert!((1000..5000).contains(&cut.events.len()));
        assert_eq!(codes(&cut), ["container-damaged", "file-cut"]);
        assert!(cut.notes()[0].contains("ends inside compressed data"));
        let mut bad = whole.clone();
        let at = bad.len() / 2;
        bad[at..at + 40].fill(0xff);
        let bad = read_by(&bad, 1000);
        assert!(bad.events.len() > 1000 && codes(&bad).contains(&"container-damaged"));
        let mut sum = whole.clone();
        let at = sum.len() - 8;
        sum[at] ^= 1;
        let sum = read_by(&sum, 1000);
        assert_eq!(sum.events.len(), 5000);
        assert!(sum.notes()[0].contains("checksum is wrong"));
        let trailing = read_by(&[gz(ROW.as_bytes()), b"junk".to_vec()].concat(), 3);
        assert_eq!((trailing.events.len(), codes(&trailing)), (1, vec!["container-damaged"]));
    }

    #[test]
    fn a_note_names_the_same_place_in_any_cut() {
        let rows = (0..5000).map(|i| ROW.replace(":1,", &format!(":{i},"))).collect::<String>();
        let whole = gz(rows.as_bytes());
        let at = |i: usize, to: u8| {
            let mut bytes = whole.clone();
            bytes[i..i + 9].fill(to);
            bytes
        };
        let n = whole.len();
        let second = [&whole[..], b"no member"].concat();
        for bytes in [at(n / 3, 0xff), at(n / 2, 0), at(n - 9, 1), second] {
            let all = read(&bytes).notes();
            assert!(!all.is_empty());
            for by in [1, 7, 1000, 40_000] {
                assert_eq!(read_by(&bytes, by).notes(), all, "by {by}");
            }
        }
    }

    #[test]
    fn all_that_came_before_damage_is_used_in_any_cut() {
        // Rows so alike that a few bytes of input fill the decoder's window several times.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(ROW.repeat(8000).as_bytes()).unwrap();
        encoder.flush().unwrap();
        // A block of a type that there is not.
        let damaged = [encoder.get_ref(), &[7; 9][..]].concat();
        let members = [gz(ROW.as_bytes()), damaged.clone()].concat();
        for bytes in [damaged, members] {
            let all = read_by(&bytes, bytes.len());
            assert_eq!(codes(&all), ["container-damaged"], "{:?}", all.notes());
            assert!(all.events.len() >= 8000);
            for by in (100..1100).step_by(23) {
                let cut = read_by(&bytes, by);
                assert_eq!((cut.notes(), cut.events.len()), (all.notes(), all.events.len()));
            }
        }
    }

    #[test]
    fn containers_too_deep_are_not_opened() {
        let mut bytes = ROW.as_bytes().to_vec();
        for depth in 0..5 {
            bytes = gz(&bytes);
            let sunk = read_by(&bytes, 1000);
            let expect = if depth < 4 { (1, vec![]) } else { (0, vec!["container-too-deep"]) };
            assert_eq!((sunk.events.len(), codes(&sunk)), expect);
        }
    }

    #[test]
    fn a_bomb_is_stopped_and_a_log_of_equal_lines_is_not() {
        // 80 MB of a valid log that ends in a desert of blanks; deflate makes 1 : 1030 of it.
        let bomb = |n: usize| gz(&[ROW.as_bytes(), &vec![b' '; n]].concat());
        let stopped = read_by(&bomb(80 << 20), 1 << 20);
        assert_eq!((stopped.events.len(), codes(&stopped)), (1, vec!["container-ratio"]));
        let below = read_by(&bomb(60 << 20), 1 << 20);
        assert_eq!((below.events.len(), codes(&below)), (1, vec![]));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_same_byte_in_any_cut() {
        // Rows all along, each behind a line of blanks that costs little to read.
        let line = [b"1.0\n", &vec![b' '; 8 << 20][..], b"\n"].concat();
        let head = b"#separator \\x09\n#path\tconn\n#fields\tts\n";
        for bytes in
            [gz(&[&head[..], &line.repeat(10)].concat()), [gz(head), gz(&line).repeat(10)].concat()]
        {
            let whole = read_by(&bytes, bytes.len());
            assert!(codes(&whole).contains(&"container-ratio"), "{:?}", whole.notes());
            assert!(whole.events.len() > 5);
            for by in [777, 10_000] {
                let cut = read_by(&bytes, by);
                assert_eq!((cut.notes(), cut.events.len()), (whole.notes(), whole.events.len()));
                assert_eq!(cut.nodes[&1].bytes_read, whole.nodes[&1].bytes_read, "by {by}");
            }
        }
    }

    #[test]
    fn one_call_takes_a_bounded_amount_out() {
        let bytes = gz(&[ROW.as_bytes(), &vec![b'\n'; 40 << 20]].concat());
        let settings = crate::settings::Settings::default();
        let head = Head { bytes: &bytes, is_whole: true };
        let mut reader = open(&Opening { node: NodeId(0), depth: 0, head, settings: &settings });
        let mut sunk = Sunk::default();
        let (mut rest, mut calls) = (&bytes[..], 0);
        while !rest.is_empty() {
            let before = sunk.nodes.get(&1).map_or(0, |n| n.bytes_read);
            let used = reader.feed(rest, &mut sunk);
            rest = &rest[used..];
            calls += 1;
            let taken = sunk.nodes.get(&1).map_or(0, |n| n.bytes_read) - before;
            assert!(
                taken
                    <= (crate::source::FEED_BUDGET + crate::source::container::deflate::STEP)
                        as u64,
                "{taken}"
            );
        }
        assert!(calls >= 39, "{calls}");
    }
}
