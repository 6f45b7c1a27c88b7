//! The SQL of one table.

use super::layout::Columns;

/// Most rows that one sweep deletes.
pub(super) const SWEEP: u64 = 100;

/// Most rows that one page of keys looks at.
pub(super) const PAGE: usize = 1000;

/// Everything that is said to the server about one table, once it is known.
///
/// Those that take a batch are made for a number of keys. Where there is a column of deadlines, the last parameter of
/// reads is the time.
#[derive(Debug)]
pub(super) struct Statements {
    names: Names,
    /// Where to begin, time; in the order of the bytes, or of the column.
    pub(super) keys: String,
    /// Where to begin, where to end, time.
    pub(super) keys_before: String,
    /// Behind which key, time.
    pub(super) keys_behind: String,
    /// Time. Only where an index finds what has ended.
    pub(super) sweep: Option<String>,
}

#[derive(Debug)]
struct Names {
    table: String,
    key: String,
    value: String,
    expires: Option<String>,
}

impl Names {
    /// Whether a row is an entry; the parameter is the time.
    fn live(&self) -> String {
        let Self { value, expires, .. } = self;
        match expires {
            None => format!("{value} IS NOT NULL"),
            Some(expires) => format!("{value} IS NOT NULL AND ({expires} IS NULL OR {expires} > ?)"),
        }
    }
}

impl Statements {
    pub(super) fn new(columns: &Columns) -> Self {
        let names = Names {
            table: quoted(&columns.table),
            key: quoted(&columns.key),
            value: quoted(&columns.value),
            expires: columns.expires.as_deref().map(quoted),
        };
        let Names { table, key, expires, .. } = &names;
        let (live, page) = (names.live(), format!("ORDER BY {key} LIMIT {PAGE}"));
        // Whether a row is an entry is told, so that a page of rows that are none is not the last one.
        let told = format!("SELECT {key}, ({live}) FROM {table} WHERE {key}");
        Self {
            keys: format!("{told} >= ? {page}"),
            keys_before: format!("{told} >= ? AND {key} < ? {page}"),
            keys_behind: format!("{told} > ? {page}"),
            sweep: expires.as_ref().filter(|_| columns.finds_ended).map(|expires| {
                format!("DELETE FROM {table} WHERE {expires} <= ? ORDER BY {expires} LIMIT {SWEEP}")
            }),
            names,
        }
    }

    /// Keys, time.
    pub(super) fn get(&self, count: usize) -> String {
        let Names { table, key, value, expires } = &self.names;
        let read = expires.as_ref().map(|expires| format!(", {expires}")).unwrap_or_default();
        format!(
            "SELECT {key}, {value}{read} FROM {table} WHERE {key} IN ({}) AND {}",
            marks(count),
            self.names.live()
        )
    }

    /// Keys, time.
    pub(super) fn has(&self, count: usize) -> String {
        let Names { table, key, .. } = &self.names;
        format!("SELECT {key} FROM {table} WHERE {key} IN ({}) AND {}", marks(count), self.names.live())
    }

    /// Rows of key, value, deadline.
    pub(super) fn put(&self, count: usize) -> String {
        let Names { value, expires, .. } = &self.names;
        let expires =
            expires.as_ref().map(|expires| format!(", {expires} = VALUES({expires})")).unwrap_or_default();
        format!("{} ON DUPLICATE KEY UPDATE {value} = VALUES({value}){expires}", self.insert(count))
    }

    /// Rows of key, value, deadline. Changes one row for each key that was absent, and none for the others.
    pub(super) fn put_if_absent(&self, count: usize) -> String {
        let key = &self.names.key;
        format!("{} ON DUPLICATE KEY UPDATE {key} = {key}", self.insert(count))
    }

    fn insert(&self, count: usize) -> String {
        let Names { table, key, value, expires } = &self.names;
        let (expires, row) = match expires {
            None => (String::new(), "(?, ?)"),
            Some(expires) => (format!(", {expires}"), "(?, ?, ?)"),
        };
        let rows = vec![row; count].join(", ");
        format!("INSERT INTO {table} ({key}, {value}{expires}) VALUES {rows}")
    }

    /// Keys.
    pub(super) fn delete(&self, count: usize) -> String {
        let Names { table, key, .. } = &self.names;
        format!("DELETE FROM {table} WHERE {key} IN ({})", marks(count))
    }

    /// Keys, time: those whose row is no entry (any more).
    pub(super) fn delete_ended(&self, count: usize) -> String {
        let Names { value, expires, .. } = &self.names;
        let ended = match expires {
            None => format!("{value} IS NULL"),
            Some(expires) => format!("({value} IS NULL OR {expires} <= ?)"),
        };
        format!("{} AND {ended}", self.delete(count))
    }
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// A name as an identifier of SQL that cannot be anything else.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
