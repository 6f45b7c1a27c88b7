//! The redis tests.
