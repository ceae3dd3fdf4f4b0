//! The second pass itself: which bytes of which file, and where they go.

use super::Take;
use super::chase::{Chase, Shared};
use super::scope::{Capture, Range, Scope};
use crate::event::NodeId;
use crate::order::{Collect, Order};
use crate::second_pass::{Search, last_before};
use crate::session::Session;
use crate::settings::Settings;
use crate::source::Reader;
use crate::source::capture::index::Block;
use crate::source::capture::{Rereading, Together};
use crate::source::zip::Fed;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// Bytes asked for at once.
const PIECE: u64 = 4 << 20;

/// Bytes of a container asked for at once: one may hold a thousand times as many.
const CONTAINER_PIECE: u64 = 256 << 10;

/// A second pass over the captures of a case. The host asks for [`Pursuit::next_range`], reads it,
/// and feeds it, until there is none.
pub struct Pursuit<T> {
    settings: Settings,
    chase: Rc<RefCell<Chase<T>>>,
    /// Captures still to be read, those of one series together, in order.
    captures: VecDeque<Capture>,
    series: Option<NodeId>,
    /// The captures that are being read: one, or those that overlap.
    together: Option<Together>,
    walks: Vec<Walk>,
    /// The lane that the range asked for last belongs to.
    asking: usize,
}

/// How far a capture has been read.
struct Walk {
    capture: Capture,
    /// Its lane among those that are read together.
    lane: usize,
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
                Capture { id, node, file, packed, way, checkpoints, series, until: id }
            })
            .collect();
        captures.order_by_key(|c| (c.series, c.id));
        let mut behind: Option<(NodeId, NodeId)> = None;
        for c in captures.iter_mut().rev() {
            c.until = behind.filter(|(series, _)| *series == c.series).map_or(c.id, |(_, end)| end);
            behind = c.node.is_beside.then_some((c.series, c.until));
        }
        let settings = session.settings().clone();
        let chase = Chase::new(take, chosen, is_all, settings.seed);
        Self {
            chase: Rc::new(RefCell::new(chase)),
            settings,
            captures: captures.into(),
            series: None,
            together: None,
            walks: Vec::new(),
            asking: 0,
        }
    }

    /// The bytes to read next; `None` when everything that was looked for has been read.
    pub fn next_range(&mut self) -> Option<Range> {
        loop {
            self.set_horizon();
            let wanted = self.together.as_ref().and_then(Together::wants);
            let at = wanted.and_then(|lane| self.walks.iter().position(|w| w.lane == lane));
            if let Some(walk) = at.map(|at| self.walks.swap_remove(at)) {
                if let Some(range) = self.range(walk) {
                    return Some(range);
                }
                continue;
            }
            let Some(capture) = self.captures.pop_front() else {
                self.chase.borrow_mut().finish();
                return None;
            };
            self.begin(capture);
        }
    }

    /// Packets from the begin of a capture on that overlaps those being read wait until it is read
    /// with them.
    fn set_horizon(&self) {
        let next = self.captures.front().filter(|c| self.is_beside(c));
        if let Some(together) = &self.together {
            together.set_horizon(next.and_then(Capture::begins));
        }
    }

    /// Takes the bytes of the range asked for last. Fewer than were asked for: the file ends there.
    pub fn feed(&mut self, bytes: &[u8]) {
        let at = self.walks.iter().position(|walk| walk.lane == self.asking);
        let Some(mut walk) = at.map(|at| self.walks.swap_remove(at)) else { return };
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
            return self.end_walk(walk);
        }
        self.walks.push(walk);
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
        let Self { chase, walks, together, .. } = self;
        drop((walks, together));
        Rc::into_inner(chase).map(|chase| chase.into_inner().take)
    }

    fn begin(&mut self, capture: Capture) {
        if self.series != Some(capture.series) {
            self.series = Some(capture.series);
            self.together = None;
            self.chase.borrow_mut().begin_series();
        }
        let lane = self.add(&capture);
        self.chase.borrow_mut().take.source(capture.id, &capture.node.interfaces);
        let Capture { file, packed, .. } = capture;
        let container = capture.way.is_some().then(|| Fed::new(file, packed, &self.settings));
        let mut walk = Walk {
            capture,
            lane,
            block: 0,
            is_wanted: false,
            reading: None,
            container,
            next: 0,
            asked: 0,
            pos: 0,
        };
        walk.is_wanted = self.wants(&walk);
        self.walks.push(walk);
    }

    /// A lane for a capture among those that are read with it.
    fn add(&mut self, capture: &Capture) -> usize {
        let together = self.together.get_or_insert_with(|| {
            let packets = Box::new(Shared(Rc::clone(&self.chase)));
            Together::new(capture.id, &self.settings, packets)
        });
        together.add(&capture.node, capture.begins().unwrap_or_default())
    }

    /// Whether a capture is read at the same time as those that are being read.
    fn is_beside(&self, capture: &Capture) -> bool {
        // A search through all packets takes each capture by itself.
        capture.node.is_beside && self.series == Some(capture.series) && !self.chase.borrow().is_all
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
            // Of a capture that overlaps this one, the first packet may be earlier than its number.
            Ordering::Less => at.node <= capture.until,
            Ordering::Equal => index.reaches(number, at.item),
            Ordering::Greater => true,
        })
    }

    /// The next range of a capture that is being read; `None` when there is no more of it to read, or
    /// what there is comes behind packets of another one.
    fn range(&mut self, mut walk: Walk) -> Option<Range> {
        if self.seek_wanted(&mut walk).is_none() {
            self.end_walk(walk);
            return None;
        }
        if walk.reading.is_none() {
            self.expect(walk.lane, walk.capture.node.index.blocks.get(walk.block));
        }
        let is_first = self.together.as_ref().and_then(Together::wants) == Some(walk.lane);
        let range = if is_first { self.range_of(&mut walk) } else { None };
        self.asking = walk.lane;
        self.walks.push(walk);
        range
    }

    fn range_of(&self, walk: &mut Walk) -> Option<Range> {
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
            self.expect(walk.lane, Some(block));
            let Some(together) = &self.together else { return };
            let node = (walk.capture.id, &walk.capture.node);
            let untimed = Box::new(Shared(Rc::clone(&self.chase)));
            let lane = (together, walk.lane);
            walk.reading = Rereading::open(node, block, lane, &self.settings, untimed);
        }
        if let Some(reading) = &mut walk.reading {
            reading.feed(bytes);
        }
    }

    fn end_reading(&self, walk: &mut Walk) {
        if let Some(reading) = walk.reading.take() {
            reading.finish();
        }
    }

    fn end_walk(&self, mut walk: Walk) {
        self.end_reading(&mut walk);
        self.expect(walk.lane, None);
    }

    /// The next packets of a lane are in this block; or there are none.
    fn expect(&self, lane: usize, block: Option<&Block>) {
        if let Some(together) = &self.together {
            together.expect(lane, block.map(|block| block.turn));
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
