//! Leases of every store that has them.

#[cfg(feature = "memory")]
mod memory;
