//! Entries in a table of a MySQL or MariaDB database.

mod collation;
mod config;
mod connector;
mod declared;
mod error;
mod layout;
mod packets;
mod session;
mod statements;
mod store;
mod table;
mod writes;

pub use config::MySqlConfig;
pub use store::build;
