//! The SQL statements for one table.

use super::layout::Columns;
use crate::sql::Kind;

/// Most rows that one sweep deletes.
pub(super) const SWEEP: usize = 100;

/// Most rows that one page of keys looks at.
pub(super) const PAGE: usize = 1000;

/// How many statements there are.
pub(super) const COUNT: usize = LEASES + 4;

/// The place of the first of those on leases, after those on entries.
pub(super) const LEASES: usize = 11;

/// A statement, and where a connection keeps it once it is prepared.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) place: usize,
    pub(super) text: String,
}

/// Everything that is said to the server about one table, once it is known.
///
/// Keys, values and deadlines are parameters, one list of each for a whole batch. Where there is a column of deadlines,
/// the last parameter is the time.
#[derive(Debug)]
pub(super) struct Statements {
    /// Keys, time.
    pub(super) get: Sql,
    /// Keys, time.
    pub(super) has: Sql,
    /// Keys, values, deadlines; returns the keys it wrote.
    pub(super) put: Sql,
    /// Keys, values, deadlines, time; returns the keys it wrote.
    pub(super) put_if_absent: Sql,
    /// Keys.
    pub(super) delete: Sql,
    /// Where to begin, time.
    pub(super) keys: Sql,
    /// Where to begin, where to end, time.
    pub(super) keys_before: Sql,
    /// Behind which key, time.
    pub(super) keys_behind: Sql,
    /// Behind which key, where to end, time.
    pub(super) keys_between: Sql,
    /// Time. Only where an index finds what has ended.
    pub(super) sweep: Option<Sql>,
}

impl Statements {
    pub(super) fn new(columns: &Columns) -> Self {
        let Columns { table, key, value, expires, .. } = columns;
        let text_or_bytes = |kind| if kind == Kind::Text { "text" } else { "bytea" };
        let (k, v) = (text_or_bytes(columns.key_kind), text_or_bytes(columns.value_kind));
        // Whether a row is an entry; `$n` is the time.
        let live = |n: usize| match expires {
            None => format!("{value} IS NOT NULL"),
            Some(expires) => format!("{value} IS NOT NULL AND ({expires} IS NULL OR {expires} > ${n})"),
        };
        // Where text is any bytes the server refuses to send, and to take, what is not UTF-8: as bytes it does both.
        let sent = |column: &str, kind| match kind {
            Kind::Text if columns.is_raw => format!("convert_to({column}, 'SQL_ASCII')"),
            _ => column.to_owned(),
        };
        let (key_sent, value_sent) = (sent(key, columns.key_kind), sent(value, columns.value_kind));
        let bound = |n: usize| match columns.bound_kind() {
            Kind::Bytes if columns.key_kind == Kind::Text => {
                format!("convert_from(${n}::bytea, 'SQL_ASCII')")
            }
            _ => format!("${n}::{k}"),
        };
        // The same as an answer, with NULL for no.
        let told = |n: usize| format!("SELECT {key_sent}, ({}) FROM {table}", live(n));
        let (deadlines, set, read) = match expires {
            None => (String::new(), String::new(), String::new()),
            Some(expires) => {
                (format!(", {expires}"), format!(", {expires} = EXCLUDED.{expires}"), format!(", {expires}"))
            }
        };
        let lists = match expires {
            None => format!("$1::{k}[], $2::{v}[]"),
            Some(_) => format!("$1::{k}[], $2::{v}[], $3::bigint[]"),
        };
        // An alias, so that a column of the row that is there can be named whatever the table is called.
        let put = format!(
            "INSERT INTO {table} AS here ({key}, {value}{deadlines}) SELECT * FROM UNNEST({lists}) \
             ON CONFLICT ({key}) DO UPDATE SET {value} = EXCLUDED.{value}{set}"
        );
        let ended = match expires {
            None => format!("here.{value} IS NULL"),
            Some(expires) => format!("here.{value} IS NULL OR here.{expires} <= $4"),
        };
        let page = format!("ORDER BY {key} LIMIT {PAGE}");
        let texts = [
            format!(
                "SELECT {key_sent}, {value_sent}{read} FROM {table} WHERE {key} = ANY($1::{k}[]) AND {}",
                live(2)
            ),
            format!("SELECT {key_sent} FROM {table} WHERE {key} = ANY($1::{k}[]) AND {}", live(2)),
            format!("{put} RETURNING {key_sent}"),
            format!("{put} WHERE {ended} RETURNING {key_sent}"),
            format!("DELETE FROM {table} WHERE {key} = ANY($1::{k}[])"),
            format!("{} WHERE {key} >= {} {page}", told(2), bound(1)),
            format!("{} WHERE {key} >= {} AND {key} < {} {page}", told(3), bound(1), bound(2)),
            format!("{} WHERE {key} > {} {page}", told(2), bound(1)),
            format!("{} WHERE {key} > {} AND {key} < {} {page}", told(3), bound(1), bound(2)),
        ];
        let [get, has, put, put_if_absent, delete, keys, keys_before, keys_behind, keys_between] =
            numbered(texts);
        let sweep = expires.as_ref().filter(|_| columns.finds_ended).map(|expires| {
            // Those that somebody writes at this moment are left alone.
            let some = format!(
                "SELECT {key} FROM {table} WHERE {expires} <= $1 LIMIT {SWEEP} FOR UPDATE SKIP LOCKED"
            );
            Sql {
                place: LEASES - 1,
                text: format!("DELETE FROM {table} WHERE {key} IN ({some}) RETURNING true"),
            }
        });
        Self { get, has, put, put_if_absent, delete, keys, keys_before, keys_behind, keys_between, sweep }
    }
}

fn numbered<const N: usize>(texts: [String; N]) -> [Sql; N] {
    let mut place = 0;
    texts.map(|text| {
        place += 1;
        Sql { place: place - 1, text }
    })
}

/// A name as an identifier of SQL that cannot be anything else.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
