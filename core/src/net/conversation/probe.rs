//! Finds the protocol of a stream by its first bytes, and starts its analyzer with them.

use super::{Conversation, Mode};
use crate::net::identify::{Guess, guess};
use crate::net::reassembly::Mark;
use crate::proto::signatures::{Told, media, tell};
use crate::proto::{Analyzer, Dir, Over};
use crate::source::Sink;

/// First bytes of a direction that are kept to find the protocol. Zeek keeps 1024; a TLS
/// ClientHello with post-quantum keys, or an HTTP request behind a long path, needs more.
pub(super) const MAX_PROBED: usize = 4096;

/// First bytes of a direction that are kept to tell a protocol that no analyzer reads. IRC's servers
/// send some notices before the number that tells them apart.
pub(super) const MAX_TOLD: usize = 1024;

impl Conversation {
    /// Looks at first bytes until a protocol is found.
    pub(super) fn probe(&mut self, dir: Dir, bytes: &[u8], mark: Mark, out: &mut dyn Sink) {
        if bytes.is_empty() {
            return;
        }
        if let Mode::Probing { first, .. } = &mut self.mode {
            *first = first.or(Some(dir));
        }
        let left = self.left(dir);
        if left.is_unknown || left.lost > 0 {
            return self.keep(dir, bytes);
        }
        if left.bytes.is_empty() && self.ends_turn(dir.other(), out) {
            return self.data(dir, bytes, mark, out);
        }
        let left = self.left(dir);
        left.mark = left.mark.or(Some(mark));
        let room = MAX_PROBED.saturating_sub(left.bytes.len()).min(bytes.len());
        let (kept, more) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        let is_full = !more.is_empty();
        if self.orig.bytes.is_empty() && self.resp.bytes.is_empty() {
            // Mostly the first bytes are enough: then nothing need be kept.
            let guess = guess(self.over, dir, kept, self.ports, is_full);
            if let Guess::Found(protocol) = guess {
                self.mode = Mode::Running((protocol.open)());
                return self.data(dir, bytes, mark, out);
            }
            self.left(dir).bytes.extend_from_slice(kept);
            self.conclude(dir, guess, out);
        } else {
            self.left(dir).bytes.extend_from_slice(kept);
            if self.decide(dir, is_full, out) {
                if is_full {
                    self.data(dir, more, mark, out);
                }
                return;
            }
        }
        if is_full {
            self.left(dir).lost += more.len() as u64;
        }
    }

    /// Decides on all that one side said before the other one answered: nothing comes to make it
    /// plainer. Waiting on would give the analyzer its next turn before the answer to this one.
    fn ends_turn(&mut self, spoke: Dir, out: &mut dyn Sink) -> bool {
        let (over, ports) = (self.over, self.ports);
        let said = &self.left(spoke).bytes;
        if said.is_empty() {
            return false;
        }
        let guess = guess(over, spoke, said, ports, true);
        matches!(guess, Guess::Found(_)) && self.conclude(spoke, guess, out)
    }

    /// Decides on what is kept of `dir`; true when the protocol was found and its bytes were given
    /// to the analyzer.
    pub(super) fn decide(&mut self, dir: Dir, is_last: bool, out: &mut dyn Sink) -> bool {
        let (over, ports) = (self.over, self.ports);
        let guess = guess(over, dir, &self.left(dir).bytes, ports, is_last);
        self.conclude(dir, guess, out)
    }

    fn conclude(&mut self, dir: Dir, guess: Guess, out: &mut dyn Sink) -> bool {
        match guess {
            Guess::Found(protocol) => {
                self.start((protocol.open)(), out);
                true
            }
            Guess::Wait => false,
            Guess::Unknown => {
                self.left(dir).is_unknown = true;
                let is_hopeless = self.orig.is_unknown && self.resp.is_unknown;
                if is_hopeless {
                    self.tell_stream(false);
                }
                false
            }
        }
    }

    /// Takes bytes of a direction that no analyzer knows: they may still tell whose they are.
    fn keep(&mut self, dir: Dir, bytes: &[u8]) {
        let is_waiting = self.orig.is_unknown && self.resp.is_unknown;
        let left = self.left(dir);
        let room = if left.lost == 0 { MAX_TOLD } else { 0 };
        let room = room.saturating_sub(left.bytes.len()).min(bytes.len());
        left.bytes.extend_from_slice(bytes.get(..room).unwrap_or_default());
        left.lost = left.lost.saturating_add((bytes.len() - room) as u64);
        if is_waiting {
            let is_full = left.lost > 0;
            self.tell_stream(is_full);
        }
    }

    /// Names a stream that no analyzer knows, or gives it up.
    pub(super) fn tell_stream(&mut self, is_last: bool) {
        if !matches!(self.mode, Mode::Probing { .. }) {
            return;
        }
        match tell(self.over, [&self.orig.bytes, &self.resp.bytes], self.ports, is_last) {
            Told::Name(name) => self.told = Some(name),
            Told::Wait => return,
            Told::Nothing => {}
        }
        self.stop();
    }

    /// Names a datagram that no analyzer knows. What comes later may be read: STUN goes before DTLS.
    /// Of what could be media the headers are kept, as many as datagrams are looked at.
    pub(super) fn tell_datagram(&mut self, dir: Dir, bytes: &[u8]) {
        if self.told.is_some() {
            return;
        }
        let sides = if dir == Dir::Orig { [bytes, &[]] } else { [&[], bytes] };
        if let Told::Name(name) = tell(Over::Datagrams, sides, self.ports, true) {
            self.told = Some(name);
        } else if let Some(head) = media::head(bytes) {
            let heads = &mut self.left(dir).bytes;
            heads.extend_from_slice(head);
            if media::is_rtp(heads) {
                self.told = Some("rtp");
            }
        }
    }

    /// Starts an analyzer with what both directions kept, the one that spoke first first. Where the
    /// connection's start was not seen, a direction that nobody knew goes on with something that began
    /// before: the analyzer, which would take it for a beginning, is told that it is missing.
    fn start(&mut self, analyzer: Box<dyn Analyzer>, out: &mut dyn Sink) {
        let Mode::Probing { first, .. } = self.mode else { return };
        self.mode = Mode::Running(analyzer);
        let first = first.unwrap_or(Dir::Orig);
        let held = [first, first.other()].map(|dir| (dir, std::mem::take(self.left(dir))));
        for (dir, left) in held {
            let Some(mark) = left.mark else { continue };
            let (bytes, lost) = match self.is_partial && left.is_unknown {
                true => (&[][..], left.lost.saturating_add(left.bytes.len() as u64)),
                false => (&left.bytes[..], left.lost),
            };
            if !bytes.is_empty() {
                self.data(dir, bytes, mark, out);
            }
            if lost > 0 && !self.is_over() {
                self.gap(dir, lost, mark, out);
            }
        }
    }
}
