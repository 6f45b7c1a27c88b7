//! A desk in front of a service that is no store: a backend of data structures, or of records. It does what a chain does for
//! its stores: deadlines, a circuit breaker, the order of operations on a key, statistics, and an orderly end.

#[expect(clippy::module_inception, reason = "the type that the module is named after")]
mod desk;
mod pieces;
mod policy;
mod registry;
mod stats;
mod subject;

pub use self::desk::Desk;
pub use self::policy::{PolicyConfig, PolicyRules};
pub use self::registry::{Backend, Built, Registry};
pub use self::stats::{DeskStats, OperationStats};
pub use self::subject::{Asked, Receiver, Subject};
