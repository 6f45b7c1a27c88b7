//! A store under test, with the words in which the cases speak of it.
#![expect(clippy::unwrap_used, reason = "a failed step ends its test")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use redkv_core::clock::{Clock, ManualClock, SystemClock};
use redkv_core::entry::{Entry, Key};
use redkv_core::store::{Expiry, SetMode, Store, Want};

/// A store under test, and the clock that it goes by.
#[derive(Debug)]
pub struct Subject {
    pub(super) store: Arc<dyn Store>,
    clock: SubjectClock,
    /// Keeps the cases of one run apart on a server that others use too.
    run: String,
}

#[derive(Debug)]
enum SubjectClock {
    Manual(Arc<ManualClock>),
    /// Of a server: time passes by waiting.
    System,
}

impl Subject {
    /// A store whose deadlines go by `clock`.
    pub fn with_clock(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        Self { store, clock: SubjectClock::Manual(clock), run: fresh_run() }
    }

    /// A store whose deadlines go by a server's clock; its cases wait for real time to pass.
    pub fn with_server_clock(store: Arc<dyn Store>) -> Self {
        Self { store, clock: SubjectClock::System, run: fresh_run() }
    }

    pub(super) fn key(&self, name: &str) -> Key {
        format!("{}:{name}", self.run).into()
    }

    pub(super) fn now(&self) -> u64 {
        match &self.clock {
            SubjectClock::Manual(clock) => clock.now(),
            SubjectClock::System => SystemClock.now(),
        }
    }

    pub(super) async fn pass(&self, millis: u64) {
        match &self.clock {
            SubjectClock::Manual(clock) => clock.advance(millis),
            SubjectClock::System => tokio::time::sleep(Duration::from_millis(millis)).await,
        }
    }

    pub(super) fn entry_for(&self, value: &'static str, millis: u64) -> Entry {
        Entry::until(value, redkv_core::entry::Deadline::at(self.now() + millis))
    }

    pub(super) async fn set(&self, key: &Key, entry: Entry) {
        let answers = self.store.set(&[(key.clone(), entry)], SetMode::Always).await;
        assert!(one(answers).unwrap(), "an unconditional write is stored");
    }

    pub(super) async fn set_if_absent(&self, key: &Key, value: &'static str) -> bool {
        one(self.store.set(&[(key.clone(), Entry::new(value))], SetMode::IfAbsent).await).unwrap()
    }

    pub(super) async fn delete(&self, key: &Key) {
        one(self.store.delete(std::slice::from_ref(key)).await).unwrap();
    }

    /// The live entry under `key`, read as the chain reads it: what is past its deadline does not count.
    pub(super) async fn entry(&self, key: &Key) -> Option<Entry> {
        let answers = self.store.get(std::slice::from_ref(key), Want::ValueAndDeadline).await;
        one(answers).unwrap().filter(|entry| !entry.is_expired(self.now()))
    }

    pub(super) async fn value(&self, key: &Key) -> Option<Bytes> {
        self.entry(key).await.map(|entry| entry.value)
    }

    /// The keys that begin with `prefix`, of all pages.
    pub(super) async fn keys(&self, prefix: &Key) -> HashSet<Key> {
        let (mut keys, mut after) = (HashSet::new(), None);
        loop {
            let page = self.store.keys(prefix, after.as_ref()).await.unwrap();
            keys.extend(page.keys);
            let Some(next) = page.next else { return keys };
            after = Some(next);
        }
    }

    pub(super) async fn clear(&self, prefix: &Key) {
        clear(&*self.store, prefix).await;
    }

    pub(super) async fn has(&self, key: &Key) -> bool {
        one(self.store.has(std::slice::from_ref(key)).await).unwrap()
    }

    /// Whether a text may be a key or a value.
    pub(super) fn takes(&self, text: &str) -> bool {
        self.store.capabilities().nul_characters || !text.contains('\0')
    }

    pub(super) fn can_expire(&self) -> bool {
        self.store.capabilities().expiry != Expiry::None
    }
}

/// Deletes all that begins with `prefix`, in as many steps as it takes.
pub async fn clear(store: &dyn Store, prefix: &str) {
    let mut after = None;
    loop {
        after = store.clear(prefix, after.as_ref()).await.unwrap();
        if after.is_none() {
            return;
        }
    }
}

fn fresh_run() -> String {
    format!("conformance-{:016x}", fastrand::u64(..))
}

pub(super) fn one<T>(mut answers: Vec<T>) -> T {
    assert_eq!(answers.len(), 1, "one answer per key");
    answers.remove(0)
}

pub(super) fn some(text: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(text.as_bytes()))
}
