//! Opens the folder: one store at a time, and never a file that was only begun.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use redb::{Database, ReadableDatabase};

use super::config::DiskConfig;
use super::error::{error_from, error_of_io};
use super::tables::{ALL, TOTALS, Totals, total};
use super::touches::Touches;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::stores::identity::{Watched, removed};
use crate::stores::private::Rights;

pub(super) const FILE: &str = "entries.redb";
const BEGUN: &str = "entries.redb.new";

/// An open file, and what its users have in common. Everything here blocks.
pub(super) struct Open {
    pub(super) database: Database,
    pub(super) config: Arc<DiskConfig>,
    pub(super) clock: Arc<dyn Clock>,
    /// Keys that were read and should move to the end of those that make room.
    pub(super) touches: Touches,
    /// Held by those who read.
    pub(super) reading: RwLock<()>,
    next: AtomicU64,
    entries: AtomicU64,
    /// Whether redb refuses everything from now on, so that the file must be opened again.
    has_failed: AtomicBool,
    /// The file, of which others may take the name.
    watched: Mutex<Watched>,
    /// Keeps other processes out for as long as this lives. Behind the database, so that it is let go of last.
    _lock: File,
}

impl Open {
    pub(super) fn at(config: Arc<DiskConfig>, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = &config.path;
        make_folder(path)?;
        let lock = lock(path)?;
        let file = path.join(FILE);
        if !file.exists() {
            begin(path, &file)?;
        }
        let database = Database::builder()
            .set_cache_size(config.cache_bytes)
            .open(&file)
            .map_err(|cause| error_from(path, cause))?;
        let watched = Watched::opened(&file).map_err(|cause| error_of_io(path, cause))?;
        let totals = totals(&database).map_err(|cause| error_from(path, cause))?;
        let open = Self {
            database,
            config,
            clock,
            touches: Touches::default(),
            reading: RwLock::new(()),
            next: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            watched: Mutex::new(watched),
            _lock: lock,
        };
        open.tell(totals);
        Ok(open)
    }

    /// Fails when the file was removed or replaced, and must be opened again: what is written into it is nowhere.
    pub(super) fn check(&self) -> Result<()> {
        self.checked(|watched, file| watched.is_at(file))
    }

    /// The same for those who read: they may see for a moment what was there before.
    pub(super) fn check_for_reader(&self) -> Result<()> {
        self.checked(Watched::seems_at)
    }

    fn checked(&self, look: impl FnOnce(&mut Watched, &Path) -> bool) -> Result<()> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if look(&mut watched, &self.config.path.join(FILE)) {
            return Ok(());
        }
        self.has_failed.store(true, Ordering::Relaxed);
        Err(removed(&self.config.path))
    }

    /// Makes known to readers how much there is.
    pub(super) fn tell(&self, totals: Totals) {
        self.next.store(totals.next, Ordering::Relaxed);
        self.entries.store(totals.entries, Ordering::Relaxed);
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self.reading.try_write(), Err(TryLockError::WouldBlock))
    }

    /// Makes the file as short as it can be. Takes as long as writing all of it.
    pub(super) fn compact(&mut self) -> Result<()> {
        let outcome = self.database.compact();
        outcome.map(|_| ()).map_err(|cause| self.failed(cause))
    }

    /// Whether an entry that was used as number `used` is no longer among the newest eighth. Only then its use is worth
    /// a write.
    pub(super) fn is_behind(&self, used: u64) -> bool {
        is_behind(used, self.next.load(Ordering::Relaxed), self.entries.load(Ordering::Relaxed))
    }

    pub(super) fn failed(&self, cause: impl Into<redb::Error>) -> Error {
        self.has_failed.store(true, Ordering::Relaxed);
        error_from(&self.config.path, cause)
    }
}

/// See [`Open::is_behind`].
pub(super) fn is_behind(used: u64, next: u64, entries: u64) -> bool {
    next.saturating_sub(used) > 1 + entries / 8
}

/// The open file, if it is open. Whoever finds it failing takes it out, and the next one opens it again.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Arc<Open>>>);

impl Slot {
    pub(super) fn get(&self) -> Option<Arc<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn put(&self, open: Option<Arc<Open>>) {
        let before = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), open);
        drop(before);
    }

    /// Takes `open` out if it has failed.
    pub(super) fn look_after(&self, open: Arc<Open>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.has_failed.load(Ordering::Relaxed)
            && kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, &open))
        {
            *kept = None;
        }
    }
}

fn make_folder(path: &Path) -> Result<()> {
    let shown = path.display();
    let Err(error) = Rights::alone().make_folder(path) else { return Ok(()) };
    Err(match error.kind() {
        io::ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(path).display();
            Error::argument("path", format!("path '{shown}' cannot be made: there is no folder '{parent}'"))
        }
        io::ErrorKind::AlreadyExists => Error::argument("path", format!("path '{shown}' is not a folder")),
        _ => error_of_io(path, error),
    })
}

fn lock(path: &Path) -> Result<File> {
    let failed = |cause| error_of_io(path, cause);
    let file = Rights::within(path).lock_file(&path.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(error_from(path, redb::Error::DatabaseAlreadyOpen)),
        Err(fs::TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

/// Makes the file under another name, so that one that is only begun is never found.
fn begin(path: &Path, file: &PathBuf) -> Result<()> {
    let failed = |cause| error_of_io(path, cause);
    let begun = path.join(BEGUN);
    match fs::remove_file(&begun) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(failed(cause)),
        _ => {}
    }
    drop(Rights::within(path).make_file(&begun).map_err(failed)?);
    make(&begun).map_err(|cause| error_from(path, cause))?;
    fs::rename(&begun, file).map_err(failed)?;
    // Other systems than Unix have no way to do it, and need none.
    if cfg!(unix) { File::open(path).and_then(|folder| folder.sync_all()).map_err(failed) } else { Ok(()) }
}

fn make(begun: &Path) -> std::result::Result<(), redb::Error> {
    let database = Database::create(begun)?;
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    for table in ALL {
        transaction.open_table(table)?;
    }
    transaction.commit()?;
    Ok(database.close()?)
}

fn totals(database: &Database) -> std::result::Result<Totals, redb::Error> {
    let table = database.begin_read()?.open_table(TOTALS)?;
    let number = |name: &str| -> std::result::Result<u64, redb::Error> {
        Ok(table.get(name.as_bytes())?.map_or(0, |kept| total(kept.value())))
    };
    Totals::read(number)
}
