//! The stores on local disks: `disk`, `file` and `sqlite`.
#![forbid(unsafe_code)]

#[cfg(any(feature = "disk", feature = "file"))]
mod checksum;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "disk", feature = "sqlite"))]
mod identity;
#[cfg(any(feature = "disk", feature = "file"))]
mod lanes;
#[cfg(any(feature = "disk", feature = "file"))]
mod patience;
#[cfg(any(feature = "disk", feature = "file", feature = "sqlite"))]
mod private;
#[cfg(any(feature = "disk", feature = "sqlite"))]
mod reserve;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "disk", feature = "file", feature = "sqlite"))]
mod worker;

#[cfg(all(feature = "disk", any(test, feature = "conformance")))]
pub use disk::Audit as DiskAudit;
#[cfg(feature = "disk")]
pub use disk::{DiskConfig, DiskStore};
#[cfg(feature = "file")]
pub use file::{FileConfig, FileStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{
    SqliteConfig, SqliteRecords, SqliteRecordsConfig, SqliteStore, SqliteStructures, SqliteStructuresConfig,
};

/// Properties that hold for any input.
#[cfg(all(feature = "sqlite", any(test, feature = "fuzzing")))]
pub mod fuzz {
    pub use crate::sqlite::fuzz::sqlite_row;
}
