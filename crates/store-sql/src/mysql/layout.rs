//! Inspects the table once, and creates it if the options say so.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as Cause, Row, ServerError};

use super::collation::{Collation, KeyColumn};
use super::error::{Failure, error_of};
use super::options::config::MySqlConfig;
use super::statements::quoted;
use crate::sql::{ColumnType, Kind, Length};
use redkv_core::error::{Error, ErrorKind, Result};

/// The longest key of an index, in bytes.
pub(super) const LONGEST_KEY: usize = 3_072;

/// The table and its columns.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) table: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) expires: Option<String>,
    pub(super) value_kind: Kind,
    /// The longest text that the columns take.
    pub(super) longest_key: Option<Length>,
    pub(super) longest_value: Option<Length>,
    /// The collation of the key, if that does not keep every key apart from all others. Else the order of the keys is
    /// that of their bytes.
    pub(super) inexact: Option<Collation>,
    /// A warning for the user.
    pub(super) advice: Option<String>,
    /// Whether an index finds the rows whose deadline has passed.
    pub(super) finds_ended: bool,
}

/// A column, as the server shows it.
struct Column {
    name: String,
    /// In lower case, with its length.
    declared: String,
    /// In lower case, without its length.
    type_name: String,
    collation: Option<String>,
    takes_null: bool,
    counts_up: bool,
}

/// A part of an index.
struct Part {
    index: String,
    is_unique: bool,
    place: u64,
    column: String,
    is_whole: bool,
}

impl Columns {
    /// Looks at the table; makes it before, where that is asked for.
    pub(super) async fn find(conn: &mut Conn, config: &MySqlConfig) -> Result<Self> {
        let names = &config.table;
        let table = quoted(&names.table);
        if names.create {
            create(conn, &table, config).await?;
        }
        let mut columns = columns(conn, &table, config).await?;
        if names.create
            && let Some(expires) = &names.expires_column
        {
            columns = with_deadlines(conn, &table, expires, columns, config).await?;
        }
        let parts = parts(conn, &table).await?;
        let is_mariadb = is_mariadb(conn).await?;
        Self::of(config, &columns, &parts, is_mariadb)
    }

    fn of(config: &MySqlConfig, columns: &[Column], parts: &[Part], is_mariadb: bool) -> Result<Self> {
        let names = &config.table;
        let key = find(columns, &names.key_column, "keyColumn", config)?;
        let value = find(columns, &names.value_column, "valueColumn", config)?;
        let key_kind = kind_of(key, "keyColumn", names.column_type)?;
        let value_kind = kind_of(value, "valueColumn", names.column_type)?;
        let collation = key.collation.as_deref().filter(|_| key_kind == Kind::Text).map(Collation::new);
        let inexact = collation.filter(|collation| !collation.is_exact());
        let column = KeyColumn { name: &key.name, declared: &key.declared, takes_null: key.takes_null };
        let advice = inexact
            .as_ref()
            .filter(|collation| collation.folds())
            .map(|collation| collation.advice(&names.table, &column, is_mariadb));
        check_unique(config, columns, parts)?;
        let mut finds_ended = false;
        if let Some(expires) = &names.expires_column {
            let expires = find(columns, expires, "expiresColumn", config)?;
            if expires.type_name != "bigint" {
                let message =
                    format!("expiresColumn '{}' must be BIGINT, it is {}", expires.name, expires.type_name);
                return Err(Error::argument("expiresColumn", message));
            }
            finds_ended = is_indexed(parts, &expires.name);
        }
        Ok(Self {
            table: names.table.clone(),
            key: names.key_column.clone(),
            value: names.value_column.clone(),
            expires: names.expires_column.clone(),
            value_kind,
            longest_key: Collation::length(&key.declared, key.collation.as_deref()),
            longest_value: Collation::length(&value.declared, value.collation.as_deref()),
            inexact,
            advice,
            finds_ended,
        })
    }
}

fn failed(error: Cause) -> Error {
    error_of(Failure::Statement(error))
}

