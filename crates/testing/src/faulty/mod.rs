//! Misbehaves on command, for tests.

mod fault;
mod faults;
mod plan;
mod store;

pub use fault::{Call, Fault, Gate, Operation};
pub use faults::Faults;
pub use store::Faulty;
