//! The chain itself: takes operations, starts what is due, answers who waits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use crate::background::Background;
use crate::events::{Events, Observer};
use crate::lifecycle::Lifecycle;
use crate::nested::ChainStore;
use crate::ops::reads::Caller;
use crate::ops::{reads, writes};
use crate::request::{Action, Answer, Question, Replies, Request, Scope, Waiter};
use crate::schedule::key_state::Change;
use crate::schedule::pending::PendingWrites;
use crate::schedule::table::{Due, ReadJob, Table, WriteJob};
use crate::tier::config::TierConfig;
use crate::tier::stats::Stats;
use crate::tier::tier::{Owner, Tier};
use crate::tier::tiers::Tiers;
use redkv_core::clock::Clock;
use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};
use redkv_core::panics::caught_now;
use redkv_core::store::{Capabilities, Store};
use redkv_executor::spawn;

/// Stores in order: a store earlier in the chain is a cache for the stores after it, the last is the authority.
///
/// A read asks the tiers in order and fills those that missed; a write goes to the authority first and then to all
/// others. Per key, operations take effect in the order in which they were called.
///
/// Operations are taken by [`Chain::submit`], from within a Tokio runtime that outlives them.
pub struct Chain {
    pub(crate) tiers: RwLock<Arc<Tiers>>,
    pub(crate) table: Mutex<Table>,
    pub(crate) pending: PendingWrites,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) background: Arc<Background>,
    pub(crate) events: Events,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether it is a store of another chain, which knows what it can do.
    is_nested: AtomicBool,
    /// The chains among its stores.
    pub(crate) nested: Mutex<Vec<Arc<Self>>>,
}

