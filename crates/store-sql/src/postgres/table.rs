//! The table: reads and writes of whole batches on one connection.

use bytes::Bytes;
use tokio_postgres::Row;

use super::connector::PostgresConnector;
use super::error::{Failure, error_of, is_collision, is_outside_encoding};
use super::layout::Columns;
use super::parameters::{Held, Parameter, stored_millis};
use super::session::{Connection, Raw};
use super::statements::{PAGE, SWEEP, Sql, Statements};
use crate::sql::{Kind, LeaseStep, Length, Matched, SqlTable, again, answers_of};
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Answers, Cursor, Page, SetMode, answer_all, end_of_prefix};

/// The columns of the table, and the statements for it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Columns,
    pub(super) statements: Statements,
}

impl SqlTable for Table {
    type Connector = PostgresConnector;

    const NAME: &'static str = "postgres";

    async fn find(connector: &PostgresConnector, connection: &mut Connection) -> Result<Self> {
        let columns = Columns::find(&connection.client, &connector.config).await?;
        let statements = Statements::new(&columns);
        Ok(Self { columns, statements })
    }

    fn notice(&self) -> Option<&str> {
        None
    }

    async fn lease(
        connector: &PostgresConnector,
        connection: &mut Connection,
        name: &str,
        step: LeaseStep,
    ) -> Result<Option<i64>> {
        connector.leases.step(connection, name, step).await
    }

    fn sweeps(&self) -> bool {
        self.statements.sweep.is_some()
    }

    fn check_key(&self, key: &Key) -> Result<()> {
        if self.columns.key_kind == Kind::Text && key.contains('\0') {
            let message = "the key column holds text, and the key has a NUL character";
            return Err(Error::argument("key", message));
        }
        Ok(())
    }

    fn check_entry(&self, _: &Connection, key: &Key, entry: &Entry) -> Result<()> {
        let Columns { value_kind, longest_key, longest_value, .. } = self.columns;
        Length::check(longest_key, "key", key.as_bytes())?;
        value_kind.check_value(&entry.value, false)?;
        Length::check(longest_value, "value", &entry.value)
    }

    async fn get(&self, connection: &mut Connection, keys: &[Key], now: u64) -> Answers<Option<Entry>> {
        let read = |row: &Row| Ok((key_of(row)?.into(), self.entry_of(row)?));
        self.read(connection, &self.statements.get, keys, now, read).await
    }

    async fn has(&self, connection: &mut Connection, keys: &[Key], now: u64) -> Answers<bool> {
        let read = |row: &Row| Ok((key_of(row)?.into(), ()));
        let found = self.read(connection, &self.statements.has, keys, now, read).await;
        found.into_iter().map(|answer| answer.map(|row| row.is_some())).collect()
    }

