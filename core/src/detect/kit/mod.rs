//! The shared tools of detectors: counting, addresses, names, evidence rows, facts.

pub mod addr;
pub mod authorities;
#[cfg(test)]
pub mod dsl;
mod facts;
mod few;
mod host;
mod index;
pub mod inspection;
pub mod names;
mod observed;
mod places;
mod rows;
mod slab;
mod tally;
pub mod window;
mod words;

pub use crate::report::Row;
pub use crate::stable::stable;
pub use facts::{Terms, actor, caveat, finding, object, plural, target};
pub use few::Few;
pub use host::{Host, Place, web_server};
pub use observed::Observed;
pub use rows::{Course, Sighting, evidence, quoted, span};
pub use tally::{Group, Tally};
pub use words::line;
