//! Entries in a table of a SQLite database.

mod change;
mod column;
mod config;
mod error;
mod full;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
mod layout;
mod listing;
mod open;
mod place;
mod row;
mod statements;
mod store;
mod table;
mod thread;
mod waiting;

pub use config::SqliteConfig;
pub use store::SqliteStore;
