//! The options of a store in MySQL.

pub(crate) mod config;
mod declared;
