//! The backends of records by the names that users give them.

use super::options::ELSEWHERE;
use crate::desk::{Backend, Registry};
use redkv_records::Records;

/// Every backend of this build.
pub const BACKENDS: Registry<dyn Records, ()> =
    Registry { of: "records", backends: ALL, common: |_| Ok(()), elsewhere: ELSEWHERE };

const ALL: &[Backend<dyn Records, ()>] = &[
    #[cfg(feature = "memory")]
    Backend {
        name: "memory",
        schemas: &[],
        make: |_, (), _| Ok(std::sync::Arc::new(redkv_records::MemoryRecords::default())),
    },
    #[cfg(feature = "dynamodb")]
    Backend {
        name: "dynamodb",
        schemas: crate::stores::DynamoDbRecordsConfig::SCHEMAS,
        make: |fields, (), _| {
            let config = crate::stores::DynamoDbRecordsConfig::from_fields(fields)?;
            Ok(std::sync::Arc::new(crate::stores::DynamoDbRecords::new(config)))
        },
    },
    #[cfg(feature = "sqlite")]
    Backend {
        name: "sqlite",
        schemas: crate::stores::SqliteRecordsConfig::SCHEMAS,
        make: |fields, (), timeout| {
            let config = crate::stores::SqliteRecordsConfig::from_fields(fields)?;
            Ok(std::sync::Arc::new(crate::stores::SqliteRecords::new(config.within(timeout))))
        },
    },
];
