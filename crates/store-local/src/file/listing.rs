//! Lists keys, page by page.

use std::fs;
use std::io;
use std::path::Path;

use super::folder::Folder;
use super::name::{FOLDERS, Told, folder_name, key_of};
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Cursor, Page};

/// Most keys of a page.
const PAGE: usize = 1_000;

/// Where the telling goes on: behind a file in a folder.
struct Spot {
    folder: usize,
    /// The last name that was told; empty before the first one.
    behind: String,
}

impl Spot {
    fn of(cursor: Option<&Cursor>) -> Result<Self> {
        let Some(cursor) = cursor else { return Ok(Self { folder: 0, behind: String::new() }) };
        let wrong = || Error::argument("after", "the cursor does not belong to this store");
        let (folder, behind) = cursor.as_bytes().split_first().ok_or_else(wrong)?;
        let behind = String::from_utf8(behind.to_vec()).map_err(|_| wrong())?;
        Ok(Self { folder: usize::from(*folder), behind })
    }

    fn cursor(&self) -> Option<Cursor> {
        let folder = u8::try_from(self.folder).ok()?;
        Some(Cursor::new([&[folder], self.behind.as_bytes()].concat()))
    }
}

/// Which entries count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Live,
    /// Those past their deadline too.
    All,
}

impl Folder {
    /// Some of the keys with `prefix`, folder by folder, and by name within one.
    pub(super) fn keys(&self, which: Which, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        let now = self.clock.now();
        let mut spot = Spot::of(after)?;
        let mut page = Page::default();
        while spot.folder < FOLDERS {
            let folder = self.root.join(folder_name(u8::try_from(spot.folder).unwrap_or_default()));
            let mut names = names(&folder).map_err(|cause| self.failed(cause))?;
            names.retain(|name| *name > spot.behind);
            names.sort_unstable();
            for name in names {
                if page.keys.len() == PAGE {
                    page.next = spot.cursor();
                    return Ok(page);
                }
                page.keys.extend(self.told(which, prefix, &folder, &name, now)?.map(Key::from));
                spot.behind = name;
            }
            spot = Spot { folder: spot.folder + 1, behind: String::new() };
            // One page looks into some folders, however empty they are.
            if spot.folder % 32 == 0 {
                break;
            }
        }
        page.next = (spot.folder < FOLDERS).then(|| spot.cursor()).flatten();
        Ok(page)
    }
}

impl Folder {
    /// The key of the file called `name`, if it is one to tell.
    fn told(
        &self,
        which: Which,
        prefix: &str,
        folder: &Path,
        name: &str,
        now: u64,
    ) -> Result<Option<String>> {
        let in_name = match key_of(name) {
            Told::Foreign => return Ok(None),
            Told::Key(key) if !key.starts_with(prefix) => return Ok(None),
            Told::Key(key) if which == Which::All => return Ok(Some(key)),
            Told::Key(key) => Some(key),
            Told::InFile => None,
        };
        match self.head(&folder.join(name)) {
            Ok(None) => Ok(None),
            Ok(Some(head)) if which == Which::Live && head.has_ended(now) => Ok(None),
            Ok(Some(head)) => Ok(Some(in_name.unwrap_or(head.key)).filter(|key| key.starts_with(prefix))),
            // What is damaged is there until it is written or deleted, as far as its key is known.
            Err(error) if error.kind() == ErrorKind::Value => Ok(in_name),
            Err(error) => Err(error),
        }
    }
}

/// The names of the files in a folder that may not be there.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
            Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(cause),
    }
}
