//! Inspects the table once, and creates it if the options say so.

use tokio_postgres::types::{FromSqlOwned, ToSql, Type};
use tokio_postgres::{Client, Row};

use super::error::{Failure, error_of};
use super::options::config::PostgresConfig;
use super::statements::quoted;
use crate::sql::{ColumnType, Kind, Length};
use redkv_core::error::{Error, ErrorKind, Result};

/// The table and its columns, with names as they stand in SQL.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) table: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) expires: Option<String>,
    pub(super) key_kind: Kind,
    pub(super) value_kind: Kind,
    /// Whether the database has no encoding, so that text in it is any bytes.
    pub(super) is_raw: bool,
    /// The longest text that a column of limited length takes.
    pub(super) longest_key: Option<Length>,
    pub(super) longest_value: Option<Length>,
    /// Whether the order of the keys is that of their bytes.
    pub(super) in_byte_order: bool,
    /// Whether an index finds the rows whose deadline has passed.
    pub(super) finds_ended: bool,
}

/// A column, as the catalogue describes it.
struct Column {
    name: String,
    number: i16,
    type_name: String,
    collation: u32,
    is_exact: bool,
    length: Option<Length>,
    is_raw: bool,
}

/// The collation "C": the order of the bytes.
const C: u32 = 950;

impl Columns {
    /// The type in which a bound of a page of keys is sent.
    pub(super) fn bound_kind(&self) -> Kind {
        if self.is_raw { Kind::Bytes } else { self.key_kind }
    }

    /// Looks at the table; makes it before, where that is asked for.
    pub(super) async fn find(client: &Client, config: &PostgresConfig) -> Result<Self> {
        let table = match &config.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(&config.table.table)),
            None => quoted(&config.table.table),
        };
        if config.table.create {
            create(client, &table, config).await?;
        }
        let Some(id) = id_of(client, &table).await? else { return Err(missing(config)) };
        let mut columns = columns(client, id).await?;
        if config.table.create
            && let Some(expires) = &config.table.expires_column
        {
            columns = with_deadlines(client, &table, id, expires, columns).await?;
        }
        Self::of(client, config, table, id, &columns).await
    }

    async fn of(
        client: &Client,
        config: &PostgresConfig,
        table: String,
        id: u32,
        columns: &[Column],
    ) -> Result<Self> {
        let names = &config.table;
        let key = find(columns, &names.key_column, "keyColumn", config)?;
        let value = find(columns, &names.value_column, "valueColumn", config)?;
        let key_kind = kind_of(key, "keyColumn", names.column_type)?;
        let value_kind = kind_of(value, "valueColumn", names.column_type)?;
        if !key.is_exact {
            let message = format!(
                "keyColumn '{}' has a nondeterministic collation, which treats different keys as equal",
                key.name
            );
            return Err(Error::argument("keyColumn", message));
        }
        if !is_unique(client, id, key.number).await? {
            let message = format!("keyColumn '{}' must be the PRIMARY KEY of its table, or UNIQUE", key.name);
            return Err(Error::argument("keyColumn", message));
        }
        let mut finds_ended = false;
        if let Some(expires) = &names.expires_column {
            let expires = find(columns, expires, "expiresColumn", config)?;
            if expires.type_name != "int8" {
                let message =
                    format!("expiresColumn '{}' must be BIGINT, it is {}", expires.name, expires.type_name);
                return Err(Error::argument("expiresColumn", message));
            }
            finds_ended = is_indexed(client, id, expires.number).await?;
        }
        Ok(Self {
            table,
            key: quoted(&key.name),
            value: quoted(&value.name),
            expires: names.expires_column.as_deref().map(quoted),
            key_kind,
            value_kind,
            is_raw: key.is_raw,
            longest_key: key.length,
            longest_value: value.length,
            in_byte_order: key_kind == Kind::Bytes || key.collation == C,
            finds_ended,
        })
    }
}

fn failed(error: tokio_postgres::Error) -> Error {
    error_of(Failure::Statement(error))
}

/// Not prepared before it is run: a pooler may give the next message to another server.
async fn rows(client: &Client, sql: &str, parameters: &[(&(dyn ToSql + Sync), Type)]) -> Result<Vec<Row>> {
    client.query_typed(sql, parameters).await.map_err(failed)
}

fn read<T: FromSqlOwned>(row: &Row, place: usize) -> Result<T> {
    row.try_get(place).map_err(failed)
}

/// Makes the table. That another process was faster is as good.
async fn create(client: &Client, table: &str, config: &PostgresConfig) -> Result<()> {
    if id_of(client, table).await?.is_some() {
        return Ok(());
    }
    let names = &config.table;
    let (key, value) = (quoted(&names.key_column), quoted(&names.value_column));
    let (key_type, value_type) = match names.column_type {
        // In the order of its bytes, so that an index finds the keys of a prefix.
        ColumnType::Text => ("TEXT COLLATE \"C\"", "TEXT"),
        ColumnType::AsItIs | ColumnType::Binary => ("BYTEA", "BYTEA"),
    };
    let expires = names.expires_column.as_deref().map(|name| format!(", {} BIGINT", quoted(name)));
    let expires = expires.unwrap_or_default();
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} ({key} {key_type} PRIMARY KEY, {value} {value_type}{expires})"
    );
    match client.batch_execute(&sql).await {
        Err(error) if id_of(client, table).await?.is_none() => Err(failed(error)),
        _ => Ok(()),
    }
}

