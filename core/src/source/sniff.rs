//! Picks the reader for a file by its first bytes, and keeps them until there are enough.

use super::container::{Checkpoint, gzip};
use super::foreign::{Foreign, foreign, is_tar};
use super::{FORMATS, Format, HEAD, Head, Opening, Reader, Sink, Sniff};
use crate::event::{NodeId, Origin};
use crate::note::{FILE_EMPTY, FORMAT_FOREIGN, FORMAT_UNKNOWN, Note};
use crate::settings::Settings;

/// The format whose content this is, or every format's reason to refuse.
pub fn recognise(head: &Head<'_>) -> Result<&'static Format, Vec<(&'static str, &'static str)>> {
    let mut refusals = Vec::new();
    let mut best: Option<(Sniff, &'static Format)> = None;
    for format in FORMATS {
        match (format.sniff)(head) {
            Sniff::No(why) => refusals.push((format.name, why)),
            found if best.is_none_or(|(have, _)| found > have) => best = Some((found, format)),
            _ => {}
        }
    }
    best.map(|(_, format)| format).ok_or(refusals)
}

/// A node being read: waits for its first bytes, then hands everything to the reader they chose.
pub struct Opened {
    node: NodeId,
    depth: u8,
    settings: Settings,
    state: State,
}

enum State {
    Waiting(Vec<u8>),
    Reading(Box<dyn Reader>),
    Refused,
}

impl Opened {
    /// A node about to be fed.
    pub fn new(node: NodeId, depth: u8, settings: &Settings) -> Self {
        Self { node, depth, settings: settings.clone(), state: State::Waiting(Vec::new()) }
    }

    /// A node whose bytes are not to be read.
    pub fn refused(node: NodeId) -> Self {
        Self { node, depth: 0, settings: Settings::default(), state: State::Refused }
    }

    /// A compressed file from one of its checkpoints on.
    pub(crate) fn resumed(
        node: NodeId,
        checkpoint: &Checkpoint,
        settings: &Settings,
        out: &mut dyn Sink,
    ) -> Self {
        let head = Head { bytes: &[], is_whole: false };
        let opening = Opening { node, depth: 0, head, settings };
        let reader = gzip::resume(&opening, checkpoint, out);
        Self { node, depth: 0, settings: settings.clone(), state: State::Reading(reader) }
    }

    /// True when no reader took it: the rest of its bytes need not be read.
    pub const fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }

    /// Opens the reader and feeds it all of `held`.
    fn choose(&mut self, held: &[u8], is_whole: bool, out: &mut dyn Sink) {
        let head = Head { bytes: held.get(..HEAD).unwrap_or(held), is_whole };
        let taken = match recognise(&head) {
            Ok(format) if is_tar(held) => Err(vec![(format.name, "it lies in a tar archive")]),
            taken => taken,
        };
        match taken {
            Ok(format) => {
                out.node(self.node).format = Some(format.name);
                let opening =
                    Opening { node: self.node, depth: self.depth, head, settings: &self.settings };
                let mut reader = (format.open)(&opening);
                let mut rest = held;
                while !rest.is_empty() {
                    let used = reader.feed(rest, out);
                    rest = rest.get(used..).unwrap_or_default();
                }
                self.state = State::Reading(reader);
            }
            Err(refusals) => {
                let known = foreign(head.bytes);
                let node = out.node(self.node);
                node.refusals = refusals;
                node.foreign = known.map(|f| f.title);
                out.note(match known {
                    Some(Foreign { title, step }) => {
                        self.whole_file_note(&FORMAT_FOREIGN, format!("{title}: {step}"))
                    }
                    None => self.whole_file_note(&FORMAT_UNKNOWN, describe_head(held)),
                });
                self.state = State::Refused;
            }
        }
    }

    fn whole_file_note(&self, kind: &'static crate::note::NoteKind, detail: String) -> Note {
        Note { at: Origin { node: self.node, ..Origin::default() }, kind, detail }
    }
}

impl Reader for Opened {
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize {
        if out.take_raw(self.node, bytes) {
            return bytes.len();
        }
        let used = match &mut self.state {
            State::Reading(reader) => reader.feed(bytes, out),
            State::Refused => bytes.len(),
            State::Waiting(held) => {
                let used = bytes.len().min(HEAD - held.len().min(HEAD));
                held.extend_from_slice(bytes.get(..used).unwrap_or_default());
                if held.len() >= HEAD {
                    let held = std::mem::take(held);
                    self.choose(&held, false, out);
                }
                used
            }
        };
        out.node(self.node).bytes_read += used as u64;
        used
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        if out.take_raw(self.node, &[]) {
            return;
        }
        if let State::Waiting(held) = &mut self.state {
            let held = std::mem::take(held);
            if held.is_empty() {
                out.note(self.whole_file_note(&FILE_EMPTY, "0 bytes".to_owned()));
            } else {
                self.choose(&held, true, out);
            }
        }
        if let State::Reading(reader) = &mut self.state {
            reader.finish(out);
        }
        out.node(self.node).is_done = true;
    }
}

/// The first bytes as hex and text, so that a person can see what the file is.
fn describe_head(bytes: &[u8]) -> String {
    let first = bytes.get(..16).unwrap_or(bytes);
    let hex = base16ct::lower::encode_string(first);
    format!("begins with {hex} ({})", first.escape_ascii())
}
