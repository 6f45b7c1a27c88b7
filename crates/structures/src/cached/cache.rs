//! What a cache keeps: answers by key and question, within bounds.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redkv_core::lock::Lock;
use tokio::time::Instant;

use super::compact::{compact, memory};
use super::fences::{Fences, LAG, Reading};
use super::question::{Question, cut};
use crate::answer::Answer;
use crate::command::Command;

/// The bounds of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// The most keys of which it keeps answers.
    pub max_entries: usize,
    /// The most bytes that it keeps.
    pub max_bytes: usize,
    /// How long it keeps an answer; without it, until the key is written or the room is needed.
    pub ttl: Option<Duration>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { max_entries: 10_000, max_bytes: 64 << 20, ttl: None }
    }
}

/// What a cache did so far, and what it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUsage {
    /// Reads that it answered.
    pub hits: u64,
    /// Reads that it could have answered, and had to ask for.
    pub misses: u64,
    /// Keys of which it keeps answers.
    pub entries: usize,
    /// Bytes that it keeps.
    pub bytes: usize,
}

/// Answers of a backend.
pub(super) struct Cache {
    config: CacheConfig,
    fences: Arc<Fences>,
    kept: Lock<Kept>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A read that is on its way.
#[derive(Debug)]
pub(super) struct Asked {
    question: Question,
    limit: Option<u64>,
    reading: Reading,
    clears: u64,
}

impl Cache {
    pub(super) fn new(config: CacheConfig, fences: Arc<Fences>) -> Arc<Self> {
        let cache = Arc::new(Self { config, fences: fences.clone(), kept: Lock::default() });
        fences.register(&cache);
        cache
    }

    /// Returns the answer to `command`, if it keeps it.
    pub(super) fn answer(&self, command: &Command) -> Option<Answer> {
        let (question, limit) = Question::of(command)?;
        let oldest = self.config.ttl.and_then(|ttl| Instant::now().checked_sub(ttl));
        let mut kept = self.kept.lock();
        let answer = kept.answer(&command.key, &question, limit, oldest);
        let count = if answer.is_some() { &mut kept.hits } else { &mut kept.misses };
        *count += 1;
        answer
    }

    /// Notes that `command` is asked now; nothing if its answer cannot be kept.
    pub(super) fn ask(&self, command: &Command) -> Option<Asked> {
        let (question, limit) = Question::of(command)?;
        let (clears, cleared) = {
            let kept = self.kept.lock();
            (kept.clears, kept.cleared)
        };
        let reading = self.fences.reading(&command.key, command.may_be_old)?;
        if command.may_be_old && cleared.is_some_and(|cleared| reading.began < cleared + LAG) {
            return None;
        }
        Some(Asked { question, limit, reading, clears })
    }

    /// Keeps an answer, unless the key was written since it was asked for.
    pub(super) fn keep(&self, key: &Bytes, asked: Asked, answer: &Answer) {
        let Asked { question, limit, reading, clears } = asked;
        if !self.fences.stands(&reading) {
            return;
        }
        let answer = compact(answer);
        let bytes = OF_AN_ANSWER + question.bytes() + memory(&answer);
        let mut kept = self.kept.lock();
        // Again: a write that this does not see yet finds what is kept here, and removes it.
        if clears == kept.clears && self.fences.stands(&reading) {
            let held = Held { answer, limit, began: reading.began, bytes, place: 0, was_used: false };
            kept.keep(key, question, held, self.config);
        }
    }

    /// Forgets all answers of a key.
    pub(super) fn forget(&self, key: &[u8]) {
        self.kept.lock().forget(key);
    }

    /// Forgets all answers of a key, and those on their way.
    pub(super) fn invalidate(&self, key: &[u8]) {
        self.fences.pass(key);
        self.forget(key);
    }

    /// Forgets all answers, and those on their way.
    pub(super) fn clear(&self) {
        let mut kept = self.kept.lock();
        let Kept { hits, misses, clears, .. } = *kept;
        let cleared = Some(Instant::now());
        *kept = Kept { hits, misses, clears: clears + 1, cleared, ..Kept::default() };
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.kept.lock().queue.len()
    }

