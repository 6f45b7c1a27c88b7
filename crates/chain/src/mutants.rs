//! Safeguards that the model checker removes one by one, to see whether it notices.
//!
//! Only the feature `mutants` makes that possible; without it every question below is the constant `false`.

#[cfg(feature = "mutants")]
use std::cell::Cell;

/// A safeguard that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Back-fills are made although the key was written meanwhile.
    NoFence,
    /// Back-fills replace what is there.
    FillReplaces,
    /// A write does not wait for the writes of its key that are on their way.
    NoOrder,
    /// A read does not wait for the writes of its key that were called before it.
    ReadsOvertake,
    /// A read joins any walk of its key, though it began before the last write.
    JoinsOldWalks,
    /// What a tier missed is not invalidated there.
    NoInvalidation,
    /// What a tier missed is invalidated, but read until then.
    ReadsStale,
    /// Reads on the thread of the caller do not look whether writes are on their way.
    FrontOvertakes,
    /// Stores are waited for without end.
    NoDeadline,
    /// A store that is down stays down, and failures that are not in a row count together.
    NoBreakerReset,
    /// A store that counts as down is asked nevertheless.
    AsksWhatIsDown,
    /// What is deleted leaves no tombstone.
    NoTombstones,
    /// What may still come to a store that keeps no order is not waited for.
    NoQuarantine,
}

#[cfg(feature = "mutants")]
thread_local! {
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
}

/// Takes a safeguard out for this thread, or puts it back.
#[cfg(feature = "mutants")]
pub fn plant(bug: Option<Planted>) {
    PLANTED.set(bug);
}

/// Returns whether a safeguard is removed.
#[cfg(feature = "mutants")]
pub(crate) fn is_planted(bug: Planted) -> bool {
    PLANTED.get() == Some(bug)
}

/// Returns whether a safeguard is removed: never.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn is_planted(_: Planted) -> bool {
    false
}
