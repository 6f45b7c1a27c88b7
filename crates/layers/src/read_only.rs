//! Refuses writes.

use std::sync::Arc;

use futures_util::future::{self, BoxFuture};

use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::store::{
    Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want, answer_all,
};

/// A store inside another one that is read and never written: every write is refused.
///
/// Belongs outermost, so that nothing below it is asked to write.
#[derive(Debug)]
pub struct ReadOnly {
    inner: Arc<dyn Store>,
}

impl ReadOnly {
    /// `inner`, which stays as it is.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner }
    }
}

/// The answer of a store that is not written.
pub fn read_only() -> Error {
    Error::unsupported("the store is read-only here").about("readOnly")
}

#[deny(clippy::missing_trait_methods)]
impl Store for ReadOnly {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { writable: false, clearable: false, ..self.inner.capabilities() }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        self.inner.immediate().map(|_| self as _)
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

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], _mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(future::ready(answer_all(entries.len(), &Err(read_only()))))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(future::ready(answer_all(keys.len(), &Err(read_only()))))
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.inner.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        _prefix: &'a str,
        _after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(future::ready(Err(read_only())))
    }

    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

/// Only reached through [`Store::immediate`], which answers `Some` only around an immediate store.
impl Immediate for ReadOnly {
    fn get_now(&self, key: &str) -> Option<Entry> {
        self.inner.immediate()?.get_now(key)
    }

    fn read_now(&self, key: &str, read: &mut dyn FnMut(&[u8])) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.read_now(key, read))
    }

    fn read_many_now(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.read_many_now(keys, read))
    }

    fn has_now(&self, key: &str) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.has_now(key))
    }

    /// Nothing is stored; who looks at [`Capabilities::writable`] does not come here.
    fn set_now(&self, _key: &str, _entry: Draft<'_>, _mode: SetMode) -> bool {
        false
    }

    /// Nothing is deleted; who looks at [`Capabilities::writable`] does not come here.
    fn delete_now(&self, _key: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Beside, faulty_subject, memory, subject};
    use redkv_testing::conformance::{Subject, a_store_that_is_not_writable_refuses_writes};

    /// What is written past the layer is read through it.
    fn layered(store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Beside { reads: Arc::new(ReadOnly::new(store.clone())), writes: store })
    }

    async fn over_memory() -> Subject {
        subject(layered)
    }

    async fn over_faulty() -> Subject {
        faulty_subject(layered)
    }

    redkv_testing::conformance_suite!(conformance_of_reads, super::over_memory);
    redkv_testing::conformance_suite!(conformance_of_reads_over_a_remote_store, super::over_faulty);

    #[tokio::test]
    async fn writes_are_refused_and_change_nothing() {
        a_store_that_is_not_writable_refuses_writes(&subject(|store| Arc::new(ReadOnly::new(store)))).await;
        let store = memory();
        let key = Key::from("k");
        store.set(&[(key.clone(), Entry::new("stays"))], SetMode::Always).await.remove(0).unwrap();
        let read_only = ReadOnly::new(store);
        read_only.set(&[(key.clone(), Entry::new("new"))], SetMode::Always).await.remove(0).unwrap_err();
        read_only.delete(std::slice::from_ref(&key)).await.remove(0).unwrap_err();
        read_only.clear("", None).await.unwrap_err();
        let now = read_only.immediate().unwrap();
        assert!(!now.set_now("k", (&Entry::new("new")).into(), SetMode::Always));
        now.delete_now("k");
        assert_eq!(now.get_now("k"), Some(Entry::new("stays")));
    }
}
