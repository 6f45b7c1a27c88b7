//! The table, and reads of whole batches on one connection.

use bytes::Bytes;
use mysql_async::{Error as Cause, Row, Value};

use super::connector::MySqlConnector;
use super::error::{Failure, error_of, may_be_of_one};
use super::layout::Columns;
use super::packets::{SLACK, pieces};
use super::session::Connection;
use super::statements::{PAGE, SWEEP, Statements};
use crate::sql::{LeaseStep, Length, Matched, SqlTable, answers_of};
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::store::{Answers, Cursor, Page, SetMode, end_of_prefix};

/// The columns of the table, and the statements for it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Columns,
    pub(super) statements: Statements,
}

impl SqlTable for Table {
    type Connector = MySqlConnector;

    const NAME: &'static str = "mysql";

    async fn find(connector: &MySqlConnector, connection: &mut Connection) -> Result<Self> {
        let columns = Columns::find(&mut connection.conn, &connector.config).await?;
        let statements = Statements::new(&columns);
        Ok(Self { columns, statements })
    }

    fn notice(&self) -> Option<&str> {
        self.columns.advice.as_deref()
    }

    fn check_key(&self, _: &Key) -> Result<()> {
        Ok(())
    }

    async fn set(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> Answers<bool> {
        self.write(connection, entries, mode, now).await
    }

    async fn delete(&self, connection: &mut Connection, keys: &[Key]) -> Answers<()> {
        self.remove(connection, keys).await
    }

    async fn lease(
        connector: &MySqlConnector,
        connection: &mut Connection,
        name: &str,
        step: LeaseStep,
    ) -> Result<Option<i64>> {
        connector.leases.step(connection, name, step).await
    }

    fn sweeps(&self) -> bool {
        self.statements.sweep.is_some()
    }

    fn check_entry(&self, connection: &Connection, key: &Key, entry: &Entry) -> Result<()> {
        let Columns { value_kind, longest_key, longest_value, .. } = self.columns;
        Length::check(longest_key, "key", key.as_bytes())?;
        if entry.value.len() > connection.longest.saturating_sub(SLACK) {
            let message = format!(
                "the value has {} bytes, max_allowed_packet of the server is {}",
                entry.value.len(),
                connection.longest
            );
            return Err(Error::argument("value", message));
        }
        value_kind.check_value(&entry.value, true)?;
        Length::check(longest_value, "value", &entry.value)
    }

    async fn get(&self, connection: &mut Connection, keys: &[Key], now: u64) -> Answers<Option<Entry>> {
        let sql = |count| self.statements.get(count);
        self.read(connection, sql, keys, now, |row| self.entry_of(row)).await
    }

    async fn has(&self, connection: &mut Connection, keys: &[Key], now: u64) -> Answers<bool> {
        let read = |mut row: Row| Ok((bytes_of(&mut row, 0)?.into(), ()));
        let found = self.read(connection, |count| self.statements.has(count), keys, now, read).await;
        found.into_iter().map(|answer| answer.map(|row| row.is_some())).collect()
    }

    /// Some keys with `prefix`. Where the index has them in the order of their bytes it leads to them; else all keys
    /// are looked at in the order of the column, a page of them at a time.
    async fn keys(
        &self,
        connection: &mut Connection,
        prefix: &str,
        after: Option<&Cursor>,
        now: u64,
    ) -> Result<Page> {
        let statements = &self.statements;
        let (sql, parameters) = if self.columns.inexact.is_none() {
            match prefix_range(prefix, after) {
                (start, Some(end)) => (&statements.keys_before, vec![Value::Bytes(start), Value::Bytes(end)]),
                (start, None) => (&statements.keys, vec![Value::Bytes(start)]),
            }
        } else {
            match after {
                Some(after) => (&statements.keys_behind, vec![Value::Bytes(after.as_bytes().to_vec())]),
                None => (&statements.first_keys, Vec::new()),
            }
        };
        // The time stands before the range: it is part of what is selected.
        let mut all = self.with_time(Vec::new(), now);
        all.extend(parameters);
        let rows = connection.query(sql, all).await.map_err(failed)?;
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

    async fn sweep(&self, connection: &mut Connection, now: u64) -> Result<bool> {
        let Some(sql) = &self.statements.sweep else { return Ok(false) };
        let swept = connection.change(sql, vec![Value::Int(stored_millis(now))]).await.map_err(failed)?;
        Ok(swept >= SWEEP)
    }
}

impl Table {
    /// Reads the rows of all keys with one statement. If that fails by one of them, each is read for itself.
    async fn read<T>(
        &self,
        connection: &mut Connection,
        sql: impl Fn(usize) -> String,
        keys: &[Key],
        now: u64,
        read: impl Fn(Row) -> Result<(Box<[u8]>, T)>,
    ) -> Answers<Option<T>> {
        let mut answers = Vec::with_capacity(keys.len());
        for keys in pieces(keys, connection.longest, |key| key.len()) {
            let count = padded(keys.len());
            let rows = connection.query(&sql(count), self.with_time(key_list(keys, count), now)).await;
            let matched = |rows: Vec<Row>| rows.into_iter().map(&read).collect::<Result<Matched<T>>>();
            match rows {
                Err(error) if keys.len() > 1 && may_be_of_one(&error) => {
                    for key in keys.chunks(1) {
                        let rows = connection.query(&sql(1), self.with_time(key_list(key, 1), now)).await;
                        answers.extend(answers_of(key, rows.map_err(failed).and_then(matched)));
                    }
                }
                rows => answers.extend(answers_of(keys, rows.map_err(failed).and_then(matched))),
            }
        }
        answers
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

    /// Returns the parameters of a deletion of so many keys.
    pub(super) fn deleted_keys(&self, keys: &[Key], count: usize) -> Vec<Value> {
        let mut parameters = key_list(keys, count);
        if self.columns.inexact.is_some() {
            parameters.extend_from_within(..);
        }
        parameters
    }

    pub(super) fn with_time(&self, mut parameters: Vec<Value>, now: u64) -> Vec<Value> {
        if self.columns.expires.is_some() {
            parameters.push(Value::Int(stored_millis(now)));
        }
        parameters
    }
}

/// Returns the number of keys in the statement that is prepared for `count` of them.
pub(super) fn padded(count: usize) -> usize {
    count.next_power_of_two()
}

/// So many keys; the last one again and again where there are fewer.
fn key_list(keys: &[Key], count: usize) -> Vec<Value> {
    let last = keys.last().into_iter().cycle();
    keys.iter().chain(last).take(count).map(|key| Value::Bytes(key.as_bytes().to_vec())).collect()
}

fn bytes_of(row: &mut Row, place: usize) -> Result<Vec<u8>> {
    match row.take::<Value, _>(place) {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        _ => Err(strange()),
    }
}

pub(super) fn strange() -> Error {
    Error::new(ErrorKind::Internal, "the mysql server returned an unexpected result")
        .outcome(Outcome::Unknown)
}

pub(super) fn failed(error: Cause) -> Error {
    error_of(Failure::Statement(error))
}

/// A time as the column keeps it.
pub(super) fn stored_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Returns where the keys with `prefix` begin and end, in the order of their bytes.
fn prefix_range(prefix: &str, after: Option<&Cursor>) -> (Vec<u8>, Option<Vec<u8>>) {
    // The next bytes behind a key are the same with a NUL at their end.
    let start = after.map_or_else(|| prefix.as_bytes().to_vec(), |after| [after.as_bytes(), b"\0"].concat());
    (start, end_of_prefix(prefix).map(String::into_bytes))
}
