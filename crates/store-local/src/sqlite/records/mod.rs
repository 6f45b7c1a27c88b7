//! Versioned records in tables of a SQLite database.
//!
//! Three tables: one has the records, a row for each, by the exact bytes of partition and key, its fields as a JSON object; one
//! has the indexes that were declared, and whether records are deleted some time after they have expired; and one has the
//! entries of the indexes. All that a write changes is one transaction, so that an index never differs from its records. What
//! is declared is read within each transaction: other processes may change it.

mod config;
mod list;
mod rows;
mod shape;
mod sql;
mod store;
mod tables;

pub use config::SqliteRecordsConfig;
pub use store::SqliteRecords;
