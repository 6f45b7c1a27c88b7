//! Counts what goes through a tier.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::Histogram;
use super::snapshot::{Kind, TierStats};
use redkv_core::entry::Entry;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::lock::Lock;
use redkv_core::operation::Operation;
use redkv_core::store::Answers;

/// Counters of keys and values.
#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    sets: AtomicU64,
    deletes: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
}

/// Counts what is answered on the calling thread. In a line of memory that no other thread writes, and without atomic
/// additions: two threads at a time would lose counts, but a [`FastPath`](crate::FastPath) is asked by one.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct FrontCounters(Counts);

impl FrontCounters {
    pub(crate) fn hit(&self, bytes: usize) {
        bump(&self.0.hits, 1);
        bump(&self.0.bytes_read, bytes as u64);
    }

    /// Counts keys that were there, with `bytes` in all, and keys that were not.
    pub(crate) fn read(&self, hits: u64, misses: u64, bytes: usize) {
        bump(&self.0.hits, hits);
        bump(&self.0.misses, misses);
        bump(&self.0.bytes_read, bytes as u64);
    }

    pub(crate) fn miss(&self) {
        bump(&self.0.misses, 1);
    }

    pub(crate) fn set(&self, bytes: usize) {
        bump(&self.0.sets, 1);
        bump(&self.0.bytes_written, bytes as u64);
    }

    pub(crate) fn delete(&self) {
        bump(&self.0.deletes, 1);
    }
}

fn bump(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}

fn add(counter: &AtomicU64, by: u64) {
    if by != 0 {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// Counts what goes through a tier.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    front: FrontCounters,
    counts: Counts,
    backfills: AtomicU64,
    backfills_dropped: AtomicU64,
    refused: AtomicU64,
    errors: Lock<Vec<(ErrorKind, u64)>>,
    pending: AtomicU64,
    latency: [Histogram; 4],
}

/// Keys that a store is being asked for, until this is dropped.
pub(crate) struct Asking<'a> {
    counters: &'a Counters,
    keys: u64,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.counters.pending.fetch_sub(self.keys, Ordering::Relaxed);
    }
}

impl Counters {
    /// Returns the statistics of the store `name`.
    pub(in crate::tier) fn stats(
        &self,
        name: &'static str,
        is_down: bool,
        stale_keys: Option<u64>,
    ) -> TierStats {
        let Self {
            front: FrontCounters(front),
            counts,
            backfills,
            backfills_dropped,
            refused,
            errors,
            pending,
            latency,
        } = self;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let both = |of: fn(&Counts) -> &AtomicU64| read(of(front)) + read(of(counts));
        TierStats {
            name,
            is_down,
            hits: both(|counts| &counts.hits),
            misses: both(|counts| &counts.misses),
            sets: both(|counts| &counts.sets),
            deletes: both(|counts| &counts.deletes),
            backfills: read(backfills),
            backfills_dropped: read(backfills_dropped),
            bytes_read: both(|counts| &counts.bytes_read),
            bytes_written: both(|counts| &counts.bytes_written),
            refused: read(refused),
            errors: errors.lock().clone(),
            pending: read(pending),
            stale_keys,
            latency: [0, 1, 2, 3].map(|kind: usize| latency[kind].latency()),
        }
    }

    /// Counts what is answered on the calling thread.
    pub(crate) fn front(&self) -> &FrontCounters {
        &self.front
    }

    pub(crate) fn asking(&self, keys: usize) -> Asking<'_> {
        let keys = keys as u64;
        self.pending.fetch_add(keys, Ordering::Relaxed);
        Asking { counters: self, keys }
    }

    /// Counts an answered request.
    pub(crate) fn answered<T>(&self, operation: Operation, took: Duration, answers: &[Result<T>]) {
        if let Some(kind) = Kind::of(operation) {
            self.latency[kind as usize].add(took);
        }
        if answers.iter().all(Result::is_ok) {
            return;
        }
        let mut errors = self.errors.lock();
        for kind in answers.iter().filter_map(|answer| answer.as_ref().err()).map(Error::kind) {
            match errors.iter_mut().find(|(counted, _)| *counted == kind) {
                Some((_, count)) => *count += 1,
                None => errors.push((kind, 1)),
            }
        }
    }

    pub(crate) fn refused(&self, keys: usize) {
        add(&self.refused, keys as u64);
    }

    pub(crate) fn read(&self, answers: &[Result<Option<Entry>>]) {
        let (mut hits, mut misses, mut bytes) = (0, 0, 0);
        for entry in answers.iter().flatten() {
            match entry {
                Some(entry) => {
                    hits += 1;
                    bytes += entry.value.len();
                }
                None => misses += 1,
            }
        }
        add(&self.counts.hits, hits);
        add(&self.counts.misses, misses);
        add(&self.counts.bytes_read, bytes as u64);
    }

    pub(crate) fn looked(&self, answers: &[Result<bool>]) {
        let hits = answers.iter().filter(|answer| matches!(answer, Ok(true))).count();
        let misses = answers.iter().filter(|answer| matches!(answer, Ok(false))).count();
        add(&self.counts.hits, hits as u64);
        add(&self.counts.misses, misses as u64);
    }

    /// Counts a key that a walk read on the calling thread.
    pub(crate) fn read_one(&self, hit: bool, bytes: usize) {
        add(if hit { &self.counts.hits } else { &self.counts.misses }, 1);
        add(&self.counts.bytes_read, bytes as u64);
    }

    /// Counts written values, whatever wrote them.
    pub(crate) fn wrote(&self, bytes: usize) {
        add(&self.counts.bytes_written, bytes as u64);
    }

    pub(crate) fn set(&self, entries: usize) {
        add(&self.counts.sets, entries as u64);
    }

    pub(crate) fn deleted(&self, keys: usize) {
        add(&self.counts.deletes, keys as u64);
    }

    pub(crate) fn filled(&self, answers: &Answers<bool>) {
        let filled = answers.iter().filter(|answer| matches!(answer, Ok(true))).count();
        add(&self.backfills, filled as u64);
        add(&self.backfills_dropped, (answers.len() - filled) as u64);
    }

    /// Counts a back-fill that was made or dropped on the calling thread.
    pub(crate) fn filled_now(&self, filled: bool, entry: &Entry) {
        add(if filled { &self.backfills } else { &self.backfills_dropped }, 1);
        self.wrote(if filled { entry.value.len() } else { 0 });
    }

    pub(crate) fn fill_dropped(&self) {
        add(&self.backfills_dropped, 1);
    }
}
