//! Wrappers round a store that are stores themselves.

mod behind;
mod bounded;
#[cfg(any(test, feature = "conformance"))]
mod faulty;
mod prefixed;
mod stack;

pub use behind::{BehindConfig, Host, WriteBehind};
pub use bounded::{Bounded, StoreBounds};
#[cfg(any(test, feature = "conformance"))]
pub use faulty::{Call, Fault, Faults, Faulty, Gate, Operation};
pub use prefixed::Prefixed;
pub use stack::LayerConfig;
