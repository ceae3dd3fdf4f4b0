//! The second pass itself: which bytes of which file, and where they go.

use super::Take;
use super::chase::{Chase, Shared};
use super::connection::Connection;
use crate::event::NodeId;
use crate::order::{Collect, Order};
use crate::second_pass::{Search, last_before};
use crate::session::Session;
use crate::settings::Settings;
use crate::source::capture::{Passed, Rereading};
use crate::source::checkpoint::Checkpoint;
use crate::source::zip::{Fed, Packed};
use crate::source::{Node, Reader};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// Bytes asked for at once.
const PIECE: u64 = 4 << 20;

/// Bytes of a container asked for at once: one may hold a thousand times as many.
const CONTAINER_PIECE: u64 = 256 << 10;

/// Bytes of a file that the host reads next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The file.
    pub file: NodeId,
    /// Its first byte.
    pub offset: u64,
    /// How many; the file may end before.
    pub len: u64,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The packets of these connections.
    Connections(Vec<Connection>),
    /// Every packet of these captures; none for all of the case.
    Captures(Vec<NodeId>),
}

/// A second pass over the captures of a case. The host asks for [`Pursuit::next_range`], reads it,
/// and feeds it, until there is none.
pub struct Pursuit<T> {
    settings: Settings,
    chase: Rc<RefCell<Chase<T>>>,
    /// Captures still to be read, those of one series together, in order.
    captures: VecDeque<Capture>,
    series: Option<NodeId>,
    passed: Passed,
    walk: Option<Walk>,
}

/// A capture to be read again.
struct Capture {
    id: NodeId,
    /// What reading needs of its node.
    node: Node,
    file: NodeId,
    /// How that file is read when it is a member of an archive.
    packed: Option<Packed>,
    /// The way to it, when it lies in a container.
    way: Option<Search>,
    /// Where else than at its start the container can be read from.
    checkpoints: Vec<Rc<Checkpoint>>,
    series: NodeId,
}

/// How far a capture has been read.
struct Walk {
    capture: Capture,
    block: usize,
    is_wanted: bool,
    reading: Option<Rereading>,
    /// The container around it.
    container: Option<Fed>,
    /// The file's next byte to ask for.
    next: u64,
    /// How many bytes from there on were asked for.
    asked: u64,
    /// The capture's next byte to come.
    pos: u64,
}

