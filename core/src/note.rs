//! Notes: what the analyst must know that we could not read, each with its place.

use crate::event::{NodeId, Origin};
use serde::Serialize;
use std::collections::BTreeMap;

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Good to know; nothing is missing.
    Info,
    /// Something was assumed or read in a lenient way.
    Notice,
    /// Part of the evidence could not be used.
    DataLoss,
    /// The file, or all of it from a place on, could not be used.
    Error,
}

/// A kind of note: one row of [`NOTES`].
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKind {
    /// Stable name in kebab-case; never renamed, since people search for it.
    pub code: &'static str,
    /// How much it matters.
    pub weight: Weight,
    /// What it means and what to do about it.
    pub meaning: &'static str,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where in the evidence.
    pub at: Origin,
    /// Which kind.
    pub kind: &'static NoteKind,
    /// What exactly, in a person's words; evidence in it is escaped where it is shown.
    pub detail: String,
}

macro_rules! notes {
    ($( $name:ident $code:literal $weight:ident $meaning:literal; )*) => {
        $( #[doc = $meaning] pub static $name: NoteKind = NoteKind {
            code: $code, weight: Weight::$weight, meaning: $meaning,
        }; )*
        /// Every kind of note.
        pub static NOTES: &[&NoteKind] = &[ $( &$name, )* ];
    };
}

// The one table of notes, in alphabetical order of their codes.
notes! {
    ARCHIVE_DAMAGED "archive-damaged" Error "The directory of an archive is missing, damaged, or not true: what could be found of its members was read.";
    ARCHIVE_MEMBER_UNREAD "archive-member-unread" DataLoss "A member of an archive could not be read; where it is encrypted or compressed in another way, extract it first.";
    ARCHIVE_UNOPENED "archive-unopened" Error "An archive inside another container, or one that comes as a stream, is not opened: extract it first.";
    CAP_REACHED "cap-reached" DataLoss "A table was full: what it dropped is counted, and what it kept is the earliest or the most telling.";
    CAPTURE_BESIDE "capture-beside" Info "This capture and another are of one network at the same time: both are read as one in the order of time, and what both hold counts once.";
    CAPTURE_COMMENT "capture-comment" Info "The capture holds a comment that someone wrote into it.";
    CAPTURE_CONTINUES "capture-continues" Info "This capture goes on where another ended: both are read as one, and connections reach over the cut.";
    CAPTURE_DAMAGED "capture-damaged" DataLoss "A capture is damaged at a place: it was read on at the next place where packets make sense.";
    CAPTURE_LOST "capture-lost-packets" DataLoss "The machine that captured lost packets, by its own count: what they held cannot be seen.";
    CHILD_TOO_DEEP "container-too-deep" DataLoss "Containers inside containers go deeper than the limit: the innermost were not opened.";
    CONTAINER_DAMAGED "container-damaged" Error "A compressed file is damaged or cut: what was decompressed before that place was used.";
    CONTAINER_RATIO "container-ratio" Error "A compressed file expands far beyond what evidence does; reading it was stopped there.";
    FILE_CUT "file-cut" DataLoss "The file ends in the middle of a record: all records before it were used.";
    FILE_EMPTY "file-empty" Notice "The file holds no data.";
    FILE_TWICE "file-twice" Info "Another file of the case has the same bytes: this one was not read again and counts once.";
    FORMAT_FOREIGN "format-not-read" Error "The content is of a known format that is not read here: what makes it readable is said with the file.";
    FORMAT_UNKNOWN "format-unknown" Error "No reader recognised the content; each reader's reason is listed with the file.";
    LINE_LENIENT "line-lenient" Notice "A line breaks the format in a small way and was used all the same.";
    LINE_MALFORMED "line-malformed" DataLoss "A line could not be understood and was left out.";
    LINE_TOO_LONG "line-too-long" DataLoss "A line is longer than the limit and was left out.";
    LOG_UNREAD "log-kind-unread" DataLoss "A log of a kind that is not read: its rows were counted and left out.";
    NETWORKS_UNUSABLE "networks-unusable" Error "A file of networks could not be used: findings have no terms from it.";
    PACKET_CUT "packets-cut" DataLoss "Packets were not captured to their end, as by a snap length: what follows the cut could not be read.";
    PACKET_TWICE "packet-seen-twice" Notice "Packets were captured twice, as by a mirror port: second copies are counted and left out of everything else.";
    RECORD_LENIENT "record-lenient" Notice "A record contradicts itself in a small way and was used all the same.";
    RECORD_MALFORMED "record-malformed" DataLoss "A record could not be understood and was left out.";
    RELAY_TIME "relay-time-differs" Notice "A relay stamped the row much later than the row itself: the row's own time is used.";
    TIME_ASSUMED_ZONE "time-zone-assumed" Notice "The times name no zone; they are read as UTC. Comparing them with other sources rests on that.";
    TIME_BY_FORMAT "time-zone-by-format" Notice "The times are UTC by the rule of the format; the file itself does not say so.";
}

/// All notes of a case: per file and kind the earliest few, and how many there were.
#[derive(Debug, Default)]
pub struct Notes {
    rows: BTreeMap<(NodeId, &'static str), Tally>,
}

/// Notes of one kind in one file.
#[derive(Debug)]
pub struct Tally {
    /// The kind.
    pub kind: &'static NoteKind,
    /// How many of what the kind speaks of there were: packets, lines, files.
    pub count: u64,
    /// At how many places they were noted.
    pub places: u64,
    /// The earliest, by place.
    pub earliest: Vec<Note>,
}

impl Notes {
    /// Counts a note that stands for `n` of what its kind speaks of, and keeps it if it is among the
    /// `cap` earliest of its kind and file.
    pub fn add(&mut self, note: Note, n: u64, cap: usize) {
        let row = self.rows.entry((note.at.node, note.kind.code)).or_insert_with(|| Tally {
            kind: note.kind,
            count: 0,
            places: 0,
            earliest: Vec::new(),
        });
        row.count += n;
        row.places += 1;
        let at = row.earliest.partition_point(|have| *have <= note);
        if at < cap {
            row.earliest.insert(at, note);
            row.earliest.truncate(cap);
        }
    }

    /// Every tally, by node and code.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Tally)> {
        self.rows.iter().map(|((node, _), tally)| (*node, tally))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_alphabetic_enough_to_find_and_unique() {
        let mut codes: Vec<_> = NOTES.iter().map(|n| n.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), NOTES.len());
    }

    #[test]
    fn the_earliest_are_kept_in_any_order() {
        let note = |item| Note {
            at: Origin { item, ..Origin::default() },
            kind: &LINE_MALFORMED,
            detail: String::new(),
        };
        let mut notes = Notes::default();
        [5, 3, 9, 1].into_iter().for_each(|i| notes.add(note(i), i, 2));
        let (_, tally) = notes.iter().next().unwrap();
        assert_eq!((tally.count, tally.places), (5 + 3 + 9 + 1, 4));
        assert_eq!(tally.earliest.iter().map(|n| n.at.item).collect::<Vec<_>>(), [1, 3]);
    }
}
