//! The leaves of a chain, one file a store.

#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "disk", feature = "file"))]
mod lanes;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod registry;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(all(feature = "disk", any(test, feature = "conformance")))]
pub use disk::Audit as DiskAudit;
#[cfg(feature = "disk")]
pub use disk::{DiskConfig, DiskStore};
#[cfg(feature = "dynamodb")]
pub use dynamodb::{DynamoDbConfig, DynamoDbCredentials, DynamoDbStore};
#[cfg(feature = "file")]
pub use file::{FileConfig, FileStore};
#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
#[cfg(feature = "redis")]
pub use redis::{RedisAddress, RedisConfig, RedisStore, RedisTls, build as build_redis};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz {
    //! See [`crate::fuzz`].
    #[cfg(feature = "dynamodb")]
    pub use super::dynamodb::fuzz::dynamodb_item;
    #[cfg(feature = "redis")]
    pub use super::redis::fuzz::{redis_lives, redis_replies, redis_url};
    #[cfg(feature = "sqlite")]
    pub use super::sqlite::fuzz::sqlite_row;
}

pub use registry::{Built, build};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteConfig, SqliteStore};
