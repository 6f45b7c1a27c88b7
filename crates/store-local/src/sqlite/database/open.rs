//! Opens the database.

use std::fs;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::location::Place;
use crate::sqlite::config::Location;
use crate::sqlite::error::error_from;
use redkv_core::error::{Error, Result};

/// A connection, and what it is to.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Where it is, unless it is in memory.
    pub(crate) place: Option<Place>,
    busy_timeout: Duration,
}

/// Why no write can begin.
pub(crate) enum NotBegun {
    Failed(rusqlite::Error),
    /// Another connection writes.
    KeptOut,
}

impl From<rusqlite::Error> for NotBegun {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Failed(cause)
    }
}

impl Opened {
    /// Opens the database at `location`, and returns what `prepare` makes of its table. Locks are waited for no longer than
    /// `busy_timeout`.
    pub(crate) fn open<T>(
        location: &Location,
        busy_timeout: Duration,
        prepare: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<(Self, T)> {
        refuse_what_is_no_file(location)?;
        let (connection, place) =
            connect(location, busy_timeout).map_err(|cause| error_from(location, cause))?;
        // When it is dropped, the file is left as it was found.
        let mut open = Self { connection, place, busy_timeout };
        let prepared = prepare(&open.connection)?;
        if let Some(place) = &mut open.place {
            place.has_been_read();
        }
        Ok((open, prepared))
    }

    pub(crate) fn begin(&self, behavior: TransactionBehavior) -> rusqlite::Result<Transaction<'_>> {
        Transaction::new_unchecked(&self.connection, behavior)
    }

    /// Begins to write. Where others can read meanwhile, whoever has the lock is not waited for.
    pub(crate) fn begin_to_write(&self) -> std::result::Result<Transaction<'_>, NotBegun> {
        let is_waited_for = !self.place.as_ref().is_some_and(|place| place.has_log);
        if is_waited_for {
            return Ok(self.begin(TransactionBehavior::Immediate)?);
        }
        self.connection.busy_timeout(Duration::ZERO)?;
        let begun = self.begin(TransactionBehavior::Immediate);
        self.connection.busy_timeout(self.busy_timeout)?;
        begun.map_err(|cause| match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => NotBegun::KeptOut,
            _ => NotBegun::Failed(cause),
        })
    }

    /// Waits for others no longer than `patience` while `work` is done.
    pub(crate) fn with_patience<T>(&self, patience: Duration, work: impl FnOnce(&Connection) -> T) -> T {
        self.connection.busy_timeout(patience).ok();
        let done = work(&self.connection);
        self.connection.busy_timeout(self.busy_timeout).ok();
        done
    }

    /// Fails when the file was removed or replaced.
    pub(crate) fn check(&self) -> Result<()> {
        self.place.as_ref().map_or(Ok(()), Place::check)
    }

    /// The same for those who read, who may see for a moment what was there before.
    pub(crate) fn check_for_reader(&self) -> Result<()> {
        self.place.as_ref().map_or(Ok(()), Place::check_for_reader)
    }

    /// Returns whether it was opened as something that nobody changes, and somebody has.
    pub(crate) fn is_outdated(&self) -> bool {
        self.place.as_ref().is_some_and(Place::is_outdated)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            place.leave(&self.connection);
        }
    }
}

/// A pipe or a device is never opened: whoever opens it may wait for good.
fn refuse_what_is_no_file(location: &Location) -> Result<()> {
    let Location::File(path) = location else { return Ok(()) };
    // That of a directory has words of its own.
    match fs::metadata(path) {
        Ok(file) if !file.is_file() && !file.is_dir() => {
            Err(Error::argument("path", format!("path {location} is not a regular file")))
        }
        _ => Ok(()),
    }
}

fn connect(location: &Location, busy_timeout: Duration) -> rusqlite::Result<(Connection, Option<Place>)> {
    let (connection, place) = match location {
        Location::Memory => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            (Connection::open_in_memory_with_flags(flags | OpenFlags::SQLITE_OPEN_CREATE)?, None)
        }
        Location::File(path) => {
            let (connection, place) = Place::open(path, busy_timeout)?;
            (connection, Some(place))
        }
    };
    // With NORMAL, a power failure could take back writes that were acknowledged.
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    Ok((connection, place))
}
