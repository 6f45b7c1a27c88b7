//! The tables of the file.

use redb::TableDefinition;

/// The entry of each key, as [`Record`](super::record::Record) writes it.
pub(super) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");

/// Pieces of values that are too long to stand in an entry, by the number of the value and their order.
pub(super) const PIECES: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");

/// The keys in the order of their last use: the smallest number was used longest ago.
pub(super) const USES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("uses");

/// The keys of entries that end, by their deadlines.
pub(super) const DEADLINES: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("deadlines");

/// What is in the other tables, in numbers that are changed together with them.
pub(super) const TOTALS: TableDefinition<'_, &str, u64> = TableDefinition::new("totals");

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// What all entries count.
    pub(super) bytes: u64,
    pub(super) entries: u64,
    /// The number of the next use.
    pub(super) next: u64,
    /// What entries may not count, because those that are there take more of the file than they count.
    pub(super) withheld: u64,
}

impl Totals {
    /// The names under which the numbers are kept.
    pub(super) fn named(self) -> [(&'static str, u64); 4] {
        [("bytes", self.bytes), ("entries", self.entries), ("next", self.next), ("withheld", self.withheld)]
    }

    /// Reads the numbers by their names.
    pub(super) fn read<E>(read: impl Fn(&'static str) -> Result<u64, E>) -> Result<Self, E> {
        Ok(Self {
            bytes: read("bytes")?,
            entries: read("entries")?,
            next: read("next")?,
            withheld: read("withheld")?,
        })
    }

    pub(super) fn take_next(&mut self) -> u64 {
        let next = self.next;
        self.next += 1;
        next
    }
}
