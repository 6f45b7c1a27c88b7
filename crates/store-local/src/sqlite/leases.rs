//! Leases, in a table beside that of the entries.
//!
//! Nobody's time of day decides: a lease is over when its row did not change for its life, by the monotonic clock of who looks
//! at it. So one that has never seen it waits for a whole life.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use rusqlite::{OptionalExtension, params};
use tokio::sync::oneshot;

use super::database::disk_full::{full, is_full, move_log};
use super::database::open::NotBegun;
use super::error::is_without_table;
use super::store::SqliteStore;
use super::table::table::Table;
use super::thread::Job;
use redkv_core::clock::{Clock, SystemClock};
use redkv_core::error::Result;
use redkv_core::store::leases::{SeenLeases, next_token};
use redkv_core::store::{Answers, Leases};

/// The table of leases, which is made by the first one. Its rows stay when a lease is over, so that tokens grow.
const LEASE_TABLE: &str = "redkv_leases";

const CREATE: &str = "CREATE TABLE IF NOT EXISTS redkv_leases (name TEXT PRIMARY KEY NOT NULL, token INTEGER NOT NULL, \
     beat INTEGER NOT NULL, life INTEGER NOT NULL, released INTEGER NOT NULL)";
const READ: &str = "SELECT token, beat, life, released FROM redkv_leases WHERE name = ?1";
const WRITE: &str = "INSERT INTO redkv_leases (name, token, beat, life, released) VALUES (?1, ?2, ?3, ?4, ?5) \
     ON CONFLICT (name) DO UPDATE SET token = ?2, beat = ?3, life = ?4, released = ?5";

/// About what a row takes, in pages that are not full.
const BYTES: u64 = 4096;

/// What is done with a lease.
#[derive(Clone, Copy, Debug)]
pub(super) enum LeaseStep {
    Acquire(Duration),
    Renew(u64, Duration),
    Release(u64),
}

/// A step that is asked for, and until when it is tried.
#[derive(Debug)]
pub(super) struct LeaseRequest {
    pub(super) name: String,
    pub(super) step: LeaseStep,
    pub(super) reply: oneshot::Sender<Answers<Option<u64>>>,
    pub(super) until: Instant,
}

/// A lease, as the table has it.
#[derive(Clone, Copy, Debug)]
struct Row {
    token: u64,
    /// Counts its renewals.
    beat: u64,
    life: Duration,
    is_released: bool,
}

impl Row {
    /// What is different after each change.
    fn mark(&self) -> (u64, u64) {
        (self.token, self.beat)
    }
}

impl LeaseStep {
    /// Returns the lease after this step on `row`, which is somebody's if `is_held`; `None` where it changes nothing.
    fn made(self, row: Option<Row>, is_held: bool) -> Option<Row> {
        let own = |token| row.filter(|row| is_held && row.token == token);
        match self {
            Self::Acquire(_) if is_held => None,
            Self::Acquire(life) => {
                let micros = SystemClock.time_of_day().saturating_mul(1000);
                let token = next_token(row.map_or(0, |row| row.token), micros);
                Some(Row { token, beat: 0, life, is_released: false })
            }
            Self::Renew(token, life) => {
                own(token).map(|row| Row { beat: row.beat.wrapping_add(1), life, ..row })
            }
            Self::Release(token) => own(token).map(|row| Row { is_released: true, ..row }),
        }
    }
}

impl Table {
    /// Makes a step in a transaction of its own, and returns the token of who holds the lease then, or held it until now.
    /// `None` while another connection writes: nothing was done.
    pub(super) fn lease(
        &self,
        seen: &SeenLeases,
        name: &str,
        step: LeaseStep,
    ) -> Option<Result<Option<u64>>> {
        let done = if self.room.is_there(&self.open, || BYTES) {
            self.lease_once(seen, name, step)?
        } else {
            Err(self.failed(full()))
        };
        if !matches!(step, LeaseStep::Release(_)) || !is_full(&done) {
            return Some(done);
        }
        // As a delete: what is given back must not stay because of that.
        self.room.give_back(&self.open);
        let done = self.lease_once(seen, name, step);
        move_log(&self.open);
        done
    }

    fn lease_once(&self, seen: &SeenLeases, name: &str, step: LeaseStep) -> Option<Result<Option<u64>>> {
        match self.change_lease(seen, name, step) {
            Ok(token) => Some(Ok(token)),
            Err(NotBegun::Failed(cause)) => Some(Err(self.failed(cause))),
            Err(NotBegun::KeptOut) => None,
        }
    }

    fn change_lease(
        &self,
        seen: &SeenLeases,
        name: &str,
        step: LeaseStep,
    ) -> std::result::Result<Option<u64>, NotBegun> {
        let transaction = self.open.begin_to_write()?;
        let row = self.lease_row(name)?;
        let is_held = row.is_some_and(|row| !row.is_released && !seen.is_over(name, row.mark(), row.life));
        let Some(row) = step.made(row, is_held) else { return Ok(None) };
        self.put_lease(name, row)?;
        transaction.commit()?;
        // Its life begins when others may see it.
        seen.is_over(name, row.mark(), row.life);
        Ok(Some(row.token))
    }

    fn lease_row(&self, name: &str) -> rusqlite::Result<Option<Row>> {
        match self.open.connection.prepare_cached(READ).and_then(|mut read| read.query_row([name], row_of)) {
            // It is made by the first one.
            Err(cause) if is_without_table(&cause, LEASE_TABLE) => Ok(None),
            row => row.optional(),
        }
    }

    fn put_lease(&self, name: &str, row: Row) -> rusqlite::Result<()> {
        self.open.connection.prepare_cached(CREATE)?.execute([])?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let life = u64::try_from(row.life.as_millis()).unwrap_or(u64::MAX);
        let parameters = params![name, number(row.token), number(row.beat), number(life), row.is_released];
        self.open.connection.prepare_cached(WRITE)?.execute(parameters).map(drop)
    }
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let number = |place| row.get(place).map(|number: i64| u64::try_from(number).unwrap_or(0));
    let (token, beat, life) = (number(0)?, number(1)?, Duration::from_millis(number(2)?));
    Ok(Row { token, beat, life, is_released: row.get(3)? })
}

impl SqliteStore {
    async fn step(&self, name: &str, step: LeaseStep) -> Result<Option<u64>> {
        let answers = self.ask(1, |reply| Job::Lease(name.to_owned(), step, reply)).await;
        answers.into_iter().next().unwrap_or(Ok(None))
    }
}

impl Leases for SqliteStore {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(self.step(name, LeaseStep::Acquire(life)))
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(self.step(name, LeaseStep::Renew(token, life)).await?.is_some()) })
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(self.step(name, LeaseStep::Release(token)).await?.is_some()) })
    }
}
