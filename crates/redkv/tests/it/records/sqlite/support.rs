//! Backends on files of their own, and short words for what is asked of them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed helper ends its test")]

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redkv::error::Result;
use redkv::options::Fields;
use redkv::stores::{SqliteRecords, SqliteRecordsConfig};
use redkv_records::{
    Action, Answer, Change, Command, Expiry, GlobalIndex, Index, Listing, LocalIndex, Place, Record, Records,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// When the tests take place, in milliseconds.
pub(super) const NOW: u64 = 1_795_000_000_000;

pub(super) fn open_within(options: Value, timeout: Duration) -> SqliteRecords {
    let mut fields = Fields::new("options", options).unwrap();
    let config = SqliteRecordsConfig::from_fields(&mut fields).unwrap();
    assert_eq!(fields.finish().unwrap(), [""; 0]);
    SqliteRecords::new(config.within(timeout))
}

pub(super) fn open(options: Value) -> SqliteRecords {
    open_within(options, Duration::from_secs(60))
}

pub(super) fn at(path: &Path) -> SqliteRecords {
    open(json!({ "path": path }))
}

/// A backend on a file of its own.
pub(super) struct OnFile {
    pub(super) backend: SqliteRecords,
    directory: TempDir,
}

impl OnFile {
    pub(super) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        Self { backend: at(&directory.path().join("kv.db")), directory }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("kv.db")
    }

    /// Another backend on the same file.
    pub(super) fn another(&self) -> SqliteRecords {
        at(&self.path())
    }

    /// A connection of another program.
    pub(super) fn outside(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.busy_timeout(Duration::from_secs(60)).unwrap();
        connection
    }
}

impl Deref for OnFile {
    type Target = dyn Records;

    fn deref(&self) -> &Self::Target {
        &self.backend
    }
}

pub(super) async fn run_at(db: &dyn Records, key: &str, action: Action, now: u64) -> Result<Answer> {
    db.run(&[Command::new(Place::new("p", key), action, now)]).await.remove(0)
}

pub(super) async fn run(db: &dyn Records, key: &str, action: Action) -> Result<Answer> {
    run_at(db, key, action, NOW).await
}

pub(super) fn value(text: &str) -> Change {
    Change { value: Some(text.into()), ..Change::default() }
}

pub(super) fn field(name: &str, value: &str) -> Change {
    Change { fields: [(name.to_owned(), Some(value.to_owned()))].into(), ..Change::default() }
}

pub(super) fn until(second: i64) -> Change {
    Change { expiry: Expiry::At(second), ..value("v") }
}

pub(super) async fn put(db: &dyn Records, key: &str, change: Change) -> Result<Record> {
    match run(db, key, Action::Put(change)).await? {
        Answer::Written(record) => Ok(record),
        other => panic!("a put is answered by what was written: {other:?}"),
    }
}

pub(super) async fn get(db: &dyn Records, key: &str) -> Option<Record> {
    match run(db, key, Action::Get { may_be_old: false }).await.unwrap() {
        Answer::Record(record) => record,
        other => panic!("a get is answered by a record: {other:?}"),
    }
}

pub(super) async fn text(db: &dyn Records, key: &str) -> Option<String> {
    get(db, key).await.and_then(|record| record.value).map(Into::into)
}

pub(super) async fn list(db: &dyn Records, index: Option<Index>) -> Result<Vec<String>> {
    let listing = Listing { index, ..Listing::default() };
    match run(db, "", Action::List(listing)).await? {
        Answer::Page(page) => Ok(page.records.iter().map(|record| record.place.key.to_string()).collect()),
        other => panic!("a list is answered by a page: {other:?}"),
    }
}

pub(super) fn local(name: &str, sort_key: &str) -> LocalIndex {
    LocalIndex { name: name.into(), sort_key: sort_key.into() }
}

pub(super) fn global(name: &str, hash_key: &str, sort_key: &str) -> GlobalIndex {
    GlobalIndex { name: name.into(), hash_key: hash_key.into(), sort_key: sort_key.into() }
}
