//! Keeps large values compressed.

mod codec;
mod config;
mod frame;
mod store;
mod worker;

pub use config::{Algorithm, CompressConfig};
pub use store::Compressed;
