//! Recovers from a full disk: checkpoints the log, and releases reserved space so that deletes still work.
//!
//! The log has room for as much as is in reserve, so that moving it needs no more. Without a reserve nothing is written
//! but deletes: the last room would go into a log that cannot be moved any more.

use std::cell::RefCell;

use rusqlite::{Connection, ErrorCode};

use super::open::Opened;
use crate::reserve::Reserve;
use crate::sqlite::table::change::Change;
use crate::sqlite::table::table::Table;
use redkv_core::error::{Error, Result};
use redkv_core::store::Answers;

/// As long as a log gets that nobody moves earlier: 1,000 pages of the usual size.
const RESERVE: u64 = 4 << 20;

/// What must be free within the file, beside the entries, to write them on a full disk.
const LEAST_FREE: u64 = 64 << 10;

/// How others are waited for meanwhile.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(100);

/// Room for deletes on a full disk, taken by the first write.
#[derive(Default)]
pub(crate) struct Room(RefCell<Option<Reserve>>);

impl Room {
    /// Makes sure that there is a reserve before about `bytes` are written, which may need it later. Returns whether they
    /// may be: without a reserve only if they find room in the file as it is.
    pub(crate) fn is_there(&self, open: &Opened, bytes: impl FnOnce() -> u64) -> bool {
        let mut reserve = self.0.borrow_mut();
        let folder = open.place.as_ref().and_then(|place| place.path.parent());
        let Some(folder) = folder.filter(|_| reserve.is_none()) else { return true };
        match Reserve::take(folder, RESERVE) {
            Err(_) => free_bytes(&open.connection).is_ok_and(|free| free >= LEAST_FREE + bytes()),
            Ok(taken) => {
                *reserve = taken;
                if let Some(reserve) = &*reserve {
                    // How long the log gets is no question of whether something is kept.
                    limit_log(&open.connection, reserve.bytes).ok();
                }
                true
            }
        }
    }

    /// Gives the reserve back, so that there is room for what makes more of it.
    pub(crate) fn give_back(&self, open: &Opened) {
        *self.0.borrow_mut() = None;
        move_log(open);
    }
}

/// Moves the log into the file and gives its room back, as far as nobody reads from it.
pub(crate) fn move_log(open: &Opened) {
    open.with_patience(PATIENCE, |connection| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).ok();
    });
}

/// Returns the failure of SQLite that there is no room.
pub(crate) fn full() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None)
}

impl Table {
    pub(crate) fn has_room(&self, changes: &[Change]) -> bool {
        self.room.is_there(&self.open, || bytes_of(changes))
    }

    /// The answers to `changes`, of which some failed because the disk is full: deletes are made all the same, and
    /// others if that has made room.
    pub(crate) fn make_again(
        &self,
        changes: &[Change],
        mut answers: Answers<bool>,
        now: u64,
    ) -> Answers<bool> {
        self.room.give_back(&self.open);
        self.make_failed(changes, &mut answers, now, |change| matches!(change, Change::Delete(_)));
        move_log(&self.open);
        if self.has_room(changes) {
            self.make_failed(changes, &mut answers, now, |_| true);
        }
        answers
    }

    fn make_failed(
        &self,
        changes: &[Change],
        answers: &mut Answers<bool>,
        now: u64,
        which: impl Fn(&Change) -> bool,
    ) {
        for (change, answer) in changes.iter().zip(answers) {
            if which(change) && is_full(answer) {
                *answer = self.write_one(change, now);
            }
        }
    }
}

/// What is free within the file.
fn free_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, u32>(0)).map(u64::from);
    Ok(number("PRAGMA freelist_count")? * number("PRAGMA page_size")?)
}

/// About what changes take, in pages that are not full.
fn bytes_of(changes: &[Change]) -> u64 {
    let bytes = |change: &Change| match change {
        Change::Put(key, entry, _) => 2 * (key.len() + entry.value.len()),
        Change::Delete(_) => 0,
    };
    changes.iter().map(bytes).sum::<usize>() as u64
}

fn limit_log(connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let pages = (bytes / u64::from(page.max(1))).clamp(1, 1_000);
    connection.query_row(&format!("PRAGMA wal_autocheckpoint = {pages}"), [], |_| Ok(()))
}

/// Returns whether an answer says that there is no room.
pub(crate) fn is_full<T>(answer: &Result<T>) -> bool {
    use std::error::Error as _;
    let of = |error: &Error| error.source()?.downcast_ref::<rusqlite::Error>()?.sqlite_error_code();
    answer.as_ref().is_err_and(|error| of(error) == Some(ErrorCode::DiskFull))
}
