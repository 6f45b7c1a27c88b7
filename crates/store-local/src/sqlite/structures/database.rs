//! An open table, and transactions on it. Everything here blocks.

use std::cell::Cell;
use std::sync::Arc;

use redkv_core::error::{Error, Result};
use redkv_core::store::Answers;
use redkv_structures::{Answer, Command};
use rusqlite::{Connection, TransactionBehavior};

use super::config::SqliteStructuresConfig;
use super::keys::{Fault, Found, Keys};
use super::queue::{Done, Job, Pending, bytes_of_command, bytes_of_write, command_frees, write_frees};
use super::sql::Sql;
use crate::sqlite::database::disk_full::{Room, full, is_full, move_log};
use crate::sqlite::database::open::{NotBegun, Opened};
use crate::sqlite::error::{error_from, is_without_table, table_removed, while_in_use};

/// An open table.
pub(super) struct Database {
    pub(super) open: Opened,
    sql: Sql,
    config: Arc<SqliteStructuresConfig>,
    room: Room,
    is_removed: Cell<bool>,
}

/// Why a transaction left no trace.
enum Undone {
    /// One of its steps ended it; alone, the others may succeed.
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

impl Database {
    pub(super) fn open(config: Arc<SqliteStructuresConfig>) -> Result<Self> {
        let sql = Sql::new(&config.table);
        let prepare = |connection: &Connection| prepare(connection, &config, &sql);
        let (open, ()) = Opened::open(&config.location, config.busy_timeout, prepare)?;
        Ok(Self { open, sql, config, room: Room::default(), is_removed: Cell::new(false) })
    }

    /// Returns whether the table was found removed, so that it must be opened again to be made.
    pub(super) fn is_removed(&self) -> bool {
        self.is_removed.get()
    }

    /// Looks whether the table is there.
    pub(super) fn look(&self) -> Result<()> {
        self.keys().has(b"").map(|_| ()).map_err(|cause| self.failed(cause))
    }

    fn keys(&self) -> Keys<'_> {
        Keys { connection: &self.open.connection, sql: &self.sql }
    }

    fn failed(&self, cause: rusqlite::Error) -> Error {
        if is_without_table(&cause, &self.config.table) {
            self.is_removed.set(true);
            return table_removed(&self.config.location, &self.config.table, cause);
        }
        while_in_use(error_from(&self.config.location, cause))
    }

    fn error_of(&self, fault: Fault) -> Error {
        match fault {
            Fault::OfSqlite(cause) => self.failed(cause),
            Fault::OfData(error) => error,
        }
    }

    /// Returns the answer to those whom another connection has kept out for too long.
    pub(super) fn locked(&self) -> Error {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        self.failed(rusqlite::Error::SqliteFailure(busy, None))
    }

    /// Answers a job that only reads, in one state of the database.
    pub(super) fn read(&self, job: &Job) -> Done {
        let Job::Run(commands, _) = job else { return Done::Opened };
        let snapshot = (commands.len() > 1).then(|| self.open.begin(TransactionBehavior::Deferred));
        let answers = commands.iter().map(|command| self.read_one(command)).collect();
        drop(snapshot);
        Done::Run(answers)
    }

    fn read_one(&self, command: &Command) -> Result<Answer> {
        self.keys().run(command).map_err(|fault| self.error_of(fault))
    }

    /// Does all jobs in one transaction; `None` while another connection writes: nothing was done.
    pub(super) fn make_all(&self, jobs: &[Pending]) -> Option<Vec<Done>> {
        if !self.room.is_there(&self.open, || jobs.iter().map(|pending| pending.job.bytes()).sum()) {
            return Some(self.make_alone(jobs));
        }
        match self.make_together(jobs) {
            Ok(done) => Some(done),
            Err(Undone::KeptOut) => None,
            Err(Undone::ByOne) => Some(self.make_alone(jobs)),
            Err(Undone::Whole(cause)) => {
                let error = self.failed(cause);
                let is_full = is_full::<()>(&Err(error.clone()));
                Some(if is_full { self.make_alone(jobs) } else { failed_all(jobs, &error) })
            }
        }
    }

    fn make_together(&self, jobs: &[Pending]) -> std::result::Result<Vec<Done>, Undone> {
        let transaction = self.open.begin_to_write()?;
        let mut all = Vec::with_capacity(jobs.len());
        for Pending { job, .. } in jobs {
            all.push(match job {
                Job::Open(_) => Done::Opened,
                Job::Run(commands, _) => {
                    let answers: std::result::Result<Answers<Answer>, Undone> = commands
                        .iter()
                        .map(|command| self.in_transaction(|keys| keys.run(command)))
                        .collect();
                    Done::Run(answers?)
                }
                Job::Write(writes, _) => Done::Written(self.in_transaction(|keys| keys.write(writes))?),
            });
        }
        transaction.commit().map_err(Undone::Whole)?;
        Ok(all)
    }

