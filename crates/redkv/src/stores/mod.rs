//! The leaves of a chain, one file a store.

#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "memory")]
mod memory;
mod registry;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "dynamodb")]
pub use dynamodb::{DynamoDbConfig, DynamoDbCredentials, DynamoDbStore};
#[cfg(feature = "memory")]
pub use memory::{MemoryConfig, MemoryStore};
pub use registry::{Built, build};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteConfig, SqliteStore};
