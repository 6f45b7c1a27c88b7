//! A folder of its own for every test, and short words for what is done with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Deadline, Entry};
use redkv::options::Fields;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::{DiskConfig, DiskStore};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const START: u64 = 1_000_000;

pub(crate) fn config(options: Value) -> DiskConfig {
    let mut fields = Fields::new("disk options", options).unwrap();
    let config = DiskConfig::from_fields(&mut fields).unwrap();
    assert_eq!(fields.finish().unwrap(), [""; 0]);
    config
}

/// A folder of its own for a case of the suite, in one that every run empties first.
pub(crate) fn conformance_folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk-conformance");
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    });
    folder.join(format!("{:016x}", fastrand::u64(..)))
}

/// A folder for a test, which is not there yet, in one that goes with it.
pub(crate) struct Place {
    /// Removes everything when it is dropped.
    _around: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let around = TempDir::new().unwrap();
        let path = around.path().join("store");
        Self { _around: around, path }
    }

    /// A folder that is somewhere else.
    #[cfg(target_os = "linux")]
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { _around: TempDir::new().unwrap(), path }
    }

    /// The same, within a folder that is not there either.
    pub(crate) fn deeper(self) -> Self {
        Self { path: self.path.join("deeper"), ..self }
    }

    pub(crate) fn store(&self, options: Value) -> DiskStore {
        self.store_with(options, Arc::new(SystemClock))
    }

    pub(crate) fn store_with(&self, mut options: Value, clock: Arc<dyn Clock>) -> DiskStore {
        options["path"] = json!(self.path);
        DiskStore::new(config(options), clock)
    }

    /// The bytes that the files take on the disk: a file may be longer, with nothing in between.
    pub(crate) fn bytes(&self) -> u64 {
        fs::read_dir(&self.path).unwrap().map(|file| on_disk(&file.unwrap().metadata().unwrap())).sum()
    }
}

#[cfg(unix)]
fn on_disk(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(file) * 512
}

#[cfg(not(unix))]
fn on_disk(file: &fs::Metadata) -> u64 {
    file.len()
}

pub(crate) async fn set(store: &DiskStore, key: &str, value: impl Into<Bytes>) {
    assert!(store.set(&[(key.into(), Entry::new(value))], SetMode::Always).await.remove(0).unwrap());
}

pub(crate) async fn set_until(store: &DiskStore, key: &str, value: &'static str, millis: u64) {
    let entry = Entry::until(value, Deadline::at(millis));
    assert!(store.set(&[(key.into(), entry)], SetMode::Always).await.remove(0).unwrap());
}

pub(crate) async fn get(store: &DiskStore, key: &str) -> Option<Bytes> {
    store.get(&[key.into()], Want::Value).await.remove(0).unwrap().map(|entry| entry.value)
}

pub(crate) async fn has(store: &DiskStore, key: &str) -> bool {
    store.has(&[key.into()]).await.remove(0).unwrap()
}

/// Looks through the file, in which everything has to fit together.
pub(crate) async fn keys_in_order_of_use(store: &DiskStore) -> Vec<String> {
    let audit = store.audit().await.unwrap();
    assert_eq!(audit.problems, [""; 0]);
    audit.keys
}
