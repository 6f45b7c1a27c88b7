//! Tiers in order: each is a cache for the ones after it, the last is the authority.
#![forbid(unsafe_code)]

mod admission;
mod background;
mod chain;
mod collect;
mod events;
mod fast_path;
mod lifecycle;
#[doc(hidden)]
pub mod mutants;
mod nested;
mod ops;
mod request;
mod schedule;
mod tier;

pub use admission::{PendingLimits, Weight};
pub use chain::Chain;
pub use events::{Event, Observer};
pub use fast_path::{FastPath, Lookup};
pub use nested::ChainStore;
pub use ops::lease::LeaseStep;
pub use ops::visit::Visit;
pub use request::{Action, Answer, Question, Replies, Request, Scope};
pub use tier::config::TierConfig;
pub use tier::stats::histogram::{Histogram, Latency};
pub use tier::stats::snapshot::{Kind, Stats, TierStats};
pub use tier::tier::Tier;

/// Returns whether an entry is a tombstone.
#[cfg(feature = "mutants")]
#[doc(hidden)]
pub fn is_tombstone(entry: &redkv_core::entry::Entry) -> bool {
    tier::tombstone::is_tombstone(entry)
}
