//! Layers: wrappers around a store that are stores themselves.
#![forbid(unsafe_code)]

mod behind;
mod bounded;
mod compressed;
mod hashed;
mod of_day;
mod prefixed;
mod read_only;
mod stack;
#[cfg(test)]
mod testing;

pub use behind::{BehindConfig, Host, WriteBehind};
pub use bounded::{Bounded, StoreBounds};
pub use compressed::{Algorithm, CompressConfig, Compressed};
pub use hashed::Hashed;
pub use of_day::OfDay;
pub use prefixed::Prefixed;
pub use read_only::ReadOnly;
pub use read_only::read_only;
pub use stack::LayerConfig;

/// Properties that hold for any stored value.
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz {
    pub use super::compressed::compressed_value;
}
