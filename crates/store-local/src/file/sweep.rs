//! Removes expired entries that nobody reads any more.

use super::folder::Folder;
use super::listing::names;
use super::locks::LOCKS;
use super::name::{FOLDERS, Place, folder_name};

/// How many files are looked at beside a write.
const STEP: usize = 2;

/// A walk over the folders of some locks, round and round.
#[derive(Debug)]
pub(super) struct Sweep {
    /// The lanes share the folders as they share the locks.
    lane: usize,
    lanes: usize,
    folder: usize,
    /// Names in the folder that were not looked at.
    left: Vec<String>,
}

impl Sweep {
    pub(super) fn new(lane: usize, lanes: usize) -> Self {
        Self { lane, lanes, folder: 0, left: Vec::new() }
    }

    /// Looks at a few more files. What fails here fails no write: it is looked at again in the next round.
    pub(super) fn step(&mut self, folder: &Folder) {
        if self.left.is_empty() {
            self.folder = self.next_folder();
            self.left = names(&folder.root.join(self.name())).unwrap_or_default();
        }
        let now = folder.clock.now();
        for name in self.left.drain(self.left.len().saturating_sub(STEP)..) {
            let place = Place { folder: number(self.folder), name };
            let head = folder.head(&folder.path_of(&place));
            if head.is_ok_and(|head| head.is_some_and(|head| head.has_ended(now))) {
                folder.remove_ended(&place).ok();
            }
        }
    }

    fn next_folder(&self) -> usize {
        let mut next = (self.folder + 1) % FOLDERS;
        while next % LOCKS % self.lanes != self.lane {
            next = (next + 1) % FOLDERS;
        }
        next
    }

    fn name(&self) -> String {
        folder_name(number(self.folder))
    }
}

fn number(folder: usize) -> u8 {
    u8::try_from(folder).unwrap_or_default()
}
