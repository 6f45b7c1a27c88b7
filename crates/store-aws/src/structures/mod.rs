//! Data structures in a table of Amazon DynamoDB, in the format of `keyvaluestore`.

mod atomic;
mod changes;
mod commands;
mod config;
mod items;
mod reads;
mod sorted;
mod store;
mod table;
mod verdicts;

pub use config::DynamoDbStructuresConfig;
pub use store::DynamoDbStructures;
