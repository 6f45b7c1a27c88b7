//! Acknowledges writes before the store has made them.

mod config;
mod flushing;
mod host;
mod queue;
mod sender;
mod store;

pub use config::BehindConfig;
pub use host::Host;
pub use store::WriteBehind;

#[cfg(test)]
mod tests;
