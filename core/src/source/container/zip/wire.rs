//! The records of a zip archive by APPNOTE 6.3.10, section 4.3: parsed, not believed.

use crate::bytes::Cursor;
use crate::text::from_bytes;

/// What each record begins with.
pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8; 4] = b"PK\x01\x02";
pub(super) const END: &[u8; 4] = b"PK\x05\x06";
pub(super) const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
/// Ahead of the first member where an archive was to be split and was not.
const UNSPLIT: &[u8; 4] = b"PK00";

/// Length of the end record without its comment.
const END_LEN: usize = 22;
/// Length of the end record with the longest comment, and of the locator ahead of it.
pub(super) const MAX_END: u64 = 22 + 0xffff + LOCATOR_LEN;
/// Length of the zip64 locator.
pub(super) const LOCATOR_LEN: u64 = 20;
/// Length of the zip64 end record without its extension.
pub(super) const END64_LEN: u64 = 56;
/// Length of a local header with the longest name and extra field.
pub(super) const MAX_LOCAL: u64 = 30 + 2 * 0xffff;

/// Bytes of a member's name that are kept: no path is longer on any system that evidence is from.
const MAX_NAME: usize = 1024;

/// True for the first bytes of an archive: a member, the end of an empty one, or a split one.
pub(super) fn begins_archive(bytes: &[u8]) -> bool {
    match bytes.get(..4) {
        Some(first) if first == LOCAL || first == END => true,
        Some(first) if first == DESCRIPTOR || first == UNSPLIT => {
            bytes.get(4..8).is_some_and(|next| next == LOCAL)
        }
        _ => false,
    }
}

/// The end of an archive: where its directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Which part of a split archive this is, from 0.
    pub(super) disk: u32,
    /// Members in the directory.
    pub(super) n: u64,
    /// Its length.
    pub(super) len: u64,
    /// Where it begins, as the archive says.
    pub(super) offset: u64,
}

/// The last end record in the last bytes of a file, and where in them it begins. One whose comment
/// ends with the file is preferred, since a comment may hold what looks like another.
pub(super) fn find_end(tail: &[u8]) -> Option<(usize, End)> {
    let mut some = None;
    for at in memchr::memmem::rfind_iter(tail, END) {
        let Some((end, comment)) = tail.get(at..).and_then(parse_end) else { continue };
        if at + END_LEN + usize::from(comment) == tail.len() {
            return Some((at, end));
        }
        some = some.or(Some((at, end)));
    }
    some
}

/// Section 4.3.16.
fn parse_end(bytes: &[u8]) -> Option<(End, u16)> {
    let mut c = Cursor::new(bytes);
    c.take(4)?;
    let disk = c.le16()?.into();
    c.take(4)?;
    let (n, len, offset) = (c.le16()?.into(), c.le32()?.into(), c.le32()?.into());
    Some((End { disk, n, len, offset }, c.le16()?))
}

/// Where the zip64 end record is, by the locator (section 4.3.15) in the bytes ahead of the other one.
pub(super) fn end64_place(locator: &[u8]) -> Option<u64> {
    let mut c = Cursor::new(locator);
    if c.take(4)? != LOCATOR64 {
        return None;
    }
    c.take(4)?;
    c.le64()
}

/// Section 4.3.14.
pub(super) fn parse_end64(bytes: &[u8]) -> Option<End> {
    let mut c = Cursor::new(bytes);
    if c.take(4)? != END64 {
        return None;
    }
    c.take(12)?;
    let disk = c.le32()?;
    c.take(12)?;
    Some(End { disk, n: c.le64()?, len: c.le64()?, offset: c.le64()? })
}

/// A member, as its entry in the directory or the header ahead of its data says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path.
    pub(super) name: Box<str>,
    /// General purpose flags.
    pub(super) flags: u16,
    /// How it is compressed.
    pub(super) method: u16,
    /// CRC-32 of its content.
    pub(super) crc: u32,
    /// Length of its data in the archive.
    pub(super) packed: u64,
    /// Length of its content.
    pub(super) size: u64,
    /// Where its local header begins.
    pub(super) offset: u64,
    /// Which part of a split archive that is in.
    pub(super) disk: u32,
}

