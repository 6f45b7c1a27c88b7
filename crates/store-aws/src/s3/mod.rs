//! Entries as objects of Amazon S3, or of a service that speaks its protocol.

mod bucket;
mod config;
mod deadline;
mod deletes;
mod error;
mod listing;
mod names;
mod reads;
mod store;
mod writes;

pub use config::S3Config;
pub use store::S3Store;
