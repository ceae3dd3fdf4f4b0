//! Sources: what recognises bytes by their content and turns them into events.
//!
//! A format is one file (or folder) here and one line in [`FORMATS`].

pub mod capture;
mod container;
mod eve;
pub(crate) mod flow;
mod foreign;
mod ftplog;
mod iis;
mod json;
mod keylog;
pub mod lines;
mod networks;
mod objects;
mod proftpd;
mod row;
mod sniff;
mod syslog;
#[cfg(test)]
mod testing;
mod tree;
mod weblog;
mod zeek;

pub use sniff::{Opened, recognise};
pub use tree::{Interface, Node, Tree};

use crate::event::{Event, Kind, NodeId, Origin};
use crate::networks::NetworkFile;
use crate::note::Note;
use crate::report::Item;
use crate::secrets::{ClientRandom, Secret, SessionSecrets};
use crate::settings::Settings;
use capture::merge::Merge;
use capture::series::{Going, Series, Start};
use container::Checkpoint;
pub use container::checkpoint;
pub use container::zip;
use std::cell::RefCell;
use std::rc::Rc;

/// Bytes a reader consumes, at most, in one call of [`Reader::feed`]: decompressed where that
/// applies. Small enough that a host can show progress and cancel, large enough not to matter.
pub const FEED_BUDGET: usize = 1 << 20;

/// How many first bytes of a file [`Format::sniff`] is shown.
pub const HEAD: usize = 64 << 10;

/// A file format: how to recognise it and how to read it.
#[derive(Debug)]
pub struct Format {
    /// Stable id in kebab-case, such as `zeek-json`.
    pub name: &'static str,
    /// A person's name for it, such as `Zeek log, JSON`.
    pub title: &'static str,
    /// The kinds of events it can give. Containers: none of their own.
    pub emits: &'static [Kind],
    /// Looks at the first bytes, never at a name.
    pub sniff: fn(&Head<'_>) -> Sniff,
    /// Opens a reader for a file that was recognised.
    pub open: fn(&Opening<'_>) -> Box<dyn Reader>,
    /// The second pass: shows one item (its bytes, cut out by [`Origin`]) field by field.
    pub show: fn(&Node, Origin, &[u8]) -> Item,
}

/// The first bytes of a file.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// At most [`HEAD`] bytes.
    pub bytes: &'a [u8],
    /// True when the file holds no more than these.
    pub is_whole: bool,
}

/// What a format says of a file's first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sniff {
    /// Not this format, and why not.
    No(&'static str),
    /// It may be: nothing better matched. Headerless text.
    Weak,
    /// It looks like it in several ways.
    Strong,
    /// A signature or a header says so.
    Certain,
}

/// What a reader is told when it is opened.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The node whose bytes it will get.
    pub node: NodeId,
    /// How deep in containers that node is; a file has depth 0.
    pub depth: u8,
    /// The first bytes, as shown to `sniff`; they will be fed again.
    pub head: Head<'a>,
    /// The case's settings.
    pub settings: &'a Settings,
}

/// Turns bytes into events. Never fails: trouble becomes a note, and everything readable is used.
///
/// Any chunking of the same bytes gives the same events: a reader keeps what it cannot use yet.
pub trait Reader {
    /// Takes bytes and pushes what they hold. Returns how many it consumed: all, unless the work
    /// budget ([`FEED_BUDGET`]) was used up; then it is called again with the rest.
    fn feed(&mut self, bytes: &[u8], out: &mut dyn Sink) -> usize;
    /// The bytes are at their end.
    fn finish(&mut self, out: &mut dyn Sink);
}

/// Where readers push to.
pub trait Sink {
    /// Takes an event.
    fn event(&mut self, event: Event);
    /// Takes a note.
    fn note(&mut self, note: Note);
    /// Takes one note that stands for `n` of what its kind speaks of, such as packets. To a sink that
    /// does not count it is one note.
    fn note_of_many(&mut self, note: Note, _n: u64) {
        self.note(note);
    }
    /// Adds a node below `parent`: an archive's member, a compressed file's content.
    fn child(&mut self, parent: NodeId, name: &str) -> NodeId;
    /// Takes a node's bytes as they are instead of having them read; false when they are to be
    /// read. Only a second pass, which looks for one item's bytes, takes any.
    fn take_raw(&mut self, _node: NodeId, _bytes: &[u8]) -> bool {
        false
    }
    /// Takes a secret that opens a TLS session of the case; false when there was no room for it.
    fn secret(&mut self, _secret: Secret) -> bool {
        true
    }
    /// The secrets of the TLS session whose ClientHello had this random.
    fn secrets_of(&mut self, _random: &ClientRandom) -> Option<SessionSecrets> {
        None
    }
    /// Takes a file of networks; false when there is no room for all of them.
    fn networks(&mut self, _file: NetworkFile) -> bool {
        true
    }
    /// True when a checkpoint of a compressed file behind so many bytes of its content is wanted.
    fn wants_checkpoint(&self, _node: NodeId, _n_out: u64) -> bool {
        false
    }
    /// Keeps a checkpoint of a compressed file.
    fn checkpoint(&mut self, _node: NodeId, _checkpoint: Checkpoint) {}
    /// Says how a capture begins: with what an earlier one left open if it goes on where that ended,
    /// or beside others that it overlaps. `own` is what it has so far.
    fn resume(&mut self, _node: NodeId, _start: &Start, _own: &Rc<RefCell<Merge>>) -> Going {
        Going::Anew
    }
    /// Takes what a capture leaves open for the next one; gives it back if none will come.
    fn suspend(&mut self, series: Series) -> Option<Series> {
        Some(series)
    }
    /// The node, for its reader to say more about it: clock, counters, interfaces.
    fn node(&mut self, node: NodeId) -> &mut Node;
}

/// Every format. In alphabetical order of names; the strongest [`Sniff`] wins, and of equal ones
/// the first.
pub static FORMATS: &[Format] = &[
    weblog::ACCESS_LOG,
    weblog::ACCESS_LOG_JSON,
    eve::EVE_JSON,
    container::GZIP,
    iis::IIS_W3C,
    networks::MMDB,
    networks::NETWORKS_CSV,
    flow::NFDUMP_TEXT,
    capture::pcap::FORMAT,
    capture::pcapng::FORMAT,
    proftpd::PROFTPD_LOG,
    keylog::TLS_KEY_LOG,
    container::UTF16,
    ftplog::VSFTPD_LOG,
    ftplog::XFERLOG,
    zeek::ZEEK_JSON,
    zeek::ZEEK_TSV,
    container::ZIP,
];
