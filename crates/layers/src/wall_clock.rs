//! Stores whose deadlines are times of day, in a chain whose clock never goes back.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use redkv_core::clock::{Clock, TimeOfDay};
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};

/// A store that keeps deadlines as times of day, for other processes or later ones. They are converted on the way in
/// and out: once the clock of the machine was set back, the two differ by that.
#[derive(Debug)]
pub struct OfDay {
    inner: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl OfDay {
    /// The store that `make` makes, with the clock that it goes by.
    pub fn round(
        clock: Arc<dyn Clock>,
        make: impl FnOnce(Arc<dyn Clock>) -> Arc<dyn Store>,
    ) -> Arc<dyn Store> {
        let inner = make(Arc::new(TimeOfDay(clock.clone())));
        Arc::new(Self { inner, clock })
    }

    /// Returns how far this process is ahead of the time of day: zero, unless that was set back.
    fn ahead(&self) -> u64 {
        // In this order: what passes in between is not taken for a difference.
        let now = self.clock.now();
        now.saturating_sub(self.clock.time_of_day())
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for OfDay {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        self.inner.immediate()
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        match self.ahead() {
            0 => self.inner.get(keys, want),
            ahead => Box::pin(async move {
                let mut answers = self.inner.get(keys, want).await;
                for entry in answers.iter_mut().flatten().flatten() {
                    let convert = |deadline: Deadline| Deadline::at(deadline.millis().saturating_add(ahead));
                    entry.deadline = entry.deadline.map(convert);
                }
                answers
            }),
        }
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        self.inner.has(keys)
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        match self.ahead() {
            0 => self.inner.set(entries, mode),
            ahead => Box::pin(async move {
                let mut entries = entries.to_vec();
                for (_, entry) in &mut entries {
                    let convert = |deadline: Deadline| Deadline::at(deadline.millis().saturating_sub(ahead));
                    entry.deadline = entry.deadline.map(convert);
                }
                self.inner.set(&entries, mode).await
            }),
        }
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        self.inner.delete(keys)
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.inner.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        self.inner.clear(prefix, after)
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

#[cfg(test)]
mod tests {
    use super::*;
    use redkv_core::clock::ManualClock;
    use redkv_store_memory::{MemoryConfig, MemoryStore};

    fn store(clock: &Arc<ManualClock>) -> Arc<dyn Store> {
        OfDay::round(clock.clone(), |clock| Arc::new(MemoryStore::new(MemoryConfig::default(), clock)))
    }

    async fn get(store: &dyn Store) -> Option<Entry> {
        store.get(&["k".into()], Want::ValueAndDeadline).await.remove(0).ok().flatten()
    }

    #[tokio::test]
    async fn when_the_clock_was_set_back_a_new_entry_ends_for_others_when_it_ends_here() {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let store = store(&clock);
        clock.set_back(600_000);
        let entry = Entry::until("v", clock.deadline_in(100));
        store.set(&[("k".into(), entry.clone())], SetMode::Always).await.remove(0).unwrap();
        assert_eq!(get(&*store).await, Some(entry));
        // As others see it.
        assert!(store.immediate().unwrap().has_now("k"));
        clock.advance(100);
        assert_eq!(get(&*store).await, None);
    }

    #[tokio::test]
    async fn when_the_clock_is_set_back_what_others_share_ends_by_the_time_of_day() {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let store = store(&clock);
        let entry = Entry::until("v", clock.deadline_in(100));
        store.set(&[("k".into(), entry)], SetMode::Always).await.remove(0).unwrap();
        clock.set_back(600_000);
        let read = get(&*store).await.unwrap();
        assert_eq!(read.deadline.unwrap().remaining(clock.now()), 600_100);
    }
}
