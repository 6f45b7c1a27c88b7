//! The table: reads and writes of whole batches on one connection.

use bytes::Bytes;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as Cause, Params, Row, Value};

use super::connector::Connection;
use super::error::{Failure, error_of, is_collision, may_be_of_one, wants_another_connection};
use super::layout::Columns;
use super::statements::{PAGE, SWEEP, Statements};
use crate::entry::{Deadline, Entry, Key};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::store::{Answers, Cursor, Page, answer_all, end_of_prefix};
use crate::stores::sql::{Matched, again};

/// What is known of the table, and what is said about it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Columns,
    pub(super) statements: Statements,
}

/// A result of the client, before it is said as one of ours.
type Raw<T> = std::result::Result<T, Cause>;

/// A packet has more in it than one value.
const SLACK: usize = 8 * 1024;

impl Table {
    pub(super) fn new(columns: Columns) -> Self {
        let statements = Statements::new(&columns);
        Self { columns, statements }
    }

    /// Why there can be no entry under `key`, if so.
    pub(super) fn check_key(&self, key: &Key) -> Result<()> {
        if self.columns.pads && key.ends_with(' ') {
            let message = "the collation of the key column takes no notice of spaces at the end of a key";
            return Err(Error::argument("key", message));
        }
        Ok(())
    }

    pub(super) fn check_entry(&self, connection: &Connection, entry: &Entry) -> Result<()> {
        if entry.value.len() > connection.longest.saturating_sub(SLACK) {
            let message = format!(
                "the value has {} bytes, max_allowed_packet of the server is {}",
                entry.value.len(),
                connection.longest
            );
            return Err(Error::argument("value", message));
        }
        self.columns.value_kind.check_value(&entry.value, true)
    }

    pub(super) async fn get(
        &self,
        connection: &mut Connection,
        keys: &[Key],
        now: u64,
    ) -> Result<Matched<Entry>> {
        let count = padded(keys.len());
        let rows =
            query(connection, &self.statements.get(count), self.with_time(key_list(keys, count), now)).await;
        rows.map_err(failed)?.into_iter().map(|row| self.entry_of(row)).collect()
    }

    fn entry_of(&self, mut row: Row) -> Result<(Box<[u8]>, Entry)> {
        let key = bytes_of(&mut row, 0)?;
        let value = Bytes::from(bytes_of(&mut row, 1)?);
        let deadline = match self.columns.expires {
            None => None,
            Some(_) => match row.take::<Value, _>(2) {
                Some(Value::NULL) => None,
                Some(Value::Int(millis)) => Some(Deadline::at(u64::try_from(millis).unwrap_or(0))),
                Some(Value::UInt(millis)) => Some(Deadline::at(millis)),
                _ => return Err(strange()),
            },
        };
        Ok((key.into(), Entry { value, deadline }))
    }

    pub(super) async fn has(
        &self,
        connection: &mut Connection,
        keys: &[Key],
        now: u64,
    ) -> Result<Matched<()>> {
        let count = padded(keys.len());
        let rows =
            query(connection, &self.statements.has(count), self.with_time(key_list(keys, count), now)).await;
        rows.map_err(failed)?.into_iter().map(|mut row| Ok((bytes_of(&mut row, 0)?.into(), ()))).collect()
    }

    /// Writes all entries in one statement. If that fails by one of them, each is written for itself.
    pub(super) async fn set_always(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
    ) -> Answers<bool> {
        let entries: Vec<_> = entries.iter().collect();
        match self.put(connection, &entries).await {
            Ok(()) => entries.iter().map(|_| Ok(true)).collect(),
            Err(error) if entries.len() > 1 && may_be_of_one(&error) => {
                let mut answers = Vec::with_capacity(entries.len());
                for entry in entries {
                    answers.push(self.put(connection, &[entry]).await.map(|()| true).map_err(failed));
                }
                answers
            }
            Err(error) => answer_all(entries.len(), &Err(failed(error))),
        }
    }

    async fn put(&self, connection: &mut Connection, entries: &[&(Key, Entry)]) -> Raw<()> {
        let rows = self.in_order(entries);
        // The sizes of statements are few, so that they stay prepared. A row that is written twice is the same.
        let count = padded(rows.len());
        let mut parameters: Vec<_> = rows.iter().flat_map(|entry| self.row(entry)).collect();
        if let Some(shortest) = rows.iter().min_by_key(|(_, entry)| entry.value.len()) {
            for _ in rows.len()..count {
                parameters.extend(self.row(shortest));
            }
        }
        change(connection, &self.statements.put(count), parameters).await.map(drop)
    }

