//! A session: one case, from bytes to report, for a host that does the reading and showing.

mod store;
mod turns;

pub(crate) use store::Store;
use turns::{Began, Turns};
pub use turns::{Planned, Turn};

use crate::detect::kit::addr::is_internal;
use crate::event::{NodeId, Origin};
use crate::net::Packet;
use crate::note::{FILE_TWICE, Note};
use crate::order::Order;
use crate::records::{AllRelated, Entity, FilterError, Records, RowQuery, Rows, Sites, Story};
use crate::report::{self, Finding, Item, Report};
use crate::second_pass::{Place, Seeker};
use crate::settings::Settings;
use crate::source::capture::second;
use crate::source::zip::{Archive, Fed, Packed, Remark, ZIP};
use crate::source::{FORMATS, Node, Opened, Reader, Sink, Tree};
use crate::time::Time;
use std::collections::BTreeMap;

pub use crate::source::capture::series::{FirstLook, first_look};
pub use crate::source::zip;

/// What the host knows of a file before it is read.
#[derive(Debug, Clone, Default)]
pub struct FileMeta {
    /// Its name or path below what was dropped.
    pub name: String,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
    /// SHA-256 of its bytes. A host need only compute it for files of equal size: it is how the
    /// same file dropped twice counts once.
    pub sha256: Option<[u8; 32]>,
    /// How its bytes are to be read, when it is a member of an archive.
    pub packed: Option<Packed>,
    /// What is told of it, when it is an archive whose members are files of the case: its own bytes
    /// are not read then.
    pub archive: Option<Archive>,
    /// Which sensor recorded it.
    pub sensor: String,
    /// Which site's private addresses it speaks of.
    pub site: String,
    /// The series of captures that it belongs to, as the analyst says: it goes on with the captures
    /// of the same name and with no other. Empty when the times of packets decide.
    pub series: String,
    /// When its first packet was captured, by [`first_look()`]; `None` for what is no capture.
    pub first_packet: Option<Time>,
    /// True when other files are read by it, as [`first_look()`] says: then it comes first.
    pub is_aid: bool,
    /// True when the host will open more files after it: a capture's open connections then wait
    /// for the file that goes on with it, at the latest until [`Session::settle`].
    pub more_follow: bool,
    /// When the first packet of the file that the host opens next was captured, if the two may be of
    /// one network: [`Session::plan`] says.
    pub next_packet: Option<Time>,
}

/// One case. Opened files are fed in any interleaving; the report can be asked for at any time.
pub struct Session {
    settings: Settings,
    open: BTreeMap<NodeId, Fed>,
    turns: Turns,
    store: Store,
}

impl Session {
    /// An empty case.
    pub fn new(settings: Settings) -> Self {
        let store = Store::new(&settings);
        Self { settings, open: BTreeMap::new(), turns: Turns::default(), store }
    }

    /// True when a file came too late for what was read before it, as secrets do that belong to a
    /// capture of an earlier drop. The host then [begins anew](Session::renew) and opens all files
    /// again, in the order of their plan: so the report is that of one drop.
    pub const fn is_stale(&self) -> bool {
        self.store.secrets.is_late()
    }

    /// Empties the case but for the secrets it has learnt. One such turn is always enough.
    pub fn renew(&mut self) {
        let secrets = self.store.secrets.for_rereading();
        *self = Self::new(self.settings.clone());
        self.store.secrets = secrets;
    }

