//! The options of records in SQLite.

use std::time::Duration;

use redkv_core::error::Result;
use redkv_core::options::{Fields, Options, Schema, kinds, options};

use crate::sqlite::config::{BUSY_TIMEOUT, Location, Name, refuse_tables_of_sqlite};

options! {
    /// Options of the records in `'sqlite'`, in tables of a SQLite database. Their name is taken as it is, never
    /// as SQL.
    ///
    /// The main thread never waits for the disk, and an acknowledged write survives a power failure. Two processes may use
    /// one file.
    ///
    /// @example
    /// ```js
    /// const table = new Records('sqlite', { path: './data/app.sqlite' })
    /// ```
    struct SqliteRecordsOptions is "SQLiteRecordsOptions" {
        /// The file, or `':memory:'` for one that is gone when the instance is closed. A missing file is created, for this
        /// user (0600), and for the group if the directory is writable by the group; its directory is not.
        ///
        /// It must be on a local disk.
        path as "path": kinds::Required<kinds::Path>,
        /// The table. A missing table is created. Beside it are two more, for indexes: with `_shape` and `_entries` at the end
        /// of the name.
        table as "tableName": Name = "`'records'`",
    }
}

/// Which tables of which database [`SqliteRecords`](super::SqliteRecords) uses.
#[derive(Clone, Debug)]
pub struct SqliteRecordsConfig {
    pub(super) location: Location,
    pub(super) table: String,
    pub(super) busy_timeout: Duration,
}

impl SqliteRecordsConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[SqliteRecordsOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = SqliteRecordsOptions::read(fields)?;
        let table = options.table.unwrap_or_else(|| "records".to_owned());
        refuse_tables_of_sqlite(&table)?;
        Ok(Self { location: Location::new(&options.path)?, table, busy_timeout: BUSY_TIMEOUT })
    }

    /// Waits for locks no longer than leaves time to say so within `timeout`.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.busy_timeout = self.busy_timeout.min(timeout * 3 / 4);
        self
    }

    /// Whether the database is gone when it is closed.
    pub(super) fn is_in_memory(&self) -> bool {
        self.location == Location::Memory
    }
}
