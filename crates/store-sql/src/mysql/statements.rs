//! The SQL statements for one table.

use super::collation::Collation;
use super::layout::Columns;

/// Most rows that one sweep deletes.
pub(super) const SWEEP: u64 = 100;

/// Most rows that one page of keys looks at.
pub(super) const PAGE: usize = 1000;

/// Everything that is said to the server about one table, once it is known.
///
/// Those that take a batch are made for a number of keys. Where there is a column of deadlines, the last parameter of
/// reads is the time.
///
/// Where the key column takes different keys for the same, its index leads to the row, and the bytes of the key decide:
/// for deletions the keys follow once more, to be compared. What is read is compared by the code that reads it. A
/// write that meets the row of another key fails with [`OVERLAP`], in the same step, and undoes what it did.
#[derive(Debug)]
pub(super) struct Statements {
    names: Names,
    /// Time; from the first one on, which where spaces at the end do not count may stand before the empty key.
    pub(super) first_keys: String,
    /// Where to begin, time; in the order of the bytes, or of the column.
    pub(super) keys: String,
    /// Where to begin, where to end, time.
    pub(super) keys_before: String,
    /// Behind which key, time.
    pub(super) keys_behind: String,
    /// Key: the one that the column takes for the same.
    pub(super) same: String,
    /// Time. Only where an index finds what has ended.
    pub(super) sweep: Option<String>,
}

#[derive(Debug)]
struct Names {
    table: String,
    key: String,
    value: String,
    expires: Option<String>,
    /// A key as a parameter.
    mark: String,
    is_exact: bool,
}

/// The number of the error with which a write fails that would overwrite another key: a number is out of its range.
pub(super) const OVERLAP: u16 = 1690;

impl Names {
    /// Returns whether a row is an entry; the parameter is the time.
    fn live(&self) -> String {
        let Self { value, expires, .. } = self;
        match expires {
            None => format!("{value} IS NOT NULL"),
            Some(expires) => format!("{value} IS NOT NULL AND ({expires} IS NULL OR {expires} > ?)"),
        }
    }

    /// So many keys, for the index.
    fn marks(&self, count: usize) -> String {
        vec![self.mark.as_str(); count].join(", ")
    }

    /// What is written into the row that is there: `value`, if that is the row of the same key.
    fn unless_overlap(&self, value: &str) -> String {
        if self.is_exact {
            return value.to_owned();
        }
        let key = &self.key;
        format!(
            "IF(CAST({key} AS BINARY) = CAST(VALUES({key}) AS BINARY), {value}, \
             CHAR_LENGTH({key}) + 18446744073709551615 + 1)"
        )
    }
}

impl Statements {
    pub(super) fn new(columns: &Columns) -> Self {
        let names = Names {
            table: quoted(&columns.table),
            key: quoted(&columns.key),
            value: quoted(&columns.value),
            expires: columns.expires.as_deref().map(quoted),
            mark: columns.inexact.as_ref().map_or_else(|| "?".to_owned(), Collation::parameter),
            is_exact: columns.inexact.is_none(),
        };
        let Names { table, key, expires, mark, .. } = &names;
        let (live, page) = (names.live(), format!("ORDER BY {key} LIMIT {PAGE}"));
        // Whether a row is an entry is told, so that a page of rows that are none is not the last one.
        let told = format!("SELECT {key}, ({live}) FROM {table} WHERE {key}");
        Self {
            first_keys: format!("{told} IS NOT NULL {page}"),
            keys: format!("{told} >= {mark} {page}"),
            keys_before: format!("{told} >= {mark} AND {key} < {mark} {page}"),
            keys_behind: format!("{told} > {mark} {page}"),
            same: format!("SELECT {key} FROM {table} WHERE {key} = {mark}"),
            sweep: expires.as_ref().filter(|_| columns.finds_ended).map(|expires| {
                format!("DELETE FROM {table} WHERE {expires} <= ? ORDER BY {expires} LIMIT {SWEEP}")
            }),
            names,
        }
    }

    /// Keys, time.
    pub(super) fn get(&self, count: usize) -> String {
        let Names { table, key, value, expires, .. } = &self.names;
        let read = expires.as_ref().map(|expires| format!(", {expires}")).unwrap_or_default();
        format!(
            "SELECT {key}, {value}{read} FROM {table} WHERE {key} IN ({}) AND {}",
            self.names.marks(count),
            self.names.live()
        )
    }

    /// Keys, time.
    pub(super) fn has(&self, count: usize) -> String {
        let Names { table, key, .. } = &self.names;
        format!(
            "SELECT {key} FROM {table} WHERE {key} IN ({}) AND {}",
            self.names.marks(count),
            self.names.live()
        )
    }

    /// Rows of key, value, deadline.
    pub(super) fn put(&self, count: usize) -> String {
        let Names { value, expires, .. } = &self.names;
        let expires =
            expires.as_ref().map(|expires| format!(", {expires} = VALUES({expires})")).unwrap_or_default();
        let written = self.names.unless_overlap(&format!("VALUES({value})"));
        format!("{} ON DUPLICATE KEY UPDATE {value} = {written}{expires}", self.insert(count))
    }

    /// Rows of key, value, deadline. Changes one row for each key that was absent, and none for the others.
    pub(super) fn put_if_absent(&self, count: usize) -> String {
        let value = &self.names.value;
        let kept = self.names.unless_overlap(value);
        format!("{} ON DUPLICATE KEY UPDATE {value} = {kept}", self.insert(count))
    }

    fn insert(&self, count: usize) -> String {
        let Names { table, key, value, expires, .. } = &self.names;
        let (expires, row) = match expires {
            None => (String::new(), "(?, ?)"),
            Some(expires) => (format!(", {expires}"), "(?, ?, ?)"),
        };
        let rows = vec![row; count].join(", ");
        format!("INSERT INTO {table} ({key}, {value}{expires}) VALUES {rows}")
    }

    /// Keys, and once more where the column does not keep them apart.
    pub(super) fn delete(&self, count: usize) -> String {
        let Names { table, key, .. } = &self.names;
        let by_index = format!("DELETE FROM {table} WHERE {key} IN ({})", self.names.marks(count));
        if self.names.is_exact {
            return by_index;
        }
        let bytes = vec!["CAST(? AS BINARY)"; count].join(", ");
        format!("{by_index} AND CAST(CONVERT({key} USING utf8mb4) AS BINARY) IN ({bytes})")
    }

    /// Keys as in [`Statements::delete`], time: those whose row is no entry (any more).
    pub(super) fn delete_ended(&self, count: usize) -> String {
        let Names { value, expires, .. } = &self.names;
        let ended = match expires {
            None => format!("{value} IS NULL"),
            Some(expires) => format!("({value} IS NULL OR {expires} <= ?)"),
        };
        format!("{} AND {ended}", self.delete(count))
    }

    /// Key, time: the row that the column takes for the same, if its deadline has passed.
    pub(super) fn delete_ended_same(&self) -> Option<String> {
        let Names { table, key, expires, mark, .. } = &self.names;
        let expires = expires.as_ref()?;
        Some(format!("DELETE FROM {table} WHERE {key} = {mark} AND {expires} <= ?"))
    }
}

/// A name as an identifier of SQL that cannot be anything else.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
