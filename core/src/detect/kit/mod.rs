//! The shared tools of detectors: counting, addresses, names, evidence rows, facts.

pub mod addr;
#[cfg(test)]
pub mod dsl;
mod facts;
pub mod names;
mod rows;
mod tally;
pub mod window;

pub use crate::stable::stable;
pub use facts::{Terms, actor, caveat, finding, object, plural, target};
pub use rows::{Row, Sighting, evidence, line, span};
pub use tally::{Group, Tally};
