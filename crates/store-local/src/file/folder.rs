//! Reads and writes single entries in the folder. Everything here blocks.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::config::FileConfig;
use super::error::{damaged, error_from, error_of_opening, locked};
use super::locks::{Held, Hold, LOCKS, Locks};
use super::name::{Place, folder_name};
use super::record::{self, Head, Unread, head_of};
use super::scratch::{Scratch, Unfinished};
use crate::private::{Rights, open_regular};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Outcome, Result};
use redkv_core::lock::Lock;
use redkv_core::store::SetMode;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
    durable: bool,
    pub(super) clock: Arc<dyn Clock>,
    rights: Rights,
    /// Opened by the first change: who only reads needs neither, nor a disk on which something can be made.
    locks: OnceLock<Locks>,
    scratch: OnceLock<Scratch>,
    opening: Lock<()>,
}

/// What is at the place of a key.
enum Found {
    Nothing,
    Live,
    Ended,
}

impl Folder {
    pub(super) fn open(config: &FileConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let root = config.path.clone();
        Rights::alone().make_folder(&root).map_err(|cause| error_of_opening(&root, cause))?;
        Ok(Self {
            rights: Rights::within(&root),
            root,
            durable: config.durable,
            clock,
            locks: OnceLock::new(),
            scratch: OnceLock::new(),
            opening: Lock::new(()),
        })
    }

    /// Makes what changes need, as far as this disk lets anything be made: else it may still be read, and those who
    /// change something are told.
    pub(super) fn prepare(&self) -> Result<()> {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match self.locks().and_then(|_| self.scratch()) {
            Err(cause)
                if matches!(
                    cause.kind(),
                    PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull
                ) && fs::read_dir(&self.root).is_ok() =>
            {
                Ok(())
            }
            Err(cause) => Err(error_of_opening(&self.root, cause)),
            Ok(_) => Ok(()),
        }
    }

    /// Returns whether the folder was removed, or another one is in its place.
    pub(super) fn is_gone(&self) -> bool {
        !self.root.is_dir() || self.scratch.get().is_some_and(|scratch| !scratch.is_there())
    }

    fn locks(&self) -> io::Result<&Locks> {
        self.opened(&self.locks, Locks::open)
    }

    fn scratch(&self) -> io::Result<&Scratch> {
        self.opened(&self.scratch, Scratch::open)
    }

