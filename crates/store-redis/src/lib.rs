//! Entries in Redis or Valkey, as plain string values under plain keys.
#![forbid(unsafe_code)]

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
pub mod fuzz;
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

pub use config::{RedisAddress, RedisConfig};
pub use redkv_net::tls::Tls as RedisTls;
pub use store::{RedisStore, build};
pub use topology::{RedisSentinels, RedisTopology};
