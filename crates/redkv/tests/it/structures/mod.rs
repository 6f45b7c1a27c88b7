//! The backends of data structures: each passes the suite of all, and shows what is its own.

mod cached;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
mod wrapped;
