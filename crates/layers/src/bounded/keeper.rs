//! Background tasks: deletes evicted entries, and indexes what the store holds at the start.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, MutexGuard, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::config::StoreBounds;
use super::index::Index;
use redkv_core::backoff::{Backoff, jittered};
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::lock::Lock;
use redkv_core::paging::Paging;
use redkv_core::store::{Cursor, Store, Want};
use redkv_executor::{move_to_io_thread, spawn};

/// The state that the layer and its background tasks share.
pub(super) struct Shared {
    pub(super) inner: Arc<dyn Store>,
    pub(super) bounds: StoreBounds,
    index: Lock<Index>,
    /// Keys are no longer being deleted.
    pub(super) freed: Notify,
}

/// Keys that are deleted with one call.
const TOGETHER: usize = 500;
/// How long one call in the background may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a failure.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// How long a store whose list of keys does not end is left alone.
const MUCH_LATER: Duration = Duration::from_secs(60 * 60);

impl Shared {
    pub(super) fn new(inner: Arc<dyn Store>, bounds: StoreBounds) -> Arc<Self> {
        Arc::new(Self { inner, bounds, index: Lock::new(Index::new(bounds)), freed: Notify::new() })
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock()
    }

    /// Sees to it that what was pushed out is deleted.
    pub(super) fn keep(self: &Arc<Self>) {
        let mut index = self.index();
        if index.has_doomed() && !index.is_closed && !std::mem::replace(&mut index.is_served, true) {
            drop(index);
            spawn(evict(Arc::downgrade(self)));
        }
    }

    /// Deletes some of what was pushed out. Whether there was any, and all of it is gone.
    async fn evict_some(&self) -> Option<bool> {
        let most = self.inner.capabilities().writes.max.min(TOGETHER);
        let doomed = {
            let mut index = self.index();
            let doomed = if index.is_closed { Vec::new() } else { index.take_doomed(most) };
            if doomed.is_empty() {
                index.is_served = false;
                return None;
            }
            doomed
        };
        let delete = AssertUnwindSafe(async { self.inner.delete(&doomed).await }).catch_unwind();
        let answers = timeout(PATIENCE, delete).await.ok().and_then(std::result::Result::ok);
        let mut answers = answers.unwrap_or_default().into_iter();
        let mut all = true;
        let mut index = self.index();
        for key in doomed {
            let is_gone = answers.next().is_some_and(|answer| answer.is_ok());
            all &= is_gone;
            index.deleted(key, is_gone);
        }
        drop(index);
        self.freed.notify_waiters();
        Some(all)
    }

    /// Indexes the keys of a page, and returns how many there were and where the next page begins.
    async fn learn_page(&self, after: Option<&Cursor>) -> Result<(usize, Option<Cursor>)> {
        let page = in_time(self.inner.keys("", after)).await?;
        let told = page.keys.len();
        let mut keys = page.keys;
        {
            let index = self.index();
            keys.retain(|key| !index.knows(key));
        }
        if self.bounds.max_bytes.is_none() {
            let mut index = self.index();
            keys.iter().for_each(|key| index.adopt(key, 1));
        } else {
            self.weigh(&keys).await?;
        }
        Ok((told, page.next))
    }

    /// Reads entries for their sizes, a few at a time.
    async fn weigh(&self, keys: &[Key]) -> Result<()> {
        let (mut rest, mut typical) = (keys, 0);
        while !rest.is_empty() {
            let most = self.inner.capabilities().reads.size(rest.len(), typical).min(TOGETHER);
            let (some, others) = rest.split_at(most.min(rest.len()));
            rest = others;
            let answers = in_time(async { Ok(self.inner.get(some, Want::Value).await) }).await?;
            let (mut count, mut bytes) = (0, 0);
            let mut index = self.index();
            for (key, answer) in some.iter().zip(answers) {
                if let Some(entry) = answer? {
                    (count, bytes) = (count + 1, bytes + entry.value.len());
                    index.adopt(key, size(key, entry.value.len()));
                }
            }
            typical = bytes / count.max(1);
        }
        Ok(())
    }
}

/// Returns the weight of an entry.
pub(super) fn size(key: &Key, value: usize) -> u64 {
    key.len() as u64 + value as u64
}

/// Returns the result of `call`, unless it takes too long or panics.
async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    let error = || Error::new(ErrorKind::Timeout, "no answer in the background");
    match timeout(PATIENCE, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Err(error()),
    }
}

/// Deletes what was pushed out, for as long as there is any and somebody has the store.
async fn evict(shared: Weak<Shared>) {
    move_to_io_thread().await;
    let mut pauses = PAUSES;
    loop {
        let Some(current) = shared.upgrade() else { return };
        let Some(all) = current.evict_some().await else { return };
        drop(current);
        if all {
            pauses.reset();
            continue;
        }
        sleep(pauses.next_pause()).await;
    }
}

/// Learns what the store holds, page by page, with pauses where that fails. Where the pages come to no end it begins
/// anew much later.
pub(super) async fn learn(shared: Weak<Shared>) {
    move_to_io_thread().await;
    let (mut after, mut pauses, mut paging) = (None, PAUSES, Paging::default());
    loop {
        let Some(current) = shared.upgrade() else { return };
        if current.index().is_closed {
            return;
        }
        let asked = Instant::now();
        match current.learn_page(after.as_ref()).await {
            Ok((told, next)) => {
                current.keep();
                if next.is_none() {
                    return;
                }
                if paging.turn(told, asked.elapsed(), next.as_ref()).is_ok() {
                    after = next;
                    pauses.reset();
                    continue;
                }
                drop(current);
                sleep(jittered(MUCH_LATER)).await;
                (after, paging) = (None, Paging::default());
            }
            Err(_) => {
                drop(current);
                sleep(pauses.next_pause()).await;
            }
        }
    }
}
