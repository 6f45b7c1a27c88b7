//! Where the JavaScript thread and the I/O thread meet: operations go one way, completions and events the other.

#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod bridge;
pub(crate) mod commands;
pub(crate) mod completions;
pub(crate) mod events;
pub(crate) mod in_flight;
pub(crate) mod io_thread;
pub(crate) mod promises;
pub(crate) mod replies;

pub(crate) use self::bridge::Bridge;
