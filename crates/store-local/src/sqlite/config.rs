//! The options of a store in SQLite.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

options! {
    /// Options of the store `'sqlite'`, which keeps entries in a table of a SQLite database. Names are taken as they are,
    /// never as SQL.
    ///
    /// A file that was written by redkv 1.x is read as it is. The main thread never waits for the disk, and an acknowledged
    /// write survives a power failure. A `ttl` needs {@link SQLiteOptions.expiresColumn | expiresColumn}.
    ///
    /// @example
    /// ```js
    /// kv.addStore('sqlite', { path: './data/cache.sqlite', expiresColumn: 'expires' })
    /// ```
    struct SqliteOptions is "SQLiteOptions" {
        /// The file, or `':memory:'` for one that is gone when the store is closed. A missing file is created, for this user
        /// (0600), and for the group if the directory is writable by the group; its directory is not.
        ///
        /// It must be on a local disk.
        path as "path": kinds::Required<kinds::Path>,
        /// The table. A missing table is created.
        table as "tableName": Name = "`'redkv'`",
        /// The column that holds the key. In a table that another program made it must be the `PRIMARY KEY` or `UNIQUE`, with
        /// an exact comparison.
        ///
        /// A comparison is exact without `COLLATE NOCASE` and `RTRIM`. The column must take text.
        key_column as "keyColumn": Name = "`'redk'`",
        /// The column that holds the value.
        value_column as "valueColumn": Name = "`'redv'`",
        /// The column that holds the deadline of an entry, in milliseconds since 1970, `NULL` for never. A missing column is
        /// added. **Expired rows are deleted.** Without it a `ttl` is refused.
        ///
        /// A write with a `ttl` then rejects with `ERR_REDKV_UNSUPPORTED`.
        expires_column as "expiresColumn": Name = "none",
    }
    /// Options of better-sqlite3 that never had an effect in redkv. Each gives a warning.
    legacy "LegacySQLiteOptions" ignores ["fileMustExist", "memory", "nativeBinding", "readonly", "timeout", "verbose"]
}

/// The name of a table or a column.
#[derive(Debug)]
pub(super) struct Name;

impl Kind for Name {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        let name = <kinds::Text as Kind>::read(value, given)?;
        if name.as_ref().is_some_and(|name| name.contains('\0')) {
            return Err(given.refused(format!("{} must not contain a NUL character", given.name())));
        }
        Ok(name)
    }
}

/// How long a statement waits while another process holds the lock that it needs.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const KEY_COLUMN: &str = "redk";
const VALUE_COLUMN: &str = "redv";

/// Which table of which database a [`SqliteStore`](super::SqliteStore) uses.
#[derive(Clone, Debug)]
pub struct SqliteConfig {
    pub(super) location: Location,
    pub(super) table: String,
    pub(super) key_column: String,
    pub(super) value_column: String,
    pub(super) expires_column: Option<String>,
    pub(super) busy_timeout: Duration,
}

impl SqliteConfig {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[SqliteOptions::SCHEMA];

    /// Reads the options.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let options = SqliteOptions::read(fields)?;
        let config = Self {
            location: Location::new(&options.path)?,
            table: options.table.unwrap_or_else(|| "redkv".to_owned()),
            key_column: options.key_column.unwrap_or_else(|| KEY_COLUMN.to_owned()),
            value_column: options.value_column.unwrap_or_else(|| VALUE_COLUMN.to_owned()),
            expires_column: options.expires_column,
            busy_timeout: BUSY_TIMEOUT,
        };
        refuse_tables_of_sqlite(&config.table)?;
        if same(&config.value_column, &config.key_column) {
            // One of them is the other's default, or both were given.
            let (wrong, other) = if same(&config.value_column, VALUE_COLUMN) {
                ("keyColumn", "valueColumn")
            } else {
                ("valueColumn", "keyColumn")
            };
            return Err(Error::argument(wrong, format!("{wrong} must not be the same as {other}")));
        }
        if let Some(expires) = &config.expires_column {
            let (key, value) = (&config.key_column, &config.value_column);
            if let Some((_, other)) =
                [(key, "keyColumn"), (value, "valueColumn")].into_iter().find(|(name, _)| same(expires, name))
            {
                let message = format!("expiresColumn must not be the same as {other}");
                return Err(Error::argument("expiresColumn", message));
            }
        }
        Ok(config)
    }

    /// Waits for locks no longer than leaves time to say so within `timeout`.
    pub fn within(mut self, timeout: Option<Duration>) -> Self {
        if let Some(timeout) = timeout {
            self.busy_timeout = self.busy_timeout.min(timeout * 3 / 4);
        }
        self
    }

    /// Whether the database is gone when the store is closed.
    pub fn is_in_memory(&self) -> bool {
        self.location == Location::Memory
    }
}

/// Fails for a table that SQLite keeps for itself.
pub(super) fn refuse_tables_of_sqlite(table: &str) -> Result<()> {
    if table.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")) {
        return Err(Error::argument("tableName", "tableName must not begin with 'sqlite_'"));
    }
    Ok(())
}

