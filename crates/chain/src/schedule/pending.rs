//! Which keys have writes on their way, for readers that must not overtake them.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use foldhash::fast::FixedState;

use crate::mutants::{Planted, is_planted};

const STRIPES: usize = 1024;

/// Counts the writes that were called and not yet answered, by stripes of keys.
///
/// A stripe is shared by many keys: a false "yes" costs a reader the way through the queue, a false "no" cannot
/// happen. With no writes at all a reader pays one load.
#[derive(Debug)]
pub(crate) struct PendingWrites {
    total: AtomicUsize,
    stripes: Box<[AtomicU32]>,
}

impl PendingWrites {
    pub(crate) fn new() -> Self {
        Self { total: AtomicUsize::new(0), stripes: (0..STRIPES).map(|_| AtomicU32::new(0)).collect() }
    }

    fn stripe(&self, key: &str) -> &AtomicU32 {
        let hash = FixedState::default().hash_one(key);
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
        &self.stripes[hash as usize % STRIPES]
    }

    /// A write of `key` was called.
    pub(crate) fn begin(&self, key: &str) {
        self.stripe(key).fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that `count` writes of `key` were answered. Their values are visible to every thread that sees the count
    /// fall.
    pub(crate) fn end(&self, key: &str, count: usize) {
        let stripe_count = u32::try_from(count).unwrap_or(u32::MAX);
        self.stripe(key).fetch_sub(stripe_count, Ordering::Release);
        self.total.fetch_sub(count, Ordering::Release);
    }

    /// Returns whether a write of `key` may be in flight.
    pub(crate) fn may_have(&self, key: &str) -> bool {
        if is_planted(Planted::FrontOvertakes) {
            return false;
        }
        self.total.load(Ordering::Acquire) != 0 && self.stripe(key).load(Ordering::Acquire) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_pending_until_all_its_writes_are_answered() {
        let pending = PendingWrites::new();
        pending.begin("k");
        pending.begin("k");
        assert!(pending.may_have("k"));
        pending.end("k", 1);
        assert!(pending.may_have("k"));
        pending.end("k", 1);
        assert!(!pending.may_have("k"));
    }
}
