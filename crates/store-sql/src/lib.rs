//! The stores in SQL servers: `postgres` and `mysql`.
#![forbid(unsafe_code)]

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod sql;

#[cfg(feature = "mysql")]
pub use mysql::{MySqlConfig, build as build_mysql};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresConfig, build as build_postgres};
