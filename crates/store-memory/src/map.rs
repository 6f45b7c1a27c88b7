//! The hash map of a store in memory, with the order of eviction.

use std::cell::Cell;
use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use quick_cache::OptionsBuilder;
use quick_cache::unsync::{Cache, DefaultLifecycle};
use smallvec::SmallVec;

use super::bounds::Bounds;
use super::kept::{Kept, Name};
use redkv_core::entry::Draft;
use redkv_core::store::Cursor;

/// Keys that are looked up under one lock: others need not wait longer for it than for a few operations.
pub(super) const TOGETHER: usize = 64;

type Together<T> = SmallVec<[T; TOGETHER]>;

pub(super) enum Map {
    /// With nothing to evict there is nothing to know about an entry, and a look-up saves a line of memory.
    Unbounded { table: HashTable<Kept>, state: RandomState, moves: u64 },
    /// Key and value are the same, because the crate shows only the value.
    Bounded(Cache<Kept, Kept, Bounds, RandomState>),
}

impl Map {
    pub(super) fn new(bounds: Bounds) -> Self {
        let Some((entries, weight)) = bounds.capacity() else {
            return Self::Unbounded { table: HashTable::new(), state: RandomState::default(), moves: 0 };
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
            Self::Unbounded { table, state, .. } => table.find(state.hash_one(name), |kept| name.is_of(kept)),
            Self::Bounded(cache) => cache.get(&name),
        }
    }

    /// What is under each of `names`, which counts as a use of it.
    pub(super) fn get_many<'a>(
        &'a self,
        names: impl Iterator<Item = Name<'a>> + Clone,
    ) -> Together<Option<&'a Kept>> {
        match self {
            Self::Unbounded { table, state, .. } => {
                let hashes: Together<u64> = names.clone().map(|name| state.hash_one(name)).collect();
                // Whatever comes first under the hash is most probably the entry. None of these fetches waits for
                // another one, where to compare keys is to wait for each.
                let fetch = |hash: &u64| table.find(*hash, |_| true).map_or(0, Kept::fetch);
                black_box(hashes.iter().fold(0, |all, hash| all ^ fetch(hash)));
                let find = |(name, hash): (Name<'_>, &u64)| table.find(*hash, |kept| name.is_of(kept));
                names.zip(&hashes).map(find).collect()
            }
            Self::Bounded(_) => names.map(|name| self.get(name)).collect(),
        }
    }

    /// What is under `name`, which does not count as a use of it.
    pub(super) fn peek(&self, name: Name<'_>) -> Option<&Kept> {
        match self {
            Self::Unbounded { .. } => self.get(name),
            Self::Bounded(cache) => cache.peek(&name),
        }
    }

    /// Puts `draft` in under `name`, and hands back what was there, unless that was overwritten or the cache drops it
    /// itself.
    pub(super) fn put(&mut self, name: Name<'_>, draft: Draft<'_>) -> Option<Kept> {
        match self {
            Self::Unbounded { table, state, moves } => {
                // The table asks for the hashes of what it moves.
                let has_moved = Cell::new(false);
                let hash = |kept: &Kept| {
                    has_moved.set(true);
                    state.hash_one(kept)
                };
                let place = table.entry(state.hash_one(name), |kept| name.is_of(kept), hash);
                *moves += u64::from(has_moved.get());
                match place {
                    Entry::Occupied(mut entry) => {
                        let kept = entry.get_mut();
                        let overwritten = kept.overwrite(name, draft);
                        (!overwritten).then(|| std::mem::replace(kept, Kept::new(name, draft)))
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(Kept::new(name, draft));
                        None
                    }
                }
            }
            Self::Bounded(cache) => {
                let kept = Kept::new(name, draft);
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
            Self::Unbounded { table, state, .. } => {
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

    /// Shows some of what is kept, behind what was shown up to `after`, and answers with where to go on. What stays
    /// from the first call to the last is shown at least once.
    pub(super) fn show_some(&self, after: Option<Spot>, mut show: impl FnMut(&Kept)) -> Option<Spot> {
        match self {
            Self::Unbounded { table, moves, .. } => {
                let start = after.filter(|spot| spot.moves == *moves).map_or(0, |spot| spot.bucket);
                let end = table.num_buckets().min(start + SHOWN_TOGETHER);
                (start..end).filter_map(|bucket| table.get_bucket(bucket)).for_each(show);
                (end < table.num_buckets()).then_some(Spot { moves: *moves, bucket: end })
            }
            // The crate shows all or nothing; there are no more than the user allowed.
            Self::Bounded(cache) => {
                cache.iter().for_each(|(kept, _)| show(kept));
                None
            }
        }
    }
}

/// Buckets that are looked at under one lock.
const SHOWN_TOGETHER: usize = 4096;

/// A place in an unbounded map, as long as nothing in it was moved.
pub(super) struct Spot {
    moves: u64,
    bucket: usize,
}

impl Spot {
    pub(super) fn cursor(&self) -> Cursor {
        let bucket = self.bucket as u64;
        Cursor::new([self.moves.to_le_bytes(), bucket.to_le_bytes()].concat())
    }

    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        let (moves, bucket) = cursor.as_bytes().split_first_chunk()?;
        let bucket = u64::from_le_bytes(bucket.try_into().ok()?);
        Some(Self { moves: u64::from_le_bytes(*moves), bucket: usize::try_from(bucket).ok()? })
    }
}
