//! Servers of a test's own, and traffic for them.

pub(in crate::redis) mod load;
pub(crate) mod server;
pub(crate) mod servers;
