//! Stale keys: those under which a tier holds an old value because a write did not reach it.

use std::hash::BuildHasher;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

// Keys are invalidated in the order of the map, which must be the same when the model checker replays a program.
#[cfg(feature = "mutants")]
use foldhash::fast::FixedState as RandomState;
#[cfg(not(feature = "mutants"))]
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use tokio::time::Instant;

use crate::mutants::{Planted, is_planted};
use redkv_core::clock::Clock;
use redkv_core::entry::{Deadline, Key};
use redkv_core::lock::Lock;

/// Keys that must not be served from a tier until they have been invalidated there.
///
/// When there are more than [`StaleKeys::MOST`], or of more than [`StaleKeys::MOST_BYTES`], the single keys are no
/// longer kept: the whole tier counts as stale. That ends when everything that was old then has expired by the ttl of
/// the tier; without a ttl it lasts as long as the process.
#[derive(Debug, Default)]
pub(crate) struct StaleKeys<S: BuildHasher = RandomState> {
    /// The number of keys, so that the usual check needs no lock; `usize::MAX` for the whole tier.
    count: AtomicUsize,
    /// When each was marked, in marks, so that a repair does not clear a later mark.
    marks: Lock<Marks<S>>,
}

#[derive(Debug, Default)]
struct Marks<S> {
    next: u64,
    keys: HashMap<Key, Mark, S>,
    bytes: usize,
    /// The end of the staleness of a whole tier.
    until: Option<Deadline>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    number: u64,
    /// Until when a cancelled write may still be made: what the tier holds before then is not trusted.
    late: Option<Instant>,
}

impl Mark {
    fn is_settled(self) -> bool {
        self.late.is_none_or(|late| late <= Instant::now())
    }
}

/// A key and the mark that a repair is going to clear.
pub(crate) type Marked = (Key, u64);

impl StaleKeys {
    /// Most keys that are remembered one by one.
    pub(crate) const MOST: usize = 100_000;
    /// Most bytes of them.
    pub(crate) const MOST_BYTES: usize = 64 * 1024 * 1024;

    fn marks(&self) -> MutexGuard<'_, Marks<RandomState>> {
        self.marks.lock()
    }

    /// Marks `key`: the tier may hold an old value under it, `until` its ttl has passed, or be given one up to `late`.
    pub(crate) fn mark(&self, key: &Key, until: Option<Deadline>, late: Option<Instant>) {
        let mut marks = self.marks();
        marks.next += 1;
        let number = marks.next;
        if self.is_whole_tier() {
            marks.until = until;
            return;
        }
        let before = marks.keys.get(key).map(|mark| mark.late);
        if before.is_none() {
            marks.bytes += key.len();
        }
        marks.keys.insert(key.clone(), Mark { number, late: late.max(before.flatten()) });
        if marks.keys.len() > Self::MOST || marks.bytes > Self::MOST_BYTES {
            drop(marks);
            self.mark_all(until);
        } else {
            self.count.store(marks.keys.len(), Ordering::Release);
        }
    }

    /// Marks all keys: the tier may hold old values, `until` its ttl has passed.
    pub(crate) fn mark_all(&self, until: Option<Deadline>) {
        let mut marks = self.marks();
        *marks = Marks { next: marks.next + 1, until, ..Marks::default() };
        self.count.store(usize::MAX, Ordering::Release);
    }

    /// Takes the mark from `key`, which was written to the tier, unless an earlier write may still arrive.
    pub(crate) fn clear(&self, key: &Key) {
        if self.is_empty() {
            return;
        }
        self.remove(key, Mark::is_settled);
    }

    /// Takes the mark from a key that was invalidated, unless it was marked again since.
    pub(crate) fn repaired(&self, (key, number): &Marked) {
        self.remove(key, |mark| mark.number == *number);
    }

    fn remove(&self, key: &Key, condition: impl FnOnce(Mark) -> bool) {
        let mut marks = self.marks();
        if self.is_whole_tier() || !marks.keys.get(key).is_some_and(|mark| condition(*mark)) {
            return;
        }
        marks.keys.remove(key);
        marks.bytes -= key.len();
        self.count.store(marks.keys.len(), Ordering::Release);
    }

    /// Returns whether reads must skip the tier for `key`.
    pub(crate) fn contains(&self, key: &str, clock: &dyn Clock) -> bool {
        if is_planted(Planted::ReadsStale) {
            return false;
        }
        match self.count.load(Ordering::Acquire) {
            0 => false,
            usize::MAX => !self.has_ended(clock),
            _ => self.marks().keys.contains_key(key),
        }
    }

    /// Returns whether everything that was old in the tier is gone from there; then it is trusted again.
    fn has_ended(&self, clock: &dyn Clock) -> bool {
        let mut marks = self.marks();
        let has_ended = marks.until.is_some_and(|until| until.has_passed(clock.now()));
        if has_ended && self.is_whole_tier() {
            marks.until = None;
            self.count.store(0, Ordering::Release);
        }
        has_ended
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Returns whether the whole tier is stale.
    pub(crate) fn is_whole_tier(&self) -> bool {
        self.count.load(Ordering::Acquire) == usize::MAX
    }

    /// Returns the number of keys; `None` for the whole tier.
    pub(crate) fn count(&self) -> Option<u64> {
        let count = self.count.load(Ordering::Acquire);
        (count != usize::MAX).then_some(count as u64)
    }

    /// Returns whether there is a key to invalidate, now or later.
    pub(crate) fn wants_repair(&self) -> bool {
        !self.marks().keys.is_empty()
    }

    /// Returns up to `most` keys to invalidate now.
    pub(crate) fn some(&self, most: usize) -> Vec<Marked> {
        let marks = self.marks();
        let settled = marks.keys.iter().filter(|(_, mark)| mark.is_settled());
        settled.take(most).map(|(key, mark)| (key.clone(), mark.number)).collect()
    }
}