    /// Writes all entries in one statement. If that fails by one of them, each is written for itself, all of them in
    /// one round trip.
    async fn set(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> Answers<bool> {
        match self.put(connection, entries, mode, now).await {
            Ok(stored) if mode == SetMode::IfAbsent || stored.len() == entries.len() => {
                entries.iter().map(|(key, _)| Ok(stored.contains_key(key.as_bytes()))).collect()
            }
            Ok(stored) => {
                let left_out = || Error::new(ErrorKind::Store, "a trigger of the table dropped the entry");
                let answer = |(key, _): &(Key, Entry)| {
                    if stored.contains_key(key.as_bytes()) { Ok(true) } else { Err(left_out()) }
                };
                entries.iter().map(answer).collect()
            }
            Err(error) if entries.len() > 1 && may_be_of_one(&error) => {
                let sql = self.put_statement(mode);
                let one = |entry: &(Key, Entry)| self.put_parameters(std::slice::from_ref(entry), mode, now);
                let each = connection.query_each(sql, entries.iter().map(one).collect()).await;
                spread(entries.len(), each, |rows| Ok(!rows?.is_empty()))
            }
            Err(error) => answer_all(entries.len(), &Err(failed(error))),
        }
    }

    async fn delete(&self, connection: &mut Connection, keys: &[Key]) -> Answers<()> {
        let sql = &self.statements.delete;
        let parameters = |keys: &[Key]| vec![self.keys_parameter(keys)];
        match query(connection, sql, &parameters(keys)).await {
            Ok(_) => answer_all(keys.len(), &Ok(())),
            Err(error) if may_be_of_one(&error) => {
                let one = |key: &Key| parameters(std::slice::from_ref(key));
                let each = connection.query_each(sql, keys.iter().map(one).collect()).await;
                spread(keys.len(), each, |rows| match rows {
                    // There can be no such row.
                    Err(error) if is_outside_encoding(&error) => Ok(()),
                    rows => rows.map(drop),
                })
            }
            Err(error) => answer_errors(keys.len(), failed(error)),
        }
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
        let end = end_of_prefix(prefix).filter(|_| self.columns.in_byte_order);
        let sql = match (after, &end) {
            (None, None) => &statements.keys,
            (None, Some(_)) => &statements.keys_before,
            (Some(_), None) => &statements.keys_behind,
            (Some(_), Some(_)) => &statements.keys_between,
        };
        let first = if self.columns.in_byte_order { prefix } else { "" };
        let start = after.map_or(first.as_bytes(), Cursor::as_bytes);
        let bounds = std::iter::once(start).chain(end.as_deref().map(str::as_bytes));
        let parameters =
            bounds.map(|bound| Parameter::item(self.columns.bound_kind(), bound.to_vec())).collect();
        let parameters = self.with_time(parameters, now);
        let rows = query(connection, sql, &parameters).await.map_err(failed)?;
        let next = match rows.last() {
            Some(last) if rows.len() >= PAGE => Some(Cursor::new(key_of(last)?)),
            _ => None,
        };
        let mut keys = Vec::new();
        for row in &rows {
            // Others may keep what is no key: bytes that are not text.
            let is_live: Option<bool> = row.try_get(1).map_err(failed)?;
            if let Ok(key) = std::str::from_utf8(key_of(row)?)
                && is_live == Some(true)
                && key.starts_with(prefix)
            {
                keys.push(key.into());
            }
        }
        Ok(Page { keys, next })
    }

    async fn sweep(&self, connection: &mut Connection, now: u64) -> Result<bool> {
        let Some(sql) = &self.statements.sweep else { return Ok(false) };
        let time = [Parameter::number(stored_millis(now))];
        let swept = connection.query(sql, &time).await.map_err(failed)?;
        Ok(swept.len() >= SWEEP)
    }
}

impl Table {
    /// Reads the rows of all keys with one statement. If that fails by one of them, each is read for itself, all of
    /// them in one round trip.
    async fn read<T>(
        &self,
        connection: &mut Connection,
        sql: &Sql,
        keys: &[Key],
        now: u64,
        read: impl Fn(&Row) -> Result<(Box<[u8]>, T)>,
    ) -> Answers<Option<T>> {
        let parameters = |keys: &[Key]| self.with_time(vec![self.keys_parameter(keys)], now);
        let matched = |rows: Vec<Row>| rows.iter().map(&read).collect::<Result<Matched<T>>>();
        let error = match query(connection, sql, &parameters(keys)).await {
            Ok(rows) => return answers_of(keys, matched(rows)),
            Err(error) => error,
        };
        if !may_be_of_one(&error) {
            return answer_errors(keys.len(), failed(error));
        }
        let one = |key: &Key| parameters(std::slice::from_ref(key));
        let each = match connection.query_each(sql, keys.iter().map(one).collect()).await {
            Ok(each) => each,
            Err(error) => return answer_errors(keys.len(), failed(error)),
        };
        let mut answers = Vec::with_capacity(keys.len());
        for (key, rows) in keys.iter().zip(each) {
            answers.push(match rows {
                Ok(rows) => matched(rows).map(|mut rows| rows.remove(key.as_bytes())),
                Err(error) if is_outside_encoding(&error) => self.read_none(connection, key, now).await,
                Err(error) => Err(failed(error)),
            });
        }
        answers
    }

    /// The answer for a key of which something is outside the encoding of the other side. Is it the key, there is no
    /// such row; else it is the value.
    async fn read_none<T>(&self, connection: &mut Connection, key: &Key, now: u64) -> Result<Option<T>> {
        let parameters = self.with_time(vec![self.keys_parameter(std::slice::from_ref(key))], now);
        match query(connection, &self.statements.has, &parameters).await {
            Err(error) if is_outside_encoding(&error) => Ok(None),
            Err(error) => Err(failed(error)),
            Ok(rows) if rows.is_empty() => Ok(None),
            Ok(_) => {
                Err(Error::new(ErrorKind::Value, "the value has bytes that are not text in its encoding"))
            }
        }
    }

