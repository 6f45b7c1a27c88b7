//! Entries in Redis or Valkey, as plain string values under plain keys.

mod allowance;
mod apart;
mod batches;
mod cluster;
mod config;
mod connection;
mod dial;
mod error;
mod expected;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;
mod greet;
mod limits;
mod link;
mod lost;
mod read;
mod replies;
mod request;
mod scan;
mod script;
mod sentinel;
mod socket;
mod store;
mod topology;
mod url;
mod wire;
mod write;

pub use super::tls::Tls as RedisTls;
pub use config::{RedisAddress, RedisConfig};
pub use store::{RedisStore, build};
pub use topology::{RedisSentinels, RedisTopology};
