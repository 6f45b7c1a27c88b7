//! Temporary files, which are written and then renamed.
//!
//! They are in the folder `.redkv`, with the locks:
//!
//! - `<user>/` has the unfinished files of one user of the folder (a process may have several), and `<user>.lock` is
//!   locked for as long as that one lives. What a user that has died left behind is removed by the next one that comes.
//! - `users.lock` is locked while users come.
//! - `0.lock` to `f.lock` are locked while entries change, each for those in a sixteenth of the folders: shared by
//!   those who replace or delete whatever is there, alone by those who must not replace an entry that is live.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::locks::{beside, lock_alone};
use crate::private::Rights;

/// The unfinished files of this user.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    lock_path: PathBuf,
    rights: Rights,
    /// Tells others that this user lives.
    _lock: File,
    next: AtomicU64,
}

impl Scratch {
    /// Makes a place for a new user in `root`, and removes those of the dead.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let (all, rights) = beside(root)?;
        let coming = rights.lock_file(&all.join("users.lock"))?;
        lock_alone(&coming)?;
        sweep(&all, rights)?;
        let user = format!("{:x}-{:016x}", std::process::id(), fastrand::u64(..));
        let lock_path = all.join(format!("{user}.lock"));
        let lock = rights.lock_file(&lock_path)?;
        let folder = all.join(user);
        let ready = lock_alone(&lock).and_then(|()| rights.make_new_folder(&folder));
        if let Err(cause) = ready {
            fs::remove_file(&lock_path).ok();
            return Err(cause);
        }
        Ok(Self { folder, lock_path, rights, _lock: lock, next: AtomicU64::new(0) })
    }

    /// Returns whether its folder is still there.
    pub(super) fn is_there(&self) -> bool {
        self.folder.is_dir()
    }

    /// Writes a file; it goes when the answer is dropped, unless it was moved to where it belongs.
    pub(super) fn write(&self, parts: &[&[u8]], durable: bool) -> io::Result<Unfinished> {
        let path = self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let mut file = self.rights.make_file(&path)?;
        let unfinished = Unfinished(path);
        for part in parts {
            file.write_all(part)?;
        }
        if durable {
            file.sync_data()?;
        }
        Ok(unfinished)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
        fs::remove_file(&self.lock_path).ok();
    }
}

/// A file that has not taken its place.
#[derive(Debug)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Takes the place of whatever is at `target`.
    pub(super) fn replace(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.0, target)
    }

    /// Takes the place at `target`, which must be empty.
    pub(super) fn join(&self, target: &Path) -> io::Result<()> {
        fs::hard_link(&self.0, target)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After it was moved there is none.
        fs::remove_file(&self.0).ok();
    }
}

/// Removes what users left behind that have died.
fn sweep(all: &Path, rights: Rights) -> io::Result<()> {
    for entry in fs::read_dir(all)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let lock_path = path.with_extension("lock");
        let lock = rights.lock_file(&lock_path)?;
        if lock.try_lock().is_ok() {
            fs::remove_dir_all(&path)?;
            fs::remove_file(&lock_path)?;
        }
    }
    Ok(())
}
