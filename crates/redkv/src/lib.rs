//! One key-value interface in front of a chain of stores.
//!
//! A [`store::Store`] keeps entries. Stores are put in order into a chain, which is itself a store: each tier is a
//! cache for the tiers after it, and the last one is the authority.
#![forbid(unsafe_code)]

pub mod chain;
pub mod clock;
pub mod config;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod entry;
pub mod error;
pub mod executor;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;
pub mod layers;
pub mod notices;
#[cfg(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "s3"))]
mod opening;
mod paging;
pub mod panics;
pub mod store;
pub mod stores;
