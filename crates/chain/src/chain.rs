//! The chain: its parts, and how it answers callers.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, Weak};

use crate::background::Background;
use crate::events::{Events, Observer};
use crate::lifecycle::Lifecycle;
use crate::request::{Action, Answer, Replies, Request, Scope, Waiter};
use crate::schedule::pending::PendingWrites;
use crate::schedule::table::Table;
use crate::tier::config::TierConfig;
use crate::tier::membership::{Membership, Owner};
use crate::tier::stats::snapshot::Stats;
use crate::tier::tier::Tier;
use crate::tier::tiers::Tiers;
use redkv_core::clock::Clock;
use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};
use redkv_core::lock::{Lock, SharedLock};
use redkv_core::store::{Capabilities, Store};

/// Stores in order: a store earlier in the chain is a cache for the stores after it, the last is the authority.
///
/// A read asks the tiers in order and fills those that missed; a write goes to the authority first and then to all
/// others. Per key, operations take effect in the order in which they were called.
///
/// Operations are taken by [`Chain::submit`], from within a Tokio runtime that outlives them.
pub struct Chain {
    tiers: SharedLock<Arc<Tiers>>,
    table: Lock<Table>,
    pending: PendingWrites,
    lifecycle: Lifecycle,
    background: Arc<Background>,
    events: Events,
    clock: Arc<dyn Clock>,
    /// Whether it is a store of another chain, which knows what it can do.
    is_nested: AtomicBool,
    /// The chains among its stores.
    nested: Lock<Vec<Arc<Self>>>,
}

