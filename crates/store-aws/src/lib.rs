//! The stores in services of Amazon: `dynamodb` and `s3`; data structures and records in `dynamodb`.
#![forbid(unsafe_code)]

#[cfg(any(feature = "dynamodb", feature = "s3"))]
mod aws;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "dynamodb")]
mod records;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "dynamodb")]
mod structures;
#[cfg(feature = "dynamodb")]
mod tables;

#[cfg(any(feature = "dynamodb", feature = "s3"))]
pub use aws::{AwsConfig, AwsCredentials};
#[cfg(feature = "dynamodb")]
pub use dynamodb::{DynamoDbConfig, DynamoDbStore};
#[cfg(feature = "dynamodb")]
pub use records::{DynamoDbRecords, DynamoDbRecordsConfig};
#[cfg(feature = "s3")]
pub use s3::{S3Config, S3Store};
#[cfg(feature = "dynamodb")]
pub use structures::{DynamoDbStructures, DynamoDbStructuresConfig};

/// Properties that hold for any input.
#[cfg(all(feature = "dynamodb", any(test, feature = "fuzzing")))]
pub mod fuzz {
    pub use crate::dynamodb::fuzz::dynamodb_item;
}
