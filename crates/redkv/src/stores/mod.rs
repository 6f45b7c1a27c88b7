//! The leaves of a chain, one file a store.

#[cfg(feature = "memory")]
mod memory;
mod registry;

#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
pub use registry::{Built, build};
