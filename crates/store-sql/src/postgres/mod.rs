//! Entries in a table of a PostgreSQL database.

mod config;
mod connector;
mod declared;
mod error;
mod layout;
mod parameters;
mod session;
mod statements;
mod store;
mod table;
mod wire;

pub use config::PostgresConfig;
pub use store::build;
