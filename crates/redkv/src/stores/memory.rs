//! Entries in the memory of this process.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use futures_util::future::{self, BoxFuture, FutureExt};
use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use crate::clock::Clock;
use crate::config::Fields;
use crate::entry::{Entry, Key};
use crate::error::Result;
use crate::store::{Answers, Capabilities, Immediate, SetMode, Store, Want};

/// Bounds of a [`MemoryStore`].
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryConfig {
    /// Most entries to keep; no bound when absent.
    pub max_entries: Option<u64>,
    /// Most bytes to keep, counting keys, values and what the map itself needs; no bound when absent.
    pub max_bytes: Option<u64>,
}

impl MemoryConfig {
    /// Reads `maxEntries` and `maxBytes`.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            max_entries: fields.integer("maxEntries", 1, MOST)?,
            max_bytes: fields.integer("maxBytes", 1, MOST)?,
        })
    }
}

/// The largest bound that leaves the weights below without overflow.
const MOST: u64 = 1 << 50;

/// Keeps entries in a map and answers on the calling thread.
///
/// When it is bounded, entries that are used seldom make room for new ones (a CLOCK-Pro policy that one pass over
/// many keys does not wash out). An entry larger than the whole store is evicted at once.
pub struct MemoryStore {
    /// Under a lock of its own instead of the crate's map for threads: that one can only hand out clones of entries,
    /// and a clone is two more atomic operations and one more line of memory for every read.
    map: RwLock<Map>,
    clock: Arc<dyn Clock>,
}

type Map = Cache<Key, Entry, Bounds, foldhash::fast::RandomState>;

impl MemoryStore {
    /// An empty store within the bounds of `config`.
    pub fn new(config: MemoryConfig, clock: Arc<dyn Clock>) -> Self {
        let bounds = Bounds::new(config);
        // Nothing is allocated for them; it only limits how many evicted keys are remembered.
        let expected = config.max_entries.unwrap_or(1_000_000).min(1_000_000);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(usize::try_from(expected).unwrap_or(usize::MAX))
            .weight_capacity(bounds.capacity())
            .build();
        #[expect(clippy::expect_used, reason = "both required options are set three lines above")]
        let options = options.expect("complete options");
        let map = Cache::with_options(options, bounds, Default::default(), DefaultLifecycle::default());
        Self { map: RwLock::new(map), clock }
    }

    fn map(&self) -> RwLockReadGuard<'_, Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn map_mut(&self) -> RwLockWriteGuard<'_, Map> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_live(&self, entry: &Entry) -> bool {
        entry.deadline.is_none_or(|deadline| !deadline.has_passed(self.clock.now()))
    }

    fn remove_if_ended(&self, key: &str) {
        let removed = self.map_mut().remove_if(key, |entry| !self.is_live(entry));
        drop(removed);
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("entries", &self.map().len()).finish_non_exhaustive()
    }
}

impl Immediate for MemoryStore {
    fn get_now(&self, key: &str) -> Option<Entry> {
        let mut found = None;
        self.read_now(key, &mut |entry| found = Some(entry.clone()));
        found
    }

    fn read_now(&self, key: &str, read: &mut dyn FnMut(&Entry)) -> bool {
        {
            let map = self.map();
            let Some(entry) = map.get(key) else { return false };
            if self.is_live(entry) {
                read(entry);
                return true;
            }
        }
        self.remove_if_ended(key);
        false
    }

    fn has_now(&self, key: &str) -> bool {
        self.map().peek(key).is_some_and(|entry| self.is_live(entry))
    }

    fn set_now(&self, key: Key, entry: Entry, mode: SetMode) -> bool {
        let mut map = self.map_mut();
        if mode == SetMode::IfAbsent && map.peek(&key).is_some_and(|present| self.is_live(present)) {
            return false;
        }
        map.insert(key, entry);
        true
    }

    fn delete_now(&self, key: &str) {
        let removed = self.map_mut().remove(key);
        drop(removed);
    }
}

/// Answers every method at once; a caller that can use [`Immediate`] saves the future.
impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { immediate: true, light: true, ..Capabilities::BASE }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        Some(self)
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        future::ready(Ok(())).boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        future::ready(keys.iter().map(|key| Ok(self.get_now(key))).collect()).boxed()
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        future::ready(keys.iter().map(|key| Ok(self.has_now(key))).collect()).boxed()
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let answers =
            entries.iter().map(|(key, entry)| Ok(self.set_now(key.clone(), entry.clone(), mode))).collect();
        future::ready(answers).boxed()
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        keys.iter().for_each(|key| self.delete_now(key));
        future::ready(vec![Ok(()); keys.len()]).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.map_mut().clear();
        future::ready(()).boxed()
    }
}

