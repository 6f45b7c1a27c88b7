//! Data structures in a table of a SQLite database.

mod change;
mod config;
mod keys;
mod range;
mod run;
mod sql;
mod store;
mod tables;

pub use config::SqliteStructuresConfig;
pub use store::SqliteStructures;
