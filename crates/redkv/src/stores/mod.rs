//! The stores, a folder each, and what several of them share.

#[cfg(feature = "aws")]
mod aws;
#[cfg(any(feature = "disk", feature = "file"))]
mod checksum;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(any(feature = "aws", feature = "mysql", feature = "postgres", feature = "redis"))]
mod extra_roots;
#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod host;
#[cfg(any(feature = "disk", feature = "sqlite"))]
mod identity;
#[cfg(any(feature = "disk", feature = "file"))]
mod lanes;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(
    feature = "disk",
    feature = "dynamodb",
    feature = "file",
    feature = "mysql",
    feature = "postgres",
    feature = "s3",
    feature = "sqlite"
))]
mod of_day;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "disk", feature = "file", feature = "sqlite"))]
mod private;
#[cfg(feature = "redis")]
mod redis;
mod registry;
#[cfg(any(feature = "disk", feature = "sqlite"))]
mod reserve;
#[cfg(feature = "s3")]
mod s3;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod tcp;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
#[cfg_attr(
    not(feature = "redis"),
    expect(unreachable_pub, reason = "it is public among the options of redis")
)]
#[cfg_attr(
    not(any(feature = "postgres", feature = "redis")),
    expect(dead_code, reason = "mysql makes handshakes itself")
)]
mod tls;

#[cfg(feature = "aws")]
pub use aws::{AwsConfig, AwsCredentials};
#[cfg(all(feature = "disk", any(test, feature = "conformance")))]
pub use disk::Audit as DiskAudit;
#[cfg(feature = "disk")]
pub use disk::{DiskConfig, DiskStore};
#[cfg(feature = "dynamodb")]
pub use dynamodb::{DynamoDbConfig, DynamoDbStore};
#[cfg(feature = "file")]
pub use file::{FileConfig, FileStore};
#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
#[cfg(feature = "mysql")]
pub use mysql::{MySqlConfig, build as build_mysql};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresConfig, build as build_postgres};
#[cfg(feature = "redis")]
pub use redis::{
    RedisAddress, RedisConfig, RedisSentinels, RedisStore, RedisTls, RedisTopology, build as build_redis,
};
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

pub use registry::{Built, Place, build, build_for, names};
#[cfg(feature = "s3")]
pub use s3::{S3Config, S3Store};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteConfig, SqliteStore};