impl Chain {
    /// A chain without stores, whose deadlines go by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            tiers: RwLock::default(),
            table: Mutex::default(),
            pending: PendingWrites::new(),
            lifecycle: Lifecycle::default(),
            background: Arc::default(),
            events: Events::default(),
            clock,
            is_nested: AtomicBool::new(false),
            nested: Mutex::default(),
        }
    }

    fn has_its_stores() -> Error {
        let message = "this chain is a store of another one, and takes no more stores";
        Error::argument("name", message)
    }

    /// Tells `observer` what happens here from now on. There is one at most: the first.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.events.observe(observer);
    }

    /// Puts `store` behind the stores that are there, and answers with its place.
    ///
    /// Fails when the chain is closed or full, or when a policy asks for what the store cannot do.
    pub fn add(self: &Arc<Self>, store: Arc<dyn Store>, config: TierConfig) -> Result<u16> {
        if self.is_closed() {
            return Err(Error::closed());
        }
        let tier = Tier::new(store, config, self.clock.clone())?;
        let is_immediate = tier.capabilities().immediate;
        let place = self.append(tier)?;
        // After the tiers, each under its own lock: whoever holds one of these locks may look at the tiers.
        self.table().seal();
        if !is_immediate {
            self.lifecycle.unsettle();
        }
        Ok(place)
    }

    /// As [`Chain::add`], for a whole chain. It belongs to this one then: it takes no more stores, and is closed with it.
    ///
    /// Fails also when it has no store, or belongs to a chain already.
    pub fn add_chain(self: &Arc<Self>, other: &Arc<Self>, config: TierConfig) -> Result<u16> {
        let refused = |why: &str| Err(Error::argument("chain", why));
        if Arc::ptr_eq(self, other) {
            return refused("a chain cannot be a store of itself");
        }
        if other.is_nested.load(Ordering::Relaxed) {
            return refused("the chain is a store of another chain already");
        }
        if other.tiers().all.is_empty() {
            return refused(
                "the chain has no store yet: its stores have to be added before it is added itself",
            );
        }
        let place = self.add(Arc::new(ChainStore::new(other.clone())), config)?;
        other.is_nested.store(true, Ordering::Relaxed);
        self.nested.lock().unwrap_or_else(PoisonError::into_inner).push(other.clone());
        Ok(place)
    }

    fn append(self: &Arc<Self>, tier: Tier) -> Result<u16> {
        let mut tiers = self.tiers.write().unwrap_or_else(PoisonError::into_inner);
        if self.is_nested.load(Ordering::Relaxed) {
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
        let tier = tier.placed(place, self.events.clone(), Arc::downgrade(&self.background), owner);
        let all = tiers.all.iter().cloned().chain([tier]).collect();
        *tiers = Arc::new(Tiers { all });
        Ok(place)
    }

    /// What the store at `place` can do in this chain.
    pub fn capabilities(&self, place: u16) -> Option<Capabilities> {
        self.tiers().all.get(usize::from(place)).map(|tier| *tier.capabilities())
    }

    /// The clock that the deadlines of this chain go by.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Whether reads that the first stores can answer are short enough for the thread of a caller: those that go
    /// further, and writes to heavier stores, leave it by themselves.
    pub fn begins_light(&self) -> bool {
        let tiers = self.tiers();
        let remote = tiers.all.iter().find(|tier| !tier.capabilities().immediate);
        remote.is_none_or(|tier| tier.capabilities().light)
    }

    pub(crate) fn tiers(&self) -> Arc<Tiers> {
        self.tiers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An operation, called now: from here on a write is ahead of every read that is called later.
    ///
    /// Must be given to [`Chain::submit`], and those of one key in the order in which they were made.
    pub fn request(&self, scope: Scope, key: Key, action: Action) -> Request {
        if action.is_write() {
            self.pending.begin(&key);
        }
        Request { scope, key, action }
    }

    /// Takes operations in the order in which they were called. Each is answered once through `replies`: at the
    /// latest when the deadlines of the tiers that it needs have passed, and with an error if the chain is closed. Does
    /// not panic.
    pub fn submit(self: &Arc<Self>, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        self.lifecycle.begin(requests.len());
        self.or_abandon(replies, || self.take(requests, replies));
    }

    /// Does `work`, and if that panics, answers what it would have answered.
    fn or_abandon(&self, replies: &Arc<dyn Replies>, work: impl FnOnce()) {
        if let Err(error) = caught_now(work) {
            self.lifecycle.lose_count();
            replies.abandon(&error);
        }
    }

    /// As [`Chain::submit`], for reads that have all but the key in common, which is less work.
    pub fn submit_reads(
        self: &Arc<Self>,
        scope: Scope,
        question: Question,
        keys: Vec<Key>,
        replies: &Arc<dyn Replies>,
    ) {
        self.lifecycle.begin(keys.len());
        self.or_abandon(replies, || self.take_reads(scope, question, keys, replies));
    }

    fn take_reads(
        self: &Arc<Self>,
        scope: Scope,
        question: Question,
        keys: Vec<Key>,
        replies: &Arc<dyn Replies>,
    ) {
        if self.is_closed() || !self.lifecycle.is_settled() {
            return self.take(requests(scope, question, keys), replies);
        }
        let mut table = self.table();
        // As in `admit`.
        let tiers = self.tiers();
        if tiers.range(scope).is_empty() {
            drop(table);
            return self.admit(requests(scope, question, keys), replies);
        }
        let mut due = Vec::with_capacity(keys.len());
        for (index, key) in (0..).zip(keys) {
            due.extend(table.read(key, scope, question, replies, index));
        }
        drop(table);
        if !due.is_empty() {
            self.start_reads(&tiers, due, Some(replies));
        }
    }

    fn take(self: &Arc<Self>, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        if self.is_closed() {
            return self.refuse_all(requests, replies);
        }
        let requests = match self.lifecycle.park_unless_settled(requests, replies) {
            Ok(requests) => requests,
            Err(first_to_wait) => {
                if first_to_wait {
                    self.settle();
                }
                return;
            }
        };
        self.admit(requests, replies);
    }

    /// Puts operations into the table and starts what can start.
    pub(crate) fn admit(self: &Arc<Self>, requests: Vec<Request>, replies: &Arc<dyn Replies>) {
        let mut due = Due::default();
        let mut refused = Vec::new();
        let mut table = self.table();
        // Under the lock of the table, so that a walk of these tiers is in there when `add` seals it.
        let tiers = self.tiers();
        for (index, Request { scope, key, action }) in (0..).zip(requests) {
            let waiter = || Waiter { replies: replies.clone(), index };
            if let Some(answer) = Self::answer_without_stores(&tiers, scope, &key, &action) {
                refused.push((action.is_write().then_some(key), waiter(), answer));
                continue;
            }
            let change = match action {
                Action::Get(want) => {
                    due.reads.extend(table.read(key, scope, Question::Get(want), replies, index));
                    continue;
                }
                Action::Has => {
                    due.reads.extend(table.read(key, scope, Question::Has, replies, index));
                    continue;
                }
                Action::Set(entry) => Change::Set(entry),
                Action::SetIfAbsent(entry) => Change::SetIfAbsent(entry),
                Action::Delete => Change::Delete,
            };
            table.write(key, scope, change, waiter());
        }
        due.writes = table.startable();
        drop(table);
        self.start(&tiers, due, Some(replies));
        for (written, waiter, answer) in refused {
            self.answer(written.as_ref(), [waiter], answer);
        }
    }

    /// The answer to what no store is asked for.
    fn answer_without_stores(
        tiers: &Tiers,
        scope: Scope,
        key: &Key,
        action: &Action,
    ) -> Option<Result<Answer>> {
        if let Err(error) = tiers.check(scope, key, action) {
            return Some(Err(error.in_operation(action.name())));
        }
        if !tiers.range(scope).is_empty() {
            return None;
        }
        Some(Ok(if action.is_write() { Answer::Written(true) } else { Answer::Has(false) }))
    }

    /// Starts what became due when something else was done: with the tiers of now, because it may have been called
    /// after a store was added.
    pub(crate) fn start_next(self: &Arc<Self>, due: Due) {
        if !due.is_empty() {
            self.start(&self.tiers(), due, None);
        }
    }

    /// Starts what became due, cut into the pieces that suit the stores; reads with those who called for them.
    fn start(self: &Arc<Self>, tiers: &Arc<Tiers>, due: Due, caller: Option<&Arc<dyn Replies>>) {
        let Due { reads, writes } = due;
        for group in groups(reads, |job: &ReadJob| (job.scope, job.question)) {
            self.start_reads(tiers, group, caller);
        }
        for group in groups(writes, |job: &WriteJob| job.scope) {
            let scope = group[0].scope;
            let size = tiers.piece_size(scope, group.len(), |capabilities| capabilities.writes);
            for piece in pieces(group, size) {
                spawn(writes::run(self.clone(), tiers.clone(), scope, piece));
            }
        }
    }

    /// Starts reads that have the scope and the question in common.
    fn start_reads(
        self: &Arc<Self>,
        tiers: &Arc<Tiers>,
        group: Vec<ReadJob>,
        caller: Option<&Arc<dyn Replies>>,
    ) {
        let size = tiers.piece_size(group[0].scope, group.len(), |capabilities| capabilities.reads);
        for piece in pieces(group, size) {
            let caller: Caller = caller.cloned();
            spawn(reads::run(self.clone(), tiers.clone(), piece, caller));
        }
    }

    /// Tells the waiters of one key. `written` is the key if they called writes.
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
        tell(waiters, answer);
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
            let error = error.clone().in_operation(action.name());
            self.answer(action.is_write().then_some(&key), [waiter], Err(error));
        }
    }
}

