//! Waits for file locks.

use std::fs::TryLockError;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// Attempts until one succeeds. `None` when that takes longer than `patience`.
pub(crate) fn patiently<T>(
    patience: Duration,
    mut attempt: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<Option<T>> {
    let begin = Instant::now();
    loop {
        if let Some(done) = attempt()? {
            return Ok(Some(done));
        }
        if begin.elapsed() > patience {
            return Ok(None);
        }
        thread::sleep(Duration::from_micros(200));
    }
}

/// `Some` if a lock was taken, `None` if somebody else holds it.
pub(crate) fn taken(tried: Result<(), TryLockError>) -> io::Result<Option<()>> {
    match tried {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}
