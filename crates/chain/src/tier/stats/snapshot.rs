//! Statistics as a caller gets them.

use super::histogram::Latency;
use redkv_core::error::ErrorKind;
use redkv_core::operation::Operation;

/// Statistics of a chain since it was created.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Reads that shared the walk of another read of the same key, so that no store was asked for them.
    pub coalesced: u64,
    /// The statistics of each store, in order.
    pub tiers: Vec<TierStats>,
}

/// Statistics of one store since it was added.
#[derive(Clone, Debug)]
pub struct TierStats {
    /// The name of the store.
    pub name: &'static str,
    /// Whether it is not asked because it failed too often in a row.
    pub is_down: bool,
    /// Keys that were read or looked for, and were there.
    pub hits: u64,
    /// Keys that were read or looked for, and were not there.
    pub misses: u64,
    /// Entries that it took from writes.
    pub sets: u64,
    /// Keys that it deleted for a caller.
    pub deletes: u64,
    /// Entries that it took because a read found them in a later store.
    pub backfills: u64,
    /// Such entries that it did not take: somebody wrote or deleted the key meanwhile, or it failed.
    pub backfills_dropped: u64,
    /// Bytes of the values that were read.
    pub bytes_read: u64,
    /// Bytes of the values that were written.
    pub bytes_written: u64,
    /// Keys that it was not asked for because it was down.
    pub refused: u64,
    /// Keys that failed, by what they failed with.
    pub errors: Vec<(ErrorKind, u64)>,
    /// Keys that it is being asked for.
    pub pending: u64,
    /// Keys that reads skip here, because it may hold old values of them; `None` when they are too many to list, and
    /// reads skip the whole tier.
    pub stale_keys: Option<u64>,
    /// How long requests took, by [`Kind`].
    pub latency: [Latency; 4],
}

/// Kinds of requests. Answers from the calling thread are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads.
    Get,
    /// Looks for keys.
    Has,
    /// Writes and back-fills.
    Set,
    /// Deletions.
    Delete,
}

impl Kind {
    /// All of them, in the order of [`TierStats::latency`].
    pub const ALL: [Self; 4] = [Self::Get, Self::Has, Self::Set, Self::Delete];

    /// Returns the kind of `operation`, if it is about single keys.
    pub(crate) fn of(operation: Operation) -> Option<Self> {
        match operation {
            Operation::Get | Operation::GetMany => Some(Self::Get),
            Operation::Has | Operation::HasMany => Some(Self::Has),
            Operation::Set | Operation::SetMany => Some(Self::Set),
            Operation::Delete | Operation::DeleteMany => Some(Self::Delete),
            Operation::Keys
            | Operation::Clear
            | Operation::Ready
            | Operation::Flush
            | Operation::Close
            | Operation::Lease
            | Operation::AddStore
            | Operation::AddChain
            | Operation::Structure(_)
            | Operation::Record(_) => None,
        }
    }
}
