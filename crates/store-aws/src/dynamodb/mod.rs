//! Entries in a table of Amazon DynamoDB.

mod config;
pub(crate) mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
mod items;
mod leases;
mod listing;
mod reads;
mod store;
mod table;
mod writes;

pub use config::DynamoDbConfig;
pub use store::DynamoDbStore;
