//! Entries in files of their own.

mod config;
mod error;
mod folder;
mod listing;
mod locks;
mod name;
mod record;
mod scratch;
mod store;
mod sweep;

pub use config::FileConfig;
pub use store::FileStore;
