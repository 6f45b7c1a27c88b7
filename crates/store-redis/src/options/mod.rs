//! The options of a Redis store.

pub(crate) mod config;
mod declared;
mod servers;
pub(crate) mod topology;
pub(crate) mod url;
