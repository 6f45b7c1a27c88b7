//! Something that takes time to open, for many who need it.

use std::fmt;
use std::sync::{Arc, MutexGuard, OnceLock};

use futures_util::future::{BoxFuture, FutureExt, Shared};

use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::lock::Lock;
use crate::panics::caught;

/// A value that is opened when it is first needed, by one attempt for all who wait.
///
/// An attempt is a task of its own. A caller may stop waiting for it at any time without ending it, so that waits
/// shorter than an attempt still get there. The next call after a failure tries again.
pub struct Opening<T> {
    open: OnceLock<Arc<T>>,
    attempt: Lock<Option<Attempt<T>>>,
}

type Attempt<T> = Shared<BoxFuture<'static, Result<Arc<T>>>>;

impl<T> Default for Opening<T> {
    fn default() -> Self {
        Self { open: OnceLock::new(), attempt: Lock::new(None) }
    }
}

impl<T: Send + Sync + 'static> Opening<T> {
    /// The value; `open` makes it if there is none yet and nobody is at it. From within a Tokio runtime.
    pub async fn get<F>(&self, open: impl FnOnce() -> F) -> Result<&Arc<T>>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        if let Some(value) = self.open.get() {
            return Ok(value);
        }
        let attempt = self.join_or_begin(open);
        let value = attempt.await?;
        Ok(self.open.get_or_init(|| value))
    }

    fn join_or_begin<F>(&self, open: impl FnOnce() -> F) -> Attempt<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut attempt = self.attempt();
        match &*attempt {
            // Still on its way, or it worked after everybody had given up.
            Some(attempt) if !matches!(attempt.peek(), Some(Err(_))) => attempt.clone(),
            _ => {
                let task = tokio::spawn(caught(open()));
                let outcome = async {
                    let ended =
                        || Error::new(ErrorKind::Internal, "a defect of RedKV: opening was cancelled");
                    task.await.map_err(|_| ended().outcome(Outcome::NotApplied))?.flatten().map(Arc::new)
                };
                attempt.insert(outcome.boxed().shared()).clone()
            }
        }
    }

    fn attempt(&self) -> MutexGuard<'_, Option<Attempt<T>>> {
        self.attempt.lock()
    }
}

impl<T> fmt::Debug for Opening<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("is_open", &self.open.get().is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    /// Opens after a second, and counts how often that was begun.
    async fn slowly(attempts: Arc<AtomicU32>) -> Result<u32> {
        let attempt = attempts.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(attempt)
    }

    #[tokio::test(start_paused = true)]
    async fn waits_shorter_than_an_attempt_get_there() {
        let opening = Opening::default();
        let attempts = Arc::new(AtomicU32::new(0));
        let wait =
            || tokio::time::timeout(Duration::from_millis(400), opening.get(|| slowly(attempts.clone())));
        assert!(wait().await.is_err());
        assert!(wait().await.is_err());
        assert!(wait().await.is_ok());
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_worked_after_everybody_gave_up_counts() {
        let opening = Opening::default();
        let attempts = Arc::new(AtomicU32::new(0));
        let open = || opening.get(|| slowly(attempts.clone()));
        assert!(tokio::time::timeout(Duration::from_millis(400), open()).await.is_err());
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(**open().await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_one_attempt() {
        let opening = Opening::default();
        let attempts = Arc::new(AtomicU32::new(0));
        let all = join_all((0..5).map(|_| opening.get(|| slowly(attempts.clone())))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn the_next_call_after_a_failure_tries_again() {
        let opening = Opening::default();
        let refused = || async { Err::<u32, _>(Error::new(ErrorKind::Connection, "refused")) };
        assert!(opening.get(refused).await.is_err());
        assert_eq!(**opening.get(|| async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_while_opening_is_an_error() {
        let opening = Opening::<u32>::default();
        let error = opening.get(|| async { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains("on purpose"), "{error}");
    }
}
