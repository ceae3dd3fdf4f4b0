//! What a protocol carries inside: the bytes of another conversation, deciphered.

use super::Dir;

/// Collects what one call of an analyzer deciphers. It is passed on when the call is over, to
/// whatever protocol is spoken inside.
#[derive(Debug, Default)]
pub struct Carried {
    pieces: Vec<(Dir, Inner)>,
    is_unwanted: bool,
}

/// A piece of what is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inner {
    /// Bytes of the stream inside.
    Data(Vec<u8>),
    /// So many bytes of it are missing.
    Gap(u64),
}

impl Carried {
    /// Takes nothing: nobody can make anything of what is inside.
    pub(crate) const fn unwanted() -> Self {
        Self { pieces: Vec::new(), is_unwanted: true }
    }

    /// Passes bytes of one direction on.
    pub fn data(&mut self, dir: Dir, bytes: Vec<u8>) {
        if !self.is_unwanted && !bytes.is_empty() {
            self.pieces.push((dir, Inner::Data(bytes)));
        }
    }

    /// So many bytes of one direction are missing.
    pub fn gap(&mut self, dir: Dir, len: u64) {
        if !self.is_unwanted {
            self.pieces.push((dir, Inner::Gap(len)));
        }
    }

    /// True when deciphering is work for nothing.
    pub const fn is_unwanted(&self) -> bool {
        self.is_unwanted
    }

    /// What was passed on, in its order.
    pub(crate) fn into_pieces(self) -> Vec<(Dir, Inner)> {
        self.pieces
    }
}
