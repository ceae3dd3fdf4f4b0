//! Logs that servers write of their own requests: Apache, nginx, IIS.

mod access;
mod layouts;
mod w3c;
mod w3c_row;

pub use access::FORMAT as ACCESS_LOG;
pub use w3c::FORMAT as W3C;

use crate::event::Origin;
use crate::report::{Item, ItemField};
use crate::source::Head;
use std::ops::Range;

/// Lines of a head that are tried to recognise a format.
const TRIED: usize = 20;

/// The whole lines of a head, without empty ones; its last line only when the file ends there.
fn head_lines<'a>(head: &Head<'a>) -> impl Iterator<Item = &'a [u8]> {
    let end = match memchr::memrchr(b'\n', head.bytes) {
        Some(end) if !head.is_whole => end,
        _ => head.bytes.len(),
    };
    let lines = head.bytes.get(..end).unwrap_or_default().split(|b| *b == b'\n');
    lines.map(|l| l.strip_suffix(b"\r").unwrap_or(l)).filter(|l| !l.is_empty()).take(TRIED)
}

/// A line with its fields marked.
fn item<'a>(
    at: Origin,
    bytes: &[u8],
    fields: impl Iterator<Item = (&'a str, Range<usize>)>,
) -> Item {
    let to32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let field = |(name, range): (&str, Range<usize>)| ItemField {
        depth: 0,
        name: name.to_owned(),
        value: String::from_utf8_lossy(bytes.get(range.clone()).unwrap_or_default()).into_owned(),
        start: to32(range.start),
        len: to32(range.len()),
    };
    Item {
        at,
        title: format!("line {}", at.item),
        is_text: true,
        bytes: bytes.to_vec(),
        fields: fields.map(field).collect(),
    }
}
