//! Wrappers round a store that are stores themselves.

mod behind;
mod bounded;
mod compressed;
#[cfg(any(test, feature = "conformance"))]
mod faulty;
mod hashed;
mod prefixed;
mod read_only;
mod stack;
#[cfg(all(test, feature = "memory"))]
mod testing;

pub use behind::{BehindConfig, Host, WriteBehind};
pub use bounded::{Bounded, StoreBounds};
pub use compressed::{Algorithm, CompressConfig, Compressed};
#[cfg(any(test, feature = "conformance"))]
pub use faulty::{Call, Fault, Faults, Faulty, Gate, Operation};
pub use hashed::Hashed;
pub use prefixed::Prefixed;
pub use read_only::ReadOnly;
pub(crate) use read_only::read_only;
pub use stack::LayerConfig;

/// What must hold for anything that is kept.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz {
    pub use super::compressed::compressed_value;
}
