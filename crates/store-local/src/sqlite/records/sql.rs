//! The statements for the tables of records.

use crate::sqlite::table::statements::quoted;

/// Everything that is said to SQLite about the tables of records.
///
/// A prefix ends before it is followed by a byte that is in no text, so that each list is between two texts.
#[derive(Debug)]
pub(super) struct Sql {
    /// The table of records, that of what is declared, and that of the entries of indexes.
    pub(super) tables: [String; 3],
    pub(super) create: [String; 3],
    pub(super) record: String,
    pub(super) records: String,
    pub(super) expired: String,
    pub(super) put: String,
    pub(super) delete: String,
    pub(super) shape: String,
    pub(super) declare: String,
    pub(super) enter: String,
    pub(super) leave: String,
    list: [String; 2],
    list_index: [String; 2],
    list_index_after: [String; 2],
}

/// The columns of a record, as [`Records::read`](super::rows::Records::read) takes them.
const RECORD: &str = "r.id, r.name, r.version, r.expires, r.payload, r.fields";

impl Sql {
    pub(super) fn new(table: &str) -> Self {
        let tables = [table.to_owned(), format!("{table}_shape"), format!("{table}_entries")];
        let [records, shape, entries] = [0, 1, 2].map(|place: usize| quoted(&tables[place]));
        let by_expiry = quoted(&format!("{table}_by_expiry"));
        Self {
            tables,
            create: [
                format!(
                    "CREATE TABLE IF NOT EXISTS {records} (id BLOB NOT NULL, name BLOB NOT NULL, \
                     version INTEGER NOT NULL, expires INTEGER, payload TEXT, fields TEXT NOT NULL, \
                     PRIMARY KEY (id, name)); \
                     CREATE INDEX IF NOT EXISTS {by_expiry} ON {records} (expires) WHERE expires IS NOT NULL"
                ),
                format!(
                    "CREATE TABLE IF NOT EXISTS {shape} (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, \
                     name TEXT NOT NULL UNIQUE, hash_key TEXT NOT NULL, sort_key TEXT NOT NULL)"
                ),
                format!(
                    "CREATE TABLE IF NOT EXISTS {entries} (number INTEGER NOT NULL, hash BLOB NOT NULL, \
                     sort BLOB NOT NULL, id BLOB NOT NULL, name BLOB NOT NULL, \
                     PRIMARY KEY (number, hash, sort, id, name)) WITHOUT ROWID"
                ),
            ],
            record: format!("SELECT {RECORD} FROM {records} r WHERE id = ?1 AND name = ?2"),
            records: format!("SELECT {RECORD} FROM {records} r"),
            expired: format!(
                "SELECT {RECORD} FROM {records} r INDEXED BY {by_expiry} WHERE expires < ?1 \
                 ORDER BY expires LIMIT ?2"
            ),
            put: format!(
                "INSERT INTO {records} (id, name, version, expires, payload, fields) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id, name) DO UPDATE \
                 SET version = ?3, expires = ?4, payload = ?5, fields = ?6"
            ),
            delete: format!("DELETE FROM {records} WHERE id = ?1 AND name = ?2"),
            shape: format!("SELECT number, kind, name, hash_key, sort_key FROM {shape} ORDER BY number"),
            declare: format!("INSERT INTO {shape} (kind, name, hash_key, sort_key) VALUES (?1, ?2, ?3, ?4)"),
            enter: format!(
                "INSERT INTO {entries} (number, hash, sort, id, name) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (number, hash, sort, id, name) DO NOTHING"
            ),
            leave: format!(
                "DELETE FROM {entries} WHERE number = ?1 AND hash = ?2 AND sort = ?3 AND id = ?4 AND name = ?5"
            ),
            list: ["ASC", "DESC"].map(|order| {
                format!(
                    "SELECT {RECORD} FROM {records} r WHERE id = ?1 AND name >= ?2 AND name < ?3 \
                     AND (expires IS NULL OR expires > ?4) ORDER BY name {order}"
                )
            }),
            list_index: ["ASC", "DESC"]
                .map(|order| list_index(&records, &entries, "e.sort >= ?3 AND e.sort < ?4", order)),
            list_index_after: [
                ("(e.sort, e.id, e.name) > (?3, ?6, ?7) AND e.sort < ?4", "ASC"),
                ("e.sort >= ?3 AND (e.sort, e.id, e.name) < (?4, ?6, ?7)", "DESC"),
            ]
            .map(|(range, order)| list_index(&records, &entries, range, order)),
        }
    }

    /// Lists a partition. Parameters are the partition, the first key, the one before which it ends, and the second by which
    /// records have expired.
    pub(super) fn list(&self, reverse: bool) -> &str {
        &self.list[usize::from(reverse)]
    }

    /// Lists an index. Parameters are its number, the hash key, the first sort key, the one before which it ends, and the
    /// second by which records have expired.
    pub(super) fn list_index(&self, reverse: bool) -> &str {
        &self.list_index[usize::from(reverse)]
    }

    /// The same, after an entry: its sort key takes the place of the bound where the list begins, and its partition and its
    /// key are the last parameters.
    pub(super) fn list_index_after(&self, reverse: bool) -> &str {
        &self.list_index_after[usize::from(reverse)]
    }

    /// Those that must work for the tables to be ours.
    pub(super) fn all(&self) -> Vec<String> {
        let one = [
            &self.record,
            &self.records,
            &self.expired,
            &self.put,
            &self.delete,
            &self.shape,
            &self.declare,
            &self.enter,
            &self.leave,
        ];
        let lists = [&self.list, &self.list_index, &self.list_index_after];
        one.into_iter().chain(lists.into_iter().flatten()).cloned().collect()
    }
}

/// The entries are gone through in their order, and each leads to its record, which comes before the entry's own columns.
fn list_index(records: &str, entries: &str, range: &str, order: &str) -> String {
    format!(
        "SELECT {RECORD}, e.hash, e.sort FROM {entries} e CROSS JOIN {records} r ON r.id = e.id AND r.name = e.name \
         WHERE e.number = ?1 AND e.hash = ?2 AND {range} AND (r.expires IS NULL OR r.expires > ?5) \
         ORDER BY e.sort {order}, e.id {order}, e.name {order}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// How SQLite would run a statement.
    fn plan(connection: &Connection, sql: &str) -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>();
        steps.unwrap()
    }

    #[test]
    fn every_list_begins_where_it_is_to_and_sorts_nothing() {
        let sql = Sql::new("records");
        let connection = Connection::open_in_memory().unwrap();
        sql.create.iter().for_each(|create| connection.execute_batch(create).unwrap());
        let lists = [&sql.list, &sql.list_index, &sql.list_index_after];
        for list in lists.into_iter().flatten().chain([&sql.expired]) {
            let plan = plan(&connection, list);
            assert!(plan.iter().all(|step| step.starts_with("SEARCH ")), "{list}: {plan:?}");
        }
        for after in &sql.list_index_after {
            let plan = plan(&connection, after);
            assert!(plan[0].contains("(sort,id,name)"), "{plan:?}");
        }
    }
}
