//! The background task that sends queued writes.

use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{join, select};
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::config::BehindConfig;
use super::host::Host;
use super::queue::{Change, Queue};
use redkv_core::backoff::Backoff;
use redkv_core::clock::Clock;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;
use redkv_core::store::{Answers, SetMode, Store, answer_all};
use redkv_executor::move_to_io_thread;

/// Pieces that are on their way at a time.
const SIDE_BY_SIDE: usize = 8;
/// Between two attempts.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));

/// The state that the layer and its sender share.
pub(super) struct Shared {
    pub(super) inner: Arc<dyn Store>,
    pub(super) config: BehindConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) host: OnceLock<Weak<dyn Host>>,
    queue: Lock<Queue>,
    /// There is something to send.
    pub(super) more: Notify,
    /// Something is no longer in the queue.
    pub(super) less: Notify,
    /// Counts up before and after each loss.
    losses: AtomicU64,
}

impl Shared {
    pub(super) fn new(inner: Arc<dyn Store>, config: BehindConfig, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            config,
            clock,
            host: OnceLock::new(),
            queue: Lock::default(),
            more: Notify::new(),
            less: Notify::new(),
            losses: AtomicU64::new(0),
        })
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }

    pub(super) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.get()?.upgrade()
    }

    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::SeqCst)
    }

    /// Tells of a loss, then has the queue forget the write by `forget`. Whoever reads the store past the queue finds
    /// that the count of losses has changed meanwhile, or that the host was told before.
    pub(super) fn lose(
        &self,
        queue: &mut Queue,
        key: &Key,
        error: &Error,
        forget: impl FnOnce(&mut Queue, &Key, &Error),
    ) {
        self.losses.fetch_add(1, Ordering::SeqCst);
        if let Some(host) = self.host() {
            let entry = queue.newest(key).cloned().flatten();
            host.lost(key, entry.as_ref(), error);
        }
        self.losses.fetch_add(1, Ordering::SeqCst);
        forget(queue, key, error);
    }

    /// Sends until nothing waits any more. What a write is told to is kept alive meanwhile.
    pub(super) async fn serve(self: Arc<Self>, host: Option<Arc<dyn Host>>) {
        let capabilities = self.inner.capabilities();
        if !capabilities.runs_inline {
            move_to_io_thread().await;
        }
        let mut on_way = FuturesUnordered::new();
        loop {
            let next_time = {
                let mut queue = self.queue();
                let has_room = on_way.len() < SIDE_BY_SIDE;
                let piece = if has_room { queue.take_piece(capabilities.writes) } else { Vec::new() };
                if !piece.is_empty() {
                    on_way.push(self.send(piece, host.as_deref()));
                    continue;
                }
                if queue.is_empty() {
                    // What is on its way was given up.
                    queue.is_served = false;
                    break;
                }
                if has_room { queue.next_time() } else { None }
            };
            let arrival = async {
                if on_way.next().await.is_none() {
                    pending::<()>().await;
                }
            };
            let pause = async {
                match next_time {
                    Some(time) => sleep_until(time).await,
                    None => pending().await,
                }
            };
            select(pin!(arrival), select(pin!(pause), pin!(self.more.notified()))).await;
        }
    }

    /// Makes some writes, and learns what became of them.
    async fn send(&self, piece: Vec<(Key, Change)>, host: Option<&dyn Host>) {
        let now = self.clock.now();
        let (mut sets, mut deletes) = (Vec::new(), Vec::new());
        for (key, change) in piece {
            match change {
                Some(entry) if !entry.is_expired(now) => sets.push((key, entry)),
                // An entry that ended while it waited leaves what its deadline would have left.
                _ => deletes.push(key),
            }
        }
        let set = async {
            match sets.is_empty() {
                true => Vec::new(),
                false => complete(sets.len(), self.inner.set(&sets, SetMode::Always).await),
            }
        };
        let delete = async {
            match deletes.is_empty() {
                true => Vec::new(),
                false => complete(deletes.len(), self.inner.delete(&deletes).await),
            }
        };
        let (set, deleted) = join(set, delete).await;
        let keys = sets.iter().map(|(key, _)| key).chain(&deletes);
        let answers = set.into_iter().map(|answer| answer.map(drop)).chain(deleted);
        self.settle(keys.zip(answers), host);
    }

    fn settle<'a>(&self, answers: impl Iterator<Item = (&'a Key, Result<()>)>, host: Option<&dyn Host>) {
        let mut queue = self.queue();
        let mut again = Vec::new();
        for (key, answer) in answers {
            match answer {
                Ok(()) => queue.sent(key),
                Err(error) if self.is_worth_another(&queue, key, &error) => again.push((key.clone(), error)),
                Err(error) => self.lose(&mut queue, key, &error, Queue::give_up),
            }
        }
        if !again.is_empty() {
            if let Some(host) = host {
                host.failed(&again);
            }
            // Together, so that they are sent together.
            let failures = again.iter().map(|(key, _)| queue.failures(key)).max().unwrap_or_default();
            let time = Instant::now() + PAUSES.after(failures + 1);
            for (key, error) in &again {
                queue.put_back(key, time, error.may_have_applied());
            }
        }
        self.told(&mut queue, host);
    }

    /// Must be called when writes may have left the queue: wakes those that wait for room, and reports an empty queue.
    pub(super) fn told(&self, queue: &mut Queue, host: Option<&dyn Host>) {
        self.less.notify_waiters();
        if queue.is_empty()
            && let Some(host) = host
        {
            queue.release(host);
        }
    }

    /// Returns whether a write that failed is made again, or a newer one in its place.
    fn is_worth_another(&self, queue: &Queue, key: &Key, error: &Error) -> bool {
        let Some(write) = queue.sending(key) else { return true };
        let is_transient = error.is_retryable() || error.may_have_applied();
        is_transient && self.config.retry.is_some_and(|retry| write.since.elapsed() < retry)
    }
}

/// One answer per key in any case.
fn complete<T: Clone>(count: usize, answers: Answers<T>) -> Answers<T> {
    if answers.len() == count {
        return answers;
    }
    let error =
        Error::new(ErrorKind::Internal, "a defect of RedKV: the store returned a wrong number of answers");
    answer_all(count, &Err(error.outcome(Outcome::Unknown)))
}
