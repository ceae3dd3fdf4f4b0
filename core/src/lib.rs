//! Reads network evidence and judges it.
