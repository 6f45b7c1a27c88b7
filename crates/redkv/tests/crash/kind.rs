//! The stores under test, and what each promises.

use std::path::Path;
use std::sync::Arc;

use redkv::clock::SystemClock;
use redkv::options::Fields;
use redkv::store::Store;
use redkv::stores::{DiskConfig, DiskStore, FileConfig, FileStore};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    DiskDurable,
    Disk,
    DiskFull,
    FileDurable,
    File,
}

/// What must be there of the writes that were acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    All,
    /// All of them up to some moment, and none behind it.
    Beginning,
    /// Any of them may have made room.
    Some,
}

/// What a full store keeps, about a third of what is written.
const FULL: u64 = 1_000_000;
/// More than is ever written, and so little that there are several commits to the disk in the life of a process.
const ROOMY: u64 = 8_000_000;

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::DiskDurable, Self::Disk, Self::DiskFull, Self::FileDurable, Self::File];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DiskDurable => "disk-durable",
            Self::Disk => "disk",
            Self::DiskFull => "disk-full",
            Self::FileDurable => "file-durable",
            Self::File => "file",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap()
    }

    pub(crate) fn promise(self) -> Promise {
        match self {
            // What a process has given to the file system outlives the process.
            Self::DiskDurable | Self::FileDurable | Self::File => Promise::All,
            Self::Disk => Promise::Beginning,
            Self::DiskFull => Promise::Some,
        }
    }

    /// What the folder may take at most.
    fn bound(self) -> Option<u64> {
        match self {
            Self::Disk => Some(ROOMY),
            Self::DiskFull => Some(FULL),
            Self::DiskDurable | Self::FileDurable | Self::File => None,
        }
    }

    pub(crate) fn open(self, folder: &Path) -> Opened {
        let is_durable = matches!(self, Self::DiskDurable | Self::DiskFull | Self::FileDurable);
        let mut options = json!({ "path": folder, "durable": is_durable });
        if let Some(bound) = self.bound() {
            options["maxBytes"] = json!(bound);
        }
        match self {
            Self::DiskDurable | Self::Disk | Self::DiskFull => Opened::Disk(disk(options), folder.to_owned()),
            Self::FileDurable | Self::File => Opened::File(file(options), folder.to_owned()),
        }
    }
}

fn disk(options: Value) -> DiskStore {
    let mut fields = Fields::new("options", options).unwrap();
    DiskStore::new(DiskConfig::from_fields(&mut fields).unwrap(), Arc::new(SystemClock))
}

fn file(options: Value) -> FileStore {
    let mut fields = Fields::new("options", options).unwrap();
    FileStore::new(FileConfig::from_fields(&mut fields).unwrap(), Arc::new(SystemClock))
}

pub(crate) enum Opened {
    Disk(DiskStore, std::path::PathBuf),
    File(FileStore, std::path::PathBuf),
}

impl Opened {
    pub(crate) fn store(&self) -> &dyn Store {
        match self {
            Self::Disk(store, _) => store,
            Self::File(store, _) => store,
        }
    }

    /// Looks at what no operation shows.
    pub(crate) async fn check_all(&self, kind: Kind) {
        match self {
            Self::Disk(store, folder) => {
                let audit = store.audit().await.unwrap();
                assert_eq!(audit.problems, [""; 0]);
                if let Some(bound) = kind.bound() {
                    let taken = bytes_on_disk(folder);
                    assert!(taken <= bound, "{taken} bytes");
                }
            }
            Self::File(_, folder) => {
                let entries = std::fs::read_dir(folder.join(".redkv")).unwrap();
                let users = entries.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
                assert_eq!(users, 1, "the unfinished files of the dead are removed");
            }
        }
    }
}

#[cfg(unix)]
fn bytes_on_disk(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;

    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().blocks() * 512).sum()
}

/// Where nobody tells, there is nothing to compare.
#[cfg(not(unix))]
fn bytes_on_disk(_folder: &Path) -> u64 {
    0
}
