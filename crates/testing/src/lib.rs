//! For tests of stores and layers, those of RedKV and your own: the conformance suite that each of them passes, the one that
//! backends of data structures pass, that of backends of records, and [`Faulty`], a layer that makes the calls to a store fail,
//! hang or wait on demand.
#![forbid(unsafe_code)]

pub mod conformance;
mod faulty;
pub mod leases;
pub mod records;
mod source;
pub mod structures;

pub use faulty::{Call, Fault, Faults, Faulty, Gate, Operation};
pub use source::Source;