    fn entry_of(&self, row: &Row) -> Result<Entry> {
        let value: Held<'_> = row.try_get(1).map_err(failed)?;
        let value = Bytes::copy_from_slice(value.0);
        if self.columns.expires.is_none() {
            return Ok(Entry::new(value));
        }
        let deadline: Option<i64> = row.try_get(2).map_err(failed)?;
        let deadline = deadline.map(|millis| Deadline::at(u64::try_from(millis).unwrap_or(0)));
        Ok(Entry { value, deadline })
    }

    fn put_statement(&self, mode: SetMode) -> &Sql {
        match mode {
            SetMode::Always => &self.statements.put,
            SetMode::IfAbsent => &self.statements.put_if_absent,
        }
    }

    /// The keys that were written.
    async fn put(
        &self,
        connection: &mut Connection,
        entries: &[(Key, Entry)],
        mode: SetMode,
        now: u64,
    ) -> Raw<Matched<()>> {
        let parameters = self.put_parameters(entries, mode, now);
        let rows = query(connection, self.put_statement(mode), &parameters).await?;
        rows.iter().map(|row| Ok((row.try_get::<_, Held<'_>>(0)?.0.into(), ()))).collect()
    }

    fn put_parameters(&self, entries: &[(Key, Entry)], mode: SetMode, now: u64) -> Vec<Parameter> {
        // In the order of the keys: whoever writes some of them in another order would wait for us, and we for him.
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let keys = sorted.iter().map(|(key, _)| Bytes::copy_from_slice(key.as_bytes())).collect();
        let values = sorted.iter().map(|(_, entry)| entry.value.clone()).collect();
        let Columns { key_kind, value_kind, .. } = self.columns;
        let mut parameters = vec![Parameter::list(key_kind, keys), Parameter::list(value_kind, values)];
        if self.columns.expires.is_some() {
            let deadlines: Vec<_> = sorted
                .iter()
                .map(|(_, entry)| entry.deadline.map(|deadline| stored_millis(deadline.millis())))
                .collect();
            parameters.push(Parameter::numbers(deadlines));
            if mode == SetMode::IfAbsent {
                parameters.push(Parameter::number(stored_millis(now)));
            }
        }
        parameters
    }

    fn keys_parameter(&self, keys: &[Key]) -> Parameter {
        Parameter::list(
            self.columns.key_kind,
            keys.iter().map(|key| Bytes::copy_from_slice(key.as_bytes())).collect(),
        )
    }

    fn with_time(&self, mut parameters: Vec<Parameter>, now: u64) -> Vec<Parameter> {
        if self.columns.expires.is_some() {
            parameters.push(Parameter::number(stored_millis(now)));
        }
        parameters
    }
}

/// Runs a statement, again if it ran into another one.
pub(super) async fn query(connection: &mut Connection, sql: &Sql, parameters: &[Parameter]) -> Raw<Vec<Row>> {
    let mut attempt = 0;
    loop {
        let error = match connection.query(sql, parameters).await {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        if !is_collision(&error) || !again(attempt).await {
            return Err(error);
        }
        attempt += 1;
    }
}

/// The answers to what was run for each by itself, or the same error for all.
fn spread<T>(
    len: usize,
    each: Raw<Vec<Raw<Vec<Row>>>>,
    answer: impl Fn(Raw<Vec<Row>>) -> Raw<T>,
) -> Answers<T> {
    match each {
        Ok(each) => each.into_iter().map(|rows| answer(rows).map_err(failed)).collect(),
        Err(error) => answer_errors(len, failed(error)),
    }
}

fn answer_errors<T>(len: usize, error: Error) -> Answers<T> {
    std::iter::repeat_with(|| Err(error.clone())).take(len).collect()
}

/// Returns whether an error of a batch may come from one of its rows: then nothing of the batch was done.
fn may_be_of_one(error: &tokio_postgres::Error) -> bool {
    let passes = |code: &str| ["53", "57", "08", "25", "0A"].iter().any(|class| code.starts_with(class));
    error.code().is_some_and(|code| !passes(code.code()) && code.code() != "26000")
}

fn failed(error: tokio_postgres::Error) -> Error {
    error_of(Failure::Statement(error))
}

fn key_of(row: &Row) -> Result<&[u8]> {
    row.try_get::<_, Held<'_>>(0).map(|held| held.0).map_err(failed)
}
