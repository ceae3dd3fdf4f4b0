//! What a host may choose, and every cap in one table.

use crate::source::checkpoint;
use serde::{Deserialize, Serialize};

/// Settings of one case. Same bytes and settings, same report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seed of every hash table, given by the host. No result depends on it.
    pub seed: u64,
    /// How much later, in nanoseconds, a second copy of a packet may come to be left out of the
    /// analysis; 0 keeps all copies.
    pub duplicate_window_nanos: i64,
    /// How far apart, in nanoseconds, by their two clocks, the copies of a packet may be that two
    /// taps captured in two files; 0 keeps all copies.
    pub tap_window_nanos: i64,
    /// Bytes of a capture in one block of its index; see [`crate::source::capture::index`].
    pub block_len: u64,
    /// Bytes of content between two checkpoints of a compressed file; see
    /// [`crate::source::checkpoint`].
    pub checkpoint_len: u64,
    /// Caps of everything that grows with the input.
    pub caps: Caps,
}

/// Caps, in bytes unless they say otherwise. A table that is full keeps by value, not by arrival,
/// and counts what it dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Connections that a capture holds open at once.
    pub flows: usize,
    /// Stream data that waits for a gap to be filled, over all connections.
    pub streams: usize,
    /// The browsable tables of events.
    pub records: usize,
    /// Entries of one keyed table in a detector; a number, not bytes.
    pub keys: usize,
    /// Checkpoints of compressed files, over all of them; a number, not bytes.
    pub checkpoints: usize,
    /// Files of networks, all together and each.
    pub networks: usize,
    /// Decryption secrets.
    pub secrets: usize,
    /// Notes of one kind that one file keeps whole; the rest are counted. A number, not bytes.
    pub notes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0x6f66_6677_6972_6521,
            duplicate_window_nanos: crate::net::duplicate::WINDOW.0,
            tap_window_nanos: crate::net::duplicate::TAP_WINDOW.0,
            block_len: crate::source::capture::index::BLOCK_LEN,
            checkpoint_len: checkpoint::SPACING,
            caps: Caps::default(),
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            flows: 256 << 20,
            streams: 192 << 20,
            records: 384 << 20,
            keys: 50_000,
            checkpoints: checkpoint::MAX,
            networks: 96 << 20,
            secrets: 32 << 20,
            notes: 20,
        }
    }
}
