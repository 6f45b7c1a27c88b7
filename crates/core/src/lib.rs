//! What every part of RedKV stands on: the trait of a [`store::Store`], entries, errors, options and time.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod clock;
pub mod entry;
pub mod error;
pub mod lock;
pub mod notices;
pub mod operation;
pub mod options;
pub mod order;
pub mod panics;
pub mod service;
pub mod store;

pub use store::{opening, paging, partial};
