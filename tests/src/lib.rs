//! The case runner, shared by the tests: finds evidence, reads it, says what came out as text.

pub mod archive;
pub mod cases;
pub mod judged;
pub mod lcg;
pub mod made;
pub mod outcome;
pub mod parts;
pub mod read;
pub mod repo;
