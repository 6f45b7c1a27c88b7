//! Entries in a table of a SQLite database.

mod change;
mod config;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;
mod open;
mod row;
mod statements;
mod store;
mod table;
mod thread;

pub use config::SqliteConfig;
pub use store::SqliteStore;
