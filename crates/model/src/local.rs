//! A store in the memory of an instance, whose changes are noted.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::history::{Change, History, place, value};
use super::program::NAMES;
use redkv_core::clock::Clock;
use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Immediate, Page, SetMode, Store, Want, cannot_clear, cannot_list_keys,
};
use redkv_store_memory::{MemoryConfig, MemoryStore};

pub(super) struct Local {
    tier: usize,
    instance: usize,
    inner: MemoryStore,
    history: History,
    clock: Arc<dyn Clock>,
}

impl Local {
    pub(super) fn new(tier: usize, instance: usize, history: History, clock: Arc<dyn Clock>) -> Self {
        let inner = MemoryStore::new(MemoryConfig::default(), clock.clone());
        Self { tier, instance, inner, history, clock }
    }

    fn note(&self, key: &str, change: Change) {
        self.history.make(self.tier, self.instance, place(key), change, false, self.clock.now());
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Local").field(&self.tier).finish()
    }
}

impl Immediate for Local {
    fn get_now(&self, key: &str) -> Option<Entry> {
        self.inner.get_now(key)
    }

    fn read_now(&self, key: &str, read: &mut dyn FnMut(&[u8])) -> bool {
        self.inner.read_now(key, read)
    }

    fn read_many_now(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool {
        self.inner.read_many_now(keys, read)
    }

    fn has_now(&self, key: &str) -> bool {
        self.inner.has_now(key)
    }

    fn set_now(&self, key: &str, draft: Draft<'_>, mode: SetMode) -> bool {
        let (written, deadline) =
            (value(&draft.to_entry()), draft.deadline.map(|deadline| deadline.millis()));
        let stored = self.inner.set_now(key, draft, mode);
        match mode {
            SetMode::Always => self.note(key, Change::Set(written, deadline)),
            SetMode::IfAbsent if stored => self.note(key, Change::Fill(written, deadline)),
            SetMode::IfAbsent => {}
        }
        stored
    }

    fn delete_now(&self, key: &str) {
        self.inner.delete_now(key);
        self.note(key, Change::Delete);
    }
}

impl Store for Local {
    fn name(&self) -> &'static str {
        NAMES[self.tier]
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { enumerable: false, clearable: false, ..self.inner.capabilities() }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        Some(self)
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        self.inner.get(keys, want)
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        self.inner.has(keys)
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let set = |(key, entry): &(Key, Entry)| Ok(self.set_now(key, entry.into(), mode));
        Box::pin(std::future::ready(entries.iter().map(set).collect()))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        keys.iter().for_each(|key| self.delete_now(key));
        Box::pin(std::future::ready(vec![Ok(()); keys.len()]))
    }

    fn keys<'a>(&'a self, _prefix: &'a str, _after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(std::future::ready(Err(cannot_list_keys())))
    }

    fn clear<'a>(
        &'a self,
        _prefix: &'a str,
        _after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(std::future::ready(Err(cannot_clear())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
