//! Entries in Redis or Valkey, as plain string values under plain keys.
#![forbid(unsafe_code)]

mod apart;
mod batches;
mod cluster;
mod connection;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod leases;
mod listing;
mod options;
mod protocol;
mod reads;
mod script;
mod store;
mod structures;
mod writes;

pub use options::config::{RedisAddress, RedisConfig};
pub use options::topology::{RedisSentinels, RedisTopology};
pub use redkv_net::tls::Tls as RedisTls;
pub use store::{RedisStore, build};
pub use structures::{RedisStructures, RedisStructuresConfig};
