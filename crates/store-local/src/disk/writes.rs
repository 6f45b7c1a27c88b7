//! Writes, many in one transaction, with their evictions, uses and totals.

use std::cell::Cell;

use redb::{Durability, ReadableTable, WriteTransaction};

use super::config::DiskConfig;
use super::error::damaged_entry;
use super::file_size::PAGE;
use super::record::{Kept, LONGEST_INLINE, PIECE, Record, cost};
use crate::checksum::checksum;
use crate::disk::database::held::Held;
use crate::disk::database::open::{Open, is_behind};
use crate::disk::database::tables::{
    DEADLINES, ENTRIES, PIECES, Rows, TOTALS, Totals, USES, deadline_key, piece_key, total, use_key,
};
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Outcome, Result};
use redkv_core::store::SetMode;

/// A change of one entry.
#[derive(Debug)]
pub(super) enum Change {
    Put(Key, Entry, SetMode),
    Delete(Key),
    /// Notes that an entry was used.
    Touch(Key),
}

impl Change {
    /// About how many bytes of the file it writes anew: its own, and two pages in which an entry, and the one that
    /// makes room or its use before, are among others.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Put(key, entry, _) => 2 * PAGE + (key.len() + entry.value.len()) as u64,
            Self::Delete(_) | Self::Touch(_) => 2 * PAGE,
        }
    }
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    Now,
    /// With a later commit; if the process is killed before, it was not made.
    Later,
}

/// What is there before a change.
pub(super) enum Before {
    Nothing,
    Entry(Record),
    Damaged,
}

pub(super) type Write<T> = std::result::Result<T, redb::Error>;

/// The tables within one transaction.
pub(super) struct Changing<'t> {
    pub(super) entries: Rows<'t>,
    pieces: Rows<'t>,
    pub(super) uses: Rows<'t>,
    pub(super) deadlines: Rows<'t>,
    pub(super) totals: Totals,
    pub(super) now: u64,
    pub(super) config: &'t DiskConfig,
    /// Whether anything was changed.
    pub(super) is_changed: bool,
}

