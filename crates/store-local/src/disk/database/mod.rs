//! The file of the store: opened, checked, and kept open.

#[cfg(any(test, feature = "conformance"))]
pub(crate) mod audit;
pub(crate) mod backend;
pub(crate) mod held;
pub(crate) mod open;
pub(crate) mod slot;
pub(crate) mod tables;
