//! Lists what an archive holds: by its directory, or where that is missing by walking its members.

use super::Packed;
use super::walk;
use super::wire::{self, Entry, Parsed};
use crate::note::{ARCHIVE_DAMAGED, ARCHIVE_MEMBER_UNREAD, CAP_REACHED, NoteKind};
use crate::order::Order;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Members of one archive that are read. Each is a file of the case, with tables of its own; a day
/// in pieces of a minute has 1440. Of more, those with the most data are kept.
pub const MAX_MEMBERS: usize = 4096;
/// Remarks on one archive that are kept whole: notes keep fewer still, and counters count all.
const MAX_REMARKS: usize = 100;
/// Bytes of a directory that are looked at: some two million members.
const MAX_DIRECTORY: u64 = 256 << 20;
/// Bytes of it read at once.
const PIECE: u64 = 1 << 20;

/// Gives bytes of the archive: an offset and how many; fewer at its end.
pub type ReadAt<'a> = dyn FnMut(u64, u64) -> Vec<u8> + 'a;

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// What can be read, in the order of its places.
    pub members: Vec<Member>,
    /// What to say of the archive itself.
    pub archive: Archive,
}

/// A member of an archive: a file of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The archive's name, a slash, and its path in it. For showing only: it is evidence.
    pub name: String,
    /// Where its data begin in the archive.
    pub offset: u64,
    /// How many bytes they are there.
    pub len: u64,
    /// How they are to be read.
    pub packed: Packed,
}

/// What is told of an archive: its members are files of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Numbers about it, by name.
    pub counters: BTreeMap<String, u64>,
    /// What could not be read, the first of them.
    pub remarks: Vec<Remark>,
}

/// Something that could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What kind of thing.
    pub trouble: Trouble,
    /// Where in the archive.
    pub offset: u64,
    /// What exactly.
    pub detail: String,
}

/// What may be wrong with an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// Its directory.
    Damaged,
    /// A member cannot be read.
    Unread,
    /// It has too many members.
    Full,
}

impl Trouble {
    /// The note that tells of it.
    pub const fn note(self) -> &'static NoteKind {
        match self {
            Self::Damaged => &ARCHIVE_DAMAGED,
            Self::Unread => &ARCHIVE_MEMBER_UNREAD,
            Self::Full => &CAP_REACHED,
        }
    }
}

/// Lists a file that holds an archive, of this name and size; `None` for any other. Reads its ends,
/// its directory, and a few bytes ahead of each member's data.
pub fn list(name: &str, size: u64, read: &mut ReadAt<'_>) -> Option<Listing> {
    if !wire::begins_archive(&read(0, 8)) {
        return None;
    }
    // Places are the archive's word: what is behind the end of the file is not asked for.
    let read: &mut ReadAt<'_> = &mut |offset, len| match size.checked_sub(offset) {
        Some(room) if room > 0 => read(offset, len.min(room)),
        _ => Vec::new(),
    };
    let mut lister =
        Lister { size, read, archive: Archive::default(), kept: BTreeMap::new(), n: 0 };
    let found = match lister.directory() {
        Ok(found) => found,
        Err((offset, why)) => {
            let detail = format!("{why}: its members are looked for one by one");
            lister.remark(Trouble::Damaged, offset, detail);
            walk::walk(&mut lister);
            lister.take_kept()
        }
    };
    Some(lister.finish(name, found))
}

/// A member, and where its data are once that is known.
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) data: Option<(u64, u64)>,
    /// Checksum and length of its content, where something says so.
    pub(super) is_told: bool,
}

pub(super) struct Lister<'a, 'r> {
    pub(super) size: u64,
    pub(super) read: &'a mut ReadAt<'r>,
    archive: Archive,
    /// What can be read, by the length of its data and the order in which it came.
    kept: BTreeMap<(u64, Reverse<u64>), Found>,
    n: u64,
}

impl Lister<'_, '_> {
    /// Takes the members that the directory names; why not, and where, if it is of no use.
    fn directory(&mut self) -> Result<Vec<Found>, (u64, &'static str)> {
        let missing = (self.size, "it has no directory at its end");
        let from = self.size.saturating_sub(wire::MAX_END);
        let tail = (self.read)(from, self.size - from);
        let (at, mut end) = wire::find_end(&tail).ok_or(missing)?;
        let mut end_pos = from + at as u64;
        let locator = at.checked_sub(wire::LOCATOR_LEN as usize).and_then(|at| tail.get(at..));
        if let Some(place) = locator.and_then(wire::end64_place) {
            // Where bytes stand ahead of the archive, its places are off by as many.
            let before = end_pos.saturating_sub(wire::LOCATOR_LEN + wire::END64_LEN);
            for place in [place, before] {
                let record = (self.read)(place, wire::END64_LEN);
                if let Some(wide) = wire::parse_end64(&record) {
                    (end, end_pos) = (wide, place);
                    break;
                }
            }
        }
        if end.disk != 0 {
            return Err((end_pos, "it is one part of an archive in several, to be joined first"));
        }
        let start = end_pos.checked_sub(end.len).ok_or((end_pos, "its directory is cut"))?;
        let shift = start.checked_sub(end.offset).ok_or((end_pos, "its directory is cut"))?;
        self.entries(start, end_pos, shift, end.n)?;
        Ok(self.locate(start))
    }

