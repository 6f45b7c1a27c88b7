//! Entries in a table of a PostgreSQL database.

mod config;
mod connector;
mod dialect;
mod error;
mod layout;
mod parameters;
mod session;
mod statements;
mod table;
mod wire;

pub use config::PostgresConfig;
pub use dialect::build;
