//! Keeps a store within bounds.

mod config;
mod index;
mod keeper;
mod store;

pub(crate) use config::MOST;
pub use config::StoreBounds;
pub use store::Bounded;

#[cfg(test)]
mod tests;
