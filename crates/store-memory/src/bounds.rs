//! The bounds of a store in memory.

use quick_cache::Weighter;

use super::MemoryConfig;
use super::kept::Kept;

/// Turns up to two bounds into the one weight that the map can keep.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
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
    /// What an entry takes beside its text: what goes with it in its allocation, and its place in the map.
    const OVERHEAD: u64 = 128;

    pub(super) fn new(config: MemoryConfig) -> Self {
        match (config.max_entries, config.max_bytes) {
            (None, None) => Self::None,
            (Some(entries), None) => Self::Entries(entries),
            (None, Some(bytes)) => Self::Bytes(bytes),
            (Some(entries), Some(bytes)) => Self::Both { entries, bytes },
        }
    }

    /// How many entries there will be, as far as that is known, and how much they may weigh; `None` without a bound.
    pub(super) fn capacity(self) -> Option<(u64, u64)> {
        match self {
            Self::None => None,
            Self::Entries(entries) => Some((entries.min(MOST_EXPECTED), entries)),
            Self::Bytes(bytes) => Some((MOST_EXPECTED, bytes)),
            Self::Both { entries, .. } => Some((entries.min(MOST_EXPECTED), entries * Self::FRACTION)),
        }
    }
}

/// Entries that nobody should have to reckon with from the start.
const MOST_EXPECTED: u64 = 1_000_000;

impl Weighter<Kept, Kept> for Bounds {
    fn weight(&self, _key: &Kept, kept: &Kept) -> u64 {
        let size = kept.size() as u64 + Self::OVERHEAD;
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
