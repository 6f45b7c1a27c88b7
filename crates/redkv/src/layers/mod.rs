//! Wrappers round a store that are stores themselves.

mod prefixed;

pub use prefixed::Prefixed;