    /// Writes those entries whose key is absent. What counts is how many rows the insert changed: the server decides.
    pub(super) async fn set_if_absent(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        now: u64,
    ) -> Answers<bool> {
        if entries.len() > 1 {
            match self.add_all(connection, entries, now).await {
                Ok(true) => return entries.iter().map(|_| Ok(true)).collect(),
                // Some were there, or one of them failed: which ones, only each for itself tells.
                Ok(false) => {}
                Err(error) if may_be_of_one(&error) => {}
                Err(error) => return answer_all(entries.len(), &Err(failed(error))),
            }
        }
        let mut answers = Vec::with_capacity(entries.len());
        for entry in entries {
            answers.push(self.add(connection, entry, now).await.map_err(failed));
        }
        answers
    }

    /// Writes all entries if all keys are absent, and else none.
    async fn add_all(&self, connection: &mut Connection, entries: &[(Key, Entry)], now: u64) -> Raw<bool> {
        let mut attempt = 0;
        loop {
            let error = match self.try_to_add_all(&mut connection.conn, entries, now).await {
                Ok(all) => return Ok(all),
                Err(error) => error,
            };
            if wants_another_connection(&error) {
                connection.is_stale = true;
            }
            if matches!(error, Cause::Server(_)) {
                connection.conn.query_drop("ROLLBACK").await?;
            }
            if !is_collision(&error) || !again(attempt).await {
                return Err(error);
            }
            attempt += 1;
        }
    }

    async fn try_to_add_all(&self, conn: &mut Conn, entries: &[(Key, Entry)], now: u64) -> Raw<bool> {
        let entries: Vec<_> = entries.iter().collect();
        let rows = self.in_order(&entries);
        let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
        let count = padded(keys.len());
        conn.query_drop("START TRANSACTION").await?;
        let ended = self.with_time(key_list(&keys, count), now);
        conn.exec_drop(self.statements.delete_ended(count), Params::Positional(ended)).await?;
        let parameters: Vec<_> = rows.iter().flat_map(|entry| self.row(entry)).collect();
        conn.exec_drop(self.statements.put_if_absent(rows.len()), Params::Positional(parameters)).await?;
        let all = conn.affected_rows() == entries.len() as u64;
        conn.query_drop(if all { "COMMIT" } else { "ROLLBACK" }).await?;
        Ok(all)
    }

    /// Writes an entry if its key is absent. A row that is none any more is taken away first, and only such a one.
    async fn add(&self, connection: &mut Connection, entry: &(Key, Entry), now: u64) -> Raw<bool> {
        let sql = self.statements.put_if_absent(1);
        if change(connection, &sql, self.row(entry)).await? == 1 {
            return Ok(true);
        }
        let ended = self.with_time(key_list(std::slice::from_ref(&entry.0), 1), now);
        if change(connection, &self.statements.delete_ended(1), ended).await? == 0 {
            return Ok(false);
        }
        Ok(change(connection, &sql, self.row(entry)).await? == 1)
    }

    pub(super) async fn delete(&self, connection: &mut Connection, keys: &[Key]) -> Answers<()> {
        let count = padded(keys.len());
        match change(connection, &self.statements.delete(count), key_list(keys, count)).await {
            Ok(_) => answer_all(keys.len(), &Ok(())),
            Err(error) if keys.len() > 1 && may_be_of_one(&error) => {
                let sql = self.statements.delete(1);
                let mut answers = Vec::with_capacity(keys.len());
                for key in keys {
                    let parameters = key_list(std::slice::from_ref(key), 1);
                    answers.push(change(connection, &sql, parameters).await.map(drop).map_err(failed));
                }
                answers
            }
            Err(error) => answer_all(keys.len(), &Err(failed(error))),
        }
    }

    /// Some keys with `prefix`. Where the index has them in the order of their bytes it leads to them; else all keys are
    /// looked at in the order of the column, a page of them at a time.
    pub(super) async fn keys(
        &self,
        connection: &mut Connection,
        prefix: &str,
        after: Option<&Cursor>,
        now: u64,
    ) -> Result<Page> {
        let statements = &self.statements;
        let (sql, parameters) = if self.columns.in_byte_order {
            match prefix_range(prefix, after) {
                (start, Some(end)) => (&statements.keys_before, vec![Value::Bytes(start), Value::Bytes(end)]),
                (start, None) => (&statements.keys, vec![Value::Bytes(start)]),
            }
        } else {
            match after {
                Some(after) => (&statements.keys_behind, vec![Value::Bytes(after.as_bytes().to_vec())]),
                None => (&statements.keys, vec![Value::Bytes(Vec::new())]),
            }
        };
        // The time stands before the range: it is part of what is selected.
        let mut all = self.with_time(Vec::new(), now);
        all.extend(parameters);
        let rows = query(connection, sql, all).await.map_err(failed)?;
        let is_full = rows.len() >= PAGE;
        let mut page = Page::default();
        for mut row in rows {
            let key = bytes_of(&mut row, 0)?;
            let is_live = matches!(row.take::<Value, _>(1), Some(Value::Int(1) | Value::UInt(1)));
            // Others may keep what is no key: bytes that are not text.
            if let Ok(text) = std::str::from_utf8(&key)
                && is_live
                && text.starts_with(prefix)
            {
                page.keys.push(text.into());
            }
            page.next = is_full.then(|| Cursor::new(key));
        }
        Ok(page)
    }

