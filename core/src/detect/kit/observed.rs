//! An event on its way past the detectors.

use super::words::line;
use crate::event::{Event, Mark};
use crate::report::{Lines, Row};
use std::cell::OnceCell;
use std::ops::Deref;
use std::rc::Rc;

/// An event, with its row and its mark once a detector asked for them: several keep the same
/// event, and neither time nor memory is spent on it twice.
#[derive(Debug)]
pub struct Observed<'a> {
    event: &'a Event,
    lines: &'a Lines,
    row: OnceCell<Rc<Row>>,
    mark: OnceCell<Mark>,
}

impl<'a> Observed<'a> {
    /// Of an event, whose line may be told from others of `lines`.
    pub const fn new(event: &'a Event, lines: &'a Lines) -> Self {
        Self { event, lines, row: OnceCell::new(), mark: OnceCell::new() }
    }

    /// The event as a row of evidence.
    pub fn row(&self) -> Rc<Row> {
        let row = || Row {
            ts: self.event.ts,
            at: self.event.at,
            identity: self.mark().identity,
            text: line(self.event, self.lines),
        };
        Rc::clone(self.row.get_or_init(|| Rc::new(row())))
    }

    /// What tells the event from others, for counting.
    pub fn mark(&self) -> Mark {
        *self.mark.get_or_init(|| Mark::of(self.event))
    }
}

impl Deref for Observed<'_> {
    type Target = Event;

    fn deref(&self) -> &Event {
        self.event
    }
}
