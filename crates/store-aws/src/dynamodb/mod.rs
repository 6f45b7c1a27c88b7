//! Entries in a table of Amazon DynamoDB.

mod config;
mod errors;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
mod items;
mod keys;
mod reads;
mod store;
mod table;
mod writes;

pub use config::DynamoDbConfig;
pub use store::DynamoDbStore;
