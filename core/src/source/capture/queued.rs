//! A packet that waits for its turn among those of captures that are read side by side.

use super::Record;
use super::index::Section;
use crate::time::Time;

/// A packet that waits.
pub(super) struct Queued {
    /// `None` while the next one must confirm it.
    pub(super) turn: Option<Time>,
    pub(super) number: u64,
    pub(super) ts: Option<Time>,
    pub(super) offset: u64,
    pub(super) len: u32,
    pub(super) link_type: Option<u16>,
    pub(super) interface: u32,
    pub(super) wire_len: u32,
    pub(super) section: Section,
    pub(super) data: Box<[u8]>,
}

impl Queued {
    pub(super) fn new(record: &Record<'_>, turn: Option<Time>) -> Self {
        let Record { number, ts, offset, len, link_type, interface, wire_len, data, section } =
            *record;
        let data = data.into();
        Self { turn, number, ts, offset, len, link_type, interface, wire_len, section, data }
    }

    pub(super) fn record(&self) -> Record<'_> {
        let Self { number, ts, offset, len, link_type, interface, wire_len, section, .. } = *self;
        let data = &self.data;
        Record { number, ts, offset, len, link_type, interface, wire_len, data, section }
    }
}
