//! A tier whose writes are acknowledged before its store has made them.
//!
//! Whatever is asked of the store itself, by the queue or past it, goes through the guard of the tier: its deadline and
//! its breaker. The queue answers without them.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::chain::Chain;
use crate::events::Event;
use crate::request::Scope;
use crate::tier::tier::Tier;
use crate::tier::tombstone::is_tombstone;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Page, SetMode, Store, Want};
use redkv_layers::{BehindConfig, Host, WriteBehind};

/// The queue of a tier, and what is under it.
#[derive(Debug)]
pub(crate) struct Behind {
    pub(crate) queue: Arc<WriteBehind>,
    below: Arc<Below>,
}

impl Behind {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        config: BehindConfig,
        patience: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let below = Arc::new(Below { inner: store, tier: OnceLock::new() });
        let queue = Arc::new(WriteBehind::new(below.clone(), config, patience, clock));
        Self { queue, below }
    }

    /// From now on it is the queue of `tier`.
    pub(crate) fn attach(&self, tier: &Weak<Tier>) {
        drop(self.below.tier.set(tier.clone()));
        self.queue.attach(tier.clone());
    }
}

/// A store behind the guard of its tier.
#[derive(Debug)]
struct Below {
    inner: Arc<dyn Store>,
    tier: OnceLock<Weak<Tier>>,
}

impl Below {
    async fn guarded<T: Clone>(
        &self,
        operation: &'static str,
        key: Option<&Key>,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let Some(key) = key else { return Vec::new() };
        match self.tier.get().and_then(Weak::upgrade) {
            Some(tier) => tier.guarded_below(operation, key, len, answers).await,
            None => answers.await,
        }
    }
}

impl Store for Below {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let ask = async move { self.inner.get(keys, want).await };
        Box::pin(self.guarded("get", keys.first(), keys.len(), ask))
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        let ask = async move { self.inner.has(keys).await };
        Box::pin(self.guarded("has", keys.first(), keys.len(), ask))
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let ask = async move { self.inner.set(entries, mode).await };
        Box::pin(self.guarded("set", entries.first().map(|(key, _)| key), entries.len(), ask))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let ask = async move { self.inner.delete(keys).await };
        Box::pin(self.guarded("delete", keys.first(), keys.len(), ask))
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.inner.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        self.inner.clear(prefix, after)
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

impl Host for Tier {
    fn hold(&self, holds: bool) {
        self.events.tell(Event::Queued { tier: self.place, any: holds });
    }

    fn failed(&self, failures: &[(Key, Error)]) {
        if let Some(chain) = self.chain.upgrade().filter(|_| !self.capabilities().ordered) {
            // What was given up may be made after what comes next.
            let late = failures.iter().filter(|(_, error)| error.may_have_applied());
            late.for_each(|(key, _)| chain.doubt_cache(self.place, key, true));
        }
        let answers: Answers<()> = failures.iter().map(|(_, error)| Err(error.clone())).collect();
        self.report(&answers);
    }

    fn lost(&self, key: &Key, entry: Option<&Entry>, error: &Error) {
        if let Some(chain) = self.chain.upgrade() {
            chain.disown(self.place, key, error.may_have_applied());
        }
        let is_set = entry.is_some_and(|entry| self.tombstones.is_none() || !is_tombstone(entry));
        let operation = if is_set { "set" } else { "delete" };
        let error = self.tag(error.clone(), operation).of_operation(operation);
        self.events.tell(Event::WriteError { tier: self.place, key: key.clone(), operation, error });
    }
}

impl Chain {
    /// The cache at `place` may hold an old value; the authority never does.
    fn doubt_cache(self: &Arc<Self>, place: u16, key: &Key, may_come: bool) {
        let (tiers, place) = (self.tiers(), usize::from(place));
        if place + 1 < tiers.all.len() {
            self.mark_stale(&tiers, place, key, may_come);
        }
    }

    /// The tier at `place` has lost a write that it had acknowledged. If it is a cache, what it holds is old; if it is the
    /// authority, its word counts again, and what the caches have is not what it says.
    fn disown(self: &Arc<Self>, place: u16, key: &Key, may_come: bool) {
        self.doubt_cache(place, key, may_come);
        let tiers = self.tiers();
        if usize::from(place) + 1 == tiers.all.len() {
            for (cache, _) in tiers.caches(Scope::Chain) {
                self.mark_stale(&tiers, cache, key, false);
            }
        }
    }

    /// Waits until the writes that the stores of `scope` have acknowledged are made. Fails with the first that was lost
    /// since the last flush.
    pub async fn flush(&self, scope: Scope) -> Result<()> {
        if self.is_closed() {
            return Err(Error::closed().in_operation("flush"));
        }
        let tiers = self.tiers();
        let flushes = tiers.all[tiers.range(scope)].iter().map(|tier| tier.flush());
        futures_util::future::join_all(flushes).await.into_iter().collect()
    }
}

impl Tier {
    /// Waits until the writes that were acknowledged are made or lost, here and in what the store consists of.
    pub(crate) async fn flush(&self) -> Result<()> {
        let flush = async { vec![self.store().flush().await] };
        let answer = self.bounded("flush", None, 1, flush).await.pop();
        answer.unwrap_or_else(|| Err(self.defect()))
    }

    /// The store itself, under the queue of its writes.
    pub(crate) fn below(&self) -> &dyn Store {
        self.behind.as_ref().map_or(self.store(), |behind| &*behind.below.inner)
    }

    /// Counts up before and after each loss of a write that was acknowledged.
    pub(crate) fn losses(&self) -> u64 {
        self.behind.as_ref().map_or(0, |behind| behind.queue.losses())
    }

    /// The answers of `ask` about `keys`, but for old values that the store has because it lost a write meanwhile.
    pub(crate) async fn past_losses<T, F>(
        &self,
        operation: &'static str,
        keys: &[Key],
        ask: impl Fn() -> F,
    ) -> Answers<T>
    where
        F: Future<Output = Answers<T>>,
    {
        if self.behind.is_none() {
            return ask().await;
        }
        for _ in 0..MOST_ROUNDS {
            let losses = self.losses();
            let stale: Vec<_> = keys.iter().map(|key| self.is_stale(key)).collect();
            let mut answers = ask().await;
            if self.losses() == losses {
                for (answer, _) in answers.iter_mut().zip(stale).filter(|(_, is_stale)| *is_stale) {
                    *answer = Err(self.holds_old_value(operation));
                }
                return answers;
            }
        }
        keys.iter().map(|_| Err(self.holds_old_value(operation))).collect()
    }

    /// The answer to a read of a key under which the store holds an old value.
    pub(crate) fn holds_old_value(&self, operation: &'static str) -> Error {
        let message = "the store holds an old value under this key, because a write did not reach it";
        self.tag(Error::new(ErrorKind::Connection, message), operation)
    }

    /// Deletes old values, ahead of all writes of their keys that are to come.
    pub(crate) async fn invalidate(&self, keys: &[Key]) -> Answers<()> {
        let Some(behind) = &self.behind else { return self.delete(keys).await };
        let entries = self.tombstones.map(|tombstones| tombstones.over(keys, self.clock()));
        let write = async { behind.queue.write_through(keys, entries.as_deref()).await };
        self.bounded("delete", None, keys.len(), write).await
    }
}

/// Times that a read is made again because a write was lost meanwhile.
const MOST_ROUNDS: usize = 8;
