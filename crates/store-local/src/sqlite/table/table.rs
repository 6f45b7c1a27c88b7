//! The table: reads and writes, in transactions.

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::{ErrorCode, Row, Statement, ToSql, TransactionBehavior};

use super::change::Change;
use super::layout::{Forms, prepare_table};
use super::row::{KeyParameter, ValueParameter, deadline_of, stored_millis, value_of};
use super::statements::{SWEEP, Statements};
use crate::sqlite::config::SqliteConfig;
use crate::sqlite::database::disk_full::{Room, full, is_full};
use crate::sqlite::database::open::{NotBegun, Opened};
use crate::sqlite::error::{error_from, is_without_table, table_removed, while_in_use};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Answers, SetMode, answer_all};

/// Milliseconds between two looks for entries past their deadline.
const SWEEP_EVERY: u64 = 60_000;

/// An open table. Everything here blocks.
pub(crate) struct Table {
    pub(crate) open: Opened,
    pub(crate) forms: Forms,
    pub(crate) statements: Statements,
    pub(crate) config: Arc<SqliteConfig>,
    pub(crate) clock: Arc<dyn Clock>,
    is_removed: Cell<bool>,
    /// When to look for entries past their deadline again.
    next_sweep: Cell<u64>,
    pub(crate) room: Room,
}

/// Why a transaction left no trace.
enum Undone {
    /// One of its changes ended it; alone, the others may succeed.
    ByOne,
    Whole(rusqlite::Error),
    /// Another connection writes.
    KeptOut,
}

impl From<NotBegun> for Undone {
    fn from(cause: NotBegun) -> Self {
        match cause {
            NotBegun::Failed(cause) => Self::Whole(cause),
            NotBegun::KeptOut => Self::KeptOut,
        }
    }
}

impl Table {
    pub(crate) fn open(config: Arc<SqliteConfig>, clock: Arc<dyn Clock>) -> Result<Self> {
        let statements = Statements::new(&config);
        let prepare = |connection: &_| prepare_table(connection, &config, &statements);
        let (open, forms) = Opened::open(&config.location, config.busy_timeout, prepare)?;
        Ok(Self {
            open,
            forms,
            statements,
            config,
            clock,
            is_removed: Cell::new(false),
            next_sweep: Cell::new(0),
            room: Room::default(),
        })
    }

    pub(crate) fn failed(&self, cause: rusqlite::Error) -> Error {
        if is_without_table(&cause, &self.config.table) {
            self.is_removed.set(true);
            return table_removed(&self.config.location, &self.config.table, cause);
        }
        while_in_use(error_from(&self.config.location, cause))
    }

    /// Returns whether the table was found removed, so that it must be opened again to be made.
    pub(crate) fn is_removed(&self) -> bool {
        self.is_removed.get()
    }

    /// Looks whether the table is there.
    pub(crate) fn look(&self) -> Result<()> {
        let look = || {
            let mut statement = self.open.connection.prepare_cached(&self.statements.get)?;
            statement.exists([""])
        };
        look().map(|_| ()).map_err(|cause| self.failed(cause))
    }

    pub(crate) fn get(&self, keys: &[Key]) -> Answers<Option<Entry>> {
        self.read(keys, &self.statements.get, |statement, key| {
            let mut rows =
                statement.query([KeyParameter(key, self.forms.key)]).map_err(|cause| self.failed(cause))?;
            let row = rows.next().map_err(|cause| self.failed(cause))?;
            row.map_or(Ok(None), |row| self.entry(row))
        })
    }

    fn entry(&self, row: &Row<'_>) -> Result<Option<Entry>> {
        let column = |index| row.get_ref(index).map_err(|cause| self.failed(cause));
        let value = value_of(column(0)?, self.forms.value, &self.open.connection)
            .map_err(|cause| self.failed(cause))?;
        let Some(value) = value else { return Ok(None) };
        let Some(expires) = &self.config.expires_column else { return Ok(Some(Entry::new(value))) };
        let deadline = deadline_of(column(1)?).map_err(|found| {
            Error::new(ErrorKind::Value, format!("a deadline in column '{expires}' is {found}, not a number"))
        })?;
        Ok(Some(Entry { value, deadline }))
    }

