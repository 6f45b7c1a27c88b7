//! One key-value interface in front of a chain of stores.
//!
//! A [`store::Store`] keeps entries. Stores are put in order into a chain, which is itself a store: each tier is a
//! cache for the tiers after it, and the last one is the authority.
//!
//! This crate is the front of the engine: it brings its parts together and knows the stores by name.
#![forbid(unsafe_code)]

#[cfg(all(test, feature = "fuzzing"))]
mod declared_tests;
pub mod desk;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;
pub mod instance;
pub mod records;
pub mod stores;
pub mod structures;

pub use redkv_chain as chain;
pub use redkv_core::{clock, entry, error, notices, operation, options, panics, service, store};
pub use redkv_executor as executor;
pub use redkv_layers as layers;
