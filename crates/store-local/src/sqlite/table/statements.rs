//! The SQL statements for one table.

use crate::sqlite::config::SqliteConfig;

/// Most rows that one sweep deletes.
pub(crate) const SWEEP: usize = 100;

/// Most keys that are told at a time.
pub(crate) const PAGE: usize = 1000;

/// Everything that is ever said to SQLite about one table.
///
/// Parameters of reads are key, now; those of writes are key, value, deadline, now; each statement has as many of
/// them as it needs, from the first on.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) create_table: String,
    pub(crate) get: String,
    pub(crate) has: String,
    /// Its parameters are where to begin, where to end, and now. One more than are told: where to begin may be told
    /// already.
    pub(crate) keys: String,
    pub(crate) put: String,
    pub(crate) put_if_absent: String,
    pub(crate) delete: String,
    /// What a table with deadlines needs beside.
    pub(crate) deadlines: Option<DeadlineStatements>,
}

/// The SQL of a column of deadlines.
#[derive(Debug)]
pub(crate) struct DeadlineStatements {
    pub(crate) add_column: String,
    pub(crate) create_index: String,
    pub(crate) sweep: String,
}

impl Statements {
    pub(crate) fn new(config: &SqliteConfig) -> Self {
        let table = quoted(&config.table);
        let key = quoted(&config.key_column);
        let value = quoted(&config.value_column);
        match config.expires_column.as_deref() {
            None => Self::without_deadlines(&table, &key, &value),
            Some(expires) => {
                let index = quoted(&format!("redkv_{}_{expires}", config.table));
                Self::with_deadlines(&table, &key, &value, &quoted(expires), &index)
            }
        }
    }

    fn without_deadlines(table: &str, key: &str, value: &str) -> Self {
        // An upsert, where 1.x used REPLACE: that deletes the row and inserts another, so it empties the columns
        // that are not ours, cascades over foreign keys, and deletes other rows that a UNIQUE column of theirs
        // brings into conflict. An upsert changes our columns and answers such a conflict with an error, also where the
        // table says to do something else (OR ABORT). Only an index that compares exactly decides what a conflict is.
        let put = format!(
            "INSERT OR ABORT INTO {table} ({key}, {value}) VALUES (?1, ?2) \
             ON CONFLICT ({key} COLLATE BINARY) DO UPDATE SET {value} = ?2"
        );
        Self {
            create_table: format!("CREATE TABLE IF NOT EXISTS {table} ({key} TEXT PRIMARY KEY, {value})"),
            get: format!("SELECT {value} FROM {table} WHERE {key} COLLATE BINARY = ?1"),
            has: format!("SELECT 1 FROM {table} WHERE {key} COLLATE BINARY = ?1 AND {value} IS NOT NULL"),
            keys: keys(table, key, &format!("{value} IS NOT NULL")),
            put_if_absent: format!("{put} WHERE {value} IS NULL"),
            put,
            delete: format!("DELETE FROM {table} WHERE {key} COLLATE BINARY = ?1"),
            deadlines: None,
        }
    }

    fn with_deadlines(table: &str, key: &str, value: &str, expires: &str, index: &str) -> Self {
        let put = format!(
            "INSERT OR ABORT INTO {table} ({key}, {value}, {expires}) VALUES (?1, ?2, ?3) \
             ON CONFLICT ({key} COLLATE BINARY) DO UPDATE SET {value} = ?2, {expires} = ?3"
        );
        Self {
            create_table: format!(
                "CREATE TABLE IF NOT EXISTS {table} ({key} TEXT PRIMARY KEY, {value}, {expires} INTEGER)"
            ),
            get: format!("SELECT {value}, {expires} FROM {table} WHERE {key} COLLATE BINARY = ?1"),
            has: format!(
                "SELECT 1 FROM {table} WHERE {key} COLLATE BINARY = ?1 AND {value} IS NOT NULL \
                 AND ({expires} IS NULL OR {expires} > ?2)"
            ),
            keys: keys(table, key, &format!("{value} IS NOT NULL AND ({expires} IS NULL OR {expires} > ?3)")),
            put_if_absent: format!("{put} WHERE {value} IS NULL OR {expires} <= ?4"),
            put,
            delete: format!("DELETE FROM {table} WHERE {key} COLLATE BINARY = ?1"),
            deadlines: Some(DeadlineStatements {
                add_column: format!("ALTER TABLE {table} ADD COLUMN {expires} INTEGER"),
                // Partial, so that only entries with a deadline pay for it.
                create_index: format!(
                    "CREATE INDEX IF NOT EXISTS {index} ON {table} ({expires}) WHERE {expires} IS NOT NULL"
                ),
                // INDEXED BY refuses to run without the index, where the sweep would read the whole table.
                sweep: format!(
                    "DELETE FROM {table} WHERE {key} COLLATE BINARY IN \
                     (SELECT {key} FROM {table} INDEXED BY {index} \
                     WHERE {expires} <= ?1 AND {key} IS NOT NULL LIMIT {SWEEP})"
                ),
            }),
        }
    }
}

/// The keys of a range in the order of their bytes, whatever order the column has.
fn keys(table: &str, key: &str, is_live: &str) -> String {
    let column = format!("{key} COLLATE BINARY");
    format!(
        "SELECT {key} FROM {table} WHERE {column} >= ?1 AND (?2 IS NULL OR {column} < ?2) AND {is_live} \
         ORDER BY {column} LIMIT {PAGE} + 1"
    )
}

/// A name as an identifier of SQL that cannot be anything else.
///
/// In double quotes, a name that is no column (any more) would silently become a string; in backticks it is an
/// error.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
