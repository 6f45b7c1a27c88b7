//! The file below redb, which can be taken away from it.

use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use crate::private::open_regular;

use redkv_core::lock::SharedLock;

/// A file, until it is cut off: then it is closed, its locks are released, and whatever redb still asks of it fails.
#[derive(Clone, Debug)]
pub(crate) struct Base(Arc<SharedLock<Option<FileBackend>>>);

impl Base {
    /// Opens the file at `path`, which must be there.
    pub(crate) fn open(path: &Path) -> Result<Self, redb::Error> {
        let file = open_regular(path, true)?;
        if file.metadata()?.len() == 0 {
            // redb would make a new database of it.
            return Err(redb::Error::Corrupted("the file is empty".to_owned()));
        }
        Ok(Self(Arc::new(SharedLock::new(Some(FileBackend::new(file)?)))))
    }

    /// Takes the file away.
    pub(crate) fn cut(&self) {
        let file = self.0.write().take();
        if let Some(file) = file {
            file.close().ok();
        }
    }

    fn ask<T, E: From<io::Error>>(&self, ask: impl FnOnce(&FileBackend) -> Result<T, E>) -> Result<T, E> {
        match &*self.0.read() {
            Some(file) => ask(file),
            None => Err(io::Error::other("the file was closed because it is damaged").into()),
        }
    }
}

impl StorageBackend for Base {
    fn len(&self) -> io::Result<u64> {
        self.ask(FileBackend::len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.ask(|file| file.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.ask(|file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.ask(FileBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.ask(|file| file.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.ask(FileBackend::close)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.ask(|file| file.try_lock_range(start, end))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.ask(|file| file.try_lock_shared_range(start, end))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.ask(|file| file.lock_range(start, end))
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.ask(|file| file.lock_shared_range(start, end))
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.ask(|file| file.unlock_range(start, end))
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.ask(|file| file.query_lock_range(start, end))
    }
}
