//! The keys of a tier that hold an old value because a write did not reach it.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

// Keys are invalidated in the order of the map, which must be the same when a test is replayed.
#[cfg(test)]
use foldhash::fast::FixedState as RandomState;
#[cfg(not(test))]
use foldhash::fast::RandomState;
use hashbrown::HashMap;

#[cfg(test)]
use super::planted::{Planted, is_planted};
use crate::entry::Key;

/// Keys that must not be served from a tier until they have been invalidated there.
///
/// When there are more than [`StaleKeys::MOST`] the single keys are no longer told apart: the whole tier counts
/// as stale, rather than any of it being trusted, until the process ends.
#[derive(Debug, Default)]
pub(super) struct StaleKeys<S: BuildHasher = RandomState> {
    /// How many there are, so that the usual answer needs no lock; `usize::MAX` for the whole tier.
    count: AtomicUsize,
    /// When each was marked, in marks, so that a repair does not clear a later mark.
    marks: Mutex<Marks<S>>,
}

#[derive(Debug, Default)]
struct Marks<S> {
    next: u64,
    keys: HashMap<Key, u64, S>,
}

/// A key and the mark that a repair is going to clear.
pub(super) type Marked = (Key, u64);

impl StaleKeys {
    /// Most keys that are remembered one by one.
    pub(super) const MOST: usize = 100_000;

    fn marks(&self) -> MutexGuard<'_, Marks<RandomState>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tier may hold an old value under `key`.
    pub(super) fn mark(&self, key: &Key) {
        let mut marks = self.marks();
        if self.is_whole_tier() {
            return;
        }
        marks.next += 1;
        let mark = marks.next;
        marks.keys.insert(key.clone(), mark);
        if marks.keys.len() > Self::MOST {
            marks.keys = HashMap::default();
            self.count.store(usize::MAX, Ordering::Release);
        } else {
            self.count.store(marks.keys.len(), Ordering::Release);
        }
    }

    /// A write of `key` reached the tier: what it holds is current.
    pub(super) fn clear(&self, key: &Key) {
        if self.is_empty() {
            return;
        }
        self.remove(key, |_| true);
    }

    /// The key was invalidated in the tier after it had been marked.
    pub(super) fn repaired(&self, (key, mark): &Marked) {
        self.remove(key, |current| current == *mark);
    }

    fn remove(&self, key: &Key, condition: impl FnOnce(u64) -> bool) {
        let mut marks = self.marks();
        if self.is_whole_tier() || !marks.keys.get(key).is_some_and(|mark| condition(*mark)) {
            return;
        }
        marks.keys.remove(key);
        self.count.store(marks.keys.len(), Ordering::Release);
    }

    /// Whether the tier must be read past for `key`.
    pub(super) fn contains(&self, key: &str) -> bool {
        #[cfg(test)]
        if is_planted(Planted::ReadsStale) {
            return false;
        }
        match self.count.load(Ordering::Acquire) {
            0 => false,
            usize::MAX => true,
            _ => self.marks().keys.contains_key(key),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether there are too many to tell apart.
    pub(super) fn is_whole_tier(&self) -> bool {
        self.count.load(Ordering::Acquire) == usize::MAX
    }

    /// Up to `most` keys to invalidate.
    pub(super) fn some(&self, most: usize) -> Vec<Marked> {
        self.marks().keys.iter().take(most).map(|(key, mark)| (key.clone(), *mark)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_does_not_clear_a_mark_made_after_it_began() {
        let stale = StaleKeys::default();
        let key = Key::from("k");
        stale.mark(&key);
        let repair = stale.some(10).remove(0);
        stale.mark(&key);
        stale.repaired(&repair);
        assert!(stale.contains("k"));
        stale.repaired(&stale.some(10).remove(0));
        assert!(!stale.contains("k"));
    }

    #[test]
    fn too_many_keys_make_the_whole_tier_stale() {
        let stale = StaleKeys::default();
        (0..=StaleKeys::MOST).for_each(|n| stale.mark(&n.to_string().into()));
        assert!(stale.is_whole_tier());
        assert!(stale.contains("never marked"));
        stale.clear(&"1".into());
        assert!(stale.contains("1"));
    }
}
