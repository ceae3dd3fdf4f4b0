//! A session: one case, from bytes to report, for a host that does the reading and showing.

use crate::detect::{Detector, RULES};
use crate::event::{Event, KINDS, NodeId};
use crate::note::{Note, Notes};
use crate::records::{FilterError, Records, RowQuery, Rows};
use crate::report::{self, Report};
use crate::settings::Settings;
use crate::source::{Node, Opened, Reader, Sink, Tree};
use std::collections::BTreeMap;

/// What the host knows of a file before it is read.
#[derive(Debug, Clone, Default)]
pub struct FileMeta {
    /// Its name or path below what was dropped.
    pub name: String,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
    /// Which sensor recorded it.
    pub sensor: String,
    /// Which site's private addresses it speaks of.
    pub site: String,
}

/// One case. Opened files are fed in any interleaving; the report can be asked for at any time.
pub struct Session {
    settings: Settings,
    open: BTreeMap<NodeId, Opened>,
    store: Store,
}

/// What readers push into.
pub(crate) struct Store {
    pub(crate) tree: Tree,
    pub(crate) notes: Notes,
    pub(crate) records: Records,
    pub(crate) detectors: Vec<Box<dyn Detector>>,
    /// For each kind, in the order of [`KINDS`], the detectors that read it.
    interest: Vec<Vec<usize>>,
    notes_cap: usize,
}

impl Session {
    /// An empty case.
    pub fn new(settings: Settings) -> Self {
        let store = Store {
            tree: Tree::default(),
            notes: Notes::default(),
            records: Records::new(&settings),
            detectors: RULES.iter().map(|rule| (rule.new)(&settings)).collect(),
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
            notes_cap: settings.caps.notes,
        };
        Self { settings, open: BTreeMap::new(), store }
    }

    /// Opens a file; its bytes are then fed in order.
    pub fn open(&mut self, meta: FileMeta) -> NodeId {
        let node = self.store.tree.add(Node {
            name: meta.name.into(),
            size: meta.size,
            sensor: meta.sensor.into(),
            site: meta.site.into(),
            ..Node::default()
        });
        self.open.insert(node, Opened::new(node, 0, &self.settings));
        node
    }

    /// Feeds the next bytes of a file. Returns how many were consumed: call again with the rest,
    /// after letting the host breathe.
    pub fn feed(&mut self, file: NodeId, bytes: &[u8]) -> usize {
        match self.open.get_mut(&file) {
            Some(reader) => reader.feed(bytes, &mut self.store),
            None => bytes.len(),
        }
    }

    /// A file is at its end.
    pub fn close(&mut self, file: NodeId) {
        if let Some(mut reader) = self.open.remove(&file) {
            reader.finish(&mut self.store);
            if self.open.is_empty() {
                self.store.records.settle();
            }
        }
    }

    /// True when no reader took the file: the host need not read the rest of it.
    pub fn is_refused(&self, file: NodeId) -> bool {
        self.open.get(&file).is_some_and(Opened::is_refused)
    }

    /// The events so far as tables.
    pub const fn records(&self) -> &Records {
        &self.store.records
    }

    /// A page of rows.
    pub fn rows(&mut self, query: &RowQuery) -> Result<Rows, FilterError> {
        self.store.records.rows(query)
    }

    /// What is found so far.
    pub fn report(&self) -> Report {
        report::build(&self.store)
    }
}

impl Sink for Store {
    fn event(&mut self, event: Event) {
        let kind = event.body.kind();
        let seen = self.tree.get_mut(event.at.node).events.entry(kind).or_default();
        seen.0 += 1;
        if let Some(ts) = event.ts {
            seen.1 = Some(seen.1.map_or(ts, |have| have.min(ts)));
            seen.2 = Some(seen.2.map_or(ts, |have| have.max(ts)));
        }
        for i in self.interest.get(kind as usize).into_iter().flatten() {
            if let Some(detector) = self.detectors.get_mut(*i) {
                detector.observe(&event);
            }
        }
        self.records.push(&event);
    }

    fn note(&mut self, note: Note) {
        self.notes.add(note, self.notes_cap);
    }

    fn child(&mut self, parent: NodeId, name: &str) -> NodeId {
        let of = self.tree.get(parent);
        let (sensor, site) = (of.sensor.clone(), of.site.clone());
        self.tree.add(Node {
            parent: Some(parent),
            name: name.into(),
            sensor,
            site,
            ..Node::default()
        })
    }

    fn node(&mut self, node: NodeId) -> &mut Node {
        self.tree.get_mut(node)
    }
}
