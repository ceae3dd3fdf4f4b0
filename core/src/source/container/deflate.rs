//! Inflating, a bounded step at a time: what gzip files and members of archives have in common.

use super::checkpoint::Checkpoint;
use crate::event::NodeId;
use crate::source::Sink;
use flate2::Crc;
use miniz_oxide::inflate::stream::{FullReset, InflateState, MinReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// Output taken at a time: the window of deflate. What comes out in one step ends where the window
/// does, so that the decoder never holds back what it decoded before damage.
pub(crate) const STEP: usize = 32 << 10;
/// A file that expands more than this, past [`RATIO_AFTER`], is a bomb: deflate's limit is about
/// 1032, which only one byte repeated reaches; the most repetitive real logs reach some 200.
const MAX_RATIO: u64 = 1000;
/// Content this long is read whatever its ratio: it costs less than a second.
const RATIO_AFTER: u64 = 64 << 20;
/// The ratio is judged each time that so many bytes more were taken in and all that they give came
/// out: there it is the same in whatever pieces the bytes come. They give 8 MB at most.
const JUDGED_EACH: u64 = 8 << 10;

/// Why nothing more comes out of a deflate stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Its end mark was read.
    Stream,
    /// It is damaged here.
    Damaged,
    /// It gives far more than evidence does.
    Bomb,
}

/// A deflate stream (RFC 1951) being inflated.
pub(crate) struct Deflate {
    state: Box<InflateState>,
    /// The checksum of the content since the last [`Deflate::begin`].
    pub(crate) crc: Crc,
    /// Bytes that came out, of all streams.
    pub(crate) n_out: u64,
    /// How much of the window was filled since it was last full.
    in_window: usize,
    /// Something is in the window that a further stream must not see.
    is_written: bool,
    /// The last step had no room for more: what was taken in may not have come out yet.
    is_full: bool,
    /// The node whose checkpoints are kept; none for what lies in two containers.
    keeps: Option<NodeId>,
}

impl Deflate {
    pub(crate) fn new(keeps: Option<NodeId>) -> Self {
        let state = InflateState::new_boxed(DataFormat::Raw);
        let (is_written, is_full) = (false, false);
        Self { state, crc: Crc::new(), n_out: 0, in_window: 0, is_written, is_full, keeps }
    }

    /// Goes on from a checkpoint. The checksum is not known then: whoever reads again does not ask
    /// for it.
    pub(crate) fn resume(checkpoint: &Checkpoint) -> Self {
        let Checkpoint { n_out, in_window, ref inflate, .. } = *checkpoint;
        let (state, is_written, is_full) = (inflate.clone(), true, true);
        Self { state, n_out, in_window, is_written, is_full, ..Self::new(None) }
    }

    /// Another stream follows.
    pub(crate) fn begin(&mut self) {
        // The window is emptied, unless nothing was written to it: members may be many and empty.
        if self.is_written {
            self.state.reset_as(FullReset(DataFormat::Raw));
        } else {
            self.state.reset_as(MinReset);
        }
        self.is_written = false;
        self.crc.reset();
        (self.in_window, self.is_full) = (0, false);
    }

    /// Fills `buffer` with what the next of `bytes` give, of which `n_in` came before. Returns how
    /// many were used, and why it ends, if it does.
    pub(crate) fn step(
        &mut self,
        n_in: u64,
        bytes: &[u8],
        buffer: &mut Vec<u8>,
        out: &mut dyn Sink,
    ) -> (usize, Option<End>) {
        let room = if self.is_full { 0 } else { (JUDGED_EACH - n_in % JUDGED_EACH) as usize };
        let bytes = bytes.get(..room).unwrap_or(bytes);
        buffer.resize(STEP - self.in_window, 0);
        let result = inflate(&mut self.state, bytes, buffer, MZFlush::None);
        self.is_full = result.bytes_written == buffer.len();
        self.in_window = (self.in_window + result.bytes_written) % STEP;
        buffer.truncate(result.bytes_written);
        self.crc.update(buffer);
        self.is_written |= !buffer.is_empty();
        self.n_out += result.bytes_written as u64;
        let n_in = n_in + result.bytes_consumed as u64;
        let end = match result.status {
            Ok(MZStatus::StreamEnd) => Some(End::Stream),
            // Without input there is nothing more to come out: no damage.
            Ok(_) | Err(MZError::Buf) => self.is_bomb(n_in).then_some(End::Bomb),
            Err(_) => Some(End::Damaged),
        };
        let keeps =
            self.keeps.filter(|node| end.is_none() && out.wants_checkpoint(*node, self.n_out));
        if let Some(node) = keeps.filter(|_| result.status.is_ok()) {
            let inflate = self.state.clone();
            let Self { n_out, in_window, .. } = *self;
            out.checkpoint(node, Checkpoint { n_in, n_out, in_window, inflate });
        }
        (result.bytes_consumed, end)
    }

    fn is_bomb(&self, n_in: u64) -> bool {
        let is_judged = !self.is_full && n_in.is_multiple_of(JUDGED_EACH);
        is_judged && self.n_out > RATIO_AFTER && self.n_out / MAX_RATIO > n_in
    }
}
