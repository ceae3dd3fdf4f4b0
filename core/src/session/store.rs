//! What readers push into: tables, detectors, notes, and what waits for another file.

use crate::detect::kit::Observed;
use crate::detect::{Detector, RULES};
use crate::event::{Event, KINDS, NodeId, Origin};
use crate::networks::{NetworkFile, Networks};
use crate::note::{CAP_REACHED, FILE_EMPTY, Note, Notes};
use crate::records::Records;
use crate::report::Lines;
use crate::secrets::{ClientRandom, Secret, Secrets, SessionSecrets};
use crate::settings::{Caps, Settings};
use crate::source::capture::grouping::{are_elsewhere, why};
use crate::source::capture::merge::Merge;
use crate::source::capture::series::{Going, Series, Start};
use crate::source::checkpoint::{Checkpoint, Density};
use crate::source::flow::pair::Pairing;
use crate::source::{FORMATS, Node, Sink, Tree};
use crate::time::Time;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What readers push into.
pub(crate) struct Store {
    pub(crate) tree: Tree,
    pub(crate) notes: Notes,
    pub(crate) records: Records,
    pub(crate) detectors: Vec<Box<dyn Detector>>,
    /// What the lines of evidence rows have in common.
    lines: Lines,
    /// Flow records that wait for their other direction.
    pub(super) pairing: Pairing,
    /// For each kind, in the order of [`KINDS`], the detectors that read it.
    pub(super) interest: Vec<Vec<usize>>,
    /// Captures that may go on in another file, by the order of their ends.
    pub(super) suspended: Vec<Series>,
    /// The captures that are being read as one.
    pub(super) running: Option<Rc<RefCell<Merge>>>,
    /// Lanes of these that wait for the first packets of a file.
    pub(super) joining: BTreeMap<NodeId, usize>,
    /// When the capture begins that the host opens next.
    pub(super) horizon: Option<Time>,
    pub(super) secrets: Secrets,
    pub(crate) networks: Networks,
    pub(super) checkpoints: Density,
    pub(super) caps: Caps,
    pub(super) more_follow: bool,
}

impl Store {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            tree: Tree::default(),
            notes: Notes::default(),
            records: Records::new(settings),
            detectors: RULES.iter().map(|rule| (rule.new)(settings)).collect(),
            lines: Lines::default(),
            pairing: Pairing::new(settings.caps.flows),
            interest: KINDS
                .iter()
                .map(|kind| {
                    (0..)
                        .zip(RULES)
                        .filter(|(_, r)| r.reads.contains(kind))
                        .map(|(i, _)| i)
                        .collect()
                })
                .collect(),
            suspended: Vec::new(),
            running: None,
            joining: BTreeMap::new(),
            horizon: None,
            secrets: Secrets::default(),
            networks: Networks::default(),
            checkpoints: Density::new(settings.checkpoint_len, settings.caps.checkpoints),
            caps: settings.caps.clone(),
            more_follow: false,
        }
    }

    /// A file that was read and gave nothing at all, not even a note, still says so.
    pub(super) fn explain_silence(&mut self, file: NodeId) {
        let node = self.tree.get(file);
        let gave = !node.events.is_empty() || node.counters.values().any(|n| *n > 0);
        let has_children = self.tree.iter().any(|(_, n)| n.parent == Some(file));
        let has_note = self.notes.iter().any(|(id, _)| id == file);
        if !(gave || has_children || has_note) {
            let title = FORMATS.iter().find(|f| Some(f.name) == node.format).map(|f| f.title);
            let detail = format!("{} without a single record", title.unwrap_or("a file"));
            let at = Origin { node: file, ..Origin::default() };
            self.note(Note { at, kind: &FILE_EMPTY, detail });
        }
    }

    /// What an earlier capture left open, if this one goes on where it ended.
    fn suspended_before(&mut self, node: NodeId, start: &Start) -> Option<Series> {
        let here = |id| {
            let node = self.tree.get(id);
            (&*node.sensor, &*node.site, &*node.series)
        };
        let is_told = !self.tree.get(node).series.is_empty();
        let fits = |s: &Series| {
            let is_apart = || are_elsewhere(self.tree.get(s.node), self.tree.get(node));
            let goes_on =
                if is_told { s.can_go_on(start) } else { s.adjoins(start) && !is_apart() };
            goes_on && here(s.node) == here(node)
        };
        let waiting = self.suspended.iter().enumerate().filter(|(_, s)| fits(s));
        // Of several the one that ended last, and of those the one that was opened last.
        let (i, _) = waiting.max_by_key(|(_, s)| (s.last(), s.node))?;
        let series = self.suspended.remove(i);
        let reason = why(&series, self.tree.get(series.node), self.tree.get(node), start);
        Some(series.because(reason))
    }

    pub(super) fn settle_pairs(&mut self) {
        for event in self.pairing.settle() {
            self.event(event);
        }
    }
}

