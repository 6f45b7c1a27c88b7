//! Entries in a table of a MySQL or MariaDB database.

mod collation;
mod connector;
mod error;
mod layout;
mod leases;
mod options;
mod packets;
mod session;
mod statements;
mod store;
mod table;
mod writes;

pub use options::config::MySqlConfig;
pub use store::build;
