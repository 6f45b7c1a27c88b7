//! The backends of records: each passes the suite of all, and shows what is its own.

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
