//! Flow records: read one-way as they are exported, paired into connections by one stage.

mod columns;
mod nfdump;
mod originator;
pub(crate) mod pair;

pub use nfdump::NFDUMP_TEXT;