/// The columns, after the column of deadlines and its index were made where they are missing.
async fn with_deadlines(
    client: &Client,
    table: &str,
    id: u32,
    expires: &str,
    found: Vec<Column>,
) -> Result<Vec<Column>> {
    let column = quoted(expires);
    let mut found = found;
    if !found.iter().any(|column| column.name == expires) {
        let sql = format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} BIGINT");
        client.batch_execute(&sql).await.map_err(failed)?;
        found = columns(client, id).await?;
    }
    let number = found.iter().find(|column| column.name == expires).map(|column| column.number);
    if let Some(number) = number
        && !is_indexed(client, id, number).await?
    {
        // Partial, so that only entries with a deadline pay for it.
        let sql = format!("CREATE INDEX ON {table} ({column}) WHERE {column} IS NOT NULL");
        // Without it nothing is swept, but everything else works.
        client.batch_execute(&sql).await.ok();
    }
    Ok(found)
}

async fn id_of(client: &Client, table: &str) -> Result<Option<u32>> {
    let found = rows(client, "SELECT to_regclass($1::text)::oid", &[(&table, Type::TEXT)]).await?;
    found.first().map_or(Ok(None), |row| read(row, 0))
}

async fn columns(client: &Client, table: u32) -> Result<Vec<Column>> {
    let sql = "SELECT a.attname::text, a.attnum, t.typname::text, a.attcollation, \
               COALESCE(c.collisdeterministic, true), a.atttypmod, pg_catalog.getdatabaseencoding()::text \
               FROM pg_catalog.pg_attribute a \
               JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
               LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation \
               WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped";
    let column = |row: &Row| {
        let type_name: String = read(row, 2)?;
        let (modifier, encoding): (i32, String) = (read(row, 5)?, read(row, 6)?);
        let is_raw = encoding == "SQL_ASCII";
        Ok(Column {
            name: read(row, 0)?,
            number: read(row, 1)?,
            collation: read(row, 3)?,
            is_exact: read(row, 4)?,
            length: if type_name == "varchar" { length_of(modifier, is_raw) } else { None },
            type_name,
            is_raw,
        })
    };
    rows(client, sql, &[(&table, Type::OID)]).await?.iter().map(column).collect()
}

/// The length of a `varchar(n)`, as the catalogue keeps it. A database without an encoding counts bytes.
fn length_of(modifier: i32, is_raw: bool) -> Option<Length> {
    let length = usize::try_from(modifier.checked_sub(4)?).ok()?;
    Some(if is_raw { Length::Bytes(length) } else { Length::Characters(length) })
}

/// Returns whether an index over this column alone keeps its values apart.
async fn is_unique(client: &Client, table: u32, column: i16) -> Result<bool> {
    let sql = "SELECT 1 FROM pg_catalog.pg_index WHERE indrelid = $1 AND indisunique AND indisvalid \
               AND indimmediate AND indpred IS NULL AND indnkeyatts = 1 AND indkey[0] = $2";
    Ok(!rows(client, sql, &[(&table, Type::OID), (&column, Type::INT2)]).await?.is_empty())
}

/// Returns whether an index begins with this column.
async fn is_indexed(client: &Client, table: u32, column: i16) -> Result<bool> {
    let sql = "SELECT 1 FROM pg_catalog.pg_index WHERE indrelid = $1 AND indisvalid AND indkey[0] = $2";
    Ok(!rows(client, sql, &[(&table, Type::OID), (&column, Type::INT2)]).await?.is_empty())
}

fn find<'a>(
    columns: &'a [Column],
    name: &str,
    field: &'static str,
    config: &PostgresConfig,
) -> Result<&'a Column> {
    columns.iter().find(|column| column.name == name).ok_or_else(|| {
        let close = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        let hint = close.map(|column| format!("; did you mean '{}'?", column.name)).unwrap_or_default();
        let table = &config.table.table;
        Error::argument(field, format!("{field} '{name}' is not a column of table '{table}'{hint}"))
    })
}

fn kind_of(column: &Column, field: &'static str, wanted: ColumnType) -> Result<Kind> {
    let Column { name, type_name, .. } = column;
    match type_name.as_str() {
        "bytea" => Ok(Kind::Bytes),
        "text" | "varchar" if wanted == ColumnType::Binary => {
            let message = format!("columnType is 'binary', but {field} '{name}' is {type_name}");
            Err(Error::argument("columnType", message))
        }
        "text" | "varchar" => Ok(Kind::Text),
        _ => {
            let message = format!("{field} '{name}' must be BYTEA, TEXT or VARCHAR, it is {type_name}");
            Err(Error::argument(field, message))
        }
    }
}

fn missing(config: &PostgresConfig) -> Error {
    let table = &config.table.table;
    let place = match &config.schema {
        Some(schema) => format!("schema '{schema}'"),
        None => "the search path of the user".to_owned(),
    };
    let hint = match table.split_once('.') {
        Some((schema, rest)) if config.schema.is_none() => {
            format!("; for table '{rest}' in schema '{schema}' set the option schema")
        }
        _ => "; createTable: true creates it".to_owned(),
    };
    // It may be made later.
    Error::new(ErrorKind::Argument, format!("there is no table '{table}' in {place}{hint}"))
        .about("tableName")
}
