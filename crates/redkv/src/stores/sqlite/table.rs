//! The table: reads and writes, in transactions.

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, Statement, ToSql, Transaction, TransactionBehavior};

use super::change::Change;
use super::config::SqliteConfig;
use super::error::error_from;
use super::open::open;
use super::row::{KeyParameter, ValueParameter, deadline_of, stored_millis, value_of};
use super::statements::{PAGE, SWEEP, Statements};
use crate::clock::Clock;
use crate::entry::{Entry, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Answers, Cursor, Page, SetMode, answer_all, end_of_prefix};

/// Milliseconds between two looks for entries past their deadline.
const SWEEP_EVERY: u64 = 60_000;

/// An open table. Everything here blocks.
pub(super) struct Table {
    connection: Connection,
    statements: Statements,
    config: Arc<SqliteConfig>,
    clock: Arc<dyn Clock>,
    /// When to look for entries past their deadline again.
    next_sweep: Cell<u64>,
}

/// Why a transaction left no trace.
enum Undone {
    /// One of its changes ended it; alone, the others may succeed.
    ByOne,
    Whole(rusqlite::Error),
}

impl From<rusqlite::Error> for Undone {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Whole(cause)
    }
}

impl Table {
    pub(super) fn open(config: Arc<SqliteConfig>, clock: Arc<dyn Clock>) -> Result<Self> {
        let statements = Statements::new(&config);
        let connection = open(&config, &statements)?;
        Ok(Self { connection, statements, config, clock, next_sweep: Cell::new(0) })
    }

    fn failed(&self, cause: rusqlite::Error) -> Error {
        error_from(&self.config.location, cause)
    }

    pub(super) fn get(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        self.read(keys, &self.statements.get, |statement, key| {
            let mut rows = statement.query([KeyParameter(key)]).map_err(|cause| self.failed(cause))?;
            let row = rows.next().map_err(|cause| self.failed(cause))?;
            row.map_or(Ok(None), |row| self.entry(row))
        })
    }

    fn entry(&self, row: &Row<'_>) -> Result<Option<Entry>> {
        let column = |index| row.get_ref(index).map_err(|cause| self.failed(cause));
        let value = value_of(column(0)?, &self.connection).map_err(|cause| self.failed(cause))?;
        let Some(value) = value else { return Ok(None) };
        let Some(expires) = &self.config.expires_column else { return Ok(Some(Entry::new(value))) };
        let deadline = deadline_of(column(1)?).map_err(|found| {
            Error::new(ErrorKind::Value, format!("a deadline in column '{expires}' is {found}, not a number"))
        })?;
        Ok(Some(Entry { value, deadline }))
    }

    pub(super) fn has(&self, keys: &[Key]) -> Answers<bool> {
        let now = stored_millis(self.clock.now());
        self.read(keys, &self.statements.has, |statement, key| {
            let parameters: [&dyn ToSql; 2] = [&KeyParameter(key), &now];
            let parameters = &parameters[..statement.parameter_count()];
            statement.exists(parameters).map_err(|cause| self.failed(cause))
        })
    }

    /// The keys with `prefix`, in their order, behind the last one of the page before.
    pub(super) fn keys(&self, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        // The next text behind a key is the same with a NUL at its end.
        let behind = after.map(|last| [last.as_bytes(), b"\0"].concat());
        let start = behind.as_deref().unwrap_or(prefix.as_bytes());
        let end = end_of_prefix(prefix);
        let now = stored_millis(self.clock.now());
        let read = || {
            let mut statement = self.connection.prepare_cached(&self.statements.keys)?;
            let end = end.as_deref().map(|end| ValueRef::Text(end.as_bytes()));
            let end = ToSqlOutput::Borrowed(end.unwrap_or(ValueRef::Null));
            let start = ToSqlOutput::Borrowed(ValueRef::Text(start));
            let parameters: [&dyn ToSql; 3] = [&start, &end, &now];
            let parameters = &parameters[..statement.parameter_count()];
            let keys = statement.query_map(parameters, |row| row.get::<_, String>(0))?;
            keys.collect::<rusqlite::Result<Vec<_>>>()
        };
        let keys = read().map_err(|cause| self.failed(cause))?;
        let next =
            (keys.len() == PAGE).then(|| keys.last().map(|last| Cursor::new(last.as_bytes()))).flatten();
        Ok(Page { keys: keys.into_iter().map(Key::from).collect(), next })
    }

