//! Entries in a table of a MySQL or MariaDB database.

mod config;
mod connector;
mod dialect;
mod error;
mod layout;
mod statements;
mod table;

pub use config::MySqlConfig;
pub use dialect::build;
