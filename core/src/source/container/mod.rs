//! Containers: readers whose content is a file of its own, recognised and read by content again.

mod child;
mod gzip;
mod utf16;

pub use gzip::GZIP;
pub use utf16::UTF16;
