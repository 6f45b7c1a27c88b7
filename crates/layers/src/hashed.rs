//! Stores entries under hashed keys, which all have one length.

use std::sync::Arc;

use futures_util::future::{self, BoxFuture};
use sha2::{Digest, Sha256};

use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::store::{
    Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want, cannot_list_keys,
};

/// A store inside another one: a key becomes the SHA-256 of it, as 43 characters of base64url.
///
/// Keys may then be as long as they like, and the empty one is a key. What was a key before cannot be told any more;
/// two keys that become the same are not known to exist.
///
/// Belongs around a prefix, which stays readable, and round what counts entries.
#[derive(Debug)]
pub struct Hashed {
    inner: Arc<dyn Store>,
}

impl Hashed {
    /// The length of all keys.
    const LENGTH: usize = 43;

    /// `inner` under hashes of the keys. Fails when it has no room for them.
    pub fn new(inner: Arc<dyn Store>) -> Result<Self> {
        let most = inner.capabilities().max_key_bytes;
        if most < Self::LENGTH {
            let message = format!("hashed keys have {} bytes, the store takes at most {most}", Self::LENGTH);
            return Err(Error::unsupported(message).about("hashKeys"));
        }
        Ok(Self { inner })
    }

    fn keys(keys: &[Key]) -> Vec<Key> {
        keys.iter().map(|key| hashed(key)).collect()
    }
}

/// The characters of base64url.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn hashed(key: &str) -> Key {
    let hash = Sha256::digest(key.as_bytes());
    let mut text = String::with_capacity(Hashed::LENGTH);
    for three in hash.chunks(3) {
        let bits =
            three.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            text.push(char::from(DIGITS[bits >> (18 - 6 * place) & 63]));
        }
    }
    text.into()
}

#[deny(clippy::missing_trait_methods)]
impl Store for Hashed {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_key_bytes: usize::MAX,
            empty_keys: true,
            enumerable: false,
            ..self.inner.capabilities()
        }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        self.inner.immediate().map(|_| self as _)
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move { self.inner.get(&Self::keys(keys), want).await })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move { self.inner.has(&Self::keys(keys)).await })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let entries: Vec<_> = entries.iter().map(|(key, entry)| (hashed(key), entry.clone())).collect();
            self.inner.set(&entries, mode).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move { self.inner.delete(&Self::keys(keys)).await })
    }

    fn keys<'a>(&'a self, _prefix: &'a str, _after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(future::ready(Err(cannot_list_keys().about("hashKeys"))))
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        if prefix.is_empty() {
            return self.inner.clear("", after);
        }
        let message = "its keys are hashed, so they cannot be selected by prefix";
        Box::pin(future::ready(Err(Error::unsupported(message).about("hashKeys"))))
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

/// Only reached through [`Store::immediate`], which answers `Some` only around an immediate store.
impl Immediate for Hashed {
    fn get_now(&self, key: &str) -> Option<Entry> {
        self.inner.immediate()?.get_now(&hashed(key))
    }

    fn read_now(&self, key: &str, read: &mut dyn FnMut(&[u8])) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.read_now(&hashed(key), read))
    }

    fn read_many_now(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool {
        let keys: Vec<_> = keys.iter().map(|key| hashed(key)).collect();
        let keys: Vec<_> = keys.iter().map(Key::as_str).collect();
        self.inner.immediate().is_some_and(|inner| inner.read_many_now(&keys, read))
    }

    fn has_now(&self, key: &str) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.has_now(&hashed(key)))
    }

    fn set_now(&self, key: &str, entry: Draft<'_>, mode: SetMode) -> bool {
        self.inner.immediate().is_some_and(|inner| inner.set_now(&hashed(key), entry, mode))
    }

    fn delete_now(&self, key: &str) {
        if let Some(inner) = self.inner.immediate() {
            inner.delete_now(&hashed(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prefixed;
    use crate::testing::{faulty_subject, memory, subject};
    use redkv_core::error::ErrorKind;
    use redkv_testing::Faulty;
    use redkv_testing::conformance::Subject;

    fn layered(store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Hashed::new(store).unwrap())
    }

    async fn over_memory() -> Subject {
        subject(layered)
    }

    async fn over_faulty() -> Subject {
        faulty_subject(layered)
    }

    redkv_testing::conformance_suite!(conformance, super::over_memory);
    redkv_testing::conformance_suite!(conformance_over_a_remote_store, super::over_faulty);

    #[test]
    fn a_key_becomes_its_sha_256_in_base64url() {
        assert_eq!(hashed("abc").as_str(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(hashed("").as_str(), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }

    #[tokio::test]
    async fn the_prefix_stays_readable_and_what_is_outside_of_it_stays() {
        let store = memory();
        store.set(&[("other".into(), Entry::new("stays"))], SetMode::Always).await.remove(0).unwrap();
        let hashed = Hashed::new(Arc::new(Prefixed::new("p:", store.clone()))).unwrap();
        hashed.set(&[("abc".into(), Entry::new("goes"))], SetMode::Always).await.remove(0).unwrap();
        let keys = store.keys("p:", None).await.unwrap().keys;
        assert_eq!(keys, [Key::from("p:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0")]);
        assert_eq!(hashed.clear("a", None).await.unwrap_err().kind(), ErrorKind::Unsupported);
        hashed.clear("", None).await.unwrap();
        assert_eq!(store.keys("", None).await.unwrap().keys, [Key::from("other")]);
    }

    #[test]
    fn a_store_without_room_for_a_hash_is_refused() {
        let short = |most| Faulty::new(memory()).with_capabilities(|can| can.max_key_bytes = most);
        assert!(Hashed::new(Arc::new(short(43))).is_ok());
        let error = Hashed::new(Arc::new(short(42))).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("hashKeys")));
    }
}
