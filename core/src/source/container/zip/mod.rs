//! zip archives (APPNOTE 6.3.10): listed from their end by a host, each member then read as a file.
//!
//! What a host does with one: [`list()`] names its members and where they lie; each is opened as a
//! file of the case, with [`Packed`] in its description, and fed the bytes of its place. An archive
//! that a host cannot list, because it lies in another container or comes as a stream, is not read.

mod list;
mod member;
mod walk;
mod wire;

pub use list::{Archive, Listing, MAX_MEMBERS, Member, ReadAt, Remark, Trouble, list};
pub use member::{Fed, Packed};

use crate::event::{NodeId, Origin};
use crate::note::{ARCHIVE_UNOPENED, Note};
use crate::report::Item;
use crate::source::{Format, Head, Opening, Reader, Sink, Sniff};

/// The format.
pub const ZIP: Format = Format {
    name: "zip",
    title: "zip archive",
    emits: &[],
    sniff,
    open,
    show: |_, at, bytes| Item::raw(at, bytes),
};

fn sniff(head: &Head<'_>) -> Sniff {
    if wire::begins_archive(head.bytes) {
        Sniff::Certain
    } else {
        Sniff::No("does not begin with a member of a zip archive")
    }
}

/// The reader of an archive that no host has listed.
struct Unlisted {
    node: NodeId,
}

fn open(opening: &Opening<'_>) -> Box<dyn Reader> {
    Box::new(Unlisted { node: opening.node })
}

impl Reader for Unlisted {
    fn feed(&mut self, bytes: &[u8], _: &mut dyn Sink) -> usize {
        bytes.len()
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        let at = Origin { node: self.node, ..Origin::default() };
        let detail = "extract what it holds first".to_owned();
        out.note(Note { at, kind: &ARCHIVE_UNOPENED, detail });
    }
}

#[cfg(test)]
mod tests;