    /// Reads the directory from `start` to `end`; places in it are off by `shift`.
    fn entries(
        &mut self,
        start: u64,
        end: u64,
        shift: u64,
        n_stated: u64,
    ) -> Result<(), (u64, &'static str)> {
        let end = end.min(start.saturating_add(MAX_DIRECTORY));
        let (mut pos, mut held) = (start, Vec::new());
        let mut n = 0;
        let mut is_bad = false;
        while pos < end && !is_bad {
            let piece = (self.read)(pos, PIECE.min(end - pos));
            if piece.is_empty() {
                break;
            }
            pos += piece.len() as u64;
            held.extend(piece);
            let mut used = 0;
            loop {
                match wire::parse_central(held.get(used..).unwrap_or_default()) {
                    Parsed::Entry(mut entry, len) => {
                        entry.offset = entry.offset.saturating_add(shift);
                        used += len as usize;
                        n += 1;
                        self.offer(Found { entry, data: None, is_told: true });
                    }
                    Parsed::More => break,
                    Parsed::No => {
                        is_bad = true;
                        break;
                    }
                }
            }
            held.drain(..used);
        }
        if n == 0 && n_stated > 0 {
            return Err((start, "its directory is damaged"));
        }
        // Without zip64 there are 16 bits for it, and some writers let it run over.
        if n & 0xffff != n_stated & 0xffff {
            let detail = format!("its directory names {n} members and says that it has {n_stated}");
            self.remark(Trouble::Damaged, pos - held.len() as u64, detail);
        }
        Ok(())
    }

    /// Takes a member, unless it cannot be read.
    pub(super) fn offer(&mut self, found: Found) {
        let Entry { name, method, packed, offset, disk, .. } = &found.entry;
        if found.entry.is_folder() {
            return;
        }
        self.n += 1;
        let why = if found.entry.is_encrypted() {
            "is encrypted: extract it first".to_owned()
        } else if !matches!(method, 0 | 8) {
            format!(
                "is compressed by {}, which is not read: extract it first",
                wire::method_name(*method)
            )
        } else if *disk != 0 {
            "is in another part of a split archive".to_owned()
        } else {
            self.kept.insert((*packed, Reverse(self.n)), found);
            if self.kept.len() > MAX_MEMBERS
                && let Some((_, least)) = self.kept.pop_first()
            {
                self.count("members left out", 1);
                let most = format!("only {MAX_MEMBERS} members are read, those with the most data");
                if self.archive.counters.get("members left out") == Some(&1) {
                    self.remark(Trouble::Full, least.entry.offset, most);
                }
            }
            return;
        };
        let (detail, offset) = (format!("{name} {why}"), *offset);
        self.unread(offset, detail);
    }

    pub(super) fn unread(&mut self, offset: u64, detail: String) {
        self.count("members not read", 1);
        self.remark(Trouble::Unread, offset, detail);
    }

    pub(super) fn remark(&mut self, trouble: Trouble, offset: u64, detail: String) {
        if self.archive.remarks.len() < MAX_REMARKS {
            self.archive.remarks.push(Remark { trouble, offset, detail });
        }
    }

    fn count(&mut self, name: &str, n: u64) {
        *self.archive.counters.entry(name.to_owned()).or_default() += n;
    }

    /// What can be read, in the order of its places.
    fn take_kept(&mut self) -> Vec<Found> {
        let mut all: Vec<Found> = std::mem::take(&mut self.kept).into_values().collect();
        all.order_by_key(|f| f.entry.offset);
        all
    }

    /// Finds where the data of members begin, and lets none reach into the next one: so no byte of
    /// an archive is read twice, however often it is named.
    fn locate(&mut self, directory: u64) -> Vec<Found> {
        let mut all = self.take_kept();
        let mut limit = directory;
        for found in all.iter_mut().rev() {
            let Entry { ref name, offset, packed, .. } = found.entry;
            let header = if offset < limit { (self.read)(offset, 30) } else { Vec::new() };
            let Some(len) = wire::local_len(&header) else {
                let detail = format!("{name} is not where the directory says");
                self.unread(offset, detail);
                continue;
            };
            let data = offset.saturating_add(len);
            let end = data.saturating_add(packed);
            if end > limit {
                let detail = format!("{name} runs into what follows, and is read up to there");
                self.remark(Trouble::Damaged, offset, detail);
            }
            found.data = Some((data.min(limit), end.min(limit)));
            limit = offset;
        }
        all
    }

    fn finish(mut self, name: &str, all: Vec<Found>) -> Listing {
        self.count("members", self.n);
        let mut members: Vec<Member> = Vec::new();
        for found in all {
            let Some((start, end)) = found.data else { continue };
            let end = end.min(self.size);
            let Entry { name: path, method, crc, size, .. } = found.entry;
            members.push(Member {
                name: format!("{name}/{path}"),
                offset: start,
                len: end.saturating_sub(start),
                packed: Packed {
                    is_deflated: method == 8,
                    content: found.is_told.then_some((size, crc)),
                },
            });
        }
        Listing { members, archive: self.archive }
    }
}