/// Makes the table. That another process was faster is as good.
async fn create(conn: &mut Conn, table: &str, config: &MySqlConfig) -> Result<()> {
    let names = &config.table;
    // Whoever may not make tables need not, where it is there.
    match conn.query_drop(format!("SELECT 1 FROM {table} LIMIT 0")).await {
        Ok(()) => return Ok(()),
        Err(Cause::Server(ServerError { code: NO_SUCH_TABLE, .. })) => {}
        Err(error) => return Err(failed(error)),
    }
    let (key, value) = (quoted(&names.key_column), quoted(&names.value_column));
    let (key_type, value_type) = match names.column_type {
        ColumnType::AsItIs | ColumnType::Binary => (format!("VARBINARY({LONGEST_KEY})"), "LONGBLOB"),
        ColumnType::Text => {
            // The same to the last space, under both names.
            let collation = if is_mariadb(conn).await? { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
            let characters = LONGEST_KEY / 4;
            let key_type = format!("VARCHAR({characters}) CHARACTER SET utf8mb4 COLLATE {collation}");
            (key_type, "LONGTEXT CHARACTER SET utf8mb4")
        }
    };
    let expires = names.expires_column.as_deref().map(quoted);
    let expires = expires.map(|name| format!(", {name} BIGINT NULL, INDEX ({name})")).unwrap_or_default();
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} \
         ({key} {key_type} NOT NULL, {value} {value_type} NULL{expires}, PRIMARY KEY ({key})) ENGINE = InnoDB"
    );
    conn.query_drop(sql).await.map_err(failed)
}

async fn is_mariadb(conn: &mut Conn) -> Result<bool> {
    let version: Option<String> = conn.query_first("SELECT VERSION()").await.map_err(failed)?;
    Ok(version.is_some_and(|version| version.contains("MariaDB")))
}

/// There is no such table.
const NO_SUCH_TABLE: u16 = 1146;

/// The columns, after the column of deadlines and its index were made where they are missing.
async fn with_deadlines(
    conn: &mut Conn,
    table: &str,
    expires: &str,
    found: Vec<Column>,
    config: &MySqlConfig,
) -> Result<Vec<Column>> {
    let column = quoted(expires);
    let mut found = found;
    let has = |found: &[Column]| found.iter().any(|column| column.name.eq_ignore_ascii_case(expires));
    if !has(&found) {
        let added = conn.query_drop(format!("ALTER TABLE {table} ADD COLUMN {column} BIGINT NULL")).await;
        found = columns(conn, table, config).await?;
        // Another process may have been faster.
        if let Err(error) = added
            && !has(&found)
        {
            return Err(failed(error));
        }
    }
    if !is_indexed(&parts(conn, table).await?, expires) {
        // Without it nothing is swept, but everything else works.
        conn.query_drop(format!("ALTER TABLE {table} ADD INDEX ({column})")).await.ok();
    }
    Ok(found)
}

async fn columns(conn: &mut Conn, table: &str, config: &MySqlConfig) -> Result<Vec<Column>> {
    let rows: Vec<Row> = match conn.query(format!("SHOW FULL COLUMNS FROM {table}")).await {
        Ok(rows) => rows,
        Err(Cause::Server(ServerError { code: NO_SUCH_TABLE, .. })) => return Err(missing(config)),
        Err(error) => return Err(failed(error)),
    };
    let column = |row: &Row| {
        let declared = text(row, "Type")?.to_ascii_lowercase();
        let end = declared.find(['(', ' ']).unwrap_or(declared.len());
        Ok(Column {
            name: text(row, "Field")?,
            type_name: declared[..end].to_owned(),
            takes_null: text(row, "Null")?.eq_ignore_ascii_case("yes"),
            collation: row
                .get_opt::<Option<String>, _>("Collation")
                .and_then(std::result::Result::ok)
                .flatten(),
            counts_up: text(row, "Extra")?.to_ascii_lowercase().contains("auto_increment"),
            declared,
        })
    };
    rows.iter().map(column).collect()
}

