//! Opens the folder for one store at a time, and never a file that was only begun.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redb::{Database, ReadableDatabase};

use super::backend::Base;
use super::held::Held;
use super::slot::Damaged;
use super::tables::{ALL, LAYOUT, LAYOUT_NAME, TOTALS, Totals, total};
use crate::disk::config::DiskConfig;
use crate::disk::error::{broken, error_from, error_of_io, of_another_layout};
use crate::disk::touches::Touches;
use crate::identity::{Watched, removed};
use crate::patience::{patiently, taken};
use crate::private::Rights;
use redkv_core::clock::Clock;
use redkv_core::error::{Error, Result};
use redkv_core::lock::{Lock, SharedLock};
use redkv_core::panics::caught_now;

pub(crate) const FILE: &str = "entries.redb";
const BEGUN: &str = "entries.redb.new";

/// How long the lock of the folder is waited for. A child process that is just being started has it, too, until it
/// becomes another program.
const PATIENCE: Duration = Duration::from_millis(250);

/// An open file, and what its users have in common. Everything here blocks.
///
/// redb panics over some damage to its file, and again when what it has made is dropped then. So it is asked within
/// [`Open::guarded`], and what it gives is [`Held`].
pub(crate) struct Open {
    pub(crate) database: Held<Database>,
    base: Base,
    /// The failure of redb after which it is not used any more.
    damage: OnceLock<Error>,
    pub(crate) config: Arc<DiskConfig>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Keys that were read and should move to the end of those that make room.
    pub(crate) touches: Touches,
    /// Held by those who read.
    pub(crate) reading: SharedLock<()>,
    next: AtomicU64,
    entries: AtomicU64,
    /// Whether redb refuses everything from now on, so that the file must be opened again.
    has_failed: AtomicBool,
    /// The file, of which others may take the name.
    watched: Lock<Watched>,
    /// Keeps other processes out for as long as this lives. Behind the database, so that it is let go of last.
    _lock: File,
}

impl Open {
    pub(crate) fn at(config: Arc<DiskConfig>, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = &config.path;
        make_folder(path)?;
        let lock = lock(path)?;
        let file = path.join(FILE);
        // A link that leads nowhere is no missing file: what it leads to may be there again later.
        if fs::symlink_metadata(&file).is_err() {
            begin(path, &file)?;
        }
        let base = Base::open(&file).map_err(|cause| error_from(path, cause))?;
        let watched = Watched::opened(&file).map_err(|cause| error_of_io(path, cause))?;
        let (database, totals) = caught_now(|| enter(&config, base.clone())).unwrap_or_else(|panic| {
            base.cut();
            Err(broken(path, &panic))
        })?;
        let open = Self {
            database,
            base,
            damage: OnceLock::new(),
            config,
            clock,
            touches: Touches::default(),
            reading: SharedLock::new(()),
            next: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            watched: Lock::new(watched),
            _lock: lock,
        };
        open.tell(totals);
        Ok(open)
    }

    /// Fails when the file was removed or replaced, and must be opened again: what is written into it is nowhere.
    pub(crate) fn check(&self) -> Result<()> {
        self.checked(|watched, file| watched.is_at(file))
    }

    /// Like [`Open::check`], for readers: they may see the old file for a moment.
    pub(crate) fn check_for_reader(&self) -> Result<()> {
        self.checked(Watched::seems_at)
    }

    fn checked(&self, look: impl FnOnce(&mut Watched, &Path) -> bool) -> Result<()> {
        let mut watched = self.watched.lock();
        if look(&mut watched, &self.config.path.join(FILE)) {
            return Ok(());
        }
        self.has_failed.store(true, Ordering::Relaxed);
        Err(removed(&self.config.path))
    }

    /// Publishes the totals to readers.
    pub(crate) fn tell(&self, totals: Totals) {
        self.next.store(totals.next, Ordering::Relaxed);
        self.entries.store(totals.entries, Ordering::Relaxed);
    }

    pub(crate) fn is_read(&self) -> bool {
        self.reading.is_held()
    }

    /// Makes the file as short as it can be. Takes as long as writing all of it.
    pub(crate) fn compact(&mut self) -> Result<()> {
        let path = self.config.path.clone();
        let database = &mut self.database;
        let outcome = caught_now(|| database.compact().map_err(|cause| error_from(&path, cause)));
        self.judged(outcome).map(|_| ())
    }

