//! The functions that JavaScript calls.

mod capabilities;
mod exports;
pub(crate) mod instance;
mod operations;
mod stats;
mod structures;
