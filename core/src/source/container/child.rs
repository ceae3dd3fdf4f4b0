//! The content of a container: opened as a node of its own, and fed no faster than it reads.

use crate::event::{NodeId, Origin};
use crate::note::{CHILD_TOO_DEEP, Note};
use crate::settings::Settings;
use crate::source::{FEED_BUDGET, Head, Opened, Opening, Reader, Sink};

/// Containers in containers that are opened: a compressed file in an archive in an archive is
/// real, more is a bomb.
const MAX_DEPTH: u8 = 4;

/// A container's content, with what it has not taken yet.
pub(super) struct Child {
    parent: NodeId,
    depth: u8,
    settings: Settings,
    opened: Option<Opened>,
    pending: Vec<u8>,
    sent: usize,
    is_too_deep: bool,
    /// Bytes it may still take in this call.
    budget: usize,
}

impl Child {
    pub(super) fn new(opening: &Opening<'_>) -> Self {
        Self {
            parent: opening.node,
            depth: opening.depth,
            settings: opening.settings.clone(),
            opened: None,
            pending: Vec::new(),
            sent: 0,
            is_too_deep: false,
            budget: FEED_BUDGET,
        }
    }

    /// The content of a member of an archive: read under the member's own node, `depth` containers
    /// deep.
    pub(super) fn of_member(node: NodeId, depth: u8, settings: &Settings) -> Self {
        let opened = Some(Opened::new(node, depth, settings));
        let head = Head { bytes: &[], is_whole: false };
        Self { opened, ..Self::new(&Opening { node, depth, head, settings }) }
    }

    /// Adds the node under `name`, once; notes instead when containers go too deep.
    pub(super) fn open(&mut self, name: &str, out: &mut dyn Sink) {
        if self.opened.is_some() || self.is_too_deep {
            return;
        }
        if self.depth >= MAX_DEPTH {
            self.is_too_deep = true;
            let at = Origin { node: self.parent, ..Origin::default() };
            let detail = format!("a container inside {} others", self.depth);
            return out.note(Note { at, kind: &CHILD_TOO_DEEP, detail });
        }
        let node = out.child(self.parent, name);
        self.opened = Some(Opened::new(node, self.depth + 1, &self.settings));
    }

    /// A new call of the container begins.
    pub(super) const fn refill(&mut self) {
        self.budget = FEED_BUDGET;
    }

    /// True when nothing more should be taken out of the container for it.
    pub(super) fn is_refused(&self) -> bool {
        self.is_too_deep || self.opened.as_ref().is_some_and(Opened::is_refused)
    }

    /// Where the container writes its next bytes, once [`Child::drain`] has said true.
    pub(super) const fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Hands over what is pending. False when the content needs a break first, or the budget is
    /// used up: the container then returns.
    pub(super) fn drain(&mut self, out: &mut dyn Sink) -> bool {
        let Some(opened) = self.opened.as_mut().filter(|o| !o.is_refused()) else {
            self.pending.clear();
            self.sent = 0;
            return true;
        };
        while let Some(rest) = self.pending.get(self.sent..).filter(|r| !r.is_empty()) {
            let used = opened.feed(rest, out);
            self.sent += used;
            self.budget = self.budget.saturating_sub(used);
            if used == 0 {
                return false;
            }
        }
        self.pending.clear();
        self.sent = 0;
        self.budget > 0
    }

    /// The content is at its end.
    pub(super) fn finish(&mut self, out: &mut dyn Sink) {
        while !self.pending.is_empty() {
            self.drain(out);
        }
        if let Some(opened) = &mut self.opened {
            opened.finish(out);
        }
    }
}
