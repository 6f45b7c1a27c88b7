//! Tiers in order: each is a cache for the ones after it, the last is the authority.

mod background;
mod core;
mod front;
mod lifecycle;
#[cfg(all(test, feature = "memory"))]
mod model;
mod pending;
#[cfg(test)]
mod planted;
mod reads;
mod repair;
mod request;
mod shape;
mod stale;
mod store;
mod table;
mod tier;
mod writes;

pub use self::core::Chain;
pub use front::{Front, Lookup};
pub use request::{Action, Answer, Replies, Request, Scope};
pub use store::ChainStore;
pub use tier::{Tier, TierConfig};
