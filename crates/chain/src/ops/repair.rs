//! Invalidates what a tier missed, until it has worked.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::chain::Chain;
use crate::mutants::{Planted, is_planted};
use crate::schedule::table::Due;
use crate::tier::stale::Marked;
use crate::tier::tier::Tier;
use crate::tier::tiers::Tiers;
use redkv_core::backoff::Backoff;
use redkv_core::entry::Key;

/// Pauses between attempts.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
/// How long a cancelled request may still be in flight to a store that does not keep their order. The
/// connection that it left on is cut by then, so what remains are queues of the network and of the service.
const LATE: Duration = Duration::from_secs(10);
/// Poll interval while late writes may still arrive.
const UNTIL_SETTLED: Duration = Duration::from_secs(1);
/// Keys invalidated in one attempt.
const BATCH: usize = 500;

impl Chain {
    /// Notes that the tier at `place` may hold an old value under `key`, and sees to its invalidation.
    ///
    /// From now on reads of this process pass the tier by for that key.
    ///
    /// `may_come` says whether a write of an old value may still arrive there.
    pub(crate) fn mark_stale(self: &Arc<Self>, tiers: &Tiers, place: usize, key: &Key, may_come: bool) {
        if is_planted(Planted::NoInvalidation) {
            return;
        }
        let tier = &tiers.all[place];
        let late = (may_come && !tier.capabilities().ordered).then(|| Instant::now() + LATE);
        let late = late.filter(|_| !is_planted(Planted::NoQuarantine));
        if tier.mark_stale(key, late) {
            self.spawn(repair(Arc::downgrade(self), tier.clone()));
        }
    }
}

/// Deletes the stale keys of a tier, with growing pauses while that fails.
async fn repair(chain: Weak<Chain>, tier: Arc<Tier>) {
    let mut pauses = PAUSES;
    loop {
        let marked = tier.stale_keys(BATCH);
        if marked.is_empty() && tier.wants_repair() {
            sleep(UNTIL_SETTLED).await;
            continue;
        }
        if marked.is_empty() {
            if tier.end_repair() {
                return;
            }
            continue;
        }
        if tier.is_in_doubt() && !tier.answers(&marked[0].0).await {
            // Nobody waits for this: a write of one of the keys need not wait for what may well be in vain.
            sleep(pauses.next_pause()).await;
            continue;
        }
        let Some(repairing) = chain.upgrade().map(|chain| Repairing::begin(chain, marked)) else { return };
        if repairing.run(&tier).await {
            pauses.reset();
            continue;
        }
        sleep(pauses.next_pause()).await;
    }
}

/// Keys that are being invalidated. Writes of them wait meanwhile, so that none is undone by it.
struct Repairing {
    chain: Arc<Chain>,
    marked: Vec<Marked>,
}

impl Repairing {
    /// Takes the keys that are not being written: a write makes the repair needless, or marks its key again.
    fn begin(chain: Arc<Chain>, mut marked: Vec<Marked>) -> Self {
        let mut table = chain.table();
        marked.retain(|(key, _)| table.begin_repair(key));
        drop(table);
        Self { chain, marked }
    }

    /// Invalidates them. Returns whether at least one key was tried and none failed.
    async fn run(self, tier: &Tier) -> bool {
        let keys: Vec<_> = self.marked.iter().map(|(key, _)| key.clone()).collect();
        let answers = tier.invalidate(&keys).await;
        tier.report(&answers);
        let done = self.marked.iter().zip(&answers).filter(|(_, answer)| answer.is_ok());
        let repaired = tier.repaired(done.map(|(marked, _)| marked));
        repaired > 0 && repaired == keys.len()
    }
}

impl Drop for Repairing {
    fn drop(&mut self) {
        let mut due = Due::default();
        let mut table = self.chain.table();
        for (key, _) in &self.marked {
            table.finish_repair(key, &mut due);
        }
        drop(table);
        self.chain.start_next(due);
    }
}
