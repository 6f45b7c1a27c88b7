//! The backends of data structures: each passes the suite of all, and shows what is its own.

mod cached;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
mod wrapped;
