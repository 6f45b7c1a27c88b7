//! An index of the keys in a store: their sizes and the order of eviction.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use quick_cache::unsync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use super::config::StoreBounds;
use redkv_core::entry::Key;

/// An index of a store. The rules by which keys are pushed out are those of the crate: keys that were used once do
/// not push out keys that are used again and again.
pub(super) struct Index {
    known: Cache<Key, u64, Weights, RandomState, PushedOut>,
    /// Keys that were pushed out and are still to be deleted.
    doomed: VecDeque<Key>,
    /// In-flight operations on single keys.
    busy: HashMap<Key, Busy, RandomState>,
    /// Writes that have come to their end.
    pub(super) epoch: u64,
    /// Whether somebody deletes what is doomed.
    pub(super) is_served: bool,
    pub(super) is_closed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Busy {
    writes: u32,
    is_deleted: bool,
    /// Its turn to be deleted came while it was written.
    is_doomed: bool,
}

/// The outcome of a write of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there, or may be, with so many bytes.
    Kept(u64),
    /// Another one is there.
    Other,
    /// It is not there.
    Gone,
    /// It is as it was.
    Same,
}

impl Index {
    pub(super) fn new(bounds: StoreBounds) -> Self {
        let weights = Weights(bounds);
        let (entries, weight) = weights.capacity();
        let options = OptionsBuilder::new()
            .estimated_items_capacity(usize::try_from(entries).unwrap_or(usize::MAX))
            .weight_capacity(weight)
            .build();
        #[expect(clippy::expect_used, reason = "both required options are set three lines above")]
        let options = options.expect("complete options");
        Self {
            known: Cache::with_options(options, weights, RandomState::default(), PushedOut),
            doomed: VecDeque::new(),
            busy: HashMap::default(),
            epoch: 0,
            is_served: false,
            is_closed: false,
        }
    }

    /// A key was used. Whether it was known.
    pub(super) fn touch(&mut self, key: &Key) -> bool {
        self.known.get(key).is_some()
    }

    pub(super) fn knows(&self, key: &Key) -> bool {
        self.known.peek(key).is_some()
    }

    fn put(&mut self, key: &Key, bytes: u64) {
        let mut pushed_out = Vec::new();
        self.known.insert_with_lifecycle(key.clone(), bytes, &mut pushed_out);
        self.doomed.extend(pushed_out);
    }

    /// The store was seen to hold an entry of which nothing was known.
    pub(super) fn adopt(&mut self, key: &Key, bytes: u64) {
        if !self.busy.contains_key(key) && !self.touch(key) {
            self.put(key, bytes);
        }
    }

    /// The store was seen to have no entry, by a look that began at `epoch`.
    pub(super) fn miss(&mut self, key: &Key, epoch: u64) {
        if self.epoch == epoch && !self.busy.contains_key(key) {
            self.known.remove(key);
        }
    }

    /// Keys that begin with `prefix` are going to be deleted by other means.
    pub(super) fn forget(&mut self, prefix: &str) {
        self.known.retain(|key, _| !key.starts_with(prefix));
    }

    /// A write of keys begins, unless one of them is being deleted. If it does, [`Index::end_write`] must follow.
    pub(super) fn begin_write<'a>(&mut self, keys: impl Iterator<Item = &'a Key> + Clone) -> bool {
        let mut states = keys.clone().filter_map(|key| self.busy.get(key));
        if states.any(|busy| busy.is_deleted) {
            return false;
        }
        keys.for_each(|key| self.busy.entry_ref(key).or_default().writes += 1);
        true
    }

    /// A write of a key is over.
    pub(super) fn end_write(&mut self, key: &Key, fate: Fate) {
        self.epoch += 1;
        let mut is_doomed = false;
        if let Some(busy) = self.busy.get_mut(key) {
            busy.writes = busy.writes.saturating_sub(1);
            if busy.writes == 0 {
                is_doomed = busy.is_doomed;
                self.busy.remove(key);
            }
        }
        match fate {
            Fate::Kept(bytes) => self.put(key, bytes),
            Fate::Gone => drop(self.known.remove(key)),
            Fate::Other => drop(self.touch(key)),
            Fate::Same => {}
        }
        if is_doomed && fate != Fate::Gone && !self.knows(key) {
            self.doomed.push_back(key.clone());
        }
    }

    /// The next keys to be deleted, of which there may be none. [`Index::deleted`] must follow for each.
    pub(super) fn take_doomed(&mut self, most: usize) -> Vec<Key> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(key) = self.doomed.pop_front()
        {
            if self.knows(&key) {
                continue;
            }
            let busy = self.busy.entry_ref(&key).or_default();
            if busy.writes > 0 {
                busy.is_doomed = true;
            } else if !std::mem::replace(&mut busy.is_deleted, true) {
                taken.push(key);
            }
        }
        taken
    }

    /// A key that was to be deleted was, or was not.
    pub(super) fn deleted(&mut self, key: Key, is_gone: bool) {
        self.busy.remove(&key);
        if !is_gone {
            self.doomed.push_back(key);
        }
    }

    pub(super) fn has_doomed(&self) -> bool {
        !self.doomed.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

/// Turns up to two bounds into the one weight that the crate keeps.
#[derive(Clone, Copy, Debug)]
struct Weights(StoreBounds);

/// Parts of an average entry, so that rounding up wastes little.
const FRACTION: u64 = 1024;
/// Entries that nobody should have to reckon with from the start.
const MOST_EXPECTED: u64 = 1_000_000;

impl Weights {
    /// How many entries there will be, as far as that is known, and how much they may weigh.
    fn capacity(self) -> (u64, u64) {
        match (self.0.max_entries, self.0.max_bytes) {
            (Some(entries), Some(_)) => (entries.min(MOST_EXPECTED), entries.saturating_mul(FRACTION)),
            (Some(entries), None) => (entries.min(MOST_EXPECTED), entries),
            (None, bytes) => (MOST_EXPECTED, bytes.unwrap_or(u64::MAX)),
        }
    }
}

impl Weighter<Key, u64> for Weights {
    fn weight(&self, _key: &Key, bytes: &u64) -> u64 {
        match (self.0.max_entries, self.0.max_bytes) {
            (Some(entries), Some(most)) => {
                let whole = u128::from(entries.saturating_mul(FRACTION));
                let share = (u128::from(*bytes) * whole).div_ceil(u128::from(most));
                u64::try_from(share).unwrap_or(u64::MAX).max(FRACTION)
            }
            (Some(_), None) => 1,
            (None, _) => (*bytes).max(1),
        }
    }
}

/// Notes what is pushed out.
#[derive(Clone, Copy, Debug)]
struct PushedOut;

impl Lifecycle<Key, u64> for PushedOut {
    type RequestState = Vec<Key>;

    fn on_evict(&self, pushed_out: &mut Vec<Key>, key: Key, _bytes: u64) {
        pushed_out.push(key);
    }
}
