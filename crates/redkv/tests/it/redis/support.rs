//! Servers of a test's own, and traffic for them.

pub(in crate::redis) mod load;
pub(in crate::redis) mod server;
pub(in crate::redis) mod servers;
