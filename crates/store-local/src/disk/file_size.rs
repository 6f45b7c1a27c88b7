//! Divides the space of the folder, so that it stays within its bound.
//!
//! What entries count is only about what they take: how full the pages of the file are depends on the keys and on the
//! order in which they come and go. So the file is looked at each time it was brought to the disk. As long as it is
//! smaller than the bound by as much as the next sync may add, all is well. When it has grown beyond that, all its
//! pages are in use, and entries may count no more than they do then. redb takes free pages before it takes new ones,
//! and the lowest ones first.

use std::fs::{self, Metadata};

use super::config::DiskConfig;
use super::writes::Changing;
use crate::disk::database::open::{FILE, Open};

/// The bytes of a page of the file.
pub(crate) const PAGE: u64 = 4_096;
/// What every transaction writes anew beside its changes: the roots of the tables and the branches below. The next one
/// may use it again, unless somebody reads it.
pub(crate) const TRANSACTION: u64 = 16 * PAGE;
/// The space that the file needs beside entries.
const EMPTY: u64 = 256 << 10;

impl DiskConfig {
    /// How much of the file may be written anew before it is brought to the disk: until then what it takes the place of
    /// cannot be used again.
    pub(crate) fn most_unsynced(&self) -> u64 {
        (self.max_bytes / 16).clamp(128 << 10, 64 << 20)
    }

    /// How much of it one transaction may write anew, about.
    pub(crate) fn most_at_once(&self) -> u64 {
        self.most_unsynced() / 4
    }

    /// Most entries that make room in one transaction, each of them in pages of its own.
    pub(crate) fn most_evicted(&self) -> usize {
        usize::try_from(self.most_at_once() / (2 * PAGE)).unwrap_or(usize::MAX)
    }

    /// What the file may take before entries are kept from taking more.
    pub(crate) fn limit(&self) -> u64 {
        self.max_bytes.saturating_sub(self.most_unsynced())
    }

    /// What entries may count at most.
    pub(crate) fn room(&self, withheld: u64) -> u64 {
        self.limit().saturating_sub(self.most_unsynced() / 2 + EMPTY + withheld)
    }
}

/// The result of the last inspection of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Found {
    #[default]
    Same,
    /// It is below its limit.
    Below,
    /// It has grown beyond its limit, by so much.
    Grown(u64),
}

/// What the file took when it was last looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Space {
    taken: u64,
    pub(crate) found: Found,
}

impl Space {
    /// A file that was just opened: what is in it is there by right, unless it exceeds the bound.
    pub(crate) fn at(open: &Open) -> Self {
        let taken = open.taken().unwrap_or(0);
        let found = if taken <= open.config.limit() {
            Found::Below
        } else if taken <= open.config.max_bytes {
            Found::Same
        } else {
            Found::Grown(taken - open.config.limit())
        };
        Self { taken, found }
    }

    pub(crate) fn look(&mut self, open: &Open) {
        let Some(taken) = open.taken() else { return };
        let limit = open.config.limit();
        if taken <= limit {
            self.found = Found::Below;
        } else if taken > self.taken {
            self.found = Found::Grown(taken - self.taken.max(limit));
        }
        self.taken = taken;
    }
}

impl Open {
    /// The bytes of the disk that the file takes: it may be longer, with nothing in between. `None` where the system
    /// does not tell.
    pub(crate) fn taken(&self) -> Option<u64> {
        on_disk(&fs::metadata(self.config.path.join(FILE)).ok()?)
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn on_disk(file: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::blocks(file) * 512)
}

#[cfg(not(unix))]
fn on_disk(_file: &Metadata) -> Option<u64> {
    None
}

impl Changing<'_> {
    /// What entries may count.
    pub(crate) fn room(&self) -> u64 {
        self.config.room(self.totals.withheld)
    }

    /// Lets entries count as much as what was found allows.
    pub(crate) fn fit(&mut self, found: Found) {
        let before = self.totals.withheld;
        match found {
            Found::Same => {}
            Found::Below => self.totals.withheld = 0,
            Found::Grown(by) => {
                let room = self.room();
                self.totals.withheld += room - room.min(self.totals.bytes.saturating_sub(2 * by));
            }
        }
        self.is_changed |= self.totals.withheld != before;
    }
}
