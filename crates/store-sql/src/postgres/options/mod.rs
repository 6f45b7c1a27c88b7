//! The options of a store in PostgreSQL.

pub(crate) mod config;
mod declared;
mod environment;
