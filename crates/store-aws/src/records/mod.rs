//! Versioned records in a table of Amazon DynamoDB, in the format of `dynastore`.

mod config;
mod creation;
mod items;
mod listing;
mod reads;
mod store;
mod table;
mod writes;

pub use config::DynamoDbRecordsConfig;
pub use store::DynamoDbRecords;
