//! Old values in caches: never served, and invalidated.

mod invalidation;
mod tombstones;