    fn opened<'a, T>(
        &self,
        place: &'a OnceLock<T>,
        open: impl FnOnce(&Path) -> io::Result<T>,
    ) -> io::Result<&'a T> {
        if let Some(open) = place.get() {
            return Ok(open);
        }
        let _one_at_a_time = self.opening.lock();
        if let Some(open) = place.get() {
            return Ok(open);
        }
        let opened = open(&self.root)?;
        Ok(place.get_or_init(|| opened))
    }

    pub(super) fn get(&self, key: &Key) -> Result<Option<Entry>> {
        let place = Place::of(key);
        let Some(mut file) = self.look(&self.path_of(&place))? else { return Ok(None) };
        let (head, entry) = record::read(&mut file).map_err(|cause| self.unread(cause))?;
        self.check_key(&head, key)?;
        drop(file);
        if head.has_ended(self.clock.now()) {
            // It is gone either way, also from a disk on which nothing can be removed.
            self.remove_ended(&place).ok();
            return Ok(None);
        }
        Ok(Some(entry))
    }

    pub(super) fn has(&self, key: &Key) -> Result<bool> {
        let path = self.path_of(&Place::of(key));
        Ok(self
            .head(&path)?
            .map(|head| self.check_key(&head, key).map(|()| head))
            .transpose()?
            .is_some_and(|head| !head.has_ended(self.clock.now())))
    }

    pub(super) fn set(&self, key: &Key, entry: &Entry, mode: SetMode) -> Result<bool> {
        let place = Place::of(key);
        let path = self.path_of(&place);
        // Saves writing a file that could not take its place.
        if mode == SetMode::IfAbsent && matches!(self.found(&path)?, Found::Live) {
            return Ok(false);
        }
        let head = head_of(key, entry);
        let unfinished =
            self.scratch().and_then(|scratch| scratch.write(&[&head, &entry.value], self.durable));
        let unfinished = unfinished.map_err(|cause| self.failed(cause))?;
        let is_stored = match mode {
            SetMode::Always => {
                let _held = self.lock(&place, Hold::Shared)?;
                self.placed(&place, || unfinished.replace(&path))?;
                true
            }
            SetMode::IfAbsent => self.set_if_absent(&place, &path, &unfinished)?,
        };
        if is_stored {
            self.sync(&place)?;
        }
        Ok(is_stored)
    }

    /// Of those who find the place empty one gets it: the file system decides. Whoever finds an entry past its deadline
    /// there replaces it while nobody else changes anything.
    fn set_if_absent(&self, place: &Place, path: &Path, unfinished: &Unfinished) -> Result<bool> {
        {
            let _held = self.lock(place, Hold::Shared)?;
            match self.placed(place, || unfinished.join(path)) {
                Ok(()) => return Ok(true),
                // Or there are no links on this file system.
                Err(_) if !matches!(self.found(path)?, Found::Live) => {}
                Err(_) => return Ok(false),
            }
        }
        let _held = self.lock(place, Hold::Alone)?;
        match self.found(path)? {
            Found::Live => Ok(false),
            Found::Nothing | Found::Ended => {
                self.placed(place, || unfinished.replace(path))?;
                Ok(true)
            }
        }
    }

    pub(super) fn delete(&self, key: &Key) -> Result<()> {
        let place = Place::of(key);
        let path = self.path_of(&place);
        let _held = self.lock(&place, Hold::Shared)?;
        match fs::remove_file(path) {
            Ok(()) => self.sync(&place),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(self.failed(cause)),
        }
    }

    /// Removes the entry at `place` if it is still one past its deadline, unless others are changing entries.
    pub(super) fn remove_ended(&self, place: &Place) -> Result<()> {
        let path = self.path_of(place);
        let held = self.locks().and_then(|locks| locks.try_lock(lock_of(place), Hold::Alone));
        let held = held.map_err(|cause| self.failed(cause))?;
        if held.is_some() && matches!(self.found(&path)?, Found::Ended) {
            fs::remove_file(&path).map_err(|cause| self.failed(cause))?;
        }
        Ok(())
    }

    fn found(&self, path: &Path) -> Result<Found> {
        Ok(match self.head(path)? {
            None => Found::Nothing,
            Some(head) if head.has_ended(self.clock.now()) => Found::Ended,
            Some(_) => Found::Live,
        })
    }

    /// The beginning of the file at `path`, if there is one.
    pub(super) fn head(&self, path: &Path) -> Result<Option<Head>> {
        let Some(mut file) = self.look(path)? else { return Ok(None) };
        record::read_head(&mut file).map(Some).map_err(|cause| self.unread(cause))
    }

    fn look(&self, path: &Path) -> Result<Option<File>> {
        match open_regular(path, false) {
            Ok(file) => Ok(Some(file)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => {
                Err(damaged(&self.root, "it is not a regular file"))
            }
            Err(cause) => Err(self.failed(cause)),
        }
    }

    fn check_key(&self, head: &Head, key: &Key) -> Result<()> {
        if head.key == key.as_str() { Ok(()) } else { Err(damaged(&self.root, "it belongs to another key")) }
    }

    fn lock(&self, place: &Place, hold: Hold) -> Result<Held<'_>> {
        let held = self.locks().and_then(|locks| locks.lock(lock_of(place), hold));
        let held = held.map_err(|cause| self.failed(cause))?;
        held.ok_or_else(|| locked(&self.root))
    }

    /// Puts a file into the folder of `place`, which is made if it is not there.
    fn placed(&self, place: &Place, put: impl Fn() -> io::Result<()>) -> Result<()> {
        let put_again = || {
            self.rights.make_folder(&self.root.join(folder_name(place.folder)))?;
            if self.durable {
                sync_folder(&self.root)?;
            }
            put()
        };
        match put() {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => put_again(),
            other => other,
        }
        .map_err(|cause| self.failed(cause))
    }

    /// Brings to the disk which files there are in the folder of `place`, if that is wanted.
    fn sync(&self, place: &Place) -> Result<()> {
        if !self.durable {
            return Ok(());
        }
        let synced = sync_folder(&self.root.join(folder_name(place.folder)));
        // The change is made; whether it survives a loss of power is what nobody knows.
        synced.map_err(|cause| self.failed(cause).outcome(Outcome::Unknown))
    }

    pub(super) fn path_of(&self, place: &Place) -> PathBuf {
        self.root.join(folder_name(place.folder)).join(&place.name)
    }

    pub(super) fn failed(&self, cause: io::Error) -> Error {
        error_from(&self.root, cause)
    }

    fn unread(&self, cause: Unread) -> Error {
        match cause {
            Unread::Failed(cause) => self.failed(cause),
            Unread::Damaged(what) => damaged(&self.root, what),
        }
    }
}

/// The lock of a place.
fn lock_of(place: &Place) -> usize {
    usize::from(place.folder) % LOCKS
}

/// Other systems than Unix have no way to do it, and need none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
