//! Operations on all keys of a tier: listing and clearing.

use std::time::Duration;

use tokio::time::Instant;

use super::guard::Subject;
use crate::tier::tier::Tier;
use redkv_core::error::Result;
use redkv_core::operation::Operation;
use redkv_core::paging::Paging;
use redkv_core::store::{Cursor, Page, cannot_list_keys};

impl Tier {
    pub(crate) async fn keys(&self, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        if !self.capabilities().enumerable {
            return Err(self.tag(cannot_list_keys(), Operation::Keys));
        }
        let (paging, after) = Paging::resume(after)?;
        let asked = Instant::now();
        let list = async { self.store().keys(prefix, after.as_ref()).await };
        let mut page = self.guard(Operation::Keys, Subject::STORE).under_the_queue().call_once(list).await?;
        let next = paging.after(page.keys.len(), asked.elapsed(), page.next.take());
        page.next = next.map_err(|error| self.tag(error, Operation::Keys))?;
        if self.tombstones.is_some() {
            // Only the value distinguishes an entry from a tombstone.
            let are_there = self.has(&page.keys).await;
            let mut are_there = are_there.into_iter().map(|answer| answer.unwrap_or(true));
            page.keys.retain(|_| are_there.next().unwrap_or(true));
        }
        Ok(page)
    }

    pub(crate) async fn clear(&self, prefix: &str, after: Option<&Cursor>) -> Result<Option<Cursor>> {
        let (paging, after) = Paging::resume(after)?;
        let clear = async { self.store().clear(prefix, after.as_ref()).await };
        let next = self.guard(Operation::Clear, Subject::STORE).under_the_queue().call_once(clear).await?;
        // What it deletes is not counted, so the time may have been well spent.
        paging.after(0, Duration::ZERO, next).map_err(|error| self.tag(error, Operation::Clear))
    }

    /// Returns whether it lists every key under which a read may find an entry.
    pub(crate) fn lists_all(&self) -> bool {
        self.capabilities().enumerable && self.capabilities().lists_all
    }
}