    /// Opens a file; its bytes are then fed in order. A file with the bytes of another one is
    /// opened as refused: it need not be fed.
    pub fn open(&mut self, meta: FileMeta) -> NodeId {
        let same = self.file_with(meta.sha256, meta.packed.is_some_and(|p| p.is_deflated));
        self.store.more_follow = meta.more_follow;
        let FileMeta { first_packet, next_packet, more_follow, .. } = meta;
        let is_refused = same.is_some() || meta.archive.is_some();
        let began = Began { first_packet, next_packet, more_follow, is_refused };
        let node = self.store.tree.add(Node {
            name: meta.name.into(),
            size: meta.packed.and_then(|p| p.content).map_or(meta.size, |(size, _)| Some(size)),
            packed: meta.packed,
            sha256: meta.sha256,
            sensor: meta.sensor.into(),
            site: meta.site.as_str().into(),
            series: meta.series.into(),
            ..Node::default()
        });
        let opened = match same {
            Some(same) => {
                let at = Origin { node, ..Origin::default() };
                let detail = format!("the same bytes as {}", self.store.tree.get(same).name);
                self.store.note(Note { at, kind: &FILE_TWICE, detail });
                Fed::Plain(Opened::refused(node))
            }
            None => match meta.archive {
                Some(archive) => self.list(node, archive),
                None => Fed::new(node, meta.packed, &self.settings),
            },
        };
        self.open.insert(node, opened);
        self.begin_turn(node, &began);
        node
    }

    /// Tells of an archive what its listing showed.
    fn list(&mut self, node: NodeId, archive: Archive) -> Fed {
        let of = self.store.tree.get_mut(node);
        of.format = Some(ZIP.name);
        of.counters = archive.counters;
        for Remark { trouble, offset, detail } in archive.remarks {
            let at = Origin { node, offset, ..Origin::default() };
            self.store.note(Note { at, kind: trouble.note(), detail });
        }
        Fed::Plain(Opened::refused(node))
    }

    /// The file of the case that has these bytes, and means the same by them.
    fn file_with(&self, sha256: Option<[u8; 32]>, is_deflated: bool) -> Option<NodeId> {
        let sha256 = sha256?;
        let is_file = |n: &Node| n.parent.is_none() && n.is_deflated() == is_deflated;
        let mut files = self.store.tree.iter().filter(|(_, n)| is_file(n));
        files.find(|(_, n)| n.sha256 == Some(sha256)).map(|(id, _)| id)
    }

    /// Feeds the next bytes of a file. Returns how many were consumed: call again with the rest,
    /// after letting the host breathe.
    pub fn feed(&mut self, file: NodeId, bytes: &[u8]) -> usize {
        match self.open.get_mut(&file) {
            Some(reader) => reader.feed(bytes, &mut self.store),
            None => bytes.len(),
        }
    }

    /// A file is at its end. When no other is open, the case [settles](Session::settle).
    pub fn close(&mut self, file: NodeId) {
        if let Some(mut reader) = self.open.remove(&file) {
            reader.finish(&mut self.store);
            self.leave_lane(file);
            if !self.is_waiting(file) {
                self.store.explain_silence(file);
            }
            if self.open.is_empty() && !self.store.more_follow {
                self.settle();
            }
        }
    }

    /// Everything that waited for more evidence goes out: captures that might have gone on in
    /// another file end, and one-way flow records become connections.
    ///
    /// Flow records are events at once, and are counted and judged as such, but the connections
    /// made of them wait until no file is open, since the other direction may be in another file.
    /// So a host opens all files of a drop before it closes the first; then no result depends on
    /// their order. Records of a later drop are paired among themselves. [`Session::close`] settles
    /// by itself; a host calls this when its queue is empty and the last file announced others
    /// that did not come.
    pub fn settle(&mut self) {
        self.end_plan();
        for series in std::mem::take(&mut self.store.suspended) {
            series.finish(&mut self.store);
        }
        self.store.settle_pairs();
        self.store.records.settle();
    }

    /// True when no reader took the file: the host need not read the rest of it.
    pub fn is_refused(&self, file: NodeId) -> bool {
        self.open.get(&file).is_some_and(Fed::is_refused)
    }

    /// True for a capture whose packets can be read again.
    pub fn is_capture(&self, node: NodeId) -> bool {
        self.store.tree.get(node).index.n_blocks() > 0
    }

