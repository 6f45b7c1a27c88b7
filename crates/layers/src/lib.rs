//! Layers: wrappers around a store that are stores themselves.
#![forbid(unsafe_code)]

mod bounded;
mod compressed;
mod hashed;
mod prefixed;
mod read_only;
mod stack;
#[cfg(test)]
mod testing;
mod wall_clock;
mod write_behind;

pub use bounded::{Bounded, StoreBounds};
pub use compressed::{Algorithm, CompressConfig, Compressed};
pub use hashed::Hashed;
pub use prefixed::Prefixed;
pub use read_only::ReadOnly;
pub use read_only::read_only;
pub use stack::LayerConfig;
pub use wall_clock::OfDay;
pub use write_behind::{BehindConfig, Host, WriteBehind};

/// Properties that hold for any stored value.
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz {
    pub use super::compressed::compressed_value;
}
