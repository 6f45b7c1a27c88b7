//! The map of a store in memory.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use quick_cache::OptionsBuilder;
use quick_cache::unsync::{Cache, DefaultLifecycle};

use super::bounds::Bounds;
use super::kept::{Kept, Name};

pub(super) enum Map {
    /// With nothing to evict there is nothing to know about an entry, and a look-up saves a line of memory.
    Unbounded { table: HashTable<Kept>, state: RandomState },
    /// Key and value are the same, because the crate shows only the value.
    Bounded(Cache<Kept, Kept, Bounds, RandomState>),
}

impl Map {
    pub(super) fn new(bounds: Bounds) -> Self {
        let Some((entries, weight)) = bounds.capacity() else {
            return Self::Unbounded { table: HashTable::new(), state: RandomState::default() };
        };
        // Nothing is allocated for them; it only limits how many evicted keys are remembered.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(usize::try_from(entries).unwrap_or(usize::MAX))
            .weight_capacity(weight)
            .build();
        #[expect(clippy::expect_used, reason = "both required options are set three lines above")]
        let options = options.expect("complete options");
        Self::Bounded(Cache::with_options(
            options,
            bounds,
            RandomState::default(),
            DefaultLifecycle::default(),
        ))
    }

    /// What is under `name`, which counts as a use of it.
    pub(super) fn get(&self, name: Name<'_>) -> Option<&Kept> {
        match self {
            Self::Unbounded { table, state } => table.find(state.hash_one(name), |kept| name.is_of(kept)),
            Self::Bounded(cache) => cache.get(&name),
        }
    }

    /// What is under `name`, which does not count as a use of it.
    pub(super) fn peek(&self, name: Name<'_>) -> Option<&Kept> {
        match self {
            Self::Unbounded { .. } => self.get(name),
            Self::Bounded(cache) => cache.peek(&name),
        }
    }

    /// Puts `kept` in, and hands back what was there, unless the cache drops that itself.
    pub(super) fn insert(&mut self, kept: Kept) -> Option<Kept> {
        match self {
            Self::Unbounded { table, state } => {
                let hash = |kept: &Kept| state.hash_one(kept);
                match table.entry(hash(&kept), |other| kept == *other, hash) {
                    Entry::Occupied(mut entry) => Some(std::mem::replace(entry.get_mut(), kept)),
                    Entry::Vacant(entry) => {
                        entry.insert(kept);
                        None
                    }
                }
            }
            Self::Bounded(cache) => {
                cache.insert(kept.clone(), kept);
                None
            }
        }
    }

    /// Takes out what is under `name`, if `should_go`.
    pub(super) fn remove_if(
        &mut self,
        name: Name<'_>,
        should_go: impl FnOnce(&Kept) -> bool,
    ) -> Option<Kept> {
        match self {
            Self::Unbounded { table, state } => {
                let found = table.find_entry(state.hash_one(name), |kept| name.is_of(kept)).ok()?;
                should_go(found.get()).then(|| found.remove().0)
            }
            Self::Bounded(cache) => cache.remove_if(&name, should_go).map(|(_, kept)| kept),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Unbounded { table, .. } => table.len(),
            Self::Bounded(cache) => cache.len(),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Unbounded { table, .. } => *table = HashTable::new(),
            Self::Bounded(cache) => cache.clear(),
        }
    }
}
