//! The options of a Redis store.

pub(crate) mod config;
pub(crate) mod topology;
pub(crate) mod url;
