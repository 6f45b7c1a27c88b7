//! A tier: a store in a chain, with its policies there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::health::breaker::Breaker;
use super::membership::Membership;
use super::stale::{Repair, StaleKeys};
use super::stats::counters::Counters;
use super::stats::snapshot::TierStats;
use super::tombstone::Tombstones;
use crate::events::Event;
use redkv_core::clock::Clock;
use redkv_core::entry::{Deadline, Entry};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::operation::Operation;
use redkv_core::store::{Capabilities, Store};
use redkv_layers::WriteBehind;

/// A store at its place in a chain. Bounds every operation in time, keeps the limits of the store, filters expired
/// entries, and names its store in every error.
///
/// The files of `tier/` share its fields: each implements one subject of it. Nobody else does.
#[derive(Debug)]
pub struct Tier {
    pub(super) store: Arc<dyn Store>,
    /// The queue of its writes, if they are acknowledged early.
    pub(super) behind: Option<Behind>,
    pub(super) label: Arc<str>,
    pub(super) capabilities: Capabilities,
    pub(super) ttl: Option<u64>,
    pub(super) timeout: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) tombstones: Option<Tombstones>,
    pub(super) optional: bool,
    pub(super) clock: Arc<dyn Clock>,
    /// About how many bytes a value here has, as of the last batches.
    pub(super) typical_value: AtomicUsize,
    pub(super) breaker: Breaker,
    pub(super) membership: Membership,
    pub(super) stale: StaleKeys,
    pub(super) repair: Repair,
    pub(super) counters: Counters,
}

impl Tier {
    /// Returns the name of the store.
    pub fn name(&self) -> &'static str {
        self.store.name()
    }

    /// Returns what the store can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Returns whether failures of this tier may not reject a write.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns how long one operation may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns the estimated size of a value here, in bytes.
    pub(crate) fn typical_value(&self) -> usize {
        self.typical_value.load(Ordering::Relaxed)
    }

    /// Notes how large the values of a batch are, and returns the size of the largest. Batches that end at the same
    /// time may overwrite each other's estimate.
    pub(super) fn note_sizes<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> usize {
        let (count, bytes, largest) = entries.fold((0, 0, 0), |(count, bytes, largest), entry| {
            let len = entry.value.len();
            (count + 1, bytes + len, len.max(largest))
        });
        if let Some(mean) = bytes.checked_div(count) {
            self.typical_value.store((3 * self.typical_value() + mean) / 4, Ordering::Relaxed);
        }
        largest
    }

    /// Returns the entry as this tier keeps it: not longer than its ttl.
    pub(crate) fn capped(&self, entry: Entry) -> Entry {
        entry.capped(self.cap())
    }

    /// Returns the latest deadline of an entry that is written now, if the tier has a ttl.
    pub(crate) fn cap(&self) -> Option<Deadline> {
        self.ttl.map(|ttl| self.clock.deadline_in(ttl))
    }

    /// Reports failures that no caller gets, unless the store is down, which was reported before. That it cannot have
    /// a key is no failure.
    pub(crate) fn report<T>(&self, answers: &[Result<T>]) {
        if self.breaker.is_open() {
            return;
        }
        let is_failure = |error: &&Error| error.kind() != ErrorKind::Argument;
        let mut errors = answers.iter().filter_map(|answer| answer.as_ref().err()).filter(is_failure);
        if let Some(first) = errors.next() {
            let (keys, error) = (1 + errors.count(), first.clone());
            self.membership.report(|tier| Event::TierError { tier, keys, error });
        }
    }

    /// Returns `error` with the names of this store and of the operation.
    pub(crate) fn tag(&self, error: Error, operation: Operation) -> Error {
        error.in_store(&self.label).with_operation_if_unset(operation)
    }

    /// Returns the error of an operation that was not answered within its time.
    pub(crate) fn late(&self, operation: Operation, timeout: Duration) -> Error {
        let message = format!("no answer to {operation} within {} ms", timeout.as_millis());
        Error::new(ErrorKind::Timeout, message)
    }

    pub(crate) fn defect(&self) -> Error {
        Error::new(ErrorKind::Internal, "a defect of RedKV: the store returned a wrong number of answers")
            .outcome(Outcome::Unknown)
    }

    /// Returns the counters of what goes through it.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Returns whether deleted keys leave tombstones here.
    pub(crate) fn has_tombstones(&self) -> bool {
        self.tombstones.is_some()
    }

    /// Returns whether a back-fill of what a read found that began at `since` cannot outlast a tombstone.
    pub(crate) fn may_fill_at(&self, since: Instant) -> bool {
        self.tombstones.is_none_or(|tombstones| tombstones.is_in_time(since))
    }

    pub(crate) fn stats(&self) -> TierStats {
        self.counters.stats(self.name(), self.breaker.is_open(), self.stale.count())
    }
}

/// The queue of a tier, and what is under it.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) queue: Arc<WriteBehind>,
    /// The store under the queue, without the guard of the tier.
    pub(super) store: Arc<dyn Store>,
    /// The tier whose queue it is.
    pub(super) tier: Arc<OnceLock<Weak<Tier>>>,
}
