//! The store.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{self, BoxFuture, FutureExt};

use super::bounds::Bounds;
use super::config::MemoryConfig;
use super::kept::{Kept, Name};
use super::map::{Map, Spot, TOGETHER};
use redkv_core::clock::Clock;
use redkv_core::entry::{Draft, Entry, Key};
use redkv_core::error::Result;
use redkv_core::lock::SharedLock;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Immediate, Leases, LocalLeases, Page, SetMode, Store, Want, clear_a_page,
};

/// Keeps entries in a map and answers on the calling thread.
///
/// When it is bounded, entries that are used seldom make room for new ones (a CLOCK-Pro policy that one pass over
/// many keys does not wash out). An entry larger than the whole store is evicted at once.
pub struct MemoryStore {
    /// Under a lock of its own instead of a map for threads of the crate: that one can only hand out clones of entries,
    /// and a clone is two more atomic operations and one more line of memory for every read.
    map: SharedLock<Map>,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    leases: LocalLeases,
}

impl MemoryStore {
    /// An empty store within the bounds of `config`.
    pub fn new(config: MemoryConfig, clock: Arc<dyn Clock>) -> Self {
        let bounds = Bounds::new(config);
        Self { map: SharedLock::new(Map::new(bounds)), bounds, clock, leases: LocalLeases::default() }
    }

    fn is_live(&self, kept: &Kept) -> bool {
        kept.deadline().is_none_or(|deadline| !deadline.has_passed(self.clock.now()))
    }

