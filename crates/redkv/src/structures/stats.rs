//! Statistics of data structures.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redkv_structures::Usage;
use redkv_structures::cached::CacheUsage;

use crate::chain::{Histogram, Latency, TierStats};
use crate::operation::StructureOperation;

/// Statistics since they were created.
#[derive(Clone, Debug)]
pub struct DatabaseStats {
    /// Of the backend as a store: whether it is down, what was refused, errors by their codes.
    pub tier: Option<TierStats>,
    /// By operation, those that were called.
    pub operations: Vec<(StructureOperation, OperationStats)>,
    /// What the backend has consumed.
    pub usage: Usage,
    /// Of the cache in front of it, if there is one.
    pub cache: Option<CacheUsage>,
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
pub(super) struct Counters(Box<[OnceLock<Counter>]>);

impl Default for Counters {
    fn default() -> Self {
        Self(StructureOperation::ALL.iter().map(|_| OnceLock::new()).collect())
    }
}

impl Counters {
    /// Counts an operation that took so long.
    pub(super) fn count(&self, operation: StructureOperation, took: Duration, has_failed: bool) {
        let counter = self.0[operation as usize].get_or_init(Counter::default);
        counter.latency.add(took);
        if has_failed {
            counter.errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns what was counted.
    pub(super) fn stats(&self) -> Vec<(StructureOperation, OperationStats)> {
        let counters = StructureOperation::ALL.iter().zip(&self.0);
        let stats = |(operation, counter): (&StructureOperation, &OnceLock<Counter>)| {
            let counter = counter.get()?;
            let latency = counter.latency.latency();
            let errors = counter.errors.load(Ordering::Relaxed);
            Some((*operation, OperationStats { calls: latency.count, errors, latency }))
        };
        counters.filter_map(stats).collect()
    }
}
