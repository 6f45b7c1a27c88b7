//! Opens the database and makes the table ready.

use rusqlite::{Connection, OpenFlags};

use super::config::{Location, SqliteConfig};
use super::error::error_from;
use super::layout::{Forms, prepare_table};
use super::statements::Statements;
use crate::error::Result;

/// A connection on which every statement works.
pub(super) fn open(config: &SqliteConfig, statements: &Statements) -> Result<(Connection, Forms)> {
    let connection = connect(config).map_err(|cause| error_from(&config.location, cause))?;
    let forms = prepare_table(&connection, config, statements)?;
    Ok((connection, forms))
}

fn connect(config: &SqliteConfig) -> rusqlite::Result<Connection> {
    // One thread uses the connection, so SQLite need not lock it.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &config.location {
        Location::Memory => Connection::open_in_memory_with_flags(flags)?,
        Location::File(path) => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(config.busy_timeout)?;
    // The first look into the file: what is no database fails here.
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
    // Costs one sync of the disk a commit instead of several, and lets others read meanwhile. Where it cannot be
    // had (no shared memory, a read-only directory, another process inside), the journal stays what it was, which
    // is slower and as safe.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).or_else(|cause| match cause {
        rusqlite::Error::SqliteFailure(..) => Ok(()),
        other => Err(other),
    })?;
    // With NORMAL, a power failure could take back writes that were acknowledged.
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    Ok(connection)
}
