//! Invalidates what a tier missed, until it has worked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard};

use super::core::Chain;
#[cfg(test)]
use super::planted::{Planted, is_planted};
use super::shape::Shape;
use super::tier::Tier;
use crate::entry::Key;

/// First and longest pause between two attempts; each is drawn anew from half to all of it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Keys invalidated in one attempt.
const BATCH: usize = 500;

/// The repair of a tier; there is one at a time at most.
#[derive(Debug, Default)]
pub(super) struct Repair {
    is_on_its_way: AtomicBool,
    /// Held alone by each attempt, and together by writes to this tier alone.
    turn: RwLock<()>,
}

impl Repair {
    /// Whether the caller is the one to do it.
    fn begin(&self) -> bool {
        !self.is_on_its_way.swap(true, Ordering::AcqRel)
    }

    fn end(&self) {
        self.is_on_its_way.store(false, Ordering::Release);
    }
}

impl Tier {
    /// Keeps repairs from deleting what is written from now on, until the answer is dropped. Waits at most for the
    /// attempt that is being made; mostly there is none.
    ///
    /// Only for writes to this tier alone: of others a cache may lose what it was given.
    pub(super) async fn hold_repair(&self) -> Option<RwLockReadGuard<'_, ()>> {
        // In this order: a repair ends after the last mark is gone.
        if self.stale.is_empty() && !self.repair.is_on_its_way.load(Ordering::Acquire) {
            return None;
        }
        Some(self.repair.turn.read().await)
    }
}

impl Chain {
    /// Notes that the tier at `place` may hold an old value under `key`, and sees to its invalidation.
    ///
    /// From now on reads of this process pass the tier by for that key.
    pub(super) fn mark_stale(&self, shape: &Shape, place: usize, tier: &Tier, key: &Key) {
        #[cfg(test)]
        if is_planted(Planted::NoInvalidation) {
            return;
        }
        tier.stale.mark(key);
        if tier.repair.begin() {
            self.background.spawn(repair(shape.tiers[place].clone()));
        }
    }
}

/// Deletes the stale keys of a tier, with growing pauses while that fails.
async fn repair(tier: Arc<Tier>) {
    let mut pause = FIRST_PAUSE;
    loop {
        // Before the marks are read, so that what was written before is not among them.
        let turn = tier.repair.turn.write().await;
        let marked = tier.stale.some(BATCH);
        if marked.is_empty() {
            // A key that is marked from here on finds no repair on its way and begins one.
            tier.repair.end();
            if tier.stale.some(1).is_empty() || !tier.repair.begin() {
                return;
            }
            continue;
        }
        let keys: Vec<_> = marked.iter().map(|(key, _)| key.clone()).collect();
        let answers = tier.delete(&keys).await;
        let failed = answers.iter().any(Result::is_err);
        for (marked, answer) in marked.iter().zip(answers) {
            if answer.is_ok() {
                tier.stale.repaired(marked);
            }
        }
        drop(turn);
        if !failed {
            pause = FIRST_PAUSE;
            continue;
        }
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
