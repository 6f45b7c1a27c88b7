//! Puts a prefix before every key.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::leases::no_leases;
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};

/// A store inside another one: every key gets `prefix` on its way in.
///
/// Belongs next to the store, under everything that looks at keys.
#[derive(Debug)]
pub struct Prefixed {
    prefix: String,
    inner: Arc<dyn Store>,
}

impl Prefixed {
    /// Puts `prefix` before every key of `inner`.
    pub fn new(prefix: impl Into<String>, inner: Arc<dyn Store>) -> Self {
        Self { prefix: prefix.into(), inner }
    }

    fn key(&self, key: &str) -> Key {
        let mut text = String::with_capacity(self.prefix.len() + key.len());
        text.push_str(&self.prefix);
        text.push_str(key);
        text.into()
    }

    fn keys(&self, keys: &[Key]) -> Vec<Key> {
        keys.iter().map(|key| self.key(key)).collect()
    }
}

/// Leases are under the prefix, too.
impl Leases for Prefixed {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        let name = self.key(name);
        Box::pin(async move {
            let leases = self.inner.leases().ok_or_else(no_leases)?;
            leases.acquire(&name, life).await
        })
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        let name = self.key(name);
        Box::pin(async move {
            let leases = self.inner.leases().ok_or_else(no_leases)?;
            leases.renew(&name, token, life).await
        })
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        let name = self.key(name);
        Box::pin(async move {
            let leases = self.inner.leases().ok_or_else(no_leases)?;
            leases.release(&name, token).await
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for Prefixed {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let inner = self.inner.capabilities();
        Capabilities {
            max_key_bytes: inner.max_key_bytes.saturating_sub(self.prefix.len()),
            empty_keys: inner.empty_keys || !self.prefix.is_empty(),
            // Without its keys only the whole of a store can be told from the rest.
            clearable: inner.clearable && (inner.enumerable || self.prefix.is_empty()),
            ..inner
        }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        self.inner.immediate().map(|_| self as _)
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move { self.inner.get(&self.keys(keys), want).await })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move { self.inner.has(&self.keys(keys)).await })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let entries: Vec<_> = entries.iter().map(|(key, entry)| (self.key(key), entry.clone())).collect();
            self.inner.set(&entries, mode).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move { self.inner.delete(&self.keys(keys)).await })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(async move {
            let Page { keys, next } = self.inner.keys(&self.key(prefix), after).await?;
            let keys = keys.iter().filter_map(|key| key.strip_prefix(&self.prefix)).map(Key::from).collect();
            Ok(Page { keys, next })
        })
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move { self.inner.clear(&self.key(prefix), after).await })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases().map(|_| self as _)
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

/// Only reached through [`Store::immediate`], which answers `Some` only around an immediate store.
impl Immediate for Prefixed {
    fn get_now(&self, key: &str) -> Option<Entry> {
        self.inner.immediate()?.get_now(&self.key(key))
    }

    fn read_now(&self, key: &str, read: &mut dyn FnMut(&[u8])) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.read_now(&self.key(key), read))
    }

    fn read_many_now(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool {
        let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
        let keys: Vec<_> = keys.iter().map(Key::as_str).collect();
        self.inner.immediate().is_some_and(|inner| inner.read_many_now(&keys, read))
    }

    fn has_now(&self, key: &str) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.has_now(&self.key(key)))
    }

    fn set_now(&self, key: &str, entry: Draft<'_>, mode: SetMode) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.set_now(&self.key(key), entry, mode))
    }

    fn delete_now(&self, key: &str) {
        if let Some(inner) = self.inner.immediate() {
            inner.delete_now(&self.key(key));
        }
    }
}