impl<T: Take + 'static> Pursuit<T> {
    /// Begins a second pass whose packets go to `take`.
    pub fn new(session: &Session, scope: Scope, take: T) -> Self {
        let (chosen, nodes, is_all) = match scope {
            Scope::Connections(chosen) => (chosen, None, false),
            Scope::Captures(nodes) => (Vec::new(), Some(nodes), true),
        };
        let is_in = |series: NodeId, id: NodeId, roots: &BTreeSet<NodeId>| match &nodes {
            Some(nodes) => nodes.is_empty() || nodes.contains(&id),
            None => roots.contains(&series),
        };
        let tree = session.tree();
        let roots: BTreeSet<NodeId> = chosen.iter().map(|c| tree.series_of(c.at.node)).into_set();
        let mut captures: Vec<Capture> = tree
            .iter()
            .filter(|(_, node)| node.index.n_blocks() > 0)
            .map(|(id, node)| (id, node, tree.series_of(id)))
            .filter(|(id, _, series)| is_in(*series, *id, &roots))
            .map(|(id, node, series)| {
                let file = tree.file_of(id);
                let packed = tree.get(file).packed;
                let is_inside = file != id || node.is_deflated();
                let way = is_inside.then(|| Search::all_of(tree, id));
                let checkpoints = tree.checkpoints_of(id);
                let node = node.for_rereading();
                Capture { id, node, file, packed, way, checkpoints, series }
            })
            .collect();
        captures.order_by_key(|c| (c.series, c.id));
        let settings = session.settings().clone();
        let chase = Chase::new(take, chosen, is_all, settings.seed);
        Self {
            chase: Rc::new(RefCell::new(chase)),
            settings,
            captures: captures.into(),
            series: None,
            passed: None,
            walk: None,
        }
    }

    /// The bytes to read next; `None` when everything that was looked for has been read.
    pub fn next_range(&mut self) -> Option<Range> {
        loop {
            if let Some(range) = self.range() {
                return Some(range);
            }
            self.end_walk();
            let capture = self.captures.pop_front();
            let Some(capture) = capture else {
                self.chase.borrow_mut().finish();
                return None;
            };
            self.begin(capture);
        }
    }

    /// Takes the bytes of the range asked for last. Fewer than were asked for: the file ends there.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Some(mut walk) = self.walk.take() else { return };
        let len = bytes.len() as u64;
        let is_end = len < walk.asked;
        walk.next += len;
        match &mut walk.container {
            None => self.take_bytes(&mut walk, bytes),
            Some(_) => self.unpack(&mut walk, bytes),
        }
        if is_end {
            if walk.container.is_some() {
                self.unpack_end(&mut walk);
            }
            self.walk = Some(walk);
            return self.end_walk();
        }
        self.walk = Some(walk);
    }

    /// Looks at what was taken so far, or takes out of it.
    pub fn with<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.chase.borrow_mut().take)
    }

    /// Packets of the connections that were not found again, once there is nothing more to read:
    /// the file has changed or ended early, or a connection lost its record to a cap.
    pub fn n_missing(&self) -> u64 {
        self.chase.borrow().n_missing
    }

    /// What took the packets; `Some` always, since no reader outlives the pass.
    pub fn into_inner(self) -> Option<T> {
        let Self { chase, walk, passed, .. } = self;
        drop((walk, passed));
        Rc::into_inner(chase).map(|chase| chase.into_inner().take)
    }

    fn begin(&mut self, capture: Capture) {
        if self.series != Some(capture.series) {
            self.series = Some(capture.series);
            self.passed = None;
            self.chase.borrow_mut().begin_series();
        }
        self.chase.borrow_mut().take.source(capture.id, &capture.node.interfaces);
        let Capture { file, packed, .. } = capture;
        let container = capture.way.is_some().then(|| Fed::new(file, packed, &self.settings));
        let mut walk = Walk {
            capture,
            block: 0,
            is_wanted: false,
            reading: None,
            container,
            next: 0,
            asked: 0,
            pos: 0,
        };
        walk.is_wanted = self.wants(&walk);
        self.walk = Some(walk);
    }

    /// Whether the block that the walk stands at may hold a packet that is still to come.
    fn wants(&self, walk: &Walk) -> bool {
        self.wants_block(&walk.capture, walk.block)
    }

    fn wants_block(&self, capture: &Capture, number: usize) -> bool {
        let chase = self.chase.borrow();
        let index = &capture.node.index;
        let Some(block) = index.blocks.get(number) else { return false };
        // Not a connection that begins behind this block, unless with a fragment in it.
        chase.wants(block, |at| match capture.id.cmp(&at.node) {
            Ordering::Less => false,
            Ordering::Equal => index.reaches(number, at.item),
            Ordering::Greater => true,
        })
    }

    /// The next range of the capture that is being read, if there is more of it to read.
    fn range(&mut self) -> Option<Range> {
        let mut walk = self.walk.take()?;
        let range = self.range_of(&mut walk);
        self.walk = Some(walk);
        range
    }

    fn range_of(&mut self, walk: &mut Walk) -> Option<Range> {
        self.seek_wanted(walk)?;
        let (start, end) = walk.capture.node.index.bounds(walk.block)?;
        if walk.container.is_some() {
            walk.skip_to(start, &self.settings);
            walk.asked = CONTAINER_PIECE;
        } else {
            walk.next = walk.next.max(start);
            walk.pos = walk.next;
            walk.asked = self.wanted_end(walk, end).saturating_sub(walk.next).min(PIECE);
        }
        Some(Range { file: walk.capture.file, offset: walk.next, len: walk.asked })
    }

    /// Where the wanted blocks from the current one on end, as far as one piece may reach.
    fn wanted_end(&self, walk: &Walk, mut end: u64) -> u64 {
        let mut block = walk.block + 1;
        while end < walk.next.saturating_add(PIECE) && self.wants_block(&walk.capture, block) {
            let Some((_, next)) = walk.capture.node.index.bounds(block) else { break };
            (end, block) = (next, block + 1);
        }
        end
    }

    /// Goes on to the next wanted block, if it does not stand in one; `None` if there is none.
    fn seek_wanted(&mut self, walk: &mut Walk) -> Option<()> {
        while !walk.is_wanted {
            self.step(walk)?;
        }
        Some(())
    }

    /// Goes to the next block; `None` behind the last one.
    fn step(&mut self, walk: &mut Walk) -> Option<()> {
        walk.block += 1;
        walk.is_wanted = self.wants(walk);
        if !walk.is_wanted {
            self.end_reading(walk);
        }
        (walk.block < walk.capture.node.index.n_blocks()).then_some(())
    }

    /// Bytes of the capture at `walk.pos`: those of wanted blocks go to the reader.
    fn take_bytes(&mut self, walk: &mut Walk, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some((start, end)) = walk.capture.node.index.bounds(walk.block) else { return };
            let skip = usize::try_from(start.saturating_sub(walk.pos)).unwrap_or(usize::MAX);
            if skip > 0 {
                walk.pos += skip.min(bytes.len()) as u64;
                bytes = bytes.get(skip..).unwrap_or_default();
                continue;
            }
            let room = usize::try_from(end.saturating_sub(walk.pos)).unwrap_or(usize::MAX);
            let (now, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            if walk.is_wanted {
                self.read(walk, now);
            }
            walk.pos += now.len() as u64;
            bytes = rest;
            if walk.pos >= end {
                self.step(walk);
            }
        }
    }

    fn read(&mut self, walk: &mut Walk, bytes: &[u8]) {
        if walk.reading.is_none() {
            let Some(block) = walk.capture.node.index.blocks.get(walk.block) else { return };
            let node = (walk.capture.id, &walk.capture.node);
            let shared = Box::new(Shared(Rc::clone(&self.chase)));
            let passed = self.passed.take();
            walk.reading = Rereading::open(node, block, passed, &self.settings, shared);
        }
        if let Some(reading) = &mut walk.reading {
            reading.feed(bytes);
        }
    }

    fn end_reading(&mut self, walk: &mut Walk) {
        if let Some(reading) = walk.reading.take() {
            self.passed = reading.finish();
        }
    }

    fn end_walk(&mut self) {
        if let Some(mut walk) = self.walk.take() {
            self.end_reading(&mut walk);
        }
    }

    /// Bytes of the container: what comes out of it goes on.
    fn unpack(&mut self, walk: &mut Walk, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.seek_wanted(walk).is_some() {
            let (Some(container), Some(way)) = (&mut walk.container, &mut walk.capture.way) else {
                return;
            };
            let used = container.feed(bytes, way);
            let out = way.take_found();
            bytes = bytes.get(used..).unwrap_or_default();
            self.take_bytes(walk, &out);
        }
    }

    fn unpack_end(&mut self, walk: &mut Walk) {
        if let (Some(container), Some(way)) = (&mut walk.container, &mut walk.capture.way) {
            container.finish(way);
            let out = way.take_found();
            self.take_bytes(walk, &out);
        }
    }
}

impl Walk {
    /// Goes on in the container at the last checkpoint before a place of the capture, if that is
    /// farther than it has come.
    fn skip_to(&mut self, start: u64, settings: &Settings) {
        let Capture { file, packed, way: Some(way), checkpoints, .. } = &mut self.capture else {
            return;
        };
        let checkpoint = last_before(checkpoints, start);
        if let Some(checkpoint) = checkpoint.filter(|c| c.n_out > self.pos) {
            self.container = Some(way.resume(*file, *packed, &checkpoint, settings));
            (self.next, self.pos) = (checkpoint.n_in, checkpoint.n_out);
        }
    }
}