    /// Asks redb. A panic of it is damage to the file, and the last that is asked.
    pub(crate) fn guarded<T>(&self, ask: impl FnOnce() -> Result<T>) -> Result<T> {
        match self.damage.get() {
            Some(damage) => Err(damage.clone()),
            None => self.judged(caught_now(ask)),
        }
    }

    fn judged<T>(&self, outcome: Result<Result<T>>) -> Result<T> {
        let answer = outcome.unwrap_or_else(|panic| {
            let damage = self.damage.get_or_init(|| broken(&self.config.path, &panic)).clone();
            self.base.cut();
            self.has_failed.store(true, Ordering::Relaxed);
            Err(damage)
        });
        // Who is asked beside a panic fails for it.
        answer.map_err(|error| self.damage.get().cloned().unwrap_or(error))
    }

    /// Returns whether it has failed, so that the file must be opened again.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// What is to be known of the file if it is damaged, for as long as it is there.
    pub(crate) fn damaged(&self) -> Option<Damaged> {
        self.damage.get().map(|error| Damaged::at(&self.config.path.join(FILE), error.clone()))
    }

    /// Returns whether an entry that was used as number `used` is no longer among the newest eighth. Only then its use
    /// is worth a write.
    pub(crate) fn is_behind(&self, used: u64) -> bool {
        is_behind(used, self.next.load(Ordering::Relaxed), self.entries.load(Ordering::Relaxed))
    }

    pub(crate) fn failed(&self, cause: impl Into<redb::Error>) -> Error {
        self.has_failed.store(true, Ordering::Relaxed);
        error_from(&self.config.path, cause)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.damage.get().is_none() {
            let database = self.database.take_out();
            if caught_now(|| database.map(Database::close)).is_err() {
                self.base.cut();
            }
        } else {
            self.database.leak();
        }
    }
}

/// See [`Open::is_behind`].
pub(crate) fn is_behind(used: u64, next: u64, entries: u64) -> bool {
    next.saturating_sub(used) > 1 + entries / 8
}

fn make_folder(path: &Path) -> Result<()> {
    let shown = path.display();
    let Err(error) = Rights::alone().make_folder(path) else { return Ok(()) };
    Err(match error.kind() {
        io::ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(path).display();
            Error::argument(
                "path",
                format!("path '{shown}' cannot be created: there is no folder '{parent}'"),
            )
        }
        io::ErrorKind::AlreadyExists => Error::argument("path", format!("path '{shown}' is not a folder")),
        _ => error_of_io(path, error),
    })
}

fn lock(path: &Path) -> Result<File> {
    let failed = |cause| error_of_io(path, cause);
    let file = Rights::within(path).lock_file(&path.join("lock")).map_err(failed)?;
    let locked = patiently(PATIENCE, || taken(file.try_lock())).map_err(failed)?;
    locked.map(|()| file).ok_or_else(|| error_from(path, redb::Error::DatabaseAlreadyOpen))
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
    let layout = LAYOUT.to_le_bytes();
    transaction.open_table(TOTALS)?.insert(LAYOUT_NAME.as_bytes(), layout.as_slice())?;
    transaction.commit()?;
    Ok(database.close()?)
}

/// Opens the database in a file, and looks how much there is.
fn enter(config: &DiskConfig, base: Base) -> Result<(Held<Database>, Totals)> {
    let failed = |cause: redb::Error| error_from(&config.path, cause);
    let database = Database::builder().set_cache_size(config.cache_bytes).create_with_backend(base);
    let database = Held::new(database.map_err(|cause| failed(cause.into()))?);
    let (layout, totals) = totals(&database).map_err(failed)?;
    if layout == LAYOUT { Ok((database, totals)) } else { Err(of_another_layout(&config.path)) }
}

/// The layout of the file, and how much is in it.
fn totals(database: &Database) -> std::result::Result<(u64, Totals), redb::Error> {
    let transaction = Held::new(database.begin_read()?);
    let table = Held::new(transaction.open_table(TOTALS)?);
    let number = |name: &str| -> std::result::Result<u64, redb::Error> {
        Ok(table.get(name.as_bytes())?.map_or(0, |kept| total(kept.value())))
    };
    Ok((number(LAYOUT_NAME)?, Totals::read(number)?))
}
