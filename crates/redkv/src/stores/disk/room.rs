//! Makes room: entries past their deadline go, then those that were used longest ago.

use redb::ReadableTable;

use super::tables::{deadline_key, number_and_rest};
use super::writes::{Changing, Write};

/// Most entries past their deadline that go beside one write.
const SWEEP: usize = 100;

impl Changing<'_> {
    /// Removes some of the entries past their deadline.
    pub(super) fn sweep(&mut self) -> Write<()> {
        let end = deadline_key(self.now.saturating_add(1), &[]);
        let mut ended = Vec::new();
        for row in self.deadlines.range(..end.as_slice())?.take(SWEEP) {
            let (place, _) = row?;
            ended.extend(number_and_rest(place.value()).map(|(_, key)| key.to_vec()));
        }
        for key in ended {
            self.remove(&key)?;
        }
        Ok(())
    }

    /// Removes the entries that were used longest ago until the bounds hold with `more` bytes, `most` of them at most.
    /// Tells whether the bounds hold.
    pub(super) fn make_room(&mut self, more: u64, most: usize) -> Write<bool> {
        let room = self.room().saturating_sub(more);
        for _ in 0..most {
            if self.totals.bytes <= room && self.totals.entries <= self.config.max_entries {
                return Ok(true);
            }
            let Some(key) = self.uses.first()?.map(|(_, key)| key.value().to_vec()) else { return Ok(true) };
            self.remove(&key)?;
        }
        Ok(false)
    }
}
