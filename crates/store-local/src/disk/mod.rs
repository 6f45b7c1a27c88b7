//! Entries in an embedded ordered store on a local disk, bounded, with the order of their use.

#[cfg(any(test, feature = "conformance"))]
mod audit;
mod base;
mod config;
mod error;
mod held;
mod open;
mod reads;
mod record;
mod room;
mod slot;
mod space;
mod store;
mod tables;
mod thread;
mod touches;
mod writes;

#[cfg(any(test, feature = "conformance"))]
pub use audit::Audit;
pub use config::DiskConfig;
pub use store::DiskStore;
