//! Entries in an embedded ordered store on a local disk, bounded, with the order of their use.

mod config;
mod database;
mod error;
mod evict;
mod file_size;
mod reads;
mod record;
mod store;
mod thread;
mod touches;
mod writes;

pub use config::DiskConfig;
#[cfg(any(test, feature = "conformance"))]
pub use database::audit::Audit;
pub use store::DiskStore;