    /// Asks for every key, in one state of the database.
    fn read<T: Clone>(
        &self,
        keys: &[Key],
        sql: &str,
        mut ask: impl FnMut(&mut Statement<'_>, &Key) -> Result<T>,
    ) -> Answers<T> {
        let mut run = || {
            let snapshot = (keys.len() > 1).then(|| self.begin(TransactionBehavior::Deferred)).transpose()?;
            let mut statement = self.connection.prepare_cached(sql)?;
            let answers = keys.iter().map(|key| ask(&mut statement, key)).collect();
            drop((statement, snapshot));
            Ok(answers)
        };
        run().unwrap_or_else(|cause| answer_all(keys.len(), &Err(self.failed(cause))))
    }

    fn begin(&self, behavior: TransactionBehavior) -> rusqlite::Result<Transaction<'_>> {
        Transaction::new_unchecked(&self.connection, behavior)
    }

    /// Makes all changes in one transaction, with an answer for each: one that fails takes no other with it.
    pub(super) fn write(&self, changes: &[Change]) -> Answers<bool> {
        let now = self.clock.now();
        match self.write_together(changes, now) {
            Ok(answers) => answers,
            Err(Undone::ByOne) => changes.iter().map(|change| self.write_one(change, now)).collect(),
            Err(Undone::Whole(cause)) => answer_all(changes.len(), &Err(self.failed(cause))),
        }
    }

    fn write_together(&self, changes: &[Change], now: u64) -> std::result::Result<Answers<bool>, Undone> {
        let transaction = self.begin(TransactionBehavior::Immediate)?;
        let mut answers = Vec::with_capacity(changes.len());
        for change in changes {
            answers.push(self.write_one(change, now));
            self.still_in_transaction()?;
        }
        self.sweep(now);
        self.still_in_transaction()?;
        transaction.commit().map_err(|cause| match cause.sqlite_error_code() {
            // A foreign key that is checked at the end: only one by one it shows whose it was.
            Some(ErrorCode::ConstraintViolation) => Undone::ByOne,
            _ => Undone::Whole(cause),
        })?;
        Ok(answers)
    }

    /// A failing statement undoes only itself, but a full disk or a trigger with ROLLBACK ends the transaction:
    /// what came before is undone and what follows would be committed one by one.
    fn still_in_transaction(&self) -> std::result::Result<(), Undone> {
        if self.connection.is_autocommit() { Err(Undone::ByOne) } else { Ok(()) }
    }

    fn write_one(&self, change: &Change, now: u64) -> Result<bool> {
        match change {
            Change::Put(key, entry, mode) => self.put(key, entry, *mode, now),
            Change::Delete(key) => self.run(&self.statements.delete, &[&KeyParameter(key)]).map(|_| true),
        }
    }

    fn put(&self, key: &Key, entry: &Entry, mode: SetMode, now: u64) -> Result<bool> {
        if entry.deadline.is_some() && self.statements.deadlines.is_none() {
            return Err(Error::unsupported("a ttl needs the option expiresColumn"));
        }
        let sql = match mode {
            SetMode::Always => &self.statements.put,
            SetMode::IfAbsent => &self.statements.put_if_absent,
        };
        let deadline = entry.deadline.map(|deadline| stored_millis(deadline.millis()));
        let now = stored_millis(now);
        let rows = self.run(sql, &[&KeyParameter(key), &ValueParameter(&entry.value), &deadline, &now])?;
        if rows == 0 && mode == SetMode::Always {
            let message = format!("a trigger of table '{}' left the entry out", self.config.table);
            return Err(Error::new(ErrorKind::Store, message));
        }
        Ok(rows > 0)
    }

    /// Runs a statement with as many of the parameters as it has, and answers how many rows it changed.
    fn run(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<usize> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let count = statement.parameter_count();
            statement.execute(&parameters[..count])
        };
        run().map_err(|cause| self.failed(cause))
    }

    /// Deletes some of the entries past their deadline, beside a write so that it costs no sync of its own: once
    /// in a while, and with the next writes for as long as there are more of them.
    ///
    /// That it fails is no failure of the write.
    fn sweep(&self, now: u64) {
        let Some(deadlines) = &self.statements.deadlines else { return };
        if now < self.next_sweep.get() {
            return;
        }
        let swept = self.run(&deadlines.sweep, &[&stored_millis(now)]);
        if swept.is_ok_and(|rows| rows >= SWEEP) {
            return;
        }
        self.next_sweep.set(now.saturating_add(SWEEP_EVERY));
    }
}