    /// Deletes some rows whose deadline has passed. Whether there may be more.
    pub(super) async fn sweep(&self, connection: &mut Connection, now: u64) -> Result<bool> {
        let Some(sql) = &self.statements.sweep else { return Ok(false) };
        let swept = change(connection, sql, vec![Value::Int(stored_millis(now))]).await.map_err(failed)?;
        Ok(swept >= SWEEP)
    }

    /// In the order of the keys: whoever writes some of them in another order would wait for us, and we for him.
    fn in_order<'a>(&self, entries: &[&'a (Key, Entry)]) -> Vec<&'a (Key, Entry)> {
        let mut rows = entries.to_vec();
        rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        rows
    }

    fn row(&self, (key, entry): &(Key, Entry)) -> Vec<Value> {
        let mut row = vec![Value::Bytes(key.as_bytes().to_vec()), Value::Bytes(entry.value.to_vec())];
        if self.columns.expires.is_some() {
            let deadline = entry.deadline.map(|deadline| Value::Int(stored_millis(deadline.millis())));
            row.push(deadline.unwrap_or(Value::NULL));
        }
        row
    }

    fn with_time(&self, mut parameters: Vec<Value>, now: u64) -> Vec<Value> {
        if self.columns.expires.is_some() {
            parameters.push(Value::Int(stored_millis(now)));
        }
        parameters
    }
}

/// How many keys a statement is made for that has to do with `count` of them.
fn padded(count: usize) -> usize {
    count.next_power_of_two()
}

/// So many keys; the last one again and again where there are fewer.
fn key_list(keys: &[Key], count: usize) -> Vec<Value> {
    let last = keys.last().into_iter().cycle();
    keys.iter().chain(last).take(count).map(|key| Value::Bytes(key.as_bytes().to_vec())).collect()
}

/// Runs a statement that reads, again if it ran into another one.
async fn query(connection: &mut Connection, sql: &str, parameters: Vec<Value>) -> Raw<Vec<Row>> {
    let mut attempt = 0;
    loop {
        match connection.conn.exec(sql, Params::Positional(parameters.clone())).await {
            Err(error) if is_collision(&error) && again(attempt).await => attempt += 1,
            result => return result,
        }
    }
}

/// Runs a statement that writes, again if it ran into another one; how many rows it changed.
async fn change(connection: &mut Connection, sql: &str, parameters: Vec<Value>) -> Raw<u64> {
    let mut attempt = 0;
    loop {
        let error = match connection.conn.exec_drop(sql, Params::Positional(parameters.clone())).await {
            Ok(()) => return Ok(connection.conn.affected_rows()),
            Err(error) => error,
        };
        if wants_another_connection(&error) {
            connection.is_stale = true;
        }
        if !is_collision(&error) || !again(attempt).await {
            return Err(error);
        }
        attempt += 1;
    }
}

fn bytes_of(row: &mut Row, place: usize) -> Result<Vec<u8>> {
    match row.take::<Value, _>(place) {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        _ => Err(strange()),
    }
}

fn strange() -> Error {
    Error::new(ErrorKind::Internal, "the mysql server answered with something else").outcome(Outcome::Unknown)
}

fn failed(error: Cause) -> Error {
    error_of(Failure::Statement(error))
}

/// A time as the column keeps it.
fn stored_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Where the keys with `prefix` begin, and where they end, in the order of their bytes.
fn prefix_range(prefix: &str, after: Option<&Cursor>) -> (Vec<u8>, Option<Vec<u8>>) {
    // The next bytes behind a key are the same with a NUL at their end.
    let start = after.map_or_else(|| prefix.as_bytes().to_vec(), |after| [after.as_bytes(), b"\0"].concat());
    (start, end_of_prefix(prefix).map(String::into_bytes))
}
