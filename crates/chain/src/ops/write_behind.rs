//! Write-behind: what a chain does when an acknowledged write is lost.

use std::sync::Arc;

use crate::chain::Chain;
use crate::request::Scope;
use crate::tier::membership::Owner;
use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};
use redkv_core::operation::Operation;

impl Owner for Chain {
    fn doubt_cache(self: Arc<Self>, place: u16, key: &Key, may_come: bool) {
        let (tiers, place) = (self.tiers(), usize::from(place));
        if place + 1 < tiers.all.len() {
            self.mark_stale(&tiers, place, key, may_come);
        }
    }

    fn disown(self: Arc<Self>, place: u16, key: &Key, may_come: bool) {
        self.clone().doubt_cache(place, key, may_come);
        let tiers = self.tiers();
        if usize::from(place) + 1 == tiers.all.len() {
            for (cache, _) in tiers.caches(Scope::Chain) {
                self.mark_stale(&tiers, cache, key, false);
            }
        }
    }
}

impl Chain {
    /// Waits until the writes that the stores of `scope` have acknowledged are made. Fails with the first that was lost
    /// since the last flush.
    pub async fn flush(&self, scope: Scope) -> Result<()> {
        if self.is_closed() {
            return Err(Error::closed().with_operation_if_unset(Operation::Flush));
        }
        let tiers = self.tiers();
        let flushes = tiers.all[tiers.range(scope)].iter().map(|tier| tier.flush());
        futures_util::future::join_all(flushes).await.into_iter().collect()
    }
}