    pub(crate) fn has(&self, keys: &[Key]) -> Answers<bool> {
        let now = stored_millis(self.clock.now());
        self.read(keys, &self.statements.has, |statement, key| {
            let parameters: [&dyn ToSql; 2] = [&KeyParameter(key, self.forms.key), &now];
            let parameters = &parameters[..statement.parameter_count()];
            statement.exists(parameters).map_err(|cause| self.failed(cause))
        })
    }

    /// Asks for every key, in one state of the database.
    fn read<T: Clone>(
        &self,
        keys: &[Key],
        sql: &str,
        mut ask: impl FnMut(&mut Statement<'_>, &Key) -> Result<T>,
    ) -> Answers<T> {
        let mut run = || {
            let snapshot =
                (keys.len() > 1).then(|| self.open.begin(TransactionBehavior::Deferred)).transpose()?;
            let mut statement = self.open.connection.prepare_cached(sql)?;
            let answers = keys.iter().map(|key| ask(&mut statement, key)).collect();
            drop((statement, snapshot));
            Ok(answers)
        };
        run().unwrap_or_else(|cause| answer_all(keys.len(), &Err(self.failed(cause))))
    }

    /// The answer to those whom another connection has kept out for too long.
    pub(crate) fn locked(&self) -> Error {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        self.failed(rusqlite::Error::SqliteFailure(busy, None))
    }

    /// Makes all changes in one transaction, with an answer for each: one that fails takes no other with it. `None`
    /// while another connection writes: nothing was done.
    pub(crate) fn write(&self, changes: &[Change]) -> Option<Answers<bool>> {
        let now = self.clock.now();
        let answers = if self.has_room(changes) {
            self.write_all(changes, now)?
        } else {
            answer_all(changes.len(), &Err(self.failed(full())))
        };
        Some(if answers.iter().any(is_full) { self.make_again(changes, answers, now) } else { answers })
    }

    fn write_all(&self, changes: &[Change], now: u64) -> Option<Answers<bool>> {
        Some(match self.write_together(changes, now) {
            Ok(answers) => answers,
            Err(Undone::ByOne) => changes.iter().map(|change| self.write_one(change, now)).collect(),
            Err(Undone::Whole(cause)) => answer_all(changes.len(), &Err(self.failed(cause))),
            Err(Undone::KeptOut) => return None,
        })
    }

    fn write_together(&self, changes: &[Change], now: u64) -> std::result::Result<Answers<bool>, Undone> {
        let transaction = self.open.begin_to_write()?;
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
        if self.open.connection.is_autocommit() { Err(Undone::ByOne) } else { Ok(()) }
    }

    pub(crate) fn write_one(&self, change: &Change, now: u64) -> Result<bool> {
        match change {
            Change::Put(key, entry, mode) => self.put(key, entry, *mode, now),
            Change::Delete(key) => {
                self.run(&self.statements.delete, &[&KeyParameter(key, self.forms.key)]).map(|_| true)
            }
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
        let (key, value) =
            (KeyParameter(key, self.forms.key), ValueParameter(&entry.value, self.forms.value));
        let rows = self.run(sql, &[&key, &value, &deadline, &now])?;
        if rows == 0 && mode == SetMode::Always {
            let message = format!("a trigger of table '{}' dropped the entry", self.config.table);
            return Err(Error::new(ErrorKind::Store, message));
        }
        Ok(rows > 0)
    }

    /// Runs a statement with as many of the parameters as it has, and answers how many rows it changed.
    fn run(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<usize> {
        let run = || {
            let mut statement = self.open.connection.prepare_cached(sql)?;
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
