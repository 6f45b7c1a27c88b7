//! What went through a chain, counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::tier::histogram::{Histogram, Latency};
use redkv_core::entry::Entry;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::lock::Lock;
use redkv_core::store::Answers;

/// What went through a chain since it was made.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Reads that shared the way of another one of the same key, so that no store was asked for them.
    pub joined: u64,
    /// Of each store, in their order.
    pub tiers: Vec<TierStats>,
}

/// What went through one store of a chain since it was added.
#[derive(Clone, Debug)]
pub struct TierStats {
    /// The name of the store.
    pub name: &'static str,
    /// Whether it is not asked because it failed too often in a row.
    pub is_down: bool,
    /// Keys that were read or looked for, and were there.
    pub hits: u64,
    /// Keys that were read or looked for, and were not there.
    pub misses: u64,
    /// Entries that it took from writes.
    pub sets: u64,
    /// Keys that it deleted for a caller.
    pub deletes: u64,
    /// Entries that it took because a read found them in a later store.
    pub fills: u64,
    /// Such entries that it did not take: somebody wrote or deleted the key meanwhile, or it failed.
    pub fills_dropped: u64,
    /// Bytes of the values that were read.
    pub bytes_read: u64,
    /// Bytes of the values that were written.
    pub bytes_written: u64,
    /// Keys that it was not asked for because it was down.
    pub refused: u64,
    /// Keys that failed, by what they failed with.
    pub errors: Vec<(ErrorKind, u64)>,
    /// Keys that it is being asked for.
    pub pending: u64,
    /// Keys under which it may hold an old value, which nobody reads there until it is gone; `None` when they are too
    /// many to tell apart, and nothing is read there.
    pub stale: Option<u64>,
    /// How long requests took, by [`Kind`].
    pub latency: [Latency; 4],
}

/// A kind of requests. What is answered on the calling thread is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads.
    Get,
    /// Looks for keys.
    Has,
    /// Writes and back-fills.
    Set,
    /// Deletions.
    Delete,
}

impl Kind {
    /// All of them, in the order of [`TierStats::latency`].
    pub const ALL: [Self; 4] = [Self::Get, Self::Has, Self::Set, Self::Delete];

    fn of(operation: &str) -> Self {
        match operation {
            "get" => Self::Get,
            "has" => Self::Has,
            "set" => Self::Set,
            _ => Self::Delete,
        }
    }
}

/// What is counted of keys and values.
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

    /// Some that were there, with so many bytes in all, and some that were not.
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
    pub(crate) front: FrontCounters,
    counts: Counts,
    fills: AtomicU64,
    fills_dropped: AtomicU64,
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
    /// What was counted, of the store `name`.
    pub(super) fn stats(&self, name: &'static str, is_down: bool, stale: Option<u64>) -> TierStats {
        let Self {
            front: FrontCounters(front),
            counts,
            fills,
            fills_dropped,
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
            fills: read(fills),
            fills_dropped: read(fills_dropped),
            bytes_read: both(|counts| &counts.bytes_read),
            bytes_written: both(|counts| &counts.bytes_written),
            refused: read(refused),
            errors: errors.lock().clone(),
            pending: read(pending),
            stale,
            latency: [0, 1, 2, 3].map(|kind: usize| latency[kind].latency()),
        }
    }

    pub(crate) fn asking(&self, keys: usize) -> Asking<'_> {
        let keys = keys as u64;
        self.pending.fetch_add(keys, Ordering::Relaxed);
        Asking { counters: self, keys }
    }

    /// A request was answered.
    pub(crate) fn answered<T>(&self, operation: &str, took: Duration, answers: &[Result<T>]) {
        self.latency[Kind::of(operation) as usize].add(took);
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

    /// One key was read by a walk on the calling thread.
    pub(crate) fn read_one(&self, hit: bool, bytes: usize) {
        add(if hit { &self.counts.hits } else { &self.counts.misses }, 1);
        add(&self.counts.bytes_read, bytes as u64);
    }

    /// Values were written, for whatever reason.
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
        add(&self.fills, filled as u64);
        add(&self.fills_dropped, (answers.len() - filled) as u64);
    }

    /// A back-fill was made or dropped on the calling thread.
    pub(crate) fn filled_now(&self, filled: bool, entry: &Entry) {
        add(if filled { &self.fills } else { &self.fills_dropped }, 1);
        self.wrote(if filled { entry.value.len() } else { 0 });
    }

    pub(crate) fn fill_dropped(&self) {
        add(&self.fills_dropped, 1);
    }
}
