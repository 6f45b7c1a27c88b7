//! Lifecycle: operations wait for the stores to come up, and `close` waits for the last answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};

use tokio::sync::{Notify, OnceCell};

use crate::request::{Replies, Request};
use redkv_core::entry::Key;
use redkv_core::lock::Lock;

/// Operations that were called before the stores are up.
type Submission = (Vec<Request>, Arc<dyn Replies>);

#[derive(Debug)]
pub(crate) struct Lifecycle {
    /// Whether every store had one attempt to come up; operations wait for that, and not for its success.
    settled: AtomicBool,
    parked: Lock<Parked>,
    closed: AtomicBool,
    /// Requests that were taken and not yet answered.
    outstanding: AtomicUsize,
    /// Whether `outstanding` is no longer exact.
    miscounted: AtomicBool,
    drained: Notify,
    /// Whether nobody waits for the last answer any more.
    abandoned: AtomicBool,
    ended: OnceCell<()>,
}

#[derive(Default)]
struct Parked {
    submissions: Vec<Submission>,
    settling: bool,
}

impl std::fmt::Debug for Parked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parked").field("submissions", &self.submissions.len()).finish_non_exhaustive()
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            settled: AtomicBool::new(true),
            parked: Lock::default(),
            closed: AtomicBool::new(false),
            outstanding: AtomicUsize::new(0),
            miscounted: AtomicBool::new(false),
            drained: Notify::new(),
            abandoned: AtomicBool::new(false),
            ended: OnceCell::new(),
        }
    }
}

impl Lifecycle {
    fn parked(&self) -> MutexGuard<'_, Parked> {
        self.parked.lock()
    }

    /// Notes that a store was added that is not up yet.
    pub(crate) fn unsettle(&self) {
        let _parked = self.parked();
        self.settled.store(false, Ordering::Release);
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// Refuses new operations from now on.
    pub(crate) fn refuse(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Parks the requests until the stores are up, and returns whether no others are parked; or hands them back.
    pub(crate) fn park_unless_settled(
        &self,
        requests: Vec<Request>,
        replies: &Arc<dyn Replies>,
    ) -> Result<Vec<Request>, bool> {
        if self.is_settled() {
            return Ok(requests);
        }
        let mut parked = self.parked();
        if self.is_settled() {
            return Ok(requests);
        }
        parked.submissions.push((requests, replies.clone()));
        Err(!std::mem::replace(&mut parked.settling, true))
    }

    /// Returns the keys of writes that wait for the stores to come up.
    pub(crate) fn parked_writes(&self) -> Vec<Key> {
        let parked = self.parked();
        let requests = parked.submissions.iter().flat_map(|(requests, _)| requests);
        requests.filter(|request| request.action.is_write()).map(|request| request.key.clone()).collect()
    }

    /// Returns a key of an operation that waits for the stores to come up.
    pub(crate) fn parked_key(&self) -> Option<Key> {
        let parked = self.parked();
        parked.submissions.iter().flat_map(|(requests, _)| requests).next().map(|request| request.key.clone())
    }

    /// Returns whether the caller is the one to bring the stores up.
    pub(crate) fn begin_settling(&self) -> bool {
        let mut parked = self.parked();
        !self.is_settled() && !std::mem::replace(&mut parked.settling, true)
    }

    /// Takes what is parked; with nothing left the chain is settled. Requests that come meanwhile queue after it.
    pub(crate) fn next_parked(&self, stores_are_up: impl FnOnce() -> bool) -> Vec<Submission> {
        let mut parked = self.parked();
        if parked.submissions.is_empty() {
            parked.settling = false;
            self.settled.store(stores_are_up(), Ordering::Release);
        }
        std::mem::take(&mut parked.submissions)
    }

    /// Counts requests that were taken. The code that takes them looks at `closed` only then, as `close` looks at
    /// `outstanding` only after it has set `closed`; the one order of all four (`SeqCst`) lets one of them see the
    /// other.
    pub(crate) fn begin(&self, count: usize) {
        self.outstanding.fetch_add(count, Ordering::SeqCst);
    }

    pub(crate) fn end(&self, count: usize) {
        if self.outstanding.fetch_sub(count, Ordering::SeqCst) == count && self.is_closed() {
            self.drained.notify_waiters();
        }
    }

    /// Stops counting: a panic has answered an unknown number of requests.
    pub(crate) fn lose_count(&self) {
        self.miscounted.store(true, Ordering::SeqCst);
        self.drained.notify_waiters();
    }

    /// Waits until everything was answered, or nobody waits for that any more.
    pub(crate) async fn drain(&self) {
        loop {
            let drained = self.drained.notified();
            let is_drained = self.outstanding.load(Ordering::SeqCst) == 0;
            if is_drained || self.is_abandoned() || self.miscounted.load(Ordering::SeqCst) {
                return;
            }
            drained.await;
        }
    }

    /// Runs `end` for the first caller; the others wait until it is done.
    pub(crate) async fn end_once<F: Future<Output = ()>>(&self, end: impl FnOnce() -> F) {
        self.ended.get_or_init(end).await;
    }

    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Stops waiting for the last answer. Hands back what has not begun.
    pub(crate) fn abandon(&self) -> Vec<Submission> {
        self.abandoned.store(true, Ordering::SeqCst);
        self.drained.notify_waiters();
        std::mem::take(&mut self.parked().submissions)
    }

    pub(crate) async fn abandonment(&self) {
        loop {
            let changed = self.drained.notified();
            if self.is_abandoned() {
                return;
            }
            changed.await;
        }
    }
}
