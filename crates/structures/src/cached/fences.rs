//! Fences: what a read returns that began before a write of its key ended is not kept.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::lock::SharedLock;
use redkv_core::store::Answers;
use tokio::time::Instant;

use super::cache::Cache;
use crate::answer::Answer;
use crate::atomic::{AtomicAnswer, Write};
use crate::command::Command;
use crate::layers::layer::Layer;
use crate::structures::Structures;

/// How long a read that may be old can return what was there before a write.
pub(super) const LAG: Duration = Duration::from_secs(2);

/// How long a write without an answer may still take effect.
pub(super) const DOUBT: Duration = Duration::from_secs(10);

/// The writes of one backend, for all caches in front of it.
///
/// Keys share places in a table: where two meet, the one's answers are kept less often than they could be, and nothing else
/// happens.
pub struct Fences {
    hasher: RandomState,
    start: Instant,
    places: [Place; PLACES],
    caches: SharedLock<Vec<Weak<Cache>>>,
}

const PLACES: usize = 1024;

/// The writes of some keys.
#[derive(Default)]
struct Place {
    /// In the lower bits how many are in flight; above these a number that each changes.
    state: AtomicU64,
    /// Until when reads that may be old may still return what was there before.
    lags_until: AtomicU64,
    /// Until when a write whose outcome is unknown may still take effect.
    doubtful_until: AtomicU64,
}

const ONE_CHANGE: u64 = 1 << 24;

impl Place {
    fn has_writes(state: u64) -> bool {
        !state.is_multiple_of(ONE_CHANGE)
    }
}

impl Default for Fences {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            start: Instant::now(),
            places: std::array::from_fn(|_| Place::default()),
            caches: SharedLock::default(),
        }
    }
}

impl fmt::Debug for Fences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fences").field("caches", &self.caches.read().len()).finish_non_exhaustive()
    }
}

/// A read on its way, whose answer may be kept if no write begins before it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    place: usize,
    state: u64,
    /// When it began.
    pub(super) began: Instant,
}

impl Fences {
    /// Makes all caches forget `keys`, and keep nothing of them until the returned value is dropped. Nothing without keys.
    pub fn writing<'a>(self: &Arc<Self>, keys: impl Iterator<Item = &'a Bytes>) -> Option<Writing> {
        let mut keys = keys.peekable();
        keys.peek()?;
        let caches = self.caches.read();
        let mut places = Vec::with_capacity(keys.size_hint().0);
        for key in keys {
            let place = self.place_of(key);
            // Before the caches forget the key: who adds an answer after that sees this.
            self.places[place].state.fetch_add(ONE_CHANGE + 1, Ordering::AcqRel);
            places.push(place);
            caches.iter().filter_map(Weak::upgrade).for_each(|cache| cache.forget(key));
        }
        Some(Writing { fences: self.clone(), places, is_doubtful: true })
    }

    /// As [`Fences::writing`], for the keys of the writes among `commands`.
    pub fn writing_of(self: &Arc<Self>, commands: &[Command]) -> Option<Writing> {
        self.writing(commands.iter().filter(|command| command.action.is_write()).map(|command| &command.key))
    }

    /// Keeps nothing of what reads of `key` return that are on their way.
    pub(super) fn pass(&self, key: &[u8]) {
        let place = &self.places[self.place_of(key)];
        place.lags_until.fetch_max(self.after(LAG), Ordering::AcqRel);
        place.state.fetch_add(ONE_CHANGE, Ordering::AcqRel);
    }

    /// Notes a read that begins now; nothing if its answer cannot be kept.
    pub(super) fn reading(&self, key: &[u8], may_be_old: bool) -> Option<Reading> {
        let index = self.place_of(key);
        let place = self.places.get(index)?;
        // First: a write notes its times before it ends here.
        let state = place.state.load(Ordering::Acquire);
        let began = Instant::now();
        let now = self.millis(began);
        let is_certain = !Place::has_writes(state)
            && now >= place.doubtful_until.load(Ordering::Acquire)
            && (!may_be_old || now >= place.lags_until.load(Ordering::Acquire));
        is_certain.then_some(Reading { place: index, state, began })
    }

    /// Returns whether no write of its key began since the read did.
    pub(super) fn stands(&self, reading: &Reading) -> bool {
        self.places[reading.place].state.load(Ordering::Acquire) == reading.state
    }

    /// Makes `cache` forget what is written.
    pub(super) fn register(&self, cache: &Arc<Cache>) {
        let mut caches = self.caches.write();
        caches.retain(|cache| cache.strong_count() > 0);
        caches.push(Arc::downgrade(cache));
    }

    /// Returns the first millisecond that is certainly after the pause.
    fn after(&self, pause: Duration) -> u64 {
        self.millis(Instant::now() + pause) + 1
    }

    fn millis(&self, time: Instant) -> u64 {
        u64::try_from(time.duration_since(self.start).as_millis()).unwrap_or(u64::MAX)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a part of a hash is as good")]
    fn place_of(&self, key: &[u8]) -> usize {
        self.hasher.hash_one(key) as usize % PLACES
    }
}

/// Writes on their way.
#[derive(Debug)]
pub struct Writing {
    fences: Arc<Fences>,
    places: Vec<usize>,
    is_doubtful: bool,
}

impl Writing {
    /// Ends them; without this, as where they were given up, they may still take effect.
    pub fn end(mut self, may_still_apply: bool) {
        self.is_doubtful = may_still_apply;
    }

    /// Ends them with their answers.
    pub fn end_with<T>(self, answers: &[Result<T>]) {
        self.end(answers.iter().any(|answer| answer.as_ref().is_err_and(|error| error.may_have_applied())));
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let lags_until = self.fences.after(LAG);
        let doubtful_until = if self.is_doubtful { self.fences.after(DOUBT) } else { 0 };
        for place in self.places.iter().filter_map(|&place| self.fences.places.get(place)) {
            place.lags_until.fetch_max(lags_until, Ordering::AcqRel);
            place.doubtful_until.fetch_max(doubtful_until, Ordering::AcqRel);
            place.state.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A backend whose writes are noted, so that caches beside it forget what they change.
#[derive(Debug)]
pub struct FencedStructures {
    inner: Arc<dyn Structures>,
    fences: Arc<Fences>,
}

impl FencedStructures {
    /// Notes the writes of `inner` in `fences`.
    pub fn new(inner: Arc<dyn Structures>, fences: Arc<Fences>) -> Self {
        Self { inner, fences }
    }
}

impl Layer for FencedStructures {
    fn inner(&self) -> &Arc<dyn Structures> {
        &self.inner
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        let Some(writing) = self.fences.writing_of(commands) else { return self.inner.run(commands) };
        Box::pin(async move {
            let answers = self.inner.run(commands).await;
            writing.end_with(&answers);
            answers
        })
    }

    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        let writing = self.fences.writing(writes.iter().map(|write| &write.key));
        Box::pin(async move {
            let answer = self.inner.write_atomically(writes, retries).await;
            if let Some(writing) = writing {
                writing.end_with(std::slice::from_ref(&answer));
            }
            answer
        })
    }

    fn write_each_atomically<'a>(
        &'a self,
        all: &'a [Vec<Write>],
        retries: u32,
    ) -> BoxFuture<'a, Answers<AtomicAnswer>> {
        let writing = self.fences.writing(all.iter().flatten().map(|write| &write.key));
        Box::pin(async move {
            let answers = self.inner.write_each_atomically(all, retries).await;
            if let Some(writing) = writing {
                writing.end_with(&answers);
            }
            answers
        })
    }
}
