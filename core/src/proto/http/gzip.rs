//! What a gzip body says of its content without being inflated: how it begins, how long it is.

use crate::proto::mime;
use std::io::Read;

/// Content codings of a body (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coding {
    /// None, or none of them is gzip.
    #[default]
    Other,
    /// gzip and nothing else.
    Gzip,
    /// gzip among others: its trailer counts bytes that are still coded.
    GzipAmong,
}

/// First bytes of a member: its mark, and deflate, the only method there is (RFC 1952 section 2.3.1).
const MARK: &[u8] = b"\x1f\x8b\x08";
/// The shortest head of a member and its trailer (RFC 1952 section 2.3).
const FRAME: u64 = 10 + 8;
/// Deflate's best: a match of 258 bytes takes two bits at least, one each for its length and its
/// distance (RFC 1951 section 3.2).
const MAX_EXPANSION: u64 = 258 * 8 / 2;
/// The most by which coding makes content longer. A stored block adds five bytes (RFC 1951 section
/// 3.2.4), and a server that sends on every few words adds as many to each: half of it remains content.
const MAX_GROWTH: u64 = 2;
/// Bytes that are there whatever the content is: an empty block, and a file's name, which file
/// systems keep below 256 bytes.
const APART: u64 = 2 + 256;

/// Length of the content of a whole body of `len` bytes that begins with `head`, as its last four
/// bytes state (ISIZE, RFC 1952 section 2.3.1). `None` when they cannot be right: no gzip, more than
/// deflate can hold, far less than the body is long (of several members the last speaks for itself
/// alone), or so long a body that the count went around.
pub fn content_len(head: &[u8], len: u64, trailer: u32) -> Option<u64> {
    if !head.starts_with(MARK) || len > u64::from(u32::MAX) {
        return None;
    }
    let deflated = len.checked_sub(FRAME)?;
    let content = u64::from(trailer);
    let is_possible = content <= deflated * MAX_EXPANSION;
    let is_enough = deflated <= content * MAX_GROWTH + APART;
    (is_possible && is_enough).then_some(content)
}

/// The MIME type of the content by its first bytes.
pub fn mime(head: &[u8]) -> Option<&'static str> {
    let mut inner = [0; mime::HEAD];
    // Reading stops at the first error, which a cut head always gives: what came before counts.
    let mut decoder = flate2::read::GzDecoder::new(head);
    let mut n = 0;
    while let Some(room) = inner.get_mut(n..).filter(|room| !room.is_empty()) {
        match decoder.read(room) {
            Ok(got) if got > 0 => n += got,
            _ => break,
        }
    }
    mime::of(inner.get(..n).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_believed_between_what_deflate_can_hold_and_what_it_adds() {
        let of = |len, trailer| content_len(b"\x1f\x8b\x08\0", len, trailer);
        // At most 1032 bytes of a byte.
        assert_eq!(of(FRAME + 10, 10_320), Some(10_320));
        assert_eq!(of(FRAME + 10, 10_321), None);
        // At most twice the content, and what is there without any.
        assert_eq!(of(FRAME + 2258, 1000), Some(1000));
        assert_eq!(of(FRAME + 2259, 1000), None);
        // Empty content is an empty block; a member is at least its head and trailer.
        assert_eq!(of(FRAME + 2, 0), Some(0));
        assert_eq!(of(FRAME, 0), Some(0));
        assert_eq!(of(FRAME - 1, 0), None);
        // The count goes around at 4 GiB.
        assert_eq!(of(u64::from(u32::MAX), u32::MAX), Some(u64::from(u32::MAX)));
        assert_eq!(of(u64::from(u32::MAX) + 1, u32::MAX), None);
    }

    #[test]
    fn what_is_no_gzip_states_nothing() {
        assert_eq!(content_len(b"<html>", 40, 30), None);
        assert_eq!(content_len(b"\x1f\x8b\x07\0", 40, 30), None);
        assert_eq!(content_len(b"", 40, 30), None);
        assert_eq!(mime(b"<html>"), None);
    }
}
