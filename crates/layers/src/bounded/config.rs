//! How much a store may hold.

use redkv_core::config::Fields;
use redkv_core::error::Result;

/// The bounds of a [`Bounded`](super::Bounded) store; with both, the tighter one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreBounds {
    /// Entries.
    pub max_entries: Option<u64>,
    /// Bytes of keys and values.
    pub max_bytes: Option<u64>,
}

/// So many that products of two bounds fit into 128 bits, and weights into 64.
const MOST: u64 = 1 << 50;

impl StoreBounds {
    /// Reads `maxEntries` and `maxBytes`.
    pub fn from_fields(fields: &mut Fields) -> Result<Option<Self>> {
        let max_entries = fields.integer("maxEntries", 1, MOST)?;
        let max_bytes = fields.integer("maxBytes", 1, MOST)?;
        Ok((max_entries.is_some() || max_bytes.is_some()).then_some(Self { max_entries, max_bytes }))
    }

    /// The option that was given first.
    pub(crate) fn option(&self) -> &'static str {
        if self.max_entries.is_some() { "maxEntries" } else { "maxBytes" }
    }
}
