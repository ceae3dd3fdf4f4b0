//! Joins handshake messages that go over several records of one direction.

use super::wire::MESSAGE_HEADER;
use crate::bytes::Cursor;

/// Bytes of the largest message that is joined. Chains of certificates stay under 100 KB (the
/// limit of OpenSSL's clients); a larger message is passed over.
pub const MAX_MESSAGE: usize = 128 << 10;

/// What a joiner gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined<'a> {
    /// A whole message: its type and body.
    Whole(u8, &'a [u8]),
    /// A message larger than [`MAX_MESSAGE`] begins; its body is passed over.
    TooLong(u8),
}

/// The handshake bytes of one direction.
#[derive(Debug, Default)]
pub struct Joiner {
    held: Vec<u8>,
    skip: usize,
    is_lost: bool,
}

impl Joiner {
    /// Takes the handshake bytes of one record. `wants` tells which types are needed whole.
    pub fn take(&mut self, bytes: &[u8], wants: fn(u8) -> bool, each: &mut dyn FnMut(Joined<'_>)) {
        if self.is_lost {
            return;
        }
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        let mut rest = bytes.get(skipped..).unwrap_or_default();
        let held = std::mem::take(&mut self.held);
        let joined;
        if !held.is_empty() {
            joined = [held.as_slice(), rest].concat();
            rest = &joined;
        }
        while let Some((ty, len)) = header(rest) {
            let body = rest.get(MESSAGE_HEADER..).unwrap_or_default();
            if let Some(message) = body.get(..len) {
                each(Joined::Whole(ty, message));
                rest = body.get(len..).unwrap_or_default();
                continue;
            }
            if len > MAX_MESSAGE {
                each(Joined::TooLong(ty));
            } else if wants(ty) {
                break;
            } else {
                // Only that it came is of interest.
                each(Joined::Whole(ty, &[]));
            }
            self.skip = len - body.len();
            return;
        }
        self.held = rest.to_vec();
    }

    /// Bytes are missing: where messages begin is no longer known.
    pub fn lose(&mut self) {
        *self = Self { is_lost: true, ..Self::default() };
    }
}

fn header(bytes: &[u8]) -> Option<(u8, usize)> {
    let mut c = Cursor::new(bytes);
    Some((c.u8()?, c.be24()? as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(ty: u8, len: usize) -> Vec<u8> {
        [&[ty], &(len as u32).to_be_bytes()[1..], &vec![7; len]].concat()
    }

    fn run(bytes: &[u8], step: usize) -> Vec<String> {
        let (mut joiner, mut seen) = (Joiner::default(), Vec::new());
        for piece in bytes.chunks(step) {
            joiner.take(piece, |ty| ty < 100, &mut |j| {
                seen.push(match j {
                    Joined::Whole(ty, body) => {
                        format!("{ty} {}", if ty < 100 { body.len() } else { 0 })
                    }
                    Joined::TooLong(ty) => format!("{ty} too long"),
                });
            });
            assert!(joiner.held.len() <= MAX_MESSAGE + MESSAGE_HEADER);
        }
        seen
    }

    #[test]
    fn messages_are_joined_over_any_cut() {
        let bytes = [message(1, 40), message(100, 30), message(2, 0), message(3, 5)].concat();
        for step in 1..bytes.len() + 1 {
            assert_eq!(run(&bytes, step), ["1 40", "100 0", "2 0", "3 5"], "step {step}");
        }
    }

    #[test]
    fn the_length_of_a_message_has_its_limit() {
        let fits = [message(11, MAX_MESSAGE), message(2, 1)].concat();
        assert_eq!(run(&fits, 16384), [format!("11 {MAX_MESSAGE}"), "2 1".into()]);
        let long = [message(11, MAX_MESSAGE + 1), message(2, 1)].concat();
        assert_eq!(run(&long, 16384), ["11 too long", "2 1"]);
    }

    #[test]
    fn after_a_gap_nothing_is_made_up() {
        let mut joiner = Joiner::default();
        joiner.lose();
        joiner.take(&message(1, 4), |_| true, &mut |j| panic!("{j:?}"));
    }
}
