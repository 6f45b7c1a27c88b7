//! The chains tests.
