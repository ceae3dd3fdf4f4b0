//! The case runner, shared by the tests.