impl Chain {
    /// Creates a chain without stores, whose deadlines are measured by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            tiers: SharedLock::default(),
            table: Lock::default(),
            pending: PendingWrites::new(),
            lifecycle: Lifecycle::default(),
            background: Arc::default(),
            events: Events::default(),
            clock,
            is_nested: AtomicBool::new(false),
            nested: Lock::default(),
        }
    }

    fn has_its_stores() -> Error {
        let message = "this chain belongs to another one and takes no more stores";
        Error::argument("name", message)
    }

    /// Reports events to `observer` from now on. Only the first observer counts.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.events.observe(observer);
    }

    /// Appends `store` and returns its place.
    ///
    /// Fails when the chain is closed or full, or when a policy asks for what the store cannot do.
    pub fn add(self: &Arc<Self>, store: Arc<dyn Store>, config: TierConfig) -> Result<u16> {
        if self.is_closed() {
            return Err(Error::closed());
        }
        let tier = Tier::new(store, config, self.clock.clone())?;
        let is_immediate = tier.capabilities().immediate;
        let place = self.append(tier)?;
        // After the tiers, each under its own lock: code that holds one of these locks may look at the tiers.
        self.table().seal();
        if !is_immediate {
            self.lifecycle.unsettle();
        }
        Ok(place)
    }

    fn append(self: &Arc<Self>, tier: Tier) -> Result<u16> {
        let mut tiers = self.tiers.write();
        if self.is_nested() {
            return Err(Self::has_its_stores());
        }
        let place = tiers.all.len();
        if place == Tiers::MOST_TIERS {
            let message = format!("a chain has at most {} stores", Tiers::MOST_TIERS);
            return Err(Error::argument("name", message));
        }
        if let Some(last) = tiers.all.last() {
            last.check_next(&tier)?;
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded by `MOST_TIERS`")]
        let place = place as u16;
        let owner: Weak<dyn Owner> = Arc::downgrade(self) as _;
        let membership = Membership::new(place, self.events.clone(), Arc::downgrade(&self.background), owner);
        let tier = tier.joined(membership);
        let all = tiers.all.iter().cloned().chain([tier]).collect();
        *tiers = Arc::new(Tiers { all });
        Ok(place)
    }

    /// Returns what the store at `place` can do in this chain.
    pub fn capabilities(&self, place: u16) -> Option<Capabilities> {
        self.tiers().all.get(usize::from(place)).map(|tier| *tier.capabilities())
    }

    /// Returns the clock that measures the deadlines of this chain.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns whether the thread of a caller may run reads that the first stores can answer: those that go further,
    /// and writes to other stores, move to the I/O thread by themselves.
    pub fn begins_inline(&self) -> bool {
        let tiers = self.tiers();
        let remote = tiers.all.iter().find(|tier| !tier.capabilities().immediate);
        remote.is_none_or(|tier| tier.capabilities().runs_inline)
    }

    /// Runs `task` until the chain is closed or dropped.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.background.spawn(task);
    }

    /// Cancels what [`Chain::spawn`] has started, and waits until it is gone.
    pub(crate) async fn stop_background(&self) {
        self.background.stop().await;
    }

    /// Returns the state between the first store and the last answer.
    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// Returns whether a write of `key` may be in flight.
    pub(crate) fn may_be_writing(&self, key: &str) -> bool {
        self.pending.may_have(key)
    }

    /// Notes that `count` writes of `key` are answered.
    pub(crate) fn end_writes(&self, key: &Key, count: usize) {
        self.pending.end(key, count);
    }

    /// Returns the chains among the stores.
    pub(crate) fn nested(&self) -> Vec<Arc<Self>> {
        self.nested.lock().clone()
    }

    /// Returns whether this is a store of another chain.
    pub(crate) fn is_nested(&self) -> bool {
        self.is_nested.load(Ordering::Relaxed)
    }

    /// Makes `other`, which was added as a store, belong to this chain.
    pub(crate) fn adopt(&self, other: &Arc<Self>) {
        other.is_nested.store(true, Ordering::Relaxed);
        self.nested.lock().push(other.clone());
    }

    pub(crate) fn tiers(&self) -> Arc<Tiers> {
        self.tiers.read().clone()
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock()
    }

    /// Creates an operation that counts as called now: a write is ahead of every read that is called later.
    ///
    /// Must be given to [`Chain::submit`], and those of one key in the order in which they were made.
    pub fn request(&self, scope: Scope, key: Key, action: Action) -> Request {
        if action.is_write() {
            self.pending.begin(&key);
        }
        Request { scope, key, action }
    }

    /// Answers the waiters of one key. `written` is the key if they called writes.
    pub(crate) fn answer(
        &self,
        written: Option<&Key>,
        waiters: impl IntoIterator<Item = Waiter, IntoIter: ExactSizeIterator>,
        answer: Result<Answer>,
    ) {
        let waiters = waiters.into_iter();
        let count = waiters.len();
        if let Some(key) = written {
            self.pending.end(key, count);
        }
        reply_all(waiters, answer);
        self.lifecycle.end(count);
    }

    pub(crate) fn refuse_all(&self, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        self.refuse_with(requests, replies, &Error::closed());
    }

    /// Answers `requests`, which were never [submitted](Chain::submit), with `error`.
    pub fn fail_all(&self, requests: Vec<Request>, replies: &Arc<dyn Replies>, error: &Error) {
        self.lifecycle.begin(requests.len());
        self.refuse_with(requests, replies, error);
    }

    fn refuse_with(&self, requests: Vec<Request>, replies: &Arc<dyn Replies>, error: &Error) {
        for (index, Request { key, action, .. }) in (0..).zip(requests) {
            let waiter = Waiter { replies: replies.clone(), index };
            let error = error.clone().with_operation_if_unset(action.operation());
            self.answer(action.is_write().then_some(&key), [waiter], Err(error));
        }
    }
}

impl Chain {
    /// Returns the statistics so far. Operations in flight may be counted in part.
    pub fn stats(&self) -> Stats {
        let coalesced = self.table().coalesced();
        Stats { coalesced, tiers: self.tiers().all.iter().map(|tier| tier.stats()).collect() }
    }
}

#[cfg(feature = "mutants")]
impl Chain {
    /// Returns whether it does nothing for any of `keys`, and has nothing left to invalidate.
    #[doc(hidden)]
    pub fn is_at_rest(&self, keys: &[&str]) -> bool {
        let is_idle = self.table().is_empty() && keys.iter().all(|key| !self.pending.may_have(key));
        is_idle && (self.is_closed() || self.tiers().all.iter().all(|tier| !tier.has_stale()))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("tiers", &self.tiers().all).finish_non_exhaustive()
    }
}

/// Gives all `waiters` the same answer. The last one gets the answer itself: most often there is no other, and the
/// first copy of a value is not free.
pub(crate) fn reply_all(mut waiters: impl ExactSizeIterator<Item = Waiter>, answer: Result<Answer>) {
    while waiters.len() > 1
        && let Some(waiter) = waiters.next()
    {
        waiter.reply(answer.clone());
    }
    if let Some(waiter) = waiters.next() {
        waiter.reply(answer);
    }
}
