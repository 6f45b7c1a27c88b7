//! Tiers in order: each is a cache for the ones after it, the last is the authority.
#![forbid(unsafe_code)]

mod background;
mod behind;
mod breaker;
mod core;
mod events;
mod fills;
mod front;
mod histogram;
mod keys;
mod lifecycle;
mod limits;
mod load;
#[doc(hidden)]
pub mod mutants;
mod pending;
mod reads;
mod repair;
mod request;
mod shape;
mod stale;
mod state;
mod stats;
mod store;
mod table;
mod tier;
mod tier_config;
mod tombstone;
mod writes;

pub use self::core::Chain;
pub use events::{Event, Observer};
pub use front::{Front, Lookup};
pub use histogram::Latency;
pub use load::{Bounds, Load};
pub use request::{Action, Answer, Question, Replies, Request, Scope};
pub use stats::{Kind, Stats, TierStats};
pub use store::ChainStore;
pub use tier::Tier;
pub use tier_config::TierConfig;
