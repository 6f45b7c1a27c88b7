//! The leaves of a chain, one file a store.

#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
#[cfg(feature = "redis")]
pub use redis::{RedisAddress, RedisConfig, RedisStore, RedisTls, build as build_redis};
