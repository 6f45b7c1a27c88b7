//! Entries in a table of Amazon DynamoDB.

mod attempts;
mod backoff;
mod client;
mod config;
mod errors;
mod items;
mod reads;
mod store;
mod table;
mod writes;

pub use config::{DynamoDbConfig, DynamoDbCredentials};
pub use store::DynamoDbStore;
