//! An archive without a directory: its members one after the other, as far as they lead.

use super::list::{Found, Lister, Trouble};
use super::wire::{self, CENTRAL, DESCRIPTOR, END, Entry, LOCAL, Parsed};
use crate::bytes::Cursor;

/// Members that are looked for: each is a read of the file, and four times as many as are kept.
const MAX_WALK: usize = 1 << 14;
/// Bytes of a local header that nearly all fit into.
const USUAL: u64 = 512;
/// Bytes read at once in search of the end of a member, at first and at most: most members are
/// small, and each is read little farther than it goes.
const PIECES: (u64, u64) = (4 << 10, 1 << 20);
/// Longest data descriptor: signature, checksum, and two lengths of 64 bits.
const MAX_DESCRIPTOR: usize = 24;

/// Takes the members from the start of the file on.
pub(super) fn walk(lister: &mut Lister<'_, '_>) {
    // A mark of an archive that was to be split may stand ahead of the first.
    let first = (lister.read)(0, 4);
    let mut pos = if first == LOCAL { 0 } else { 4 };
    for _ in 0..MAX_WALK {
        let Some((mut entry, len)) = local(lister, pos) else {
            let next = (lister.read)(pos, 4);
            if !next.is_empty() && next != CENTRAL && next != END {
                let detail = "no whole member begins here, and nothing behind it is looked at";
                lister.remark(Trouble::Damaged, pos, detail.to_owned());
            }
            return;
        };
        entry.offset = pos;
        let data = pos + len;
        let mut is_told = true;
        let mut end = data.saturating_add(entry.packed);
        pos = end;
        if entry.has_descriptor() && entry.packed > 0 {
            pos = behind(lister, end);
        } else if entry.has_descriptor() {
            match descriptor(lister, data) {
                Some(found) => (end, pos) = (found.at, tell(&mut entry, &found)),
                None => {
                    let detail = format!(
                        "{} does not say where it ends: nothing behind it is looked for",
                        entry.name
                    );
                    lister.remark(Trouble::Damaged, pos, detail);
                    (is_told, end, pos) = (false, lister.size, lister.size);
                }
            }
        }
        entry.packed = end - data;
        lister.offer(Found { entry, data: Some((data, end)), is_told });
        if pos >= lister.size {
            return;
        }
    }
    let detail = format!("only the first {MAX_WALK} members were looked for");
    lister.remark(Trouble::Full, pos, detail);
}

fn local(lister: &mut Lister<'_, '_>, pos: u64) -> Option<(Entry, u64)> {
    for len in [USUAL, wire::MAX_LOCAL] {
        match wire::parse_local(&(lister.read)(pos, len)) {
            Parsed::Entry(entry, len) => return Some((entry, len)),
            Parsed::More => {}
            Parsed::No => return None,
        }
    }
    None
}

/// Where the next record begins behind a descriptor, which some writers leave out, or its signature.
fn behind(lister: &mut Lister<'_, '_>, end: u64) -> u64 {
    let bytes = (lister.read)(end, MAX_DESCRIPTOR as u64 + 4);
    let is_record = |len: &usize| {
        let next = bytes.get(*len..len + 4);
        next.is_some_and(|next| next == LOCAL || next == CENTRAL || next == END)
    };
    let len = [0, 12, 16, 20, MAX_DESCRIPTOR].into_iter().find(is_record);
    end.saturating_add(len.unwrap_or_default() as u64)
}

/// What stands behind the data of a member whose header does not know their length.
struct Descriptor {
    at: u64,
    crc: u32,
    size: u64,
    len: u64,
}

/// What a descriptor says goes into the entry; returns where the next record begins.
fn tell(entry: &mut Entry, found: &Descriptor) -> u64 {
    (entry.crc, entry.size) = (found.crc, found.size);
    found.at + found.len
}

/// The descriptor (section 4.3.9) of the data that begin at `data`: the signature with just the
/// length that lies between. Each byte of the file is searched once at most, as the next member
/// begins behind it.
fn descriptor(lister: &mut Lister<'_, '_>, data: u64) -> Option<Descriptor> {
    let (mut pos, (mut piece, most)) = (data, PIECES);
    while pos < lister.size {
        let bytes = (lister.read)(pos, piece);
        for at in memchr::memmem::find_iter(&bytes, DESCRIPTOR) {
            let found = bytes.get(at..).and_then(|b| parse(b, pos + at as u64, data));
            if found.is_some() {
                return found;
            }
        }
        // One that is cut by the end of the piece is found in the next.
        let step = bytes.len().saturating_sub(MAX_DESCRIPTOR + LOCAL.len() - 1);
        if (bytes.len() as u64) < piece {
            return None;
        }
        pos += step as u64;
        piece = (piece * 2).min(most);
    }
    None
}

fn parse(bytes: &[u8], at: u64, data: u64) -> Option<Descriptor> {
    let mut c = Cursor::new(bytes);
    c.take(4)?;
    let crc = c.le32()?;
    let narrow = (u64::from(c.le32()?), u64::from(c.le32()?));
    let is_record = |bytes: Option<&[u8]>| bytes.is_none_or(|b| b.starts_with(b"PK"));
    let mut found = Descriptor { at, crc, size: narrow.1, len: 16 };
    if !is_record(bytes.get(16..18)) {
        let mut wide = Cursor::new(bytes.get(8..)?);
        let packed = wide.le64()?;
        found = Descriptor { size: wide.le64()?, len: 24, ..found };
        return (packed == at - data).then_some(found);
    }
    (narrow.0 == at - data).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_known_by_the_length_that_it_states() {
        let narrow = |packed: u32| {
            let words = [0xabcd, packed, 99].map(u32::to_le_bytes).concat();
            [&DESCRIPTOR[..], &words, &LOCAL[..]].concat()
        };
        let wide = |packed: u64| {
            let lens = [packed, 1 << 33].map(u64::to_le_bytes).concat();
            [&DESCRIPTOR[..], &[1, 2, 3, 4], &lens, &LOCAL[..]].concat()
        };
        let told = |bytes: &[u8]| parse(bytes, 107, 100).map(|d| (d.size, d.len));
        assert_eq!(told(&narrow(7)), Some((99, 16)));
        assert_eq!(told(&narrow(7)[..16]), Some((99, 16)));
        assert_eq!(told(&narrow(8)), None);
        assert_eq!(told(&wide(7)), Some((1 << 33, 24)));
        assert_eq!(told(&wide(7 + (1 << 32))), None);
        assert_eq!(told(&narrow(7)[..15]), None);
    }
}
