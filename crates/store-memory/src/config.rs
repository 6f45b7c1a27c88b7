//! The options of a store in memory.

use redkv_core::error::Result;
use redkv_core::options::{Fields, Options, Schema, kinds, options};

options! {
    /// Options of the store `'memory'`, which keeps entries in the memory of this process.
    ///
    /// Without limits it grows as long as keys are written; with both, the tighter one holds. As the first store of a
    /// chain it answers at once what it has, without a queue or a thread in between.
    ///
    /// @example
    /// ```js
    /// kv.addStore('memory', { maxEntries: 10_000 }, { ttl: '5m' })
    /// ```
    struct MemoryOptions is "MemoryOptions" {
        /// How many entries it keeps at most.
        ///
        /// Beyond that, entries that are rarely used are evicted.
        max_entries as "maxEntries": kinds::Integer<1, MOST> = "no limit",
        /// How many bytes it keeps at most: keys, values, and 128 bytes for each entry. An entry larger than this is not kept.
        ///
        /// Beyond that, entries that are rarely used are evicted.
        max_bytes as "maxBytes": kinds::Integer<1, MOST> = "no limit",
    }
}

/// The bounds of a [`MemoryStore`](super::MemoryStore).
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryConfig {
    /// Most entries to keep; no bound when absent.
    pub max_entries: Option<u64>,
    /// Most bytes to keep, counting keys, values and what the map itself needs; no bound when absent.
    pub max_bytes: Option<u64>,
}

impl MemoryConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[MemoryOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let MemoryOptions { max_entries, max_bytes } = MemoryOptions::read(fields)?;
        Ok(Self { max_entries, max_bytes })
    }
}

/// The largest bound that leaves weights without overflow.
const MOST: u64 = 1 << 50;
