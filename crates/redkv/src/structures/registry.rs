//! The backends of data structures by the names that users give them.

use super::options::{ELSEWHERE, StructuresConfig};
use crate::desk::{Backend, Registry};
use redkv_structures::Structures;

/// Every backend of this build.
pub const BACKENDS: Registry<dyn Structures, StructuresConfig> = Registry {
    of: "data structures",
    backends: ALL,
    common: StructuresConfig::from_fields,
    elsewhere: ELSEWHERE,
};

const ALL: &[Backend<dyn Structures, StructuresConfig>] = &[
    #[cfg(feature = "memory")]
    Backend {
        name: "memory",
        schemas: &[],
        make: |_, _, _| {
            Ok(std::sync::Arc::new(super::MemoryStructures::new(redkv_structures::Limits::REDIS)))
        },
    },
    #[cfg(feature = "redis")]
    Backend {
        name: "redis",
        schemas: crate::stores::RedisConfig::SCHEMAS,
        make: |fields, _, _| {
            Ok(std::sync::Arc::new(crate::stores::RedisStructures::new(
                crate::stores::RedisConfig::from_fields(fields)?,
            )))
        },
    },
    #[cfg(feature = "dynamodb")]
    Backend {
        name: "dynamodb",
        schemas: crate::stores::DynamoDbStructuresConfig::SCHEMAS,
        make: |fields, common, _| {
            let mut config = crate::stores::DynamoDbStructuresConfig::from_fields(fields)?;
            config.strict_kinds = common.has_strict_kinds;
            Ok(std::sync::Arc::new(crate::stores::DynamoDbStructures::new(config)))
        },
    },
    #[cfg(feature = "sqlite")]
    Backend {
        name: "sqlite",
        schemas: crate::stores::SqliteStructuresConfig::SCHEMAS,
        make: |fields, _, timeout| {
            let config = crate::stores::SqliteStructuresConfig::from_fields(fields)?;
            Ok(std::sync::Arc::new(crate::stores::SqliteStructures::new(config.within(timeout))))
        },
    },
];
