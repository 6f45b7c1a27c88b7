//! Versioned records on one trait: partitions of a table, optimistic locking, expiry, pages and indexes.
//!
//! A [`Records`] takes batches of [`Command`]s and returns one [`Answer`] for each. What the commands mean is said once, at
//! [`Action`]; every backend passes the same suite of tests.
#![forbid(unsafe_code)]

mod base58;
pub mod command;
pub mod effect;
pub mod index;
pub mod limits;
pub mod memory;
pub mod probe;
pub mod record;
mod records;
pub mod token;

pub use command::{Action, Answer, Change, Command, Expiry, Listing, Page, Refusal, Refused};
pub use effect::Effect;
pub use index::{GlobalIndex, Index, LocalIndex, TableShape};
pub use memory::MemoryRecords;
pub use record::{NAMES, Place, Record};
pub use records::Records;
pub use token::{KeyValue, Position};
