//! Locks between the processes that change entries. [`super::scratch`] has the files.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::patience::{patiently, taken};
use crate::private::Rights;

/// How many locks the folders share.
pub(super) const LOCKS: usize = 16;
/// How long a lock is waited for. Those who live hold one for microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The folder of what is no entry, which is made if there is none, and the rights to what is in it.
pub(super) fn beside(root: &Path) -> io::Result<(PathBuf, Rights)> {
    let (all, rights) = (root.join(".redkv"), Rights::within(root));
    rights.make_folder(&all)?;
    Ok((all, rights))
}

/// The locks of the folders.
#[derive(Debug)]
pub(super) struct Locks(Vec<File>);

impl Locks {
    /// Opens the locks in `root`.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let (all, rights) = beside(root)?;
        let files = (0..LOCKS).map(|n| rights.lock_file(&all.join(format!("{n:x}.lock"))));
        files.collect::<io::Result<_>>().map(Self)
    }

    /// Waits for a lock. `None` when another process holds it for too long.
    pub(super) fn lock(&self, number: usize, hold: Hold) -> io::Result<Option<Held<'_>>> {
        patiently(PATIENCE, || self.try_lock(number, hold))
    }

    /// A lock, unless somebody else has it. Every lock is used by one thread only.
    pub(super) fn try_lock(&self, number: usize, hold: Hold) -> io::Result<Option<Held<'_>>> {
        let file = &self.0[number];
        let tried = match hold {
            Hold::Shared => file.try_lock_shared(),
            Hold::Alone => file.try_lock(),
        };
        Ok(taken(tried)?.map(|()| Held(file)))
    }
}

/// Waits until a file can be locked. Fails when another process holds it for too long.
pub(super) fn lock_alone(file: &File) -> io::Result<()> {
    let locked = patiently(PATIENCE, || taken(file.try_lock()))?;
    locked.ok_or_else(|| io::ErrorKind::ResourceBusy.into())
}

/// How a lock is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hold {
    Shared,
    Alone,
}

/// A lock, for as long as it lives.
#[derive(Debug)]
pub(super) struct Held<'a>(&'a File);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.unlock().ok();
    }
}