/// Whether a repair of the tier is running; there is one at most.
#[derive(Debug, Default)]
pub(crate) struct Repair(AtomicBool);

impl Repair {
    /// Begins a repair. Returns whether none was running, so that the caller runs it.
    pub(crate) fn begin(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn end(&self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redkv_core::clock::ManualClock;

    fn clock() -> ManualClock {
        ManualClock::starting_at(1_000)
    }

    #[test]
    fn a_repair_does_not_clear_a_mark_made_after_it_began() {
        let stale = StaleKeys::default();
        let key = Key::from("k");
        stale.mark(&key, None, None);
        let repair = stale.some(10).remove(0);
        stale.mark(&key, None, None);
        stale.repaired(&repair);
        assert!(stale.contains("k", &clock()));
        stale.repaired(&stale.some(10).remove(0));
        assert!(!stale.contains("k", &clock()));
    }

    #[test]
    fn too_many_keys_make_the_whole_tier_stale() {
        let stale = StaleKeys::default();
        (0..=StaleKeys::MOST).for_each(|n| stale.mark(&n.to_string().into(), None, None));
        assert!(stale.is_whole_tier());
        assert!(stale.contains("never marked", &clock()));
        stale.clear(&"1".into());
        assert!(stale.contains("1", &clock()));
    }

    #[test]
    fn too_many_bytes_of_keys_make_the_whole_tier_stale() {
        let stale = StaleKeys::default();
        let key = |n: usize| Key::from(n.to_string() + &"x".repeat(StaleKeys::MOST_BYTES / 4));
        (0..3).for_each(|n| stale.mark(&key(n), None, None));
        stale.mark(&key(0), None, None);
        assert!(!stale.is_whole_tier());
        stale.mark(&key(4), None, None);
        assert!(stale.is_whole_tier());
    }

    #[test]
    fn a_whole_tier_is_trusted_again_when_its_ttl_has_passed_since_the_last_missed_write() {
        let (stale, clock) = (StaleKeys::default(), clock());
        (0..=StaleKeys::MOST)
            .for_each(|n| stale.mark(&n.to_string().into(), Some(clock.deadline_in(100)), None));
        clock.advance(99);
        assert!(stale.contains("k", &clock));
        stale.mark(&"late".into(), Some(clock.deadline_in(100)), None);
        clock.advance(99);
        assert!(stale.contains("k", &clock));
        clock.advance(1);
        assert!(!stale.contains("k", &clock));
        assert!(stale.is_empty());
        stale.mark(&"k".into(), None, None);
        assert!(stale.contains("k", &clock) && !stale.contains("late", &clock));
    }
}