    pub(super) fn usage(&self) -> CacheUsage {
        let kept = self.kept.lock();
        let Kept { hits, misses, bytes, .. } = *kept;
        CacheUsage { hits, misses, entries: kept.keys.len(), bytes }
    }
}

/// What a key takes besides its bytes, and an answer besides its own.
const OF_A_KEY: usize = 128;
const OF_AN_ANSWER: usize = 384;

#[derive(Default)]
struct Kept {
    keys: HashMap<Bytes, HashMap<Question, Held>>,
    /// The answers from the one that is evicted first, each with its place. Of one that is no longer kept in its place
    /// something may be left here.
    queue: VecDeque<(u64, Bytes, Question)>,
    answers: usize,
    bytes: usize,
    next_place: u64,
    hits: u64,
    misses: u64,
    /// How often all was cleared, and when that was last.
    clears: u64,
    cleared: Option<Instant>,
}

struct Held {
    answer: Answer,
    limit: Option<u64>,
    began: Instant,
    bytes: usize,
    place: u64,
    /// Whether it answered something since it last was the first of the queue.
    was_used: bool,
}

impl Held {
    /// Returns itself if it was asked for after `oldest`.
    fn fresh(&mut self, oldest: Option<Instant>) -> Option<&mut Self> {
        oldest.is_none_or(|oldest| self.began > oldest).then_some(self)
    }
}

impl Kept {
    /// Returns the answer to a question, unless it was asked for before `oldest`.
    fn answer(
        &mut self,
        key: &[u8],
        question: &Question,
        limit: Option<u64>,
        oldest: Option<Instant>,
    ) -> Option<Answer> {
        let of_key = self.keys.get_mut(key)?;
        // A consistent answer answers also a read that may be old.
        for may_be_old in [false, true].into_iter().take(1 + usize::from(question.may_be_old)) {
            let own = of_key.get_mut(&question.with_age(may_be_old)).and_then(|held| held.fresh(oldest));
            if let Some(held) = own
                && let Some(answer) = cut(&held.answer, held.limit, limit)
            {
                held.was_used = true;
                return Some(answer);
            }
            let whole = question.whole(may_be_old);
            let whole = whole.and_then(|whole| of_key.get_mut(&whole)).and_then(|held| held.fresh(oldest));
            if let Some(held) = whole
                && let Some(answer) = question.part_of(&held.answer)
            {
                held.was_used = true;
                return Some(answer);
            }
        }
        None
    }

    fn keep(&mut self, key: &Bytes, question: Question, mut held: Held, config: CacheConfig) {
        if held.bytes + key.len() + OF_A_KEY > config.max_bytes {
            return self.forget_one(key, &question);
        }
        // As a part of what a server sent, it might keep all of that.
        let key = Bytes::copy_from_slice(key);
        let place = self.next_place;
        self.next_place += 1;
        held.place = place;
        let bytes = held.bytes;
        let of_key = self.keys.entry(key.clone()).or_default();
        if of_key.is_empty() {
            self.bytes += key.len() + OF_A_KEY;
        }
        match of_key.insert(question.clone(), held) {
            Some(before) => self.bytes -= before.bytes,
            None => self.answers += 1,
        }
        self.bytes += bytes;
        self.evict(&key, config);
        // After that, so that it is not the one that goes.
        self.queue.push_back((place, key, question));
        self.tidy();
    }

    /// Makes room until the bounds hold.
    fn evict(&mut self, added: &Bytes, config: CacheConfig) {
        while self.bytes > config.max_bytes || self.keys.len() > config.max_entries {
            let Some((place, key, question)) = self.queue.pop_front() else { return };
            let held = self.keys.get_mut(&key).and_then(|held| held.get_mut(&question));
            let Some(held) = held.filter(|held| held.place == place) else { continue };
            if std::mem::take(&mut held.was_used) {
                self.queue.push_back((place, key, question));
            } else if self.keys.len() > config.max_entries && key != added {
                self.forget(&key);
            } else {
                self.forget_one(&key, &question);
            }
        }
    }

    fn forget(&mut self, key: &[u8]) {
        let Some((key, held)) = self.keys.remove_entry(key) else { return };
        self.answers -= held.len();
        self.bytes -= OF_A_KEY + key.len() + held.values().map(|held| held.bytes).sum::<usize>();
    }

    fn forget_one(&mut self, key: &[u8], question: &Question) {
        let Some(held) = self.keys.get_mut(key) else { return };
        let Some(gone) = held.remove(question) else { return };
        self.answers -= 1;
        self.bytes -= gone.bytes;
        if held.is_empty() {
            self.keys.remove(key);
            self.bytes -= OF_A_KEY + key.len();
        }
    }

    /// Drops what is left in the queue of answers that are no longer kept, once that is most of it.
    fn tidy(&mut self) {
        const SOME: usize = 64;
        if self.queue.len() <= SOME + 2 * self.answers {
            return;
        }
        let keys = &self.keys;
        self.queue.retain(|(place, key, question)| {
            keys.get(key).and_then(|held| held.get(question)).is_some_and(|held| held.place == *place)
        });
    }
}
