//! Entries in a table of a PostgreSQL database.

mod connector;
mod error;
mod layout;
mod leases;
mod options;
mod parameters;
mod session;
mod statements;
mod store;
mod table;
mod wire;

pub use options::config::PostgresConfig;
pub use store::build;