async fn parts(conn: &mut Conn, table: &str) -> Result<Vec<Part>> {
    let rows: Vec<Row> = conn.query(format!("SHOW INDEX FROM {table}")).await.map_err(failed)?;
    let part = |row: &Row| {
        Ok(Part {
            index: text(row, "Key_name")?,
            is_unique: text(row, "Non_unique")? == "0",
            place: text(row, "Seq_in_index")?.parse().unwrap_or(0),
            // An index over an expression has none.
            column: text(row, "Column_name").unwrap_or_default(),
            is_whole: text(row, "Sub_part").is_err(),
        })
    };
    rows.iter().map(part).collect()
}

/// What a row says under a name, as text; an error for NULL.
fn text(row: &Row, name: &str) -> Result<String> {
    let found = row.get_opt::<Option<String>, _>(name).and_then(std::result::Result::ok).flatten();
    found.ok_or_else(|| {
        Error::new(ErrorKind::Internal, "the mysql server described the table in an unknown form")
    })
}

/// Returns whether an index begins with this column.
fn is_indexed(parts: &[Part], column: &str) -> bool {
    parts.iter().any(|part| part.place == 1 && part.column.eq_ignore_ascii_case(column))
}

/// The key column has to be unique by itself, and nothing else may be: a row that conflicts by another column would be
/// the one that is overwritten.
fn check_unique(config: &MySqlConfig, columns: &[Column], parts: &[Part]) -> Result<()> {
    let key = &config.table.key_column;
    let is_of_key = |index: &str| {
        let mut of_index = parts.iter().filter(|part| part.index == index);
        of_index.all(|part| part.place == 1 && part.is_whole && part.column.eq_ignore_ascii_case(key))
    };
    let unique = || parts.iter().filter(|part| part.is_unique && part.place == 1);
    if !unique().any(|part| is_of_key(&part.index)) {
        let message =
            format!("keyColumn '{key}' must be the PRIMARY KEY of its table, or UNIQUE, in its full length");
        return Err(Error::argument("keyColumn", message));
    }
    // Whoever counts up never conflicts.
    let counts_up = |index: &str| {
        parts.iter().filter(|part| part.index == index).any(|part| {
            columns.iter().any(|column| column.counts_up && column.name.eq_ignore_ascii_case(&part.column))
        })
    };
    match unique().find(|part| !is_of_key(&part.index) && !counts_up(&part.index)) {
        None => Ok(()),
        Some(part) => {
            let message = format!(
                "table '{}' has another UNIQUE index, '{}': a conflict with it would overwrite the entry of another key",
                config.table.table, part.index
            );
            Err(Error::argument("tableName", message))
        }
    }
}

fn find<'a>(
    columns: &'a [Column],
    name: &str,
    field: &'static str,
    config: &MySqlConfig,
) -> Result<&'a Column> {
    columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        Error::argument(field, format!("{field} '{name}' is not a column of table '{}'", config.table.table))
    })
}

fn kind_of(column: &Column, field: &'static str, wanted: ColumnType) -> Result<Kind> {
    let Column { name, type_name, .. } = column;
    match type_name.as_str() {
        "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Ok(Kind::Bytes),
        "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" if wanted == ColumnType::Binary => {
            let message = format!("columnType is 'binary', but {field} '{name}' is {type_name}");
            Err(Error::argument("columnType", message))
        }
        "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Ok(Kind::Text),
        _ => {
            let message =
                format!("{field} '{name}' must be VARBINARY, BLOB, VARCHAR or TEXT, it is {type_name}");
            Err(Error::argument(field, message))
        }
    }
}

fn missing(config: &MySqlConfig) -> Error {
    let (table, database) = (&config.table.table, &config.database);
    let hint = if table.contains('.') {
        "; a dot is part of its name, the database has an option of its own"
    } else {
        "; createTable: true creates it"
    };
    Error::argument("tableName", format!("there is no table '{table}' in database '{database}'{hint}"))
}
