//! Stops asking a store that fails again and again, until a probe of it succeeds.

use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::mutants::{Planted, is_planted};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;

/// Counts failures in a row. Open from the last one that is tolerated to the next sign of life.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// Failures in a row that open it; never, if there is no number.
    limit: Option<u32>,
    failures: AtomicU32,
    is_open: AtomicBool,
    down: Lock<Option<Down>>,
    closed: Notify,
}

#[derive(Debug)]
struct Down {
    since: Instant,
    error: Error,
}

impl Breaker {
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            failures: AtomicU32::new(0),
            is_open: AtomicBool::new(false),
            down: Lock::default(),
            closed: Notify::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Returns the error for callers while the store is not asked.
    pub(crate) fn refusal(&self) -> Option<Error> {
        if is_planted(Planted::AsksWhatIsDown) {
            return None;
        }
        if !self.is_open() {
            return None;
        }
        let last = self.down().as_ref()?.error.clone();
        let message = format!("the store is down; last failure: {}", last.message());
        let error = Error::new(ErrorKind::Connection, message).outcome(Outcome::NotApplied);
        Some(error.retryable(last.is_retryable()).caused_by(last))
    }

    /// Waits until it is closed.
    pub(crate) async fn closed(&self) {
        loop {
            let closed = self.closed.notified();
            if !self.is_open() {
                return;
            }
            closed.await;
        }
    }

    /// Notes that the store answered. Returns for how long it was down, if it was.
    pub(in crate::tier) fn close(&self) -> Option<Duration> {
        if is_planted(Planted::NoBreakerReset) {
            return None;
        }
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if !self.is_open() {
            return None;
        }
        let mut down = self.down();
        let since = down.take()?.since;
        self.is_open.store(false, Ordering::Release);
        drop(down);
        self.closed.notify_waiters();
        Some(since.elapsed())
    }

    /// Returns whether the last answer of the store was a failure.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.failures.load(Ordering::Relaxed) != 0
    }

    /// Returns whether it ever opens.
    pub(in crate::tier) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// Counts a failure of the store. Returns whether that opened the breaker.
    pub(in crate::tier) fn fail(&self, error: &Error) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.limit.is_some_and(|limit| failures >= limit) && self.open(error)
    }

    /// Opens the breaker. Returns whether it was closed.
    pub(in crate::tier) fn open(&self, error: &Error) -> bool {
        let mut down = self.down();
        if let Some(down) = &mut *down {
            down.error = error.clone();
            return false;
        }
        *down = Some(Down { since: Instant::now(), error: error.clone() });
        self.is_open.store(true, Ordering::Release);
        true
    }

    fn down(&self) -> MutexGuard<'_, Option<Down>> {
        self.down.lock()
    }
}

/// The state of a store, as its answers show it.
pub(in crate::tier) enum Sign {
    Alive,
    Failing(Error),
    /// Unknown: the store was not asked, for reasons of ours.
    None,
}

pub(in crate::tier) fn sign<T>(answers: &[Result<T>]) -> Sign {
    let mut sign = Sign::None;
    for answer in answers {
        match answer {
            Ok(_) => return Sign::Alive,
            Err(error) => match error.kind() {
                ErrorKind::Connection | ErrorKind::Timeout => sign = Sign::Failing(error.clone()),
                ErrorKind::Store | ErrorKind::Value | ErrorKind::Unsupported => return Sign::Alive,
                _ => {}
            },
        }
    }
    sign
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Error {
        Error::new(ErrorKind::Timeout, "no answer")
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let breaker = Breaker::new(Some(3));
        assert!(!breaker.fail(&failure()));
        assert!(!breaker.fail(&failure()));
        assert_eq!(breaker.close(), None);
        assert!(!breaker.fail(&failure()));
        assert!(!breaker.fail(&failure()));
        assert!(!breaker.is_open());
        assert!(breaker.fail(&failure()));
        assert!(breaker.is_open());
        assert!(!breaker.fail(&failure()), "it is open already");
        assert!(breaker.close().is_some());
        assert!(breaker.refusal().is_none());
    }

    #[test]
    fn without_a_limit_it_never_opens() {
        let breaker = Breaker::new(None);
        assert!((0..1000).all(|_| !breaker.fail(&failure())));
        assert!(breaker.refusal().is_none());
    }

    #[test]
    fn what_it_refuses_was_not_applied_and_names_the_last_failure() {
        let breaker = Breaker::new(Some(1));
        breaker.fail(&failure());
        breaker.fail(&Error::new(ErrorKind::Connection, "refused"));
        let error = breaker.refusal().unwrap();
        assert!(error.message().ends_with(": refused"), "{error}");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
        assert!(!error.may_have_applied());
    }

    #[test]
    fn a_store_that_answers_anything_is_alive() {
        let refused = Error::new(ErrorKind::Store, "wrong password");
        assert!(matches!(sign(&[Err::<(), _>(failure()), Err(refused)]), Sign::Alive));
        assert!(matches!(sign(&[Err(failure()), Ok(())]), Sign::Alive));
        assert!(matches!(sign(&[Err::<(), _>(failure())]), Sign::Failing(_)));
        assert!(matches!(sign(&[Err::<(), _>(Error::closed())]), Sign::None));
    }
}
