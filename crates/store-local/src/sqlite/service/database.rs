//! Open tables, and transactions on them. Everything here blocks.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use redkv_core::error::{Error, Result};
use redkv_core::store::{Answers, answer_all};
use rusqlite::TransactionBehavior;

use super::meter::Meter;
use super::queue::{Job, Pending};
use super::rows::Rows;
use super::tables::{Fault, Step, Tables, prepare};
use crate::sqlite::database::disk_full::{Room, full, is_full, move_log};
use crate::sqlite::database::open::{NotBegun, Opened};
use crate::sqlite::error::{error_from, is_without_table, table_removed, while_in_use};

/// What transactions are reported as.
const READ: &str = "read";
const WRITE: &str = "write";

/// Open tables.
pub(super) struct Database<T: Tables> {
    pub(super) open: Opened,
    tables: Arc<T>,
    meter: Arc<Meter>,
    room: Room,
    is_removed: Cell<bool>,
    statements: Cell<u64>,
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

/// The answers to each job.
type AllAnswers<T> = Vec<Answers<<T as Tables>::Answer>>;

impl<T: Tables> Database<T> {
    pub(super) fn open(tables: Arc<T>, meter: Arc<Meter>) -> Result<Self> {
        let (open, ()) = Opened::open(tables.location(), tables.busy_timeout(), |connection| {
            prepare(connection, &*tables)
        })?;
        let (is_removed, statements) = (Cell::new(false), Cell::new(0));
        Ok(Self { open, tables, meter, room: Room::default(), is_removed, statements })
    }

    /// Returns whether a table was found removed, so that the database must be opened again to make it.
    pub(super) fn is_removed(&self) -> bool {
        self.is_removed.get()
    }

    /// Looks whether the tables are there.
    pub(super) fn look(&self) -> Result<()> {
        self.tables.look(self.rows()).map_err(|cause| self.failed(cause))
    }

    fn rows(&self) -> Rows<'_> {
        Rows { connection: &self.open.connection, statements: &self.statements }
    }

    /// Counts what `transact` does as one transaction.
    fn counted<A>(&self, operation: &'static str, transact: impl FnOnce() -> A) -> A {
        let (since, before) = (Instant::now(), self.statements.get());
        let done = transact();
        self.meter.count(operation, since, self.statements.get() - before);
        done
    }

    fn failed(&self, cause: rusqlite::Error) -> Error {
        let location = self.tables.location();
        let removed = self.tables.layouts().into_iter().find(|layout| is_without_table(&cause, layout.table));
        if let Some(layout) = removed {
            self.is_removed.set(true);
            return table_removed(location, layout.table, cause);
        }
        while_in_use(error_from(location, cause))
    }

    fn run(&self, step: &T::Step) -> Result<T::Answer> {
        self.tables.run(self.rows(), step).map_err(|fault| match fault {
            Fault::OfSqlite(cause) => self.failed(cause),
            Fault::OfData(error) => error,
        })
    }

    /// Returns the answer to those whom another connection has kept out for too long.
    pub(super) fn locked(&self) -> Error {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        self.failed(rusqlite::Error::SqliteFailure(busy, None))
    }

    /// Answers a job that only reads, in one state of the database.
    pub(super) fn read(&self, job: &Job<T>) -> Answers<T::Answer> {
        let steps = job.steps();
        if steps.is_empty() {
            return Vec::new();
        }
        self.counted(READ, || {
            let snapshot = (steps.len() > 1).then(|| self.open.begin(TransactionBehavior::Deferred));
            let answers = steps.iter().map(|step| self.run(step)).collect();
            drop(snapshot);
            answers
        })
    }

    /// Does all jobs in one transaction; `None` while another connection writes: nothing was done.
    pub(super) fn make_all(&self, jobs: &[Pending<T>]) -> Option<AllAnswers<T>> {
        if !self.room.is_there(&self.open, || jobs.iter().map(|pending| pending.job.bytes()).sum()) {
            return Some(self.make_alone(jobs));
        }
        match self.make_together(jobs) {
            Ok(answers) => Some(answers),
            Err(Undone::KeptOut) => None,
            Err(Undone::ByOne) => Some(self.make_alone(jobs)),
            Err(Undone::Whole(cause)) => {
                let error = self.failed(cause);
                let is_full = is_full::<()>(&Err(error.clone()));
                Some(if is_full { self.make_alone(jobs) } else { failed_all(jobs, &error) })
            }
        }
    }

    fn make_together(&self, jobs: &[Pending<T>]) -> std::result::Result<AllAnswers<T>, Undone> {
        let transaction = self.open.begin_to_write()?;
        self.counted(WRITE, || {
            let answers = jobs
                .iter()
                .map(|pending| pending.job.steps().iter().map(|step| self.in_transaction(step)).collect());
            let answers = answers.collect::<std::result::Result<_, _>>()?;
            transaction.commit().map_err(Undone::Whole)?;
            Ok(answers)
        })
    }

    /// Makes one step of a transaction. One that fails takes no other with it, unless it ends the transaction.
    fn in_transaction(&self, step: &T::Step) -> std::result::Result<Result<T::Answer>, Undone> {
        let savepoint = |sql: &str| self.open.connection.prepare_cached(sql)?.execute([]);
        savepoint("SAVEPOINT step").map_err(Undone::Whole)?;
        let done = self.run(step);
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
    fn make_alone(&self, jobs: &[Pending<T>]) -> AllAnswers<T> {
        let steps = |pending: &Pending<T>| pending.job.steps().iter().map(|step| self.alone(step)).collect();
        jobs.iter().map(steps).collect()
    }

    /// Does a step in a transaction of its own. One that makes room is done again with the room that is kept for it.
    fn alone(&self, step: &T::Step) -> Result<T::Answer> {
        let (frees, bytes) = (step.frees(), step.bytes());
        let has_room = bytes == 0 || self.room.is_there(&self.open, || bytes as u64);
        if !has_room && !frees {
            return Err(self.failed(full()));
        }
        let done = self.in_own_transaction(step);
        if !frees || !is_full(&done) {
            return done;
        }
        self.room.give_back(&self.open);
        let done = self.in_own_transaction(step);
        move_log(&self.open);
        done
    }

    fn in_own_transaction(&self, step: &T::Step) -> Result<T::Answer> {
        let transaction = self.open.begin_to_write().map_err(|cause| match cause {
            NotBegun::Failed(cause) => self.failed(cause),
            NotBegun::KeptOut => self.locked(),
        })?;
        self.counted(if step.is_write() { WRITE } else { READ }, || {
            // What fails is rolled back when the transaction is dropped.
            let done = self.run(step)?;
            transaction.commit().map_err(|cause| self.failed(cause))?;
            Ok(done)
        })
    }
}

fn failed_all<T: Tables>(jobs: &[Pending<T>], error: &Error) -> AllAnswers<T> {
    let failed = |pending: &Pending<T>| answer_all(pending.job.steps().len(), &Err(error.clone()));
    jobs.iter().map(failed).collect()
}
