//! The leaves of a chain, one file a store.

#[cfg(feature = "memory")]
mod memory;

#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
