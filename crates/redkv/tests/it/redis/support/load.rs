//! Writers that count, and readers that look on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::Store;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::redis::{get, set};

/// Far beyond what anything here takes: a test that hangs ends with it.
pub(crate) const FOREVER: Duration = Duration::from_secs(60);

/// One key. Its writer counts up, one write after the other.
pub(crate) struct Counter {
    pub(crate) key: Key,
    issued: AtomicU64,
    acknowledged: AtomicU64,
    failures: AtomicU64,
    is_stopped: AtomicBool,
}

/// Load on a store until it is stopped.
pub(crate) struct Load {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) counters: Vec<Arc<Counter>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Counter {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::SeqCst)
    }

    /// No more writes. The last one may be under way.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
    }

    async fn write(&self, store: &dyn Store) {
        while !self.is_stopped.load(Ordering::SeqCst) {
            let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
            // Nothing but the store ends a write.
            match timeout(FOREVER, set(store, &self.key, Entry::new(number.to_string()))).await.unwrap() {
                Ok(stored) => {
                    assert!(stored);
                    self.acknowledged.store(number, Ordering::SeqCst);
                }
                Err(error) => {
                    assert!(error.is_retryable(), "{error:?}");
                    self.failures.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_millis(5)).await;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads never go back behind what was acknowledged, unless `may_lose` says that the servers lose that.
    async fn read(&self, store: &dyn Store, may_lose: bool) {
        while !self.is_stopped.load(Ordering::SeqCst) {
            let least = if may_lose { 0 } else { self.acknowledged() };
            match timeout(FOREVER, get(store, &self.key)).await.unwrap() {
                Ok(found) => {
                    let found = number(found);
                    assert!(found >= least, "{found} was read, {least} had been acknowledged");
                }
                Err(error) => assert!(error.is_retryable(), "{error:?}"),
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

fn number(entry: Option<Entry>) -> u64 {
    entry.map_or(0, |entry| std::str::from_utf8(&entry.value).unwrap().parse().unwrap())
}

impl Load {
    /// A writer and a reader for each of `keys`.
    pub(crate) fn on(store: Arc<dyn Store>, keys: impl IntoIterator<Item = Key>, may_lose: bool) -> Self {
        let counter = |key| {
            Arc::new(Counter {
                key,
                issued: AtomicU64::new(0),
                acknowledged: AtomicU64::new(0),
                failures: AtomicU64::new(0),
                is_stopped: AtomicBool::new(false),
            })
        };
        let counters: Vec<_> = keys.into_iter().map(counter).collect();
        let mut tasks = Vec::new();
        for counter in &counters {
            let (writer, to) = (counter.clone(), store.clone());
            tasks.push(tokio::spawn(async move { writer.write(&*to).await }));
            let (reader, from) = (counter.clone(), store.clone());
            tasks.push(tokio::spawn(async move { reader.read(&*from, may_lose).await }));
        }
        Self { store, counters, tasks }
    }

    /// Waits until every writer that goes on has made so many more writes.
    pub(crate) async fn progress(&self, writes: u64) {
        for counter in &self.counters {
            let least = counter.acknowledged() + writes;
            let reached = async {
                while !counter.is_stopped.load(Ordering::SeqCst) && counter.acknowledged() < least {
                    sleep(Duration::from_millis(5)).await;
                }
            };
            timeout(FOREVER, reached).await.unwrap();
        }
    }

    /// Ends the load, and checks that nothing is pending and that each key has what was acknowledged last, or later.
    pub(crate) async fn end(self) {
        for counter in &self.counters {
            counter.stop();
        }
        for task in self.tasks {
            timeout(FOREVER, task).await.unwrap().unwrap();
        }
        for counter in &self.counters {
            let found = eventually_read(&*self.store, &counter.key).await;
            let (least, most) = (counter.acknowledged(), counter.issued.load(Ordering::SeqCst));
            assert!((least..=most).contains(&found), "{found} is not from {least} to {most}");
        }
    }
}

/// The number under `key`, read until that works.
pub(crate) async fn eventually_read(store: &dyn Store, key: &Key) -> u64 {
    let reading = async {
        loop {
            match get(store, key).await {
                Ok(entry) => return number(entry),
                Err(error) => {
                    assert!(error.is_retryable() || error.kind() == ErrorKind::Timeout, "{error:?}")
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(FOREVER, reading).await.unwrap()
}