    /// Makes one step of a transaction. One that fails takes no other with it, unless it ends the transaction.
    fn in_transaction<T>(
        &self,
        step: impl FnOnce(Keys<'_>) -> Found<T>,
    ) -> std::result::Result<Result<T>, Undone> {
        let savepoint = |sql: &str| self.keys().change(sql, []);
        savepoint("SAVEPOINT step").map_err(Undone::Whole)?;
        let done = step(self.keys());
        let done = done.map_err(|fault| self.error_of(fault));
        // A full disk may end the transaction: what came before is undone and what follows would be committed one by one.
        if self.open.connection.is_autocommit() || is_full(&done) {
            return Err(Undone::ByOne);
        }
        if done.is_err() {
            savepoint("ROLLBACK TO step").map_err(Undone::Whole)?;
        }
        savepoint("RELEASE step").map_err(Undone::Whole)?;
        Ok(done)
    }

    /// Does each step of the jobs in a transaction of its own.
    fn make_alone(&self, jobs: &[Pending]) -> Vec<Done> {
        let run = |command: &Command| {
            let bytes = bytes_of_command(command);
            self.alone(command_frees(command), bytes, |keys| keys.run(command))
        };
        let all = jobs.iter().map(|Pending { job, .. }| match job {
            Job::Open(_) => Done::Opened,
            Job::Run(commands, _) => Done::Run(commands.iter().map(run).collect()),
            Job::Write(writes, _) => {
                let bytes = writes.iter().map(bytes_of_write).sum();
                let frees = writes.iter().all(write_frees);
                Done::Written(self.alone(frees, bytes, |keys| keys.write(writes)))
            }
        });
        all.collect()
    }

    /// Does a step in a transaction of its own. One that makes room is done again with the room that is kept for it.
    fn alone<T>(&self, frees: bool, bytes: usize, step: impl Fn(Keys<'_>) -> Found<T>) -> Result<T> {
        let has_room = bytes == 0 || self.room.is_there(&self.open, || bytes as u64);
        if !has_room && !frees {
            return Err(self.failed(full()));
        }
        let done = self.in_own_transaction(&step);
        if !frees || !is_full(&done) {
            return done;
        }
        self.room.give_back(&self.open);
        let done = self.in_own_transaction(&step);
        move_log(&self.open);
        done
    }

    fn in_own_transaction<T>(&self, step: impl Fn(Keys<'_>) -> Found<T>) -> Result<T> {
        let transaction = self.open.begin_to_write().map_err(|cause| match cause {
            NotBegun::Failed(cause) => self.failed(cause),
            NotBegun::KeptOut => self.locked(),
        })?;
        // What fails is rolled back when the transaction is dropped.
        let done = step(self.keys()).map_err(|fault| self.error_of(fault))?;
        transaction.commit().map_err(|cause| self.failed(cause))?;
        Ok(done)
    }
}

fn failed_all(jobs: &[Pending], error: &Error) -> Vec<Done> {
    let failed = |pending: &Pending| match &pending.job {
        Job::Open(_) => Done::Opened,
        Job::Run(commands, _) => Done::Run(vec![Err(error.clone()); commands.len()]),
        Job::Write(..) => Done::Written(Err(error.clone())),
    };
    jobs.iter().map(failed).collect()
}

/// Makes the table if there is none, and finds what is none of ours before the first write does.
fn prepare(connection: &Connection, config: &SqliteStructuresConfig, sql: &Sql) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(&sql.create).map_err(|cause| of_another_program(config, cause))?;
    if !is_ours(connection, sql).map_err(|cause| error_from(&config.location, cause))? {
        return Err(another_program(config));
    }
    for statement in sql.all() {
        connection.prepare_cached(&statement).map_err(|cause| of_another_program(config, cause))?;
    }
    Ok(())
}

fn of_another_program(config: &SqliteStructuresConfig, cause: rusqlite::Error) -> Error {
    let said = cause.to_string();
    let is_another = [
        "no such column",
        "has no column",
        "ON CONFLICT",
        "no such index",
        "no query solution",
        "views may not",
    ];
    if !is_another.iter().any(|part| said.contains(part)) {
        return error_from(&config.location, cause);
    }
    another_program(config).caused_by(cause)
}

fn another_program(config: &SqliteStructuresConfig) -> Error {
    let message = format!("table '{}' of {} does not keep data structures", config.table, config.location);
    Error::argument("tableName", message)
}

/// Returns whether the table has our columns in our types, and no other that must be given.
fn is_ours(connection: &Connection, sql: &Sql) -> rusqlite::Result<bool> {
    let mut ours =
        vec![("hk", "BLOB"), ("rk", "BLOB"), ("rk2", "BLOB"), ("kind", "INTEGER"), ("value", "BLOB")];
    let mut statement = connection.prepare(&sql.columns)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let must_be_given = row.get::<_, bool>(2)? && row.get::<_, bool>(3)?;
        match ours.iter().position(|(ours, _)| *ours == name) {
            Some(place) if !ours[place].1.eq_ignore_ascii_case(&kind) => return Ok(false),
            Some(place) => drop(ours.remove(place)),
            None if must_be_given => return Ok(false),
            None => {}
        }
    }
    Ok(ours.is_empty())
}
