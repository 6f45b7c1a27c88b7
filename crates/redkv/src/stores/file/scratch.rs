//! Files that are being written, before they take their places, and locks.
//!
//! All of it is in the folder `.redkv`:
//!
//! - `<user>/` has the unfinished files of one user of the folder (a process may have several), and `<user>.lock` is
//!   locked for as long as that one lives. What a user that has died left behind is removed by the next one that comes.
//! - `users.lock` is locked while users come.
//! - `0.lock` to `f.lock` are locked while entries change, each for those in a sixteenth of the folders: shared by those
//!   who replace or delete whatever is there, alone by those who must not replace an entry that is live.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many locks the folders share.
pub(super) const LOCKS: usize = 16;
/// How long a lock is waited for. Those who live hold one for microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The unfinished files of this user.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    lock_path: PathBuf,
    /// Tells others that this user lives.
    _lock: File,
    locks: Vec<File>,
    next: AtomicU64,
}

impl Scratch {
    /// Makes a place for a new user in `root`, and removes those of the dead.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let all = root.join(".redkv");
        make(&all)?;
        let coming = lock_file(&all.join("users.lock"))?;
        coming.lock()?;
        sweep(&all)?;
        let user = format!("{:x}-{:016x}", std::process::id(), fastrand::u64(..));
        let lock_path = all.join(format!("{user}.lock"));
        let lock = lock_file(&lock_path)?;
        lock.lock()?;
        let folder = all.join(user);
        fs::create_dir(&folder)?;
        let locks =
            (0..LOCKS).map(|n| lock_file(&all.join(format!("{n:x}.lock")))).collect::<io::Result<_>>()?;
        Ok(Self { folder, lock_path, _lock: lock, locks, next: AtomicU64::new(0) })
    }

    /// Writes a file; it goes when the answer is dropped, unless it was moved to where it belongs.
    pub(super) fn write(&self, parts: &[&[u8]], durable: bool) -> io::Result<Unfinished> {
        let path = self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let unfinished = Unfinished(path);
        for part in parts {
            file.write_all(part)?;
        }
        if durable {
            file.sync_data()?;
        }
        Ok(unfinished)
    }

    /// Waits for a lock. `None` when another process holds it for too long.
    pub(super) fn lock(&self, number: usize, hold: Hold) -> io::Result<Option<Held<'_>>> {
        let begin = Instant::now();
        loop {
            if let Some(held) = self.try_lock(number, hold)? {
                return Ok(Some(held));
            }
            if begin.elapsed() > PATIENCE {
                return Ok(None);
            }
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// A lock, unless somebody else has it. Every lock is used by one thread only.
    pub(super) fn try_lock(&self, number: usize, hold: Hold) -> io::Result<Option<Held<'_>>> {
        let file = &self.locks[number];
        let tried = match hold {
            Hold::Shared => file.try_lock_shared(),
            Hold::Alone => file.try_lock(),
        };
        match tried {
            Ok(()) => Ok(Some(Held(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
        fs::remove_file(&self.lock_path).ok();
    }
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

/// Makes a folder, if there is none.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        other => other,
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Removes what users left behind that have died.
fn sweep(all: &Path) -> io::Result<()> {
    for entry in fs::read_dir(all)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let lock_path = path.with_extension("lock");
        let lock = lock_file(&lock_path)?;
        if lock.try_lock().is_ok() {
            fs::remove_dir_all(&path)?;
            fs::remove_file(&lock_path)?;
        }
    }
    Ok(())
}
