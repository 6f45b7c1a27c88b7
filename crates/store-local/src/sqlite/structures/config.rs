//! The options of data structures in SQLite.

use std::time::Duration;

use redkv_core::error::Result;
use redkv_core::options::{Fields, Options, Schema, kinds, options};

use crate::sqlite::config::{BUSY_TIMEOUT, Location, Name, refuse_tables_of_sqlite};

options! {
    /// Options of the data structures in `'sqlite'`, a table of a SQLite database. Its name is taken as it is, never as SQL.
    ///
    /// The main thread never waits for the disk, and an acknowledged write survives a power failure. Two processes may use
    /// one file.
    ///
    /// @example
    /// ```js
    /// const db = new Structures('sqlite', { path: './data/app.sqlite' })
    /// ```
    struct SqliteStructuresOptions is "SQLiteStructuresOptions" {
        /// The file, or `':memory:'` for one that is gone when the instance is closed. A missing file is created, for this
        /// user (0600), and for the group if the directory is writable by the group; its directory is not.
        ///
        /// It must be on a local disk.
        path as "path": kinds::Required<kinds::Path>,
        /// The table. A missing table is created.
        table as "tableName": Name = "`'structures'`",
    }
}

/// Which table of which database [`SqliteStructures`](super::SqliteStructures) uses.
#[derive(Clone, Debug)]
pub struct SqliteStructuresConfig {
    pub(super) location: Location,
    pub(super) table: String,
    pub(super) busy_timeout: Duration,
}

impl SqliteStructuresConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[SqliteStructuresOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = SqliteStructuresOptions::read(fields)?;
        let table = options.table.unwrap_or_else(|| "structures".to_owned());
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
