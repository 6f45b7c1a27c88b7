//! Entries in a table of a SQLite database.

mod config;
mod database;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
mod leases;
mod records;
mod service;
mod store;
mod structures;
mod table;
mod thread;

pub use config::SqliteConfig;
pub use records::{SqliteRecords, SqliteRecordsConfig};
pub use store::SqliteStore;
pub use structures::{SqliteStructures, SqliteStructuresConfig};