    /// The packet that an item of a capture is, from its bytes as [`Session::locate`] led to them.
    pub(crate) fn packet<'a>(&self, at: Origin, bytes: &'a [u8]) -> Option<Packet<'a>> {
        second::packet(self.store.tree.get(at.node), at, bytes)
    }

    /// The name of a file, or of what a container holds.
    pub fn name(&self, node: NodeId) -> &str {
        &self.store.tree.get(node).name
    }

    /// The files and what they hold.
    pub(crate) const fn tree(&self) -> &Tree {
        &self.store.tree
    }

    /// The settings of the case.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The events so far as tables.
    pub const fn records(&self) -> &Records {
        &self.store.records
    }

    /// A page of rows.
    pub fn rows(&mut self, query: &RowQuery) -> Result<Rows, FilterError> {
        self.store.records.rows(query)
    }

    /// Rows of all kinds by time; see [`Records::story`].
    pub fn story(&mut self, filter: &str, from: usize, n: usize) -> Result<Story, FilterError> {
        self.store.records.story(filter, from, n)
    }

    /// The entities that rows speak of; see [`Records::related`].
    pub fn related(&mut self, filter: &str, limit: usize) -> Result<AllRelated, FilterError> {
        let sites = self.sites();
        self.store.records.related(filter, limit, &sites)
    }

    /// The filter for the rows that speak of an entity, and the site whose host it is where that
    /// matters; see [`Sites::filter`].
    pub fn entity_filter(
        &self,
        entity: Entity,
        value: &str,
        site: Option<&str>,
    ) -> (String, Option<String>) {
        self.sites().filter(entity, value, site)
    }

    fn sites(&self) -> Sites {
        let of_node = self.store.tree.iter().map(|(_, node)| node.site.clone());
        Sites::new(of_node.collect(), is_internal)
    }

    /// Which bytes of which file a host must read to show this item.
    pub fn locate(&self, at: Origin) -> Place {
        Place::of(&self.store.tree, at)
    }

    /// The second pass through a file for an item inside a container: fed from where its
    /// [`Place`] says.
    pub fn seek(&self, at: Origin) -> Seeker {
        Seeker::new(&self.store.tree, at, &self.settings)
    }

    /// An item field by field, from its bytes as [`Session::locate`] or [`Session::seek`] led to them.
    pub fn show(&self, at: Origin, bytes: &[u8]) -> Item {
        let node = self.store.tree.get(at.node);
        match FORMATS.iter().find(|f| Some(f.name) == node.format) {
            Some(format) => (format.show)(node, at, bytes),
            None => Item::raw(at, bytes),
        }
    }

    /// What is found so far.
    pub fn report(&self) -> Report {
        report::build(&self.store)
    }

    /// Findings, each by its rule and key: for a host that [shortened](Report::shorten) the report.
    /// `None` for what is no finding now.
    pub fn findings(&self, wanted: &[(String, String)]) -> Vec<Option<Finding>> {
        let mut of_rules: BTreeMap<&str, Vec<Finding>> = BTreeMap::new();
        let mut all = Vec::new();
        for (id, key) in wanted {
            let of_rule = of_rules.entry(id).or_insert_with(|| {
                let mut found = report::findings(&self.store, &|rule| rule.id == id);
                found.order_by(|a, b| a.key.cmp(&b.key));
                found
            });
            let at = of_rule.binary_search_by(|f| f.key.cmp(key));
            all.push(at.ok().and_then(|at| of_rule.get(at)).cloned());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64, first: u8) -> FileMeta {
        FileMeta {
            name: name.into(),
            size: Some(size),
            sha256: Some([first; 32]),
            ..FileMeta::default()
        }
    }

    #[test]
    fn a_capture_without_packets_is_said_to_hold_nothing() {
        let mut session = Session::new(Settings::default());
        let node = session.open(FileMeta::default());
        // The header of a pcap file, little end first, link type 1.
        let header =
            [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
        session.feed(node, &header);
        session.close(node);
        let notes = session.report().notes;
        assert_eq!(notes.iter().map(|n| n.code.as_str()).collect::<Vec<_>>(), ["file-empty"]);
    }

    #[test]
    fn the_plan_does_not_depend_on_the_order_of_files() {
        let files = [file("b", 1, 1), file("a", 9, 1), file("a", 2, 3), file("a", 2, 2)];
        let plan = Session::plan(&files).into_iter().map(|planned| planned.index);
        assert_eq!(plan.collect::<Vec<_>>(), [3, 2, 1, 0]);
    }

    #[test]
    fn private_addresses_are_of_the_site_of_their_file() {
        let report = |sites: [&str; 2]| {
            let mut session = Session::new(Settings::default());
            let row = r#"{"_path":"ftp","ts":1700000000.0,"id.orig_h":"10.0.0.9","id.orig_p":5000,"id.resp_h":"10.0.0.1","id.resp_p":21,"user":"eva","password":"x","command":"PASS","reply_code":230}"#;
            for site in sites {
                let node = session.open(FileMeta { site: site.into(), ..FileMeta::default() });
                session.feed(node, row.as_bytes());
                session.close(node);
            }
            let of = |f: &Finding| f.rule == "plaintext-credentials";
            let keys: Vec<_> =
                session.report().findings.into_iter().filter(of).map(|f| f.key).collect();
            // Hosts of two sites are listed apart, and each has a story of its own rows.
            let related = session.related("", 9).unwrap().top;
            let hosts = related.iter().filter(|r| r.value == "10.0.0.9");
            assert_eq!(hosts.count(), keys.len());
            let (filter, _) = session.entity_filter(Entity::Host, "10.0.0.9", Some(sites[0]));
            assert_eq!(session.story(&filter, 0, 9).unwrap().total, 2 / keys.len() as u64);
            keys
        };
        assert_eq!(report(["Basel", "Bern"]), ["10.0.0.1 (Basel)", "10.0.0.1 (Bern)"]);
        assert_eq!(report(["", ""]), ["10.0.0.1"]);
    }

    #[test]
    fn what_a_report_left_out_can_be_asked_for() {
        let mut session = Session::new(Settings::default());
        let node = session.open(FileMeta::default());
        let row = r#"{"_path":"ftp","ts":1700000000.0,"id.orig_h":"10.0.0.9","id.orig_p":5000,"id.resp_h":"10.0.0.1","id.resp_p":21,"user":"eva","password":"x","command":"PASS","reply_code":230}"#;
        session.feed(node, row.as_bytes());
        session.close(node);
        let (whole, mut short) = (session.report(), session.report());
        short.shorten(whole.findings.iter().map(|f| f.evidence.rows.len()).sum());
        assert_eq!(short, whole, "there is room for all");
        short.shorten(0);
        for (whole, short) in whole.findings.iter().zip(&short.findings) {
            assert!(short.evidence.rows.is_empty() && short.evidence.left_out == Some(vec![node]));
            assert!(short.facts.is_empty() && short.caveats.is_empty());
            let asked = session.findings(&[(whole.rule.to_owned(), whole.key.clone())]);
            assert_eq!(asked, [Some(whole.clone())]);
        }
        assert!(!whole.findings.is_empty());
        assert_eq!(session.findings(&[("no-rule".into(), "".into())]), [None]);
    }

    #[test]
    fn the_same_bytes_are_read_once_and_said() {
        let mut session = Session::new(Settings::default());
        let first = session.open(file("a", 4, 1));
        let again = session.open(file("b", 4, 1));
        let other = session.open(file("c", 4, 2));
        assert!(session.is_refused(again));
        assert!(!session.is_refused(first) && !session.is_refused(other));
        session.close(again);
        let report = session.report();
        assert_eq!(report.notes.len(), 1);
        assert_eq!(report.notes[0].earliest[0].detail, "the same bytes as a");
    }
}
