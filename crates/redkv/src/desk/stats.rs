//! Statistics of a service by its operations.

use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redkv_core::service::Usage;

use crate::chain::{Histogram, Latency, TierStats};
use crate::operation::OperationSet;

/// Statistics since the desk was created.
#[derive(Clone, Debug)]
pub struct DeskStats<O> {
    /// Of the service as a store: whether it is down, what was refused, errors by their codes.
    pub tier: Option<TierStats>,
    /// By operation, those that were called.
    pub operations: Vec<(O, OperationStats)>,
    /// What the service has consumed.
    pub usage: Usage,
}

/// Statistics of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationStats {
    /// How often it was made.
    pub calls: u64,
    /// How often it failed.
    pub errors: u64,
    /// How long it took.
    pub latency: Latency,
}

/// Counts one operation.
#[derive(Debug, Default)]
struct Counter {
    errors: AtomicU64,
    latency: Histogram,
}

/// Counts operations. Room is taken for those that are called.
#[derive(Debug)]
pub(super) struct Counters<O>(Box<[OnceLock<Counter>]>, PhantomData<fn(O)>);

impl<O: OperationSet> Default for Counters<O> {
    fn default() -> Self {
        Self(O::ALL.iter().map(|_| OnceLock::new()).collect(), PhantomData)
    }
}

impl<O: OperationSet> Counters<O> {
    /// Counts an operation that took so long.
    pub(super) fn count(&self, operation: O, took: Duration, has_failed: bool) {
        let Some(counter) = self.0.get(operation.index()) else { return };
        let counter = counter.get_or_init(Counter::default);
        counter.latency.add(took);
        if has_failed {
            counter.errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns what was counted.
    pub(super) fn stats(&self) -> Vec<(O, OperationStats)> {
        let counters = O::ALL.iter().zip(&self.0);
        let stats = |(operation, counter): (&O, &OnceLock<Counter>)| {
            let counter = counter.get()?;
            let latency = counter.latency.latency();
            let errors = counter.errors.load(Ordering::Relaxed);
            Some((*operation, OperationStats { calls: latency.count, errors, latency }))
        };
        counters.filter_map(stats).collect()
    }
}
