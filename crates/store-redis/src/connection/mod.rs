//! Connections to a server: name lookup, handshake, pipelining, reconnecting.

pub(crate) mod client;
pub(crate) mod connect;
#[expect(clippy::module_inception, reason = "one noun a file, and this file is about the connection")]
pub(crate) mod connection;
pub(crate) mod handshake;
pub(crate) mod limits;
pub(crate) mod lost;
pub(crate) mod pipeline;
pub(crate) mod sentinel;
pub(crate) mod socket;
