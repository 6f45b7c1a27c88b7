//! The options of a store in memory.

use redkv_core::config::Fields;
use redkv_core::error::Result;

/// Bounds of a [`MemoryStore`](super::MemoryStore).
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryConfig {
    /// Most entries to keep; no bound when absent.
    pub max_entries: Option<u64>,
    /// Most bytes to keep, counting keys, values and what the map itself needs; no bound when absent.
    pub max_bytes: Option<u64>,
}

impl MemoryConfig {
    /// Reads `maxEntries` and `maxBytes`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            max_entries: fields.integer("maxEntries", 1, MOST)?,
            max_bytes: fields.integer("maxBytes", 1, MOST)?,
        })
    }
}

/// The largest bound that leaves weights without overflow.
const MOST: u64 = 1 << 50;
