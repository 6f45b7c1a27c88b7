//! The tables of the file.
//!
//! All of them are from bytes to bytes: for each other pair of types redb would be in the program once more. Numbers in
//! keys are big-endian, so that their order is that of the bytes.

use redb::{Table, TableDefinition};

use super::held::Held;

/// A table of the file.
pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// A table within a transaction that writes.
pub(crate) type Rows<'t> = Held<Table<'t, &'static [u8], &'static [u8]>>;

/// The entry of each key, as [`Record`](crate::disk::record::Record) writes it.
pub(crate) const ENTRIES: Definition = Definition::new("entries");

/// Pieces of values that are too long to stand in an entry, by [`piece_key`].
pub(crate) const PIECES: Definition = Definition::new("pieces");

/// The keys in the order of their last use, by [`use_key`]: the smallest number was used longest ago.
pub(crate) const USES: Definition = Definition::new("uses");

/// The keys of entries that end, by [`deadline_key`]; the values are empty.
pub(crate) const DEADLINES: Definition = Definition::new("deadlines");

/// What is in the other tables, in numbers that are changed together with them, by their names.
pub(crate) const TOTALS: Definition = Definition::new("totals");

/// How rows are laid out in this version, and the name under which [`TOTALS`] says so. Those before it said nothing.
pub(crate) const LAYOUT: u64 = 1;
pub(crate) const LAYOUT_NAME: &str = "layout";

/// All tables.
pub(crate) const ALL: [Definition; 5] = [ENTRIES, PIECES, USES, DEADLINES, TOTALS];

/// The place of a use in [`USES`].
pub(crate) fn use_key(used: u64) -> [u8; 8] {
    used.to_be_bytes()
}

/// The place of a piece in [`PIECES`], by the number of its value and its order.
pub(crate) fn piece_key(number: u64, order: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&order.to_be_bytes());
    key
}

/// The place of a deadline in [`DEADLINES`].
pub(crate) fn deadline_key(millis: u64, key: &[u8]) -> Vec<u8> {
    [&millis.to_be_bytes(), key].concat()
}

/// The number at the beginning of a place, and what follows.
pub(crate) fn number_and_rest(place: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = place.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), rest))
}

/// A number of [`TOTALS`].
pub(crate) fn total(kept: &[u8]) -> u64 {
    kept.try_into().map_or(0, u64::from_le_bytes)
}

/// The totals of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// The sum of the sizes of all entries.
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
    /// The number of the next use.
    pub(crate) next: u64,
    /// What entries may not count, because those that are there take more of the file than they count.
    pub(crate) withheld: u64,
}

impl Totals {
    /// The names under which the numbers are kept.
    pub(crate) fn named(self) -> [(&'static str, u64); 4] {
        [("bytes", self.bytes), ("entries", self.entries), ("next", self.next), ("withheld", self.withheld)]
    }

    /// Reads the numbers by their names.
    pub(crate) fn read<E>(read: impl Fn(&'static str) -> Result<u64, E>) -> Result<Self, E> {
        Ok(Self {
            bytes: read("bytes")?,
            entries: read("entries")?,
            next: read("next")?,
            withheld: read("withheld")?,
        })
    }

    pub(crate) fn take_next(&mut self) -> u64 {
        let next = self.next;
        self.next += 1;
        next
    }
}
