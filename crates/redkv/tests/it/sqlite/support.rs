//! A database of its own for every test, and short words for what is done with it.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use redkv::clock::{Clock, SystemClock};
use redkv::entry::{Entry, Key};
use redkv::error::{Error, ErrorKind, Result};
use redkv::options::Fields;
use redkv::store::{SetMode, Store, Want};
use redkv::stores::{SqliteConfig, SqliteStore};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const START: u64 = 1_000_000;

pub(crate) fn config(options: Value) -> SqliteConfig {
    let mut fields = Fields::new("sqlite options", options).unwrap();
    let config = SqliteConfig::from_fields(&mut fields).unwrap();
    assert_eq!(fields.finish().unwrap(), [""; 0]);
    config
}

pub(crate) fn open(options: Value) -> SqliteStore {
    SqliteStore::new(config(options), Arc::new(SystemClock))
}

/// A directory of its own for a test, and the path of a database in it that is not there yet.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("kv.db");
        Self { directory, path }
    }

    /// A database that somebody else has made with `sql`.
    pub(crate) fn made_by(sql: &str) -> Self {
        let place = Self::new();
        place.outside().execute_batch(sql).unwrap();
        place
    }

    pub(crate) fn outside(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    pub(crate) fn store(&self) -> SqliteStore {
        open(json!({ "path": self.path }))
    }

    pub(crate) fn store_with_deadlines(&self, clock: Arc<dyn Clock>) -> SqliteStore {
        SqliteStore::new(config(json!({ "path": self.path, "expiresColumn": "expires" })), clock)
    }

    pub(crate) fn ask(&self, sql: &str) -> rusqlite::types::Value {
        self.outside().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) fn count(&self) -> i64 {
        self.outside().query_row("SELECT count(*) FROM redkv", [], |row| row.get(0)).unwrap()
    }

    pub(crate) fn has_log(&self) -> bool {
        self.directory.path().join("kv.db-wal").exists()
    }
}

pub(crate) async fn set(store: &SqliteStore, key: &str, value: impl Into<Bytes>) -> Result<bool> {
    set_entry(store, key, Entry::new(value), SetMode::Always).await
}

pub(crate) async fn set_entry(store: &SqliteStore, key: &str, entry: Entry, mode: SetMode) -> Result<bool> {
    store.set(&[(key.into(), entry)], mode).await.remove(0)
}

pub(crate) async fn get_entry(store: &SqliteStore, key: &str) -> Result<Option<Entry>> {
    store.get(&[key.into()], Want::ValueAndDeadline).await.remove(0)
}

pub(crate) async fn get(store: &SqliteStore, key: &str) -> Option<Bytes> {
    get_entry(store, key).await.unwrap().map(|entry| entry.value)
}

pub(crate) async fn has(store: &SqliteStore, key: &str) -> bool {
    store.has(&[key.into()]).await.remove(0).unwrap()
}

pub(crate) fn some(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

pub(crate) fn text(text: &str) -> rusqlite::types::Value {
    text.to_owned().into()
}

pub(crate) fn entries<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<(Key, Entry)> {
    names.into_iter().map(|name| (name.into(), Entry::new(name.to_owned()))).collect()
}

pub(crate) fn argument(error: &Error) -> (Option<&str>, &str) {
    assert_eq!(error.kind(), ErrorKind::Argument);
    (error.field(), error.message())
}

pub(crate) fn unwrapped<T>(answers: Vec<Result<T>>) -> Vec<T> {
    answers.into_iter().map(|answer| answer.unwrap()).collect()
}

pub(crate) const MADE_BY_1_X: &str = "CREATE TABLE IF NOT EXISTS redkv (redk TEXT PRIMARY KEY , redv)";

pub(crate) fn write_as_1_x(connection: &Connection, key: &str, value: &str) {
    connection
        .execute("REPLACE INTO redkv (redk, redv) VALUES (@k, @v)", &[("@k", key), ("@v", value)])
        .unwrap();
}

/// The keys that the store tells, sorted.
pub(crate) async fn listed(store: &SqliteStore, prefix: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut after = None;
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
