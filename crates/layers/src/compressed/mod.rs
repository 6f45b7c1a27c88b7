//! Compresses large values.

mod codec;
mod config;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz;
mod store;
mod worker;

pub use config::{Algorithm, CompressConfig};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::compressed_value;
pub use store::Compressed;
