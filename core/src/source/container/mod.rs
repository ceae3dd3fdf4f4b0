//! Containers: readers whose content is a file of its own, recognised and read by content again.

pub mod checkpoint;
mod child;
mod deflate;
pub(crate) mod gzip;
mod utf16;
pub mod zip;

pub use checkpoint::Checkpoint;
pub use gzip::GZIP;
pub use utf16::UTF16;
pub use zip::ZIP;
