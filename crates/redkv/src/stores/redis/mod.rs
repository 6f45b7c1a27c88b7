//! Entries in Redis or Valkey, as plain string values under plain keys.

mod config;
mod tls;
mod url;

pub use config::{RedisAddress, RedisConfig};
pub use tls::RedisTls;
