//! One event as a row of evidence.

use super::Line;
use crate::event::{Identity, Origin};
use crate::time::Time;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::ops::Deref;
use std::rc::Rc;

/// One event, kept as its place and its line; shared by all that keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// When.
    pub ts: Option<Time>,
    /// Where; a second pass shows it whole.
    pub at: Origin,
    /// What makes it the same thing as another.
    pub identity: Identity,
    /// What it is, in one line of Zeek's words.
    pub text: Line,
}

impl Row {
    /// As a row of evidence, with why it is there: `first`, `last`, `success`, `largest`.
    pub fn because(self: &Rc<Self>, why: &'static str) -> EvidenceRow {
        EvidenceRow { row: Rc::clone(self), why }
    }
}

/// One row of evidence: written as the fields `ts`, `at`, `text` and `why`.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceRow {
    row: Rc<Row>,
    /// Why it is here.
    pub why: &'static str,
}

impl Deref for EvidenceRow {
    type Target = Row;

    fn deref(&self) -> &Row {
        &self.row
    }
}

impl Serialize for EvidenceRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("EvidenceRow", 4)?;
        fields.serialize_field("ts", &self.ts)?;
        fields.serialize_field("at", &self.at)?;
        fields.serialize_field("text", &self.text.to_string())?;
        fields.serialize_field("why", self.why)?;
        fields.end()
    }
}