    /// Shows what is live under `key` to `read`.
    fn read<T>(&self, key: &str, read: impl FnOnce(&Kept, Name<'_>) -> T) -> Option<T> {
        {
            let map = self.map.read();
            let name = Name(key.as_bytes());
            let kept = map.get(name)?;
            if self.is_live(kept) {
                return Some(read(kept, name));
            }
        }
        self.remove_if(key, |kept| !self.is_live(kept));
        None
    }

    /// As [`Immediate::read_many_now`], under one lock.
    fn read_together(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool {
        let names = keys.iter().map(|key| Name(key.as_bytes()));
        let mut ended = Vec::new();
        let were_read = {
            let map = self.map.read();
            let found = map.get_many(names.clone());
            names.zip(keys).zip(found).all(|((name, key), kept)| match kept {
                Some(kept) if self.is_live(kept) => read(Some(kept.value(name))),
                kept => {
                    ended.extend(kept.map(|_| key));
                    read(None)
                }
            })
        };
        for key in ended {
            self.remove_if(key, |kept| !self.is_live(kept));
        }
        were_read
    }

    fn remove_if(&self, key: &str, should_go: impl FnOnce(&Kept) -> bool) {
        let removed = self.map.write().remove_if(Name(key.as_bytes()), should_go);
        drop(removed);
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("entries", &self.map.read().len()).finish_non_exhaustive()
    }
}

impl Immediate for MemoryStore {
    fn get_now(&self, key: &str) -> Option<Entry> {
        self.read(key, Kept::to_entry)
    }

    fn read_now(&self, key: &str, read: &mut dyn FnMut(&[u8])) -> bool {
        self.read(key, |kept, name| read(kept.value(name))).is_some()
    }

    fn read_many_now(&self, keys: &[&str], read: &mut dyn FnMut(Option<&[u8]>) -> bool) -> bool {
        keys.chunks(TOGETHER).all(|keys| self.read_together(keys, read))
    }

    fn has_now(&self, key: &str) -> bool {
        self.map.read().peek(Name(key.as_bytes())).is_some_and(|kept| self.is_live(kept))
    }

    fn set_now(&self, key: &str, entry: Draft<'_>, mode: SetMode) -> bool {
        let name = Name(key.as_bytes());
        let mut map = self.map.write();
        if mode == SetMode::IfAbsent && map.peek(name).is_some_and(|present| self.is_live(present)) {
            return false;
        }
        let replaced = map.put(name, entry);
        drop(map);
        drop(replaced);
        true
    }

    fn delete_now(&self, key: &str) {
        self.remove_if(key, |_| true);
    }
}

/// Answers every method at once; a caller that can use [`Immediate`] saves the future.
impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { immediate: true, runs_inline: true, ..Capabilities::BASE }
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        Some(self)
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(&self.leases)
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
        let answers = entries.iter().map(|(key, entry)| Ok(self.set_now(key, entry.into(), mode))).collect();
        future::ready(answers).boxed()
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        keys.iter().for_each(|key| self.delete_now(key));
        future::ready(vec![Ok(()); keys.len()]).boxed()
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        let mut keys = Vec::new();
        let tell = |kept: &Kept| {
            if kept.key().starts_with(prefix.as_bytes()) && self.is_live(kept) {
                keys.extend(str::from_utf8(kept.key()).map(Key::from));
            }
        };
        let next = self.map.read().show_some(after.and_then(Spot::read), tell).map(|spot| spot.cursor());
        future::ready(Ok(Page { keys, next })).boxed()
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        if !prefix.is_empty() {
            return clear_a_page(self, prefix, after).boxed();
        }
        let emptied = std::mem::replace(&mut *self.map.write(), Map::new(self.bounds));
        // Not under the lock: it takes its time.
        drop(emptied);
        future::ready(Ok(None)).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.map.write().clear();
        future::ready(()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use redkv_core::clock::ManualClock;
    use redkv_core::entry::Deadline;
    use redkv_testing::conformance::Subject;

    fn store(max_entries: Option<u64>, max_bytes: Option<u64>) -> MemoryStore {
        let clock = Arc::new(ManualClock::starting_at(1_000));
        MemoryStore::new(MemoryConfig { max_entries, max_bytes }, clock)
    }

    fn put(store: &MemoryStore, key: &str, entry: Entry) {
        store.set_now(key, (&entry).into(), SetMode::Always);
    }

    fn fill(store: &MemoryStore, count: usize, value: &'static str) {
        for n in 0..count {
            put(store, &format!("key-{n}"), Entry::new(value));
        }
    }

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        Subject::with_clock(Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone())), clock)
    }

    redkv_testing::conformance_suite!(conformance, super::subject);

    async fn bounded() -> Subject {
        let clock = Arc::new(ManualClock::starting_at(1_000_000));
        let config = MemoryConfig { max_entries: Some(10_000), max_bytes: Some(1 << 30) };
        Subject::with_clock(Arc::new(MemoryStore::new(config, clock.clone())), clock)
    }

    redkv_testing::conformance_suite!(conformance_within_bounds, super::bounded);

    #[test]
    fn large_values_count_for_max_bytes() {
        let store = store(None, Some(100_000));
        for n in 0..100 {
            put(&store, &format!("key-{n}"), Entry::new(vec![0; 10_000]));
        }
        assert!((1..10).contains(&store.map.read().len()), "{} entries", store.map.read().len());
    }

    #[test]
    fn without_bounds_nothing_is_evicted() {
        let store = store(None, None);
        fill(&store, 100_000, "value");
        assert_eq!(store.map.read().len(), 100_000);
    }

    #[test]
    fn max_entries_is_kept_exactly() {
        for bound in [1, 2, 3, 10, 1000] {
            let store = store(Some(bound), None);
            fill(&store, 5_000, "value");
            assert_eq!(store.map.read().len() as u64, bound);
        }
    }

    #[test]
    fn max_bytes_bounds_keys_and_values() {
        let store = store(None, Some(100_000));
        fill(&store, 5_000, "0123456789");
        let entries = store.map.read().len() as u64;
        assert!(entries * 138 <= 100_000, "{entries} entries");
        assert!(entries > 500, "{entries} entries");
    }

    #[test]
    fn with_both_bounds_the_tighter_one_holds() {
        let few = store(Some(100), Some(1 << 30));
        fill(&few, 5_000, "0123456789");
        assert_eq!(few.map.read().len(), 100);

        let small = store(Some(1_000_000), Some(100_000));
        fill(&small, 5_000, "0123456789");
        assert!(small.map.read().len() * 138 <= 100_000);
    }

    #[test]
    fn an_entry_larger_than_the_store_leaves_nothing_behind() {
        let store = store(None, Some(10_000));
        put(&store, "k", Entry::new("small"));
        put(&store, "k", Entry::new("x".repeat(20_000)));
        assert_eq!(store.get_now("k"), None);
    }

    #[test]
    fn an_entry_past_its_deadline_makes_room_when_it_is_read() {
        let clock = Arc::new(ManualClock::starting_at(1_000));
        let store = MemoryStore::new(MemoryConfig::default(), clock.clone());
        put(&store, "k", Entry::until("v", Deadline::at(1_050)));
        clock.advance(50);
        assert_eq!(store.get_now("k"), None);
        assert_eq!(store.map.read().len(), 0);
    }

    /// What `store` shows of `keys`, which are all read.
    fn shown(store: &MemoryStore, keys: &[&str]) -> Vec<Option<Vec<u8>>> {
        let mut shown = Vec::new();
        assert!(store.read_many_now(keys, &mut |value| {
            shown.push(value.map(<[u8]>::to_vec));
            true
        }));
        shown
    }

    #[test]
    fn many_keys_are_read_in_their_order() {
        for store in [store(None, None), store(Some(10_000), None)] {
            fill(&store, 200, "value");
            let keys: Vec<_> = (0..300).rev().map(|n| format!("key-{n}")).collect();
            let keys: Vec<_> = keys.iter().map(String::as_str).collect();
            let (missing, found) = (vec![None; 100], vec![Some(b"value".to_vec()); 200]);
            assert_eq!(shown(&store, &keys), [missing, found].concat());
        }
    }

    #[tokio::test]
    async fn no_key_is_left_out_when_the_map_grows_while_they_are_listed() {
        let store = store(None, None);
        fill(&store, 14_000, "value");
        let (mut told, mut after, mut more) = (HashSet::new(), None, 0);
        loop {
            let page = store.keys("key-", after.as_ref()).await.unwrap();
            told.extend(page.keys);
            let Some(next) = page.next else { break };
            after = Some(next);
            for _ in 0..500 {
                put(&store, &format!("other-{more}"), Entry::new("value"));
                more += 1;
            }
        }
        assert!(more > 2_000, "the map never grew");
        assert_eq!(told.len(), 14_000);
    }

    #[test]
    fn nothing_is_shown_after_the_reader_had_enough() {
        let store = store(None, None);
        fill(&store, 200, "value");
        let mut count = 0;
        let keys: Vec<_> = (0..200).map(|n| format!("key-{n}")).collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let were_read = store.read_many_now(&keys, &mut |_| {
            count += 1;
            count < 100
        });
        assert_eq!((were_read, count), (false, 100));
    }

    #[test]
    fn entries_past_their_deadline_make_room_when_many_are_read() {
        let clock = Arc::new(ManualClock::starting_at(1_000));
        let store = MemoryStore::new(MemoryConfig::default(), clock.clone());
        put(&store, "short", Entry::until("v", Deadline::at(1_050)));
        put(&store, "long", Entry::until("v", Deadline::at(1_051)));
        clock.advance(50);
        assert_eq!(shown(&store, &["short", "long"]), [None, Some(b"v".to_vec())]);
        assert_eq!(store.map.read().len(), 1);
    }
}
