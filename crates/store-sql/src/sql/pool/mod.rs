//! The connections to one server.

mod lease;
#[expect(clippy::module_inception, reason = "one noun a file, and this file is about the pool")]
mod pool;

pub(crate) use lease::Lease;
pub(crate) use pool::{Connector, Pool};
