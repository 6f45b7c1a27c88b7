//! The store `map`.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::lock::Lock;
use redkv_core::store::{Answers, Capabilities, Cursor, Page, SetMode, Store, Want};

use super::MapConfig;

/// The most keys of a page.
const PAGE: usize = 1_000;

/// Keeps entries in a sorted map. The chain refuses what its [`Capabilities`] exclude, and bounds the time of every call, so
/// it has nothing to do but to keep, find and list.
#[derive(Debug)]
pub struct MapStore {
    config: MapConfig,
    clock: Arc<dyn Clock>,
    entries: Lock<BTreeMap<Key, Entry>>,
}

impl MapStore {
    /// Returns an empty store.
    pub fn new(config: MapConfig, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock, entries: Lock::default() }
    }

    /// Returns the entry of a key; one past its deadline counts as absent.
    fn live(&self, entries: &BTreeMap<Key, Entry>, key: &Key) -> Option<Entry> {
        entries.get(key).filter(|entry| !entry.is_expired(self.clock.now())).cloned()
    }
}

impl Store for MapStore {
    fn name(&self) -> &'static str {
        "map"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { max_key_bytes: self.config.max_key_bytes, ..Capabilities::BASE }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let entries = self.entries.lock();
        Box::pin(ready(keys.iter().map(|key| Ok(self.live(&entries, key))).collect()))
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        let entries = self.entries.lock();
        Box::pin(ready(keys.iter().map(|key| Ok(self.live(&entries, key).is_some())).collect()))
    }

    fn set<'a>(&'a self, given: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let mut entries = self.entries.lock();
        let answers = given.iter().map(|(key, entry)| {
            let is_stored = mode == SetMode::Always || self.live(&entries, key).is_none();
            if is_stored {
                entries.insert(key.clone(), entry.clone());
            }
            Ok(is_stored)
        });
        Box::pin(ready(answers.collect()))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let mut entries = self.entries.lock();
        keys.iter().for_each(|key| drop(entries.remove(key)));
        Box::pin(ready(vec![Ok(()); keys.len()]))
    }

    /// The cursor is the last key of the page before.
    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        let mut entries = self.entries.lock();
        let now = self.clock.now();
        entries.retain(|_, entry| !entry.is_expired(now));
        let is_next = |key: &Key| after.is_none_or(|after| key.as_bytes() > after.as_bytes());
        let listed = entries.keys().filter(|key| key.starts_with(prefix) && is_next(key));
        let keys: Vec<_> = listed.take(PAGE).cloned().collect();
        let next = keys.get(PAGE - 1).map(|key| Cursor::new(key.as_bytes()));
        Box::pin(ready(Ok(Page { keys, next })))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redkv_core::clock::ManualClock;
    use redkv_testing::conformance::Subject;

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        Subject::with_clock(Arc::new(MapStore::new(MapConfig::default(), clock.clone())), clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);
}
