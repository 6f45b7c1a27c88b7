//! What went through a tier, counted.

pub(crate) mod counters;
pub(crate) mod histogram;
pub(crate) mod snapshot;
