//! Keeps a store within bounds.

mod config;
mod index;
mod keeper;
mod store;

pub use config::StoreBounds;
pub use store::Bounded;

#[cfg(all(test, feature = "memory"))]
mod tests;
