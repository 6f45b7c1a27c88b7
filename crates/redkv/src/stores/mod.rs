//! The leaves of a chain.

mod registry;

#[cfg(feature = "aws")]
pub use redkv_store_aws::{AwsConfig, AwsCredentials};
#[cfg(feature = "dynamodb")]
pub use redkv_store_aws::{
    DynamoDbConfig, DynamoDbRecords, DynamoDbRecordsConfig, DynamoDbStore, DynamoDbStructures,
    DynamoDbStructuresConfig,
};
#[cfg(feature = "s3")]
pub use redkv_store_aws::{S3Config, S3Store};
#[cfg(all(feature = "disk", feature = "conformance"))]
pub use redkv_store_local::DiskAudit;
#[cfg(feature = "disk")]
pub use redkv_store_local::{DiskConfig, DiskStore};
#[cfg(feature = "file")]
pub use redkv_store_local::{FileConfig, FileStore};
#[cfg(feature = "sqlite")]
pub use redkv_store_local::{
    SqliteConfig, SqliteRecords, SqliteRecordsConfig, SqliteStore, SqliteStructures, SqliteStructuresConfig,
};
#[cfg(feature = "memory")]
pub use redkv_store_memory::{MemoryConfig, MemoryStore};
#[cfg(feature = "redis")]
pub use redkv_store_redis::{
    RedisAddress, RedisConfig, RedisSentinels, RedisStore, RedisStructures, RedisTls, RedisTopology,
    build as build_redis,
};
#[cfg(feature = "mysql")]
pub use redkv_store_sql::{MySqlConfig, build_mysql};
#[cfg(feature = "postgres")]
pub use redkv_store_sql::{PostgresConfig, build_postgres};
pub use registry::{Built, Place, STORES, StoreKind, build, build_for, names};
