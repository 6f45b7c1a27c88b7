//! The statements for one table.

use crate::sqlite::table::statements::quoted;

/// Everything that is said to SQLite about one table, but for ranges.
///
/// A key has one kind of data, so that `rk` is enough to tell its rows apart: nothing for a value, the member of a set, the
/// field of a hash, and that of a sorted set or sorted hash, whose `rk2` is the score in bytes that sort as scores do,
/// followed by the field.
#[derive(Debug)]
pub(super) struct Sql {
    table: String,
    index: String,
    pub(super) create: String,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) row: String,
    pub(super) rows: String,
    pub(super) count: String,
    pub(super) put: String,
    pub(super) delete_row: String,
    pub(super) delete_key: String,
}

/// What a range goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Rk,
    Rk2,
}

impl Sql {
    pub(super) fn new(table: &str) -> Self {
        let index = quoted(&format!("{table}_by_rk2"));
        let table = quoted(table);
        Self {
            create: format!(
                "CREATE TABLE IF NOT EXISTS {table} (hk BLOB NOT NULL, rk BLOB NOT NULL, rk2 BLOB, \
                 kind INTEGER NOT NULL, value BLOB, PRIMARY KEY (hk, rk)); \
                 CREATE INDEX IF NOT EXISTS {index} ON {table} (hk, rk2) WHERE rk2 IS NOT NULL"
            ),
            kind: format!("SELECT kind FROM {table} WHERE hk = ?1 LIMIT 1"),
            value: format!("SELECT kind, value FROM {table} WHERE hk = ?1 LIMIT 1"),
            row: format!("SELECT rk, rk2, value FROM {table} WHERE hk = ?1 AND rk = ?2"),
            rows: format!("SELECT rk, rk2, value FROM {table} WHERE hk = ?1"),
            count: format!("SELECT count(*) FROM {table} WHERE hk = ?1"),
            put: format!(
                "INSERT INTO {table} (hk, rk, rk2, kind, value) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (hk, rk) DO UPDATE SET rk2 = ?3, kind = ?4, value = ?5"
            ),
            delete_row: format!("DELETE FROM {table} WHERE hk = ?1 AND rk = ?2"),
            delete_key: format!("DELETE FROM {table} WHERE hk = ?1"),
            table,
            index,
        }
    }

    /// Those that must work for the table to be ours.
    pub(super) fn all(&self) -> Vec<String> {
        let mut all: Vec<_> = [
            &self.kind,
            &self.value,
            &self.row,
            &self.rows,
            &self.count,
            &self.put,
            &self.delete_row,
            &self.delete_key,
        ]
        .map(Clone::clone)
        .into();
        all.push(self.list(Column::Rk2, true, false));
        all
    }

    /// Lists what is in a range of a column. Parameters are the key, the first, where it ends if it does, and the limit.
    pub(super) fn list(&self, column: Column, has_end: bool, reverse: bool) -> String {
        let order = if reverse { "DESC" } else { "ASC" };
        let limit = if has_end { "?4" } else { "?3" };
        let (from, column) = self.range(column, has_end);
        format!("SELECT rk, rk2, value {from} ORDER BY {column} {order} LIMIT {limit}")
    }

    /// Counts what is in a range of a column. Parameters are the key, the first, and where it ends if it does.
    pub(super) fn count_range(&self, column: Column, has_end: bool) -> String {
        let (from, _) = self.range(column, has_end);
        format!("SELECT count(*) {from}")
    }

    fn range(&self, column: Column, has_end: bool) -> (String, &'static str) {
        let (table, index) = (&self.table, &self.index);
        let (source, column) = match column {
            Column::Rk => (table.clone(), "rk"),
            Column::Rk2 => (format!("{table} INDEXED BY {index}"), "rk2"),
        };
        let end = if has_end { format!(" AND {column} < ?3") } else { String::new() };
        (format!("FROM {source} WHERE hk = ?1 AND {column} >= ?2{end}"), column)
    }
}
