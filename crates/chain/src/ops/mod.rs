//! What a chain does: reads and back-fills, writes, listings, repair.

pub(crate) mod backfill;
pub(crate) mod reads;
pub(crate) mod repair;
pub(crate) mod scan;
pub(crate) mod write_behind;
pub(crate) mod writes;
