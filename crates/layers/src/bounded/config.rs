//! How much a store may hold.

/// The bounds of a [`Bounded`](super::Bounded) store; with both, the tighter one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreBounds {
    /// Entries.
    pub max_entries: Option<u64>,
    /// Bytes of keys and values.
    pub max_bytes: Option<u64>,
}

/// So many that products of two bounds fit into 128 bits, and weights into 64.
pub(crate) const MOST: u64 = 1 << 50;

impl StoreBounds {
    /// Returns the bounds that were given, if there are any.
    pub(crate) fn new(max_entries: Option<u64>, max_bytes: Option<u64>) -> Option<Self> {
        (max_entries.is_some() || max_bytes.is_some()).then_some(Self { max_entries, max_bytes })
    }

    /// Returns the option that was given first.
    pub(crate) fn option(&self) -> &'static str {
        if self.max_entries.is_some() { "maxEntries" } else { "maxBytes" }
    }
}