/// Turns up to two bounds into the one weight that the map can keep.
#[derive(Clone, Copy, Debug)]
enum Bounds {
    None,
    Entries(u64),
    Bytes(u64),
    /// An entry weighs its share of the bound that it uses more of, in fractions of an average entry.
    Both {
        entries: u64,
        bytes: u64,
    },
}

impl Bounds {
    /// Parts of an average entry, so that rounding up wastes little.
    const FRACTION: u64 = 1024;
    /// What an entry takes beside its text: two allocations, and its place in the map.
    const OVERHEAD: u64 = 128;

    fn new(config: MemoryConfig) -> Self {
        match (config.max_entries, config.max_bytes) {
            (None, None) => Self::None,
            (Some(entries), None) => Self::Entries(entries),
            (None, Some(bytes)) => Self::Bytes(bytes),
            (Some(entries), Some(bytes)) => Self::Both { entries, bytes },
        }
    }

    fn capacity(self) -> u64 {
        match self {
            Self::None => u64::MAX,
            Self::Entries(entries) => entries,
            Self::Bytes(bytes) => bytes,
            Self::Both { entries, .. } => entries * Self::FRACTION,
        }
    }
}

impl Weighter<Key, Entry> for Bounds {
    fn weight(&self, key: &Key, entry: &Entry) -> u64 {
        let size = (key.len() + entry.value.len()) as u64 + Self::OVERHEAD;
        match *self {
            Self::None | Self::Entries(_) => 1,
            Self::Bytes(_) => size,
            Self::Both { entries, bytes } => {
                let share = u128::from(size) * u128::from(entries * Self::FRACTION) / u128::from(bytes) + 1;
                u64::try_from(share).unwrap_or(u64::MAX).max(Self::FRACTION)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::conformance::Subject;
    use crate::entry::Deadline;

    fn store(max_entries: Option<u64>, max_bytes: Option<u64>) -> MemoryStore {
        let clock = Arc::new(ManualClock::starting_at(1_000));
        MemoryStore::new(MemoryConfig { max_entries, max_bytes }, clock)
    }

    fn fill(store: &MemoryStore, count: usize, value: &'static str) {
        for n in 0..count {
            store.set_now(format!("key-{n}").into(), Entry::new(value), SetMode::Always);
        }
    }

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        Subject::with_clock(Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone())), clock)
    }

    crate::conformance_suite!(conformance, super::subject);

    #[test]
    fn without_bounds_nothing_is_evicted() {
        let store = store(None, None);
        fill(&store, 100_000, "value");
        assert_eq!(store.map().len(), 100_000);
    }

    #[test]
    fn max_entries_is_kept_exactly() {
        for bound in [1, 2, 3, 10, 1000] {
            let store = store(Some(bound), None);
            fill(&store, 5_000, "value");
            assert_eq!(store.map().len() as u64, bound);
        }
    }

    #[test]
    fn max_bytes_bounds_keys_and_values() {
        let store = store(None, Some(100_000));
        fill(&store, 5_000, "0123456789");
        let entries = store.map().len() as u64;
        assert!(entries * 138 <= 100_000, "{entries} entries");
        assert!(entries > 500, "{entries} entries");
    }

    #[test]
    fn with_both_bounds_the_tighter_one_holds() {
        let few = store(Some(100), Some(1 << 30));
        fill(&few, 5_000, "0123456789");
        assert_eq!(few.map().len(), 100);

        let small = store(Some(1_000_000), Some(100_000));
        fill(&small, 5_000, "0123456789");
        assert!(small.map().len() * 138 <= 100_000);
    }

    #[test]
    fn an_entry_larger_than_the_store_leaves_nothing_behind() {
        let store = store(None, Some(10_000));
        store.set_now("k".into(), Entry::new("small"), SetMode::Always);
        store.set_now("k".into(), Entry::new("x".repeat(20_000)), SetMode::Always);
        assert_eq!(store.get_now("k"), None);
    }

    #[test]
    fn an_entry_past_its_deadline_makes_room_when_it_is_read() {
        let clock = Arc::new(ManualClock::starting_at(1_000));
        let store = MemoryStore::new(MemoryConfig::default(), clock.clone());
        store.set_now("k".into(), Entry::until("v", Deadline::at(1_050)), SetMode::Always);
        clock.advance(50);
        assert_eq!(store.get_now("k"), None);
        assert_eq!(store.map().len(), 0);
    }
}
