//! The file of an open database: opening it, noticing that it is gone, closing it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::identity::{Identity, Watched, removed};
use crate::private::Rights;
use redkv_core::error::{Error, Result};

/// The file that a connection has open.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    watched: RefCell<Watched>,
    journal: Journal,
    /// Whether those who read need not wait for those who write.
    pub(crate) has_log: bool,
    /// The write-ahead log that lies beside it, once there is one.
    log: Option<Identity>,
}

enum Journal {
    /// It is what it was before.
    AsBefore,
    /// It was made a write-ahead log, and this is what it was.
    MadeLog { before: String },
    /// The file is taken for one that nobody changes, as long as it looks like this.
    Frozen { bytes: u64, modified: Option<SystemTime> },
}

impl Place {
    /// Opens the database at `path`.
    pub(crate) fn open(path: &Path, busy_timeout: Duration) -> rusqlite::Result<(Connection, Self)> {
        // One thread uses the connection, so SQLite need not lock it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if let Some(folder) = path.parent() {
            // What lies beside it gets the same rights from SQLite. Whoever opens it next says why there is none.
            Rights::within(folder).make_file(path).ok();
        }
        match Self::open_to_write(path, flags, busy_timeout) {
            Err(cause)
                if matches!(cause.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
                    && is_complete(path) =>
            {
                // Where nothing can be written beside it, a file in WAL mode is only read when it is said not to change.
                Self::open_as_it_is(path).map_err(|_| cause)
            }
            opened => opened,
        }
    }

    fn open_to_write(
        path: &Path,
        flags: OpenFlags,
        busy_timeout: Duration,
    ) -> rusqlite::Result<(Connection, Self)> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(busy_timeout)?;
        // The first look into the file: what is no database fails here.
        let before =
            connection.query_row("PRAGMA schema_version", [], |_| Ok(())).and_then(|()| mode(&connection))?;
        // Costs one sync of the disk a commit instead of several, and lets others read meanwhile. Where it cannot be
        // had (no shared memory, a read-only directory, another process inside), the journal stays what it was, which
        // is slower and as safe.
        let is_made =
            match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
                Ok(after) => after == "wal" && before != "wal",
                Err(rusqlite::Error::SqliteFailure(..)) => false,
                Err(other) => return Err(other),
            };
        let journal = if is_made { Journal::MadeLog { before } } else { Journal::AsBefore };
        let has_log = mode(&connection)? == "wal";
        Self::of(path, journal).map(|place| (connection, Self { has_log, ..place }))
    }

    fn open_as_it_is(path: &Path) -> rusqlite::Result<(Connection, Self)> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let (bytes, modified) = look_of(path).unwrap_or_default();
        let connection = Connection::open_with_flags(format!("{}?immutable=1", uri_of(path)), flags)?;
        connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
        Self::of(path, Journal::Frozen { bytes, modified }).map(|place| (connection, place))
    }

    fn of(path: &Path, journal: Journal) -> rusqlite::Result<Self> {
        let watched = Watched::opened(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
        Ok(Self { path: path.to_owned(), watched: RefCell::new(watched), journal, has_log: false, log: None })
    }

    /// To be called after the first look into the table: before it there may be no log.
    pub(crate) fn has_been_read(&mut self) {
        self.log = Identity::at(&log_of(&self.path)).ok();
    }

    /// Fails when the file was removed or replaced: what is written then is nowhere.
    pub(crate) fn check(&self) -> Result<()> {
        if self.watched.borrow().is_at(&self.path) { Ok(()) } else { Err(self.removed()) }
    }

    /// Like the check before a write, for readers: they may see the old file for a moment.
    pub(crate) fn check_for_reader(&self) -> Result<()> {
        if self.watched.borrow_mut().seems_at(&self.path) { Ok(()) } else { Err(self.removed()) }
    }

    fn removed(&self) -> Error {
        removed(&self.path)
    }

    /// Returns whether a file that was taken for one that nobody changes was changed.
    pub(crate) fn is_outdated(&self) -> bool {
        match self.journal {
            Journal::Frozen { bytes, modified } => {
                look_of(&self.path) != Some((bytes, modified)) || !is_complete(&self.path)
            }
            Journal::AsBefore | Journal::MadeLog { .. } => false,
        }
    }

    /// Leaves the file as it was found, before `connection` to it is closed: in the mode in which it is read where
    /// nothing can be written beside it, if nobody else uses it.
    pub(crate) fn leave(&self, connection: &Connection) {
        if self.check().is_err() {
            // SQLite leaves the log of a file that is gone, and whoever opens what took the place would take it for a part
            // of that. But it may be the log of that one already.
            let log = log_of(&self.path);
            if self.log.is_some() && Identity::at(&log).ok() == self.log {
                fs::remove_file(log).ok();
            }
            return;
        }
        if let Journal::MadeLog { before } = &self.journal {
            let restore = || -> rusqlite::Result<()> {
                connection.busy_timeout(Duration::ZERO)?;
                connection.query_row(&format!("PRAGMA journal_mode = {before}"), [], |_| Ok(()))
            };
            // Others use it, or the disk is full. It is as readable as before.
            restore().ok();
        }
    }
}

/// The journal of a database, in one word.
fn mode(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))
}

/// Returns whether everything of a database is in its file. Who would have to look into a log or a journal first has to
/// write.
fn is_complete(path: &Path) -> bool {
    let is_empty = |file: PathBuf| fs::metadata(file).map_or(true, |file| file.len() == 0);
    fs::File::open(path).is_ok() && is_empty(log_of(path)) && is_empty(beside(path, "-journal"))
}

fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn look_of(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()))
}

/// `path` as a URI in which nothing has a meaning of its own.
fn uri_of(path: &Path) -> String {
    let path = path.to_string_lossy();
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "file:///" });
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
            b':' if cfg!(windows) => uri.push(':'),
            // Writing to a string cannot fail.
            other => drop(write!(uri, "%{other:02x}")),
        }
    }
    uri
}
