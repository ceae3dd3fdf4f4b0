//! A member of an archive being read: stored or deflated, and held against its checksum.

use super::super::checkpoint::Checkpoint;
use super::super::child::Child;
use super::super::deflate::{Deflate, End, STEP};
use crate::event::{NodeId, Origin};
use crate::note::{CONTAINER_DAMAGED, CONTAINER_RATIO, Note, NoteKind};
use crate::settings::Settings;
use crate::source::{Opened, Reader, Sink};
use serde::{Deserialize, Serialize};

/// How the bytes of a member are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// True for deflate; false where the bytes are the content.
    pub is_deflated: bool,
    /// Length and CRC-32 of the content, where the archive says them.
    pub content: Option<(u64, u32)>,
}

/// A file of the case being read: as it is, or as a member of an archive.
pub enum Fed {
    /// Its bytes are what is in it.
    Plain(Opened),
    /// It is a member of an archive.
    Member(Box<Member>),
}

impl Fed {
    /// A file about to be fed.
    pub fn new(node: NodeId, packed: Option<Packed>, settings: &Settings) -> Self {
        match packed {
            None => Self::Plain(Opened::new(node, 0, settings)),
            Some(packed) => Self::Member(Box::new(Member::new(node, packed, settings))),
        }
    }

    /// A compressed file from one of its checkpoints on.
    pub(crate) fn resumed(
        node: NodeId,
        packed: Option<Packed>,
        checkpoint: &Checkpoint,
        settings: &Settings,
        out: &mut dyn Sink,
    ) -> Self {
        match packed.filter(|p| p.is_deflated) {
            None => Self::Plain(Opened::resumed(node, checkpoint, settings, out)),
            Some(packed) => {
                let deflate = Some(Deflate::resume(checkpoint));
                let n_in = checkpoint.n_in;
                let member = Member { deflate, n_in, ..Member::new(node, packed, settings) };
                Self::Member(Box::new(member))
            }
        }
    }

    /// True when the rest of its bytes need not be read.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Plain(opened) => opened.is_refused(),
            Self::Member(member) => member.is_over || member.content.is_refused(),
        }
    }
}

impl Reader for Fed {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        match self {
            Self::Plain(opened) => opened.feed(bytes, out),
            Self::Member(member) => member.feed(bytes, out),
        }
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        match self {
            Self::Plain(opened) => opened.finish(out),
            Self::Member(member) => member.finish(out),
        }
    }
}

/// Reads the data of a member; its content is read under the same node.
pub struct Member {
    node: NodeId,
    content: Child,
    packed: Packed,
    /// `None` when it is stored.
    deflate: Option<Deflate>,
    /// What the content is held against, where it is stored.
    crc: flate2::Crc,
    n_in: u64,
    /// No more of it is read: it is at its end, damaged, or a bomb.
    is_over: bool,
    /// All of its content was read.
    is_whole: bool,
}

impl Member {
    fn new(node: NodeId, packed: Packed, settings: &Settings) -> Self {
        Self {
            node,
            content: Child::of_member(node, u8::from(packed.is_deflated), settings),
            packed,
            deflate: packed.is_deflated.then(|| Deflate::new(Some(node))),
            crc: flate2::Crc::new(),
            n_in: 0,
            is_over: false,
            is_whole: false,
        }
    }

    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        self.content.refill();
        let mut used = 0;
        loop {
            if !self.content.drain(out) {
                return used;
            }
            let rest = bytes.get(used..).unwrap_or_default();
            if self.is_over || self.content.is_refused() {
                return bytes.len();
            }
            let step = self.step(rest, out);
            used += step;
            self.n_in += step as u64;
            if step == 0 && rest.is_empty() && self.content.pending().is_empty() {
                return used;
            }
        }
    }

    /// Takes the next bytes of its data; returns how many.
    fn step(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        let Some(deflate) = &mut self.deflate else {
            let now = bytes.get(..STEP).unwrap_or(bytes);
            self.crc.update(now);
            self.content.pending().extend_from_slice(now);
            return now.len();
        };
        let (used, end) = deflate.step(self.n_in, bytes, self.content.pending(), out);
        self.is_over = end.is_some();
        match end {
            Some(End::Stream) => self.is_whole = true,
            Some(End::Damaged) => {
                self.note(&CONTAINER_DAMAGED, "the compressed data is damaged", out);
            }
            Some(End::Bomb) => {
                self.note(&CONTAINER_RATIO, "it gives over a thousand times its length", out)
            }
            None => {}
        }
        used
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        // What the decompressor still holds comes out without input.
        while !self.is_over && !self.content.is_refused() {
            self.content.refill();
            if self.content.drain(out) {
                self.step(&[], out);
                if self.content.pending().is_empty() {
                    break;
                }
            }
        }
        if !self.content.is_refused() {
            self.check(out);
        }
        self.content.finish(out);
    }

    /// Holds what was read against what the archive says.
    fn check(&self, out: &mut dyn Sink) {
        let is_whole = self.is_whole || self.deflate.is_none();
        if !is_whole {
            if !self.is_over {
                self.note(&CONTAINER_DAMAGED, "the archive ends inside this member", out);
            }
            return;
        }
        let crc = self.deflate.as_ref().map_or(&self.crc, |d| &d.crc);
        let wrong = match self.packed.content {
            Some((size, _)) if size != self.n_out() => "its length is not the one stated",
            Some((_, sum)) if sum != crc.sum() => "its checksum is wrong: its content was used",
            _ => return,
        };
        self.note(&CONTAINER_DAMAGED, wrong, out);
    }

    fn n_out(&self) -> u64 {
        self.deflate.as_ref().map_or(self.n_in, |d| d.n_out)
    }

    fn note(&self, kind: &'static NoteKind, what: &str, out: &mut dyn Sink) {
        // How much of the data was read by then is the business of whoever cut it into pieces.
        let offset = self.n_out();
        let at = Origin { node: self.node, item: 0, offset, len: 0 };
        out.note(Note { at, kind, detail: format!("{what}, after {offset} bytes of content") });
    }
}