impl Chain {
    /// What went through this chain so far. What happens at the same time may be counted in part.
    pub fn stats(&self) -> Stats {
        let joined = self.table().joined();
        Stats { joined, tiers: self.tiers().all.iter().map(|tier| tier.stats()).collect() }
    }
}

#[cfg(feature = "mutants")]
impl Chain {
    /// Whether it does nothing for any of `keys`, and has nothing left to invalidate.
    #[doc(hidden)]
    pub fn is_at_rest(&self, keys: &[&str]) -> bool {
        let is_idle = self.table().is_empty() && keys.iter().all(|key| !self.pending.may_have(key));
        is_idle && (self.is_closed() || self.tiers().all.iter().all(|tier| tier.stale.is_empty()))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("tiers", &self.tiers().all).finish_non_exhaustive()
    }
}

/// Gives all `waiters` the same answer. The last one gets the answer itself: most often there is no other, and the
/// first copy of a value is not free.
pub(crate) fn tell(mut waiters: impl ExactSizeIterator<Item = Waiter>, answer: Result<Answer>) {
    while waiters.len() > 1
        && let Some(waiter) = waiters.next()
    {
        waiter.reply(answer.clone());
    }
    if let Some(waiter) = waiters.next() {
        waiter.reply(answer);
    }
}

/// The same reads, one by one.
fn requests(scope: Scope, question: Question, keys: Vec<Key>) -> Vec<Request> {
    keys.into_iter().map(|key| Request { scope, key, action: question.action() }).collect()
}

/// Splits jobs into runs that belong together; in most batches all do.
fn groups<T, K: PartialEq>(jobs: Vec<T>, kind: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let Some(first) = jobs.first().map(&kind) else { return Vec::new() };
    if jobs.iter().all(|job| kind(job) == first) {
        return vec![jobs];
    }
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for job in jobs {
        let kind = kind(&job);
        match groups.iter_mut().find(|group| group.0 == kind) {
            Some(group) => group.1.push(job),
            None => groups.push((kind, vec![job])),
        }
    }
    groups.into_iter().map(|group| group.1).collect()
}

/// Cuts jobs into pieces of `size`.
fn pieces<T>(jobs: Vec<T>, size: usize) -> Vec<Vec<T>> {
    if jobs.len() <= size {
        return vec![jobs];
    }
    let mut jobs = jobs.into_iter().peekable();
    let mut pieces = Vec::new();
    while jobs.peek().is_some() {
        pieces.push(jobs.by_ref().take(size).collect());
    }
    pieces
}
