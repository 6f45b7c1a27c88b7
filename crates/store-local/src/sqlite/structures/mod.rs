//! Data structures in a table of a SQLite database.

mod change;
mod config;
mod database;
mod keys;
mod queue;
mod range;
mod run;
mod sql;
mod store;
mod thread;

pub use config::SqliteStructuresConfig;
pub use store::SqliteStructures;