impl Entry {
    pub(super) const fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// True when checksum and lengths may stand behind the data instead of ahead of it.
    pub(super) const fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    pub(super) fn is_folder(&self) -> bool {
        self.size == 0 && self.name.ends_with(['/', '\\'])
    }
}

/// What a record is, as far as it is there.
pub(super) enum Parsed {
    /// It goes on behind these bytes.
    More,
    /// It is none.
    No,
    /// It is one of this length.
    Entry(Entry, u64),
}

/// An entry of the directory, section 4.3.12.
pub(super) fn parse_central(bytes: &[u8]) -> Parsed {
    begun(bytes, CENTRAL, || {
        let mut c = Cursor::new(bytes.get(8..)?);
        let mut entry = common(&mut c)?;
        let (name, extra, comment) = (c.le16()?, c.le16()?, c.le16()?);
        entry.disk = c.le16()?.into();
        c.take(6)?;
        entry.offset = c.le32()?.into();
        entry.name = short(c.take(name.into())?);
        widen(&mut entry, c.take(extra.into())?, true);
        c.take(comment.into())?;
        Some((entry, 8 + c.pos() as u64))
    })
}

/// The header ahead of a member's data, section 4.3.7.
pub(super) fn parse_local(bytes: &[u8]) -> Parsed {
    begun(bytes, LOCAL, || {
        let mut c = Cursor::new(bytes.get(6..)?);
        let mut entry = common(&mut c)?;
        let (name, extra) = (c.le16()?, c.le16()?);
        entry.name = short(c.take(name.into())?);
        widen(&mut entry, c.take(extra.into())?, false);
        Some((entry, 6 + c.pos() as u64))
    })
}

/// What both have in the same order, from the flags on.
fn common(c: &mut Cursor<'_>) -> Option<Entry> {
    let (flags, method) = (c.le16()?, c.le16()?);
    c.take(4)?;
    let (crc, packed, size) = (c.le32()?, c.le32()?.into(), c.le32()?.into());
    let name = Box::default();
    Some(Entry { name, flags, method, crc, packed, size, offset: 0, disk: 0 })
}

fn begun(bytes: &[u8], with: &[u8], rest: impl FnOnce() -> Option<(Entry, u64)>) -> Parsed {
    if !with.starts_with(bytes.get(..4).unwrap_or(bytes)) {
        return Parsed::No;
    }
    rest().map_or(Parsed::More, |(entry, len)| Parsed::Entry(entry, len))
}

/// The numbers that need 64 bits, from the extra field (section 4.5.3): those that are all ones.
fn widen(entry: &mut Entry, extra: &[u8], is_central: bool) {
    const ZIP64: u16 = 1;
    const WIDE: u64 = 0xffff_ffff;
    let mut all = Cursor::new(extra);
    while let (Some(id), Some(len)) = (all.le16(), all.le16()) {
        let Some(field) = all.take(len.into()) else { return };
        if id != ZIP64 {
            continue;
        }
        let mut c = Cursor::new(field);
        let mut wide = |n: &mut u64, is_there: bool| {
            if *n == WIDE && is_there {
                *n = c.le64().unwrap_or(*n);
            }
        };
        wide(&mut entry.size, true);
        wide(&mut entry.packed, true);
        return wide(&mut entry.offset, is_central);
    }
}

fn short(name: &[u8]) -> Box<str> {
    match name.get(..MAX_NAME) {
        Some(head) if name.len() > MAX_NAME => format!("{}…", from_bytes(head)).into(),
        _ => from_bytes(name),
    }
}

/// The name of a compression method, section 4.4.5.
pub(super) fn method_name(method: u16) -> String {
    let name = match method {
        1 => "shrink",
        2..=5 => "reduce",
        6 => "implode",
        9 => "Deflate64",
        10 => "PKWARE DCL",
        12 => "bzip2",
        14 => "LZMA",
        20 | 93 => "Zstandard",
        95 => "XZ",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        99 => "AES",
        _ => return format!("method {method}"),
    };
    name.to_owned()
}

/// The length of a local header, by its first 30 bytes; `None` when they are none.
pub(super) fn local_len(bytes: &[u8]) -> Option<u64> {
    let mut c = Cursor::new(bytes);
    if c.take(4)? != LOCAL {
        return None;
    }
    c.take(22)?;
    Some(30 + u64::from(c.le16()?) + u64::from(c.le16()?))
}