impl Open {
    /// Makes changes in one transaction, all of them or none. Answers with what `change` did, and whether there was
    /// something to commit: `must` commits in any case, so that what was committed before gets to the disk too.
    pub(super) fn change<T>(
        &self,
        sync: Sync,
        must: bool,
        change: impl FnOnce(&mut Changing<'_>) -> Write<T>,
    ) -> Result<(T, bool)> {
        if sync == Sync::Now {
            // What they see cannot be used again while they read.
            drop(self.reading.write());
        }
        let is_committing = Cell::new(false);
        let change_it = || self.change_and_commit(sync, must, change, &is_committing);
        let answer = self.guarded(change_it).map_err(|error| {
            // It may have been made.
            if is_committing.get() { error.outcome(Outcome::Unknown) } else { error }
        })?;
        if is_committing.get() {
            self.check()?;
        }
        Ok((answer, is_committing.get()))
    }

    fn change_and_commit<T>(
        &self,
        sync: Sync,
        must: bool,
        change: impl FnOnce(&mut Changing<'_>) -> Write<T>,
        is_committing: &Cell<bool>,
    ) -> Result<T> {
        let transaction = self.database.begin_write().map_err(|cause| self.failed(cause))?;
        let mut transaction = Held::new(transaction);
        match sync {
            // Says in the file which pages are free, so that opening it after a crash need not look through all of it.
            Sync::Now => transaction.set_quick_repair(true),
            Sync::Later => {
                transaction.set_durability(Durability::None).map_err(|cause| self.failed(cause))?;
            }
        }
        let (answer, totals, is_changed) =
            self.change_in(&transaction, change).map_err(|cause| self.failed(cause))?;
        let Some(transaction) = transaction.take_out() else { return Ok(answer) };
        if is_changed || must {
            is_committing.set(true);
            transaction.commit().map_err(|cause| self.failed(cause))?;
            self.tell(totals);
        } else {
            transaction.abort().map_err(|cause| self.failed(cause))?;
        }
        Ok(answer)
    }

    fn change_in<'t, T>(
        &'t self,
        transaction: &'t WriteTransaction,
        change: impl FnOnce(&mut Changing<'t>) -> Write<T>,
    ) -> Write<(T, Totals, bool)> {
        let mut kept = Held::new(transaction.open_table(TOTALS)?);
        let number = |name: &str| -> Write<u64> {
            Ok(kept.get(name.as_bytes())?.map_or(0, |kept| total(kept.value())))
        };
        let totals = Totals::read(number)?;
        let mut changing = Changing {
            entries: Held::new(transaction.open_table(ENTRIES)?),
            pieces: Held::new(transaction.open_table(PIECES)?),
            uses: Held::new(transaction.open_table(USES)?),
            deadlines: Held::new(transaction.open_table(DEADLINES)?),
            totals,
            now: self.clock.now(),
            config: &self.config,
            is_changed: false,
        };
        let answer = change(&mut changing)?;
        let (totals, is_changed) = (changing.totals, changing.is_changed);
        if is_changed {
            for (name, number) in totals.named() {
                kept.insert(name.as_bytes(), number.to_le_bytes().as_slice())?;
            }
        }
        Ok((answer, totals, is_changed))
    }
}

impl Changing<'_> {
    /// Makes one change, and answers whether it was made.
    pub(super) fn make(&mut self, change: &Change) -> Write<Result<bool>> {
        match change {
            Change::Put(key, entry, mode) => return self.put(key.as_bytes(), entry, *mode),
            Change::Delete(key) => self.remove(key.as_bytes())?,
            Change::Touch(key) => self.touch(key.as_bytes())?,
        }
        Ok(Ok(true))
    }

    fn cost(&self, key: &[u8], entry: &Entry) -> u64 {
        cost(key.len(), entry.value.len() as u64, entry.deadline.is_some())
    }

    /// How many bytes more are counted once an entry is put under `key`; none if it will not be kept.
    pub(super) fn more_for(&self, key: &Key, entry: &Entry, mode: SetMode) -> Write<u64> {
        let key = key.as_bytes();
        let cost = self.cost(key, entry);
        let before = self.record(key)?;
        if cost > self.room() || self.is_refused(mode, &before) {
            return Ok(0);
        }
        Ok(match before {
            Before::Entry(before) => cost.saturating_sub(before.cost(key)),
            Before::Nothing | Before::Damaged => cost,
        })
    }

    /// Returns whether what is there is left as it is. Nobody knows whether what is damaged was live.
    fn is_refused(&self, mode: SetMode, before: &Before) -> bool {
        mode == SetMode::IfAbsent
            && match before {
                Before::Nothing => false,
                Before::Entry(before) => !before.has_ended(self.now),
                Before::Damaged => true,
            }
    }

    fn put(&mut self, key: &[u8], entry: &Entry, mode: SetMode) -> Write<Result<bool>> {
        let before = self.record(key)?;
        if self.is_refused(mode, &before) {
            let is_damaged = matches!(before, Before::Damaged);
            return Ok(if is_damaged { Err(damaged_entry(&self.config.path)) } else { Ok(false) });
        }
        if self.cost(key, entry) > self.room() {
            // It would drive out everything, and then itself.
            self.remove(key)?;
            return Ok(Ok(true));
        }
        self.forget(key, &before)?;
        let used = self.totals.take_next();
        let record = Record { used, deadline: entry.deadline, value: self.keep(entry, used)? };
        self.entries.insert(key, record.to_bytes(key).as_slice())?;
        self.uses.insert(use_key(record.used).as_slice(), key)?;
        if let Some(deadline) = record.deadline {
            self.deadlines.insert(deadline_key(deadline.millis(), key).as_slice(), [].as_slice())?;
        }
        self.totals.bytes += record.cost(key);
        self.totals.entries += 1;
        self.is_changed = true;
        Ok(Ok(true))
    }

    /// Keeps a value, in pieces of `number` if it is long. No two writes have the same number.
    fn keep(&mut self, entry: &Entry, number: u64) -> Write<Kept> {
        let value = &entry.value;
        if value.len() <= LONGEST_INLINE {
            return Ok(Kept::Inline(value.clone()));
        }
        for (piece, order) in value.chunks(PIECE).zip(0..) {
            self.pieces.insert(piece_key(number, order).as_slice(), piece)?;
        }
        Ok(Kept::Pieces { number, len: value.len() as u64, check: checksum(&[value]) })
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Write<()> {
        let record = self.record(key)?;
        if !matches!(record, Before::Nothing) {
            self.forget(key, &record)?;
            self.entries.remove(key)?;
        }
        Ok(())
    }

    /// Removes all of an entry but what stands under its key. Of one that is damaged nobody knows what else there is:
    /// what counts it still counts, and its use and its deadline go when they are met.
    fn forget(&mut self, key: &[u8], before: &Before) -> Write<()> {
        let record = match before {
            Before::Nothing => return Ok(()),
            Before::Entry(record) => record,
            Before::Damaged => {
                self.totals.entries = self.totals.entries.saturating_sub(1);
                self.is_changed = true;
                return Ok(());
            }
        };
        self.uses.remove(use_key(record.used).as_slice())?;
        if let Some(deadline) = record.deadline {
            self.deadlines.remove(deadline_key(deadline.millis(), key).as_slice())?;
        }
        if let Kept::Pieces { number, len, .. } = record.value {
            let pieces = u32::try_from(len.div_ceil(PIECE as u64)).unwrap_or(u32::MAX);
            for order in 0..pieces {
                self.pieces.remove(piece_key(number, order).as_slice())?;
            }
        }
        self.totals.bytes = self.totals.bytes.saturating_sub(record.cost(key));
        self.totals.entries = self.totals.entries.saturating_sub(1);
        self.is_changed = true;
        Ok(())
    }

    /// Notes that an entry was used, unless it is among the newest ones.
    fn touch(&mut self, key: &[u8]) -> Write<()> {
        let Before::Entry(mut record) = self.record(key)? else { return Ok(()) };
        if !is_behind(record.used, self.totals.next, self.totals.entries) {
            return Ok(());
        }
        self.uses.remove(use_key(record.used).as_slice())?;
        record.used = self.totals.take_next();
        self.uses.insert(use_key(record.used).as_slice(), key)?;
        self.entries.insert(key, record.to_bytes(key).as_slice())?;
        self.is_changed = true;
        Ok(())
    }

    pub(super) fn record(&self, key: &[u8]) -> Write<Before> {
        let Some(kept) = self.entries.get(key)? else { return Ok(Before::Nothing) };
        Ok(Record::from_bytes(key, kept.value()).map_or(Before::Damaged, Before::Entry))
    }
}
