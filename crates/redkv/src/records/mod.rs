//! Versioned records by the names of their backends, under the policies of a chain.

mod options;
mod registry;
mod shelf;
mod table;

#[cfg(feature = "memory")]
pub use redkv_records::MemoryRecords;
pub use redkv_records::{
    Action, Answer, Change, Command, Expiry, GlobalIndex, Index, Listing, LocalIndex, NAMES, Page, Place,
    Position, Record, Records, Refusal, Refused, TableShape, limits, record,
};

pub use self::options::{POLICIES, TABLE_SCHEMA, shape_of};
pub use self::registry::BACKENDS;
pub use self::shelf::Shelf;
pub use self::table::RecordTable;
