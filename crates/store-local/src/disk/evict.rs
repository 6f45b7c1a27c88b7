//! Evicts entries: first expired ones, then those that were used longest ago.

use redb::ReadableTable;

use super::record::Record;
use super::writes::{Before, Changing, Write};
use crate::disk::database::tables::{deadline_key, number_and_rest, use_key};

/// Most entries past their deadline that go beside one write.
const SWEEP: usize = 100;

impl Changing<'_> {
    /// Removes some of the entries past their deadline.
    pub(crate) fn sweep(&mut self) -> Write<()> {
        let end = deadline_key(self.now.saturating_add(1), &[]);
        let mut ended = Vec::new();
        for row in self.deadlines.range(..end.as_slice())?.take(SWEEP) {
            let (place, _) = row?;
            ended.push(place.value().to_vec());
        }
        for place in ended {
            let key = number_and_rest(&place).map_or(&[][..], |(_, key)| key);
            if matches!(self.record(key)?, Before::Entry(entry) if entry.has_ended(self.now)) {
                self.remove(key)?;
            }
            // Of an entry that was damaged this is left.
            self.is_changed |= self.deadlines.remove(place.as_slice())?.is_some();
        }
        Ok(())
    }

    /// Removes the entries that were used longest ago until the bounds hold with `more` bytes, `most` of them at most.
    /// Tells whether the bounds hold.
    pub(crate) fn make_room(&mut self, more: u64, most: usize) -> Write<bool> {
        let room = self.room().saturating_sub(more);
        for _ in 0..most {
            if self.totals.bytes <= room && self.totals.entries <= self.config.max_entries {
                return Ok(true);
            }
            let first = self.uses.first()?.map(|(place, key)| (place.value().to_vec(), key.value().to_vec()));
            let Some((place, key)) = first else { return Ok(true) };
            let is_used_then = |entry: &Record| use_key(entry.used).as_slice() == place;
            if !matches!(self.record(&key)?, Before::Entry(entry) if !is_used_then(&entry)) {
                self.remove(&key)?;
            }
            // Of an entry that was damaged this is left.
            self.is_changed |= self.uses.remove(place.as_slice())?.is_some();
        }
        Ok(false)
    }
}
