//! The layer that keeps a store within bounds.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;

use super::config::StoreBounds;
use super::index::Fate;
use super::keeper::{Shared, learn, size};
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};
use redkv_executor::spawn;

/// A store that holds no more than so many entries or bytes: what was used least is deleted, in the background.
///
/// It knows in memory which keys the store holds. Those that were there before it learns where the store can tell its
/// keys, one page at a time from when the store is up; others when they are read. What it does not know of does not
/// count. An entry that other processes delete, or that ends, counts until it is read or its turn comes.
///
/// Belongs next to the store, so that it counts what the store keeps.
pub struct Bounded {
    pub(super) shared: Arc<Shared>,
    has_learned: AtomicBool,
}

impl Bounded {
    /// Keeps `inner` within `bounds`.
    pub fn new(inner: Arc<dyn Store>, bounds: StoreBounds) -> Self {
        Self { shared: Shared::new(inner, bounds), has_learned: AtomicBool::new(false) }
    }

    /// Starts to learn what the store holds, once.
    fn learn(&self) {
        if self.capabilities().enumerable && !self.has_learned.swap(true, Ordering::AcqRel) {
            spawn(learn(Arc::downgrade(&self.shared)));
        }
    }

    /// Begins a write when none of its keys is being deleted.
    async fn begin(&self, keys: Vec<Key>) -> Writing {
        loop {
            let freed = self.shared.freed.notified();
            if self.shared.index().begin_write(keys.iter()) {
                return Writing { shared: self.shared.clone(), fates: vec![Fate::Same; keys.len()], keys };
            }
            freed.await;
        }
    }
}

/// A write on its way. However it ends, what is known of its keys is brought up to date.
struct Writing {
    shared: Arc<Shared>,
    keys: Vec<Key>,
    fates: Vec<Fate>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut index = self.shared.index();
        for (key, fate) in self.keys.iter().zip(&self.fates) {
            index.end_write(key, *fate);
        }
        drop(index);
        self.shared.keep();
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for Bounded {
    fn name(&self) -> &'static str {
        self.shared.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { immediate: false, ..self.shared.inner.capabilities() }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.shared.inner.init().await?;
            self.learn();
            Ok(())
        })
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move {
            let epoch = self.shared.index().epoch;
            let answers = self.shared.inner.get(keys, want).await;
            let mut index = self.shared.index();
            for (key, answer) in keys.iter().zip(&answers) {
                match answer {
                    Ok(Some(entry)) => index.adopt(key, size(key, entry.value.len())),
                    Ok(None) => index.miss(key, epoch),
                    Err(_) => {}
                }
            }
            drop(index);
            self.shared.keep();
            answers
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let epoch = self.shared.index().epoch;
            let answers = self.shared.inner.has(keys).await;
            let mut index = self.shared.index();
            for (key, answer) in keys.iter().zip(&answers) {
                match answer {
                    Ok(true) => drop(index.touch(key)),
                    Ok(false) => index.miss(key, epoch),
                    Err(_) => {}
                }
            }
            drop(index);
            answers
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let mut writing = self.begin(entries.iter().map(|(key, _)| key.clone()).collect()).await;
            // Until the answers are here, and if they never come, all of them may be there.
            let kept = |(key, entry): &(Key, Entry)| Fate::Kept(size(key, entry.value.len()));
            writing.fates = entries.iter().map(kept).collect();
            let answers = self.shared.inner.set(entries, mode).await;
            for (fate, answer) in writing.fates.iter_mut().zip(&answers) {
                match answer {
                    Ok(true) => {}
                    Ok(false) => *fate = Fate::Other,
                    Err(error) if error.may_have_applied() => {}
                    Err(_) => *fate = Fate::Same,
                }
            }
            answers
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move {
            let mut writing = self.begin(keys.to_vec()).await;
            let answers = self.shared.inner.delete(keys).await;
            for (fate, answer) in writing.fates.iter_mut().zip(&answers) {
                if answer.is_ok() {
                    *fate = Fate::Gone;
                }
            }
            answers
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.shared.inner.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            // Before, because what is written meanwhile may stay.
            self.shared.index().forget(prefix);
            let cleared = self.shared.inner.clear(prefix, after).await;
            if cleared.is_err() {
                self.has_learned.store(false, Ordering::Release);
                self.learn();
            }
            cleared
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.shared.inner.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.shared.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.shared.index().is_closed = true;
        self.shared.inner.close()
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded")
            .field("inner", &self.shared.inner)
            .field("bounds", &self.shared.bounds)
            .finish_non_exhaustive()
    }
}
