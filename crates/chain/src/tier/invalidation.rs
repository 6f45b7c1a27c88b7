//! Keys under which a tier holds an old value: marked, skipped by reads, invalidated.

use tokio::time::Instant;

use super::stale::Marked;
use super::tier::Tier;
use crate::events::Event;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind};
use redkv_core::operation::Operation;
use redkv_core::store::Answers;

impl Tier {
    /// Marks `key`: the tier may hold an old value under it, or be given one up to `late`. Returns whether the caller
    /// must begin a repair.
    #[must_use]
    pub(crate) fn mark_stale(&self, key: &Key, late: Option<Instant>) -> bool {
        // What the store has now is gone by its ttl at the latest.
        self.stale.mark(key, self.cap(), late);
        self.repair.begin()
    }

    /// Marks all keys: nothing is read here until all that it may hold now has expired.
    pub(crate) fn mark_all_stale(&self) {
        self.stale.mark_all(self.cap());
    }

    /// Takes the mark from `key`, which was written here.
    pub(crate) fn clear_stale(&self, key: &Key) {
        self.stale.clear(key);
    }

    /// Returns whether reads must skip the tier for some key.
    pub(crate) fn has_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Returns whether reads must skip the tier for `key`.
    pub(crate) fn is_stale(&self, key: &str) -> bool {
        self.has_stale() && self.stale.contains(key, self.clock())
    }

    /// Returns up to `most` keys to invalidate now.
    pub(crate) fn stale_keys(&self, most: usize) -> Vec<Marked> {
        self.stale.some(most)
    }

    /// Returns whether there is a key to invalidate, now or later.
    pub(crate) fn wants_repair(&self) -> bool {
        self.stale.wants_repair()
    }

    /// Ends the repair and returns whether it stays ended: a key that is marked from here on begins another one.
    pub(crate) fn end_repair(&self) -> bool {
        self.repair.end();
        !self.stale.wants_repair() || !self.repair.begin()
    }

    /// Takes the marks that have not changed since from keys that were invalidated, and reports how many there are.
    pub(crate) fn repaired<'a>(&self, marked: impl Iterator<Item = &'a Marked>) -> usize {
        let keys = marked.map(|marked| self.stale.repaired(marked)).count();
        if keys > 0 {
            self.membership.report(|tier| Event::Repair { tier, keys });
        }
        keys
    }

    /// Deletes old values, ahead of all writes of their keys that are to come.
    pub(crate) async fn invalidate(&self, keys: &[Key]) -> Answers<()> {
        let Some(behind) = &self.behind else { return self.delete(keys).await };
        let entries = self.tombstones.map(|tombstones| tombstones.over(keys, self.clock()));
        let write = async { behind.queue.write_through(keys, entries.as_deref()).await };
        self.guard(Operation::Delete, keys).within(None).call(write).await
    }

    /// Returns the error of a read of a key under which the store holds an old value.
    pub(crate) fn holds_old_value(&self, operation: Operation) -> Error {
        let message = "the store holds an old value under this key, because a write did not reach it";
        self.tag(Error::new(ErrorKind::Connection, message), operation)
    }
}
