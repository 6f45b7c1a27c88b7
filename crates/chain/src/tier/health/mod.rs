//! Whether a store is alive.

pub(crate) mod breaker;
mod probe;
