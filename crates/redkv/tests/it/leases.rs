//! Leases of every store that has them.
#![cfg_attr(
    any(feature = "mysql", feature = "postgres", feature = "sqlite"),
    expect(clippy::unwrap_used, reason = "a failed step ends its test")
)]

#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
