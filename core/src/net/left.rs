//! What of a stream waits for its analyzer, or for one to be found.

use super::reassembly::Mark;

/// Bytes that an analyzer may leave for later, per direction.
pub(super) const MAX_LEFT: usize = 1 << 20;
/// Left bytes from which on a call waits for a quarter more: an analyzer that asks for one byte at
/// a time would otherwise read the same megabyte a million times.
pub(super) const PATIENT: usize = 16 << 10;

/// Bytes of one direction that were not used yet.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// The bytes themselves.
    pub(super) bytes: Vec<u8>,
    /// How many the analyzer waits for.
    pub(super) need: usize,
    /// When and where the first of them came.
    pub(super) mark: Option<Mark>,
    /// While probing: no protocol that we know speaks like this.
    pub(super) is_unknown: bool,
    /// While probing: bytes not kept, missing or too many, behind those kept.
    pub(super) lost: u64,
}