/// Whether SQLite takes two names for one: it folds the case of ASCII letters only.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// In the memory of this process, gone when the store is closed.
    Memory,
    /// In a file.
    File(PathBuf),
}

impl Location {
    /// The place that `path` means now: a later change of the working directory does not move it. Making it
    /// absolute also keeps SQLite from reading `file:…` as a URI with settings of its own.
    pub(super) fn new(path: &str) -> Result<Self> {
        // better-sqlite3 trimmed it, so 1.x did.
        let path = path.trim();
        if path == ":memory:" {
            return Ok(Self::Memory);
        }
        if path.is_empty() || path.contains('\0') {
            return Err(Error::argument("path", "path must be the name of a file, or ':memory:'"));
        }
        let absolute = std::path::absolute(path).map_err(|cause| {
            Error::argument("path", format!("path '{path}' cannot be resolved: {cause}")).caused_by(cause)
        })?;
        Ok(Self::File(absolute))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("':memory:'"),
            Self::File(path) => write!(f, "'{}'", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<SqliteConfig> {
        let mut fields = Fields::new("sqlite options", options)?;
        let config = SqliteConfig::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn refused(options: Value) -> (String, String) {
        let error = read(options).unwrap_err();
        assert_eq!(error.kind(), redkv_core::error::ErrorKind::Argument);
        (error.field().unwrap().to_owned(), error.message().to_owned())
    }

    fn named(field: &str, message: &str) -> (String, String) {
        (field.to_owned(), message.to_owned())
    }

    #[test]
    fn names_default_to_those_of_1_x() {
        let config = read(json!({ "path": ":memory:" })).unwrap();
        assert_eq!(config.location, Location::Memory);
        assert_eq!(config.table, "redkv");
        assert_eq!(config.key_column, "redk");
        assert_eq!(config.value_column, "redv");
        assert_eq!(config.expires_column, None);
    }

    #[test]
    fn a_lock_is_waited_for_no_longer_than_leaves_time_to_say_so() {
        let patience = |millis: Option<u64>| {
            let config = read(json!({ "path": ":memory:" })).unwrap();
            config.within(millis.map(Duration::from_millis)).busy_timeout.as_millis()
        };
        assert_eq!([patience(None), patience(Some(60_000)), patience(Some(200))], [5_000, 5_000, 150]);
    }

    #[test]
    fn the_path_is_required() {
        assert_eq!(refused(json!({})), named("path", "sqlite options.path is required"));
    }

    #[test]
    fn a_path_of_spaces_or_with_a_nul_is_refused() {
        let expected = named("path", "path must be the name of a file, or ':memory:'");
        assert_eq!(refused(json!({ "path": "  " })), expected);
        assert_eq!(refused(json!({ "path": "a\0b" })), expected);
    }

    #[test]
    fn a_path_is_a_file_name_and_never_a_uri() {
        let Location::File(path) = read(json!({ "path": "file:kv.db?mode=ro" })).unwrap().location else {
            panic!("a file");
        };
        assert!(path.is_absolute());
        assert_eq!(path.file_name().unwrap(), "file:kv.db?mode=ro");
    }

    #[test]
    fn a_nul_in_a_name_is_refused() {
        assert_eq!(
            refused(json!({ "path": "kv.db", "tableName": "a\0b" })),
            named("tableName", "tableName must not contain a NUL character")
        );
        assert_eq!(
            refused(json!({ "path": "kv.db", "expiresColumn": "a\0b" })),
            named("expiresColumn", "expiresColumn must not contain a NUL character")
        );
    }

    #[test]
    fn a_table_of_sqlite_itself_is_refused() {
        assert_eq!(
            refused(json!({ "path": "kv.db", "tableName": "SQLite_schema" })),
            named("tableName", "tableName must not begin with 'sqlite_'")
        );
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        assert_eq!(
            refused(json!({ "path": "kv.db", "valueColumn": "REDK" })),
            named("valueColumn", "valueColumn must not be the same as keyColumn")
        );
        assert_eq!(
            refused(json!({ "path": "kv.db", "keyColumn": "redv" })),
            named("keyColumn", "keyColumn must not be the same as valueColumn")
        );
        assert_eq!(
            refused(json!({ "path": "kv.db", "keyColumn": "k", "expiresColumn": "K" })),
            named("expiresColumn", "expiresColumn must not be the same as keyColumn")
        );
        assert_eq!(
            refused(json!({ "path": "kv.db", "expiresColumn": "redV" })),
            named("expiresColumn", "expiresColumn must not be the same as valueColumn")
        );
    }

    #[test]
    fn options_of_better_sqlite3_are_ignored_with_a_warning() {
        let mut fields = Fields::new("sqlite options", json!({ "path": "kv.db", "readonly": true })).unwrap();
        SqliteConfig::from_fields(&mut fields).unwrap();
        assert_eq!(
            fields.finish().unwrap(),
            ["sqlite options.readonly has no effect in RedKV 2 and is ignored"]
        );
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert_eq!(
            refused(json!({ "path": "kv.db", "table_name": "kv" })),
            named("table_name", "unknown option 'table_name' in sqlite options; did you mean 'tableName'?")
        );
    }
}
