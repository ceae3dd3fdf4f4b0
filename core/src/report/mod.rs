//! The report: plain, versioned data. What a person reads, in the page and from the command.

mod actors;
mod attack;
mod build;
mod finding;
mod item;
mod layout;
mod line;
mod networks;
mod row;
mod text;

pub use attack::{
    ATTACK_VERSION, Attack, LEGEND, Retired, Strategy, Technique, component, technique,
};
pub(crate) use build::{build, findings};
pub use finding::{
    Basis, Caveat, Confidence, Evidence, Fact, Finding, Role, Severity, Span, Subject,
};
pub use item::{Item, ItemField};
pub use line::{Line, Lines};
pub use networks::NetworkSource;
pub use row::{EvidenceRow, Row};
pub use text::{text, text_in_pieces};

use crate::event::NodeId;
use crate::note::Weight;
use crate::time::{Clock, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of this shape; grows with every change that a reader of it could notice.
pub const REPORT_VERSION: u32 = 1;

/// Everything found in a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// The sources, files and what they contain, in order of their ids.
    pub sources: Vec<Source>,
    /// The findings: highest severity first, then confidence, then rule and key.
    pub findings: Vec<Finding>,
    /// Findings joined by an actor: the same address or account in several.
    pub actors: Vec<Actor>,
    /// The ATT&CK techniques that findings are consistent with, and what ids mean.
    pub attack: Attack,
    /// What was looked at, and what could not be.
    pub coverage: Vec<RuleCoverage>,
    /// What could not be read, by file and kind.
    pub notes: Vec<NoteRow>,
    /// The files of networks that findings have terms from, by digest.
    pub networks: Vec<NetworkSource>,
    /// Rows by kind: seen, and kept for browsing.
    pub records: BTreeMap<String, RowCount>,
    /// First and last time in the evidence.
    pub span: Option<Span>,
}

impl Report {
    /// Keeps about `most` rows of evidence: those of the first findings, which stay whole. The others
    /// say that theirs were left out, and so are their terms, other readings and what is missing.
    pub fn shorten(&mut self, most: usize) {
        let mut kept = 0usize;
        for finding in &mut self.findings {
            kept += finding.evidence.rows.len();
            if kept > most {
                finding.leave_out();
            }
        }
    }
}

/// A file, or what a container holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Its id; evidence refers to it.
    pub id: NodeId,
    /// The container it is in.
    pub parent: Option<NodeId>,
    /// Its name.
    pub name: String,
    /// Size in bytes, where known.
    pub size: Option<u64>,
    /// The format, by id.
    pub format: Option<String>,
    /// The format, for a person.
    pub format_title: Option<String>,
    /// What its items are called: `line`, `packet`.
    pub item_noun: String,
    /// Why each format refused it, when none took it.
    pub refusals: Vec<(String, String)>,
    /// Sensor, as the analyst says.
    pub sensor: String,
    /// Site, as the analyst says.
    pub site: String,
    /// The capture that this one goes on with: the two are of one series and read as one.
    pub continues: Option<NodeId>,
    /// The capture that was taken at the same time by another tap of the same network: the two are
    /// read as one.
    pub beside: Option<NodeId>,
    /// What its times rest on.
    pub clock: Clock,
    /// Numbers about it.
    pub counters: BTreeMap<String, u64>,
    /// Events by kind with first and last time.
    pub events: BTreeMap<String, KindSpan>,
    /// True when it was read to its end.
    pub is_done: bool,
}

/// Events of one kind in one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindSpan {
    /// How many.
    pub count: u64,
    /// The first time among them.
    pub first: Option<Time>,
    /// The last time among them.
    pub last: Option<Time>,
}

/// Findings whose actor is the same address or account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Actor {
    /// The address or account.
    pub value: String,
    /// `address` or `account`.
    pub kind: String,
    /// What joins them, and what does not follow from it.
    pub statement: String,
    /// What the joining rests on that the evidence does not show.
    pub caveats: Vec<String>,
    /// The findings, as indices of [`Report::findings`].
    pub findings: Vec<usize>,
    /// How many different sources they come from.
    pub n_sources: usize,
    /// First and last time over all of them.
    pub when: Option<Span>,
}

/// What one rule could see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleCoverage {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// What it does.
    pub about: String,
    /// The kinds it reads, and how many events of each there were.
    pub reads: BTreeMap<String, u64>,
    /// True when none of the kinds it reads came: "could not look", not "nothing found".
    pub is_blind: bool,
    /// How many findings it has.
    pub n_findings: usize,
    /// What it can never show.
    pub limits: String,
}

/// Notes of one kind in one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoteRow {
    /// The source.
    pub node: NodeId,
    /// The note's code.
    pub code: String,
    /// How much it matters.
    pub weight: Weight,
    /// What it means.
    pub meaning: String,
    /// How many of what it speaks of there were: packets, lines, files.
    pub count: u64,
    /// At how many places they were noted.
    pub places: u64,
    /// The earliest, with their places.
    pub earliest: Vec<NoteAt>,
}

/// One note's place and words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoteAt {
    /// Line or packet number; 0 for the file as a whole.
    pub item: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// How many bytes it is about; 0 when only its place is known.
    pub len: u32,
    /// What exactly.
    pub detail: String,
}

/// Rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct RowCount {
    /// Events there were.
    pub seen: u64,
    /// Rows kept for browsing.
    pub kept: u64,
}
