//! Entries in the memory of this process.
#![forbid(unsafe_code)]

mod bounds;
mod config;
mod kept;
mod map;
mod store;

pub use config::MemoryConfig;
pub use store::MemoryStore;
