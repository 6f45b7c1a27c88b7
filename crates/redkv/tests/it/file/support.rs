//! A folder of its own for every test, and short words for what is done with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Deadline, Entry};
use redkv::error::Result;
use redkv::options::Fields;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::{FileConfig, FileStore};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const START: u64 = 1_000_000;

pub(crate) fn config(options: Value) -> FileConfig {
    let mut fields = Fields::new("file options", options).unwrap();
    let config = FileConfig::from_fields(&mut fields).unwrap();
    assert_eq!(fields.finish().unwrap(), [""; 0]);
    config
}

/// A folder of its own for a case of the suite, in one that every run empties first.
pub(crate) fn conformance_folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("file-conformance");
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    });
    folder.join(format!("{:016x}", fastrand::u64(..)))
}

/// A folder for a test, which is not there yet, in one that goes with it.
pub(crate) struct Place {
    pub(crate) around: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let around = TempDir::new().unwrap();
        let path = around.path().join("store");
        Self { around, path }
    }

    pub(crate) fn store(&self) -> FileStore {
        self.store_with(Arc::new(SystemClock))
    }

    pub(crate) fn store_with(&self, clock: Arc<dyn Clock>) -> FileStore {
        FileStore::new(config(json!({ "path": self.path })), clock)
    }

    /// The files of entries.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().path());
        let folders = folders.filter(|folder| folder.file_name().unwrap() != ".redkv");
        folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path())).collect()
    }

    /// The only file of an entry.
    pub(crate) fn file(&self) -> PathBuf {
        let mut files = self.files();
        assert_eq!(files.len(), 1);
        files.remove(0)
    }

    /// Files that were begun and have not taken their places, and folders for them.
    pub(crate) fn unfinished(&self) -> BTreeSet<PathBuf> {
        let all = fs::read_dir(self.path.join(".redkv")).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.is_dir()).collect()
    }
}

pub(crate) async fn set(store: &FileStore, key: &str, value: impl Into<Bytes>) -> Result<bool> {
    store.set(&[(key.into(), Entry::new(value))], SetMode::Always).await.remove(0)
}

pub(crate) async fn set_if_absent(store: &FileStore, key: &str, value: &'static str) -> Result<bool> {
    store.set(&[(key.into(), Entry::new(value))], SetMode::IfAbsent).await.remove(0)
}

pub(crate) async fn set_until(store: &FileStore, key: &str, value: &'static str, millis: u64) {
    let entry = Entry::until(value, Deadline::at(millis));
    assert!(store.set(&[(key.into(), entry)], SetMode::Always).await.remove(0).unwrap());
}

pub(crate) async fn try_get(store: &FileStore, key: &str) -> Result<Option<Bytes>> {
    Ok(store.get(&[key.into()], Want::Value).await.remove(0)?.map(|entry| entry.value))
}

pub(crate) async fn get(store: &FileStore, key: &str) -> Option<Bytes> {
    try_get(store, key).await.unwrap()
}

pub(crate) async fn has(store: &FileStore, key: &str) -> bool {
    store.has(&[key.into()]).await.remove(0).unwrap()
}

/// The keys that the store tells, sorted.
pub(crate) async fn listed(store: &FileStore, prefix: &str) -> Vec<String> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = store.keys(prefix, after.as_ref()).await.unwrap();
        keys.extend(page.keys.iter().map(|key| key.as_str().to_owned()));
        after = page.next;
        if after.is_none() {
            keys.sort();
            return keys;
        }
    }
}
