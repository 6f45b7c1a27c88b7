//! A store to begin from: entries in a sorted map, in the memory of this process.
#![forbid(unsafe_code)]

mod config;
mod store;

pub use config::MapConfig;
pub use store::MapStore;
