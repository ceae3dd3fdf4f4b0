//! The offwire command.
fn main() {}
