//! A store in a chain and its policies: knows one store, and not the chain.

mod ask;
mod build;
pub(crate) mod config;
mod health;
mod invalidation;
mod limits;
pub(crate) mod membership;
pub(crate) mod stale;
pub(crate) mod stats;
#[expect(clippy::module_inception, reason = "one noun a file, and this file is about the tier")]
pub(crate) mod tier;
pub(crate) mod tiers;
pub(crate) mod tombstone;