impl Sink for Store {
    fn event(&mut self, mut event: Event) {
        let kind = event.body.kind();
        let node = self.tree.get_mut(event.at.node);
        event.flow.site = node.site.clone();
        let seen = node.events.entry(kind).or_default();
        seen.0 += 1;
        if let Some(ts) = event.ts {
            seen.1 = Some(seen.1.map_or(ts, |have| have.min(ts)));
            seen.2 = Some(seen.2.map_or(ts, |have| have.max(ts)));
        }
        let observed = Observed::new(&event, &self.lines);
        for i in self.interest.get(kind as usize).into_iter().flatten() {
            if let Some(detector) = self.detectors.get_mut(*i) {
                detector.observe(&observed);
            }
        }
        self.records.push(&event);
        let node = self.tree.get(event.at.node);
        if self.pairing.observe(&event, || (node.sensor.clone(), (&*node.site).into())) {
            let n = self.pairing.n_waiting();
            let detail = format!(
                "{n} flow records waited for their other direction: those before and after this one are paired apart"
            );
            self.note(Note { at: event.at, kind: &CAP_REACHED, detail });
            self.settle_pairs();
        }
    }

    fn note(&mut self, note: Note) {
        self.note_of_many(note, 1);
    }

    fn note_of_many(&mut self, note: Note, n: u64) {
        self.notes.add(note, n, self.caps.notes);
    }

    fn child(&mut self, parent: NodeId, name: &str) -> NodeId {
        let of = self.tree.get(parent);
        let (sensor, site, series) = (of.sensor.clone(), of.site.clone(), of.series.clone());
        self.tree.add(Node {
            parent: Some(parent),
            name: name.into(),
            sensor,
            site,
            series,
            ..Node::default()
        })
    }

    fn resume(&mut self, node: NodeId, start: &Start, own: &Rc<RefCell<Merge>>) -> Going {
        let lane = self.joining.remove(&self.tree.file_of(node));
        if let Some((lane, merge)) = lane.zip(self.running.as_ref()) {
            return Going::Beside(Rc::clone(merge), lane);
        }
        own.borrow_mut().set_horizon(self.horizon);
        self.running = Some(Rc::clone(own));
        let before = self.suspended_before(node, start).map(Box::new);
        before.map_or(Going::Anew, Going::On)
    }

    fn suspend(&mut self, series: Series) -> Option<Series> {
        if !self.more_follow {
            return Some(series);
        }
        self.suspended.push(series);
        None
    }

    fn secret(&mut self, secret: Secret) -> bool {
        self.secrets.add(secret, self.caps.secrets)
    }

    fn networks(&mut self, file: NetworkFile) -> bool {
        self.networks.add(file, self.caps.networks)
    }

    fn secrets_of(&mut self, random: &ClientRandom) -> Option<SessionSecrets> {
        self.secrets.ask(random, self.caps.keys)
    }

    fn wants_checkpoint(&self, node: NodeId, n_out: u64) -> bool {
        self.checkpoints.wants(&self.tree, node, n_out)
    }

    fn checkpoint(&mut self, node: NodeId, checkpoint: Checkpoint) {
        self.checkpoints.add(&mut self.tree, node, checkpoint);
    }

    fn node(&mut self, node: NodeId) -> &mut Node {
        self.tree.get_mut(node)
    }
}
