//! An event on its way past the detectors.

use super::rows::line;
use crate::event::Event;
use std::cell::OnceCell;
use std::ops::Deref;
use std::rc::Rc;

/// An event, and its line once a detector asked for it: several keep the same event, and neither
/// time nor memory is spent on a second writing of it.
#[derive(Debug)]
pub struct Observed<'a> {
    event: &'a Event,
    line: OnceCell<Rc<str>>,
}

impl<'a> Observed<'a> {
    /// Of an event.
    pub const fn new(event: &'a Event) -> Self {
        Self { event, line: OnceCell::new() }
    }

    /// The event as [`line`].
    pub fn line(&self) -> Rc<str> {
        Rc::clone(self.line.get_or_init(|| line(self.event).into()))
    }
}

impl Deref for Observed<'_> {
    type Target = Event;

    fn deref(&self) -> &Event {
        self.event
    }
}
