//! Opens the database and makes the table ready.

use rusqlite::{Connection, OpenFlags};

use super::config::{Location, SqliteConfig, same};
use super::error::error_from;
use super::statements::Statements;
use crate::error::{Error, Result};

/// A connection on which every statement works.
pub(super) fn open(config: &SqliteConfig, statements: &Statements) -> Result<Connection> {
    let connection = connect(config).map_err(|cause| error_from(&config.location, cause))?;
    prepare_table(&connection, config, statements)?;
    Ok(connection)
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

fn prepare_table(connection: &Connection, config: &SqliteConfig, statements: &Statements) -> Result<()> {
    let failed = |cause| error_from(&config.location, cause);
    connection.execute_batch(&statements.create_table).map_err(failed)?;
    let columns = columns(connection, config)?;
    find(&columns, &config.key_column, "keyColumn", config)?;
    find(&columns, &config.value_column, "valueColumn", config)?;
    if let (Some(expires), Some(deadlines)) = (&config.expires_column, &statements.deadlines) {
        add_column(connection, config, expires, &deadlines.add_column)?;
        // Without it nothing is swept, but everything else works: a read-only database must open.
        connection.execute_batch(&deadlines.create_index).ok();
    }
    // Finds what the table does not allow, before the first write does.
    for sql in
        [&statements.get, &statements.has, &statements.put, &statements.put_if_absent, &statements.delete]
    {
        connection.prepare_cached(sql).map_err(|cause| refused_statement(config, cause))?;
    }
    Ok(())
}

fn add_column(connection: &Connection, config: &SqliteConfig, expires: &str, sql: &str) -> Result<()> {
    if !has(&columns(connection, config)?, expires)
        && let Err(cause) = connection.execute_batch(sql)
        // Another process may have been faster.
        && !has(&columns(connection, config)?, expires)
    {
        return Err(error_from(&config.location, cause));
    }
    let columns = columns(connection, config)?;
    let column = find(&columns, expires, "expiresColumn", config)?;
    if column.turns_numbers_into_text() {
        let message = format!(
            "expiresColumn '{expires}' of table '{}' must be INTEGER, it is {}",
            config.table, column.declared_type
        );
        return Err(Error::argument("expiresColumn", message));
    }
    Ok(())
}

fn refused_statement(config: &SqliteConfig, cause: rusqlite::Error) -> Error {
    if !cause.to_string().contains("ON CONFLICT clause does not match") {
        return error_from(&config.location, cause);
    }
    let message = format!(
        "keyColumn '{}' of table '{}' must be its PRIMARY KEY or UNIQUE",
        config.key_column, config.table
    );
    Error::argument("keyColumn", message).caused_by(cause)
}

struct Column {
    name: String,
    declared_type: String,
}

impl Column {
    /// Whether SQLite keeps numbers as text in this column (<https://sqlite.org/datatype3.html>, 3.1), where they
    /// would be compared as text.
    fn turns_numbers_into_text(&self) -> bool {
        let declared = self.declared_type.to_ascii_uppercase();
        !declared.contains("INT") && ["CHAR", "CLOB", "TEXT"].iter().any(|word| declared.contains(word))
    }
}

fn columns(connection: &Connection, config: &SqliteConfig) -> Result<Vec<Column>> {
    let read = || -> rusqlite::Result<Vec<Column>> {
        connection
            .prepare_cached("SELECT name, type FROM pragma_table_info(?1)")?
            .query_map([&config.table], |row| Ok(Column { name: row.get(0)?, declared_type: row.get(1)? }))?
            .collect()
    };
    read().map_err(|cause| error_from(&config.location, cause))
}

fn has(columns: &[Column], name: &str) -> bool {
    columns.iter().any(|column| same(&column.name, name))
}

fn find<'a>(
    columns: &'a [Column],
    name: &str,
    field: &'static str,
    config: &SqliteConfig,
) -> Result<&'a Column> {
    columns.iter().find(|column| same(&column.name, name)).ok_or_else(|| {
        Error::argument(field, format!("{field} '{name}' is not a column of table '{}'", config.table))
    })
}
