//! Inspects the table: which columns it has, and whether it keeps different keys apart.

use rusqlite::{Connection, OptionalExtension};

use super::column::{Declared, Form, Kind};
use super::statements::Statements;
use crate::sqlite::config::{SqliteConfig, same};
use crate::sqlite::error::error_from;
use redkv_core::error::{Error, Result};

/// How keys and values are written into the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forms {
    pub(crate) key: Form,
    pub(crate) value: Form,
}

/// Makes the table if there is none, and finds what it does not allow before the first write does.
pub(crate) fn prepare_table(
    connection: &Connection,
    config: &SqliteConfig,
    statements: &Statements,
) -> Result<Forms> {
    let failed = |cause| error_from(&config.location, cause);
    connection.execute_batch(&statements.create_table).map_err(failed)?;
    let encoding: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0)).map_err(failed)?;
    let is_utf_16 = encoding != "UTF-8";
    let columns = columns(connection, config)?;
    let key = find(&columns, &config.key_column, "keyColumn", config)?;
    let value = find(&columns, &config.value_column, "valueColumn", config)?;
    let key = Form { kind: kind_of_keys(key, config)?, is_utf_16 };
    // A STRICT column of numbers takes values that are numbers, and refuses others one by one.
    let value = Form { kind: value.kind().unwrap_or(Kind::Integers), is_utf_16 };
    if let (Some(expires), Some(deadlines)) = (&config.expires_column, &statements.deadlines) {
        add_column(connection, config, expires, &deadlines.add_column)?;
        // Without it nothing is swept, but everything else works: a read-only database must open.
        connection.execute_batch(&deadlines.create_index).ok();
    }
    for sql in
        [&statements.get, &statements.has, &statements.put, &statements.put_if_absent, &statements.delete]
    {
        connection.prepare_cached(sql).map_err(|cause| refused_statement(connection, config, cause))?;
    }
    if let Some(collation) = inexact_index(connection, config).map_err(failed)? {
        return Err(inexact(config, &collation));
    }
    Ok(Forms { key, value })
}

/// Keys are text, whatever they look like, so a column must take any.
fn kind_of_keys(column: &Declared, config: &SqliteConfig) -> Result<Kind> {
    column.kind().filter(|kind| *kind != Kind::Blobs).ok_or_else(|| {
        let message = format!(
            "keyColumn '{}' of table '{}' must accept text, and it is {column}",
            config.key_column, config.table
        );
        Error::argument("keyColumn", message)
    })
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

fn refused_statement(connection: &Connection, config: &SqliteConfig, cause: rusqlite::Error) -> Error {
    let (column, table) = (&config.key_column, &config.table);
    let said = cause.to_string();
    let refused = |message: String| Error::argument("keyColumn", message);
    let error = if said.contains("ON CONFLICT clause does not match") {
        match inexact_index(connection, config) {
            Ok(Some(collation)) => inexact(config, &collation),
            _ => {
                refused(format!("keyColumn '{column}' of table '{table}' must be its PRIMARY KEY or UNIQUE"))
            }
        }
    } else if said.contains("no such collation sequence") {
        refused(format!(
            "table '{table}' has a collation that only the program that created it knows: {said}"
        ))
    } else {
        return error_from(&config.location, cause);
    };
    error.caused_by(cause)
}

fn inexact(config: &SqliteConfig, collation: &str) -> Error {
    let message = format!(
        "keyColumn '{}' of table '{}' is UNIQUE by the collation {collation}, which treats different keys as equal; it \
         must be PRIMARY KEY or UNIQUE with COLLATE BINARY, and so only",
        config.key_column, config.table
    );
    Error::argument("keyColumn", message)
}

/// The collation of a unique index that takes different keys for one.
fn inexact_index(connection: &Connection, config: &SqliteConfig) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT columns.coll FROM pragma_index_list(?1) AS indexes, pragma_index_xinfo(indexes.name) AS columns
             WHERE indexes.\"unique\" AND columns.key AND columns.name = ?2 COLLATE NOCASE
             AND columns.coll <> 'BINARY' COLLATE NOCASE
             AND (SELECT count(*) FROM pragma_index_xinfo(indexes.name) WHERE key) = 1",
        )?
        .query_row([&config.table, &config.key_column], |row| row.get(0))
        .optional()
}

fn columns(connection: &Connection, config: &SqliteConfig) -> Result<Vec<Declared>> {
    let read = || -> rusqlite::Result<Vec<Declared>> {
        let is_strict = connection
            .prepare_cached(
                "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE",
            )?
            .query_row([&config.table], |row| row.get(0))
            .optional()?
            .unwrap_or(false);
        // The number of a row has no index of its own.
        let has_index: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk')")?
            .query_row([&config.table], |row| row.get(0))?;
        let mut statement = connection.prepare_cached("SELECT name, type, pk FROM pragma_table_info(?1)")?;
        let columns = statement.query_map([&config.table], |row| {
            let declared_type: String = row.get(1)?;
            let is_row_number = row.get(2)? && !has_index && declared_type.eq_ignore_ascii_case("INTEGER");
            Ok(Declared { name: row.get(0)?, declared_type, is_strict, is_row_number })
        })?;
        columns.collect()
    };
    read().map_err(|cause| error_from(&config.location, cause))
}

fn has(columns: &[Declared], name: &str) -> bool {
    columns.iter().any(|column| same(&column.name, name))
}

fn find<'a>(
    columns: &'a [Declared],
    name: &str,
    field: &'static str,
    config: &SqliteConfig,
) -> Result<&'a Declared> {
    columns.iter().find(|column| same(&column.name, name)).ok_or_else(|| {
        Error::argument(field, format!("{field} '{name}' is not a column of table '{}'", config.table))
    })
}
