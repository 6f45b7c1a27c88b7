//! Helpers for the tests of layers.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use redkv_core::clock::ManualClock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};
use redkv_store_memory::{MemoryConfig, MemoryStore};
use redkv_testing::Faulty;
use redkv_testing::conformance::Subject;

/// A store in memory.
pub(super) fn memory() -> Arc<dyn Store> {
    memory_with(&Arc::new(ManualClock::starting_at(1_000_000)))
}

/// A store in memory that goes by `clock`.
pub(super) fn memory_with(clock: &Arc<ManualClock>) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()))
}

/// A store in memory under test, with layers around it.
pub(super) fn subject(layered: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Subject {
    let clock = Arc::new(ManualClock::starting_at(1_000_000));
    Subject::with_clock(layered(memory_with(&clock)), clock)
}

/// As [`subject`], of a store that answers late, as a remote one does.
pub(super) fn faulty_subject(layered: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Subject {
    subject(|store| layered(Arc::new(Faulty::new(store))))
}

/// Reads through one store what is written through another.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) reads: Arc<dyn Store>,
    pub(super) writes: Arc<dyn Store>,
}

impl Store for Beside {
    fn name(&self) -> &'static str {
        self.reads.name()
    }

    fn capabilities(&self) -> Capabilities {
        let writes = self.writes.capabilities();
        Capabilities {
            immediate: false,
            writable: writes.writable,
            clearable: writes.clearable,
            ..self.reads.capabilities()
        }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.reads.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        self.reads.get(keys, want)
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        self.reads.has(keys)
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        self.writes.set(entries, mode)
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        self.writes.delete(keys)
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.reads.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        self.writes.clear(prefix, after)
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.reads.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.reads.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.reads.close()
    }
}
