//! The store: sends every batch to its thread and waits for the answers.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::config::SqliteConfig;
use super::thread::{Job, Thread};
use crate::sqlite::table::change::Change;
use crate::worker::Worker;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{
    Answers, Capabilities, Cursor, Expiry, Leases, Page, Pieces, SetMode, Store, Want, answer_all,
};

/// Bytes that a row may need beside one long key or value.
const SLACK: usize = 1_000_000;

/// The longest row that SQLite keeps, in bytes.
const LONGEST_ROW: usize = 1_000_000_000;

/// Keeps entries in a table of a SQLite database, in the layout of redkv 1.x.
///
/// The database is used by one thread, which is started by the first operation. A batch is one transaction, and
/// batches that wait while the disk is busy share the next one; still each key has an answer of its own. An
/// acknowledged write is on the disk: it survives a crash of the process and a loss of power (the database is
/// put into WAL mode with `synchronous = FULL`; where WAL cannot be had the journal stays what it was). The file
/// must be on a local disk: WAL needs memory that all its users share.
///
/// Entries with a deadline need the option `expiresColumn`. Those past it are deleted beside later writes, a
/// hundred at a time.
///
/// While another connection writes, a write waits (5 seconds, or three quarters of what its tier gives it), then fails
/// as retryable, and nothing was written; reads of other keys go on where the file is in WAL mode. A table that was
/// made by somebody else works if its key column is the PRIMARY KEY or UNIQUE by an exact comparison; its other
/// columns, triggers and constraints stay in force. Keys and values stay exact in columns of any type: what a column
/// would change is kept as BLOB.
pub struct SqliteStore {
    config: Arc<SqliteConfig>,
    worker: Worker<Thread>,
}

impl SqliteStore {
    /// A store for the table that `config` names; nothing is opened yet.
    pub fn new(config: SqliteConfig, clock: Arc<dyn Clock>) -> Self {
        let config = Arc::new(config);
        let of_thread = config.clone();
        let worker = Worker::new("redkv-sqlite", move || Thread::new(of_thread.clone(), clock.clone()));
        Self { config, worker }
    }

    /// Sends a job and waits for its answers, `len` of them.
    pub(super) async fn ask<T: Clone>(
        &self,
        len: usize,
        job: impl FnOnce(oneshot::Sender<Answers<T>>) -> Job,
    ) -> Answers<T> {
        self.worker.ask(job).await.unwrap_or_else(|error| answer_all(len, &Err(error)))
    }

    async fn write(&self, changes: Vec<Change>) -> Answers<bool> {
        if changes.is_empty() {
            return Vec::new();
        }
        self.ask(changes.len(), |reply| Job::Write(changes, reply)).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn capabilities(&self) -> Capabilities {
        let expiry = if self.config.expires_column.is_some() { Expiry::OnRead } else { Expiry::None };
        Capabilities {
            expiry_option: Some("expiresColumn"),
            expiry,
            max_key_bytes: LONGEST_ROW - SLACK,
            max_value_bytes: LONGEST_ROW - SLACK,
            reads: Pieces::WHOLE,
            writes: Pieces::WHOLE,
            shared: !self.config.is_in_memory(),
            durable: !self.config.is_in_memory(),
            ..Capabilities::BASE
        }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.ask(1, Job::Open).await.into_iter().collect() })
    }

    fn get<'a>(&'a self, keys: &'a [Key], _want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async {
            if keys.is_empty() {
                return Vec::new();
            }
            self.ask(keys.len(), |reply| Job::Get(keys.to_vec(), reply)).await
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async {
            if keys.is_empty() {
                return Vec::new();
            }
            self.ask(keys.len(), |reply| Job::Has(keys.to_vec(), reply)).await
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            let change = |(key, entry): &(Key, Entry)| Change::Put(key.clone(), entry.clone(), mode);
            self.write(entries.iter().map(change).collect()).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async {
            let changes = keys.iter().cloned().map(Change::Delete).collect();
            self.write(changes).await.into_iter().map(|answer| answer.map(|_| ())).collect()
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(async move {
            let ask = |reply| Job::Keys(prefix.to_owned(), after.cloned(), reply);
            self.ask(1, ask).await.pop().unwrap_or_else(|| Ok(Page::default()))
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    /// Finishes what was asked for and closes the database, which moves the write-ahead log into the file.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.worker.close().await })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use redkv_core::clock::SystemClock;
    use redkv_core::error::ErrorKind;
    use redkv_core::options::Fields;

    fn impatient(path: &std::path::Path) -> SqliteStore {
        let mut fields = Fields::new("sqlite options", json!({ "path": path })).unwrap();
        let mut config = SqliteConfig::from_fields(&mut fields).unwrap();
        config.busy_timeout = Duration::from_millis(1);
        SqliteStore::new(config, Arc::new(SystemClock))
    }

    #[tokio::test]
    async fn a_write_that_another_connection_keeps_out_is_retryable_and_was_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kv.db");
        let store = impatient(&path);
        let entry = [("k".into(), Entry::new("v"))];
        store.init().await.unwrap();

        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = store.set(&entry, SetMode::Always).await.remove(0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!(error.message(), format!("'{}' is locked by another connection", path.display()));
        assert!(error.is_retryable());
        assert!(!error.may_have_applied());
        let read = store.get(&["k".into()], Want::Value).await.remove(0).unwrap();
        assert_eq!(read, None, "reads continue");

        other.execute_batch("COMMIT").unwrap();
        assert!(store.set(&entry, SetMode::Always).await.remove(0).unwrap());
    }

    #[tokio::test]
    async fn a_database_that_is_locked_while_it_is_opened_opens_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kv.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let store = impatient(&path);
        assert!(store.init().await.unwrap_err().is_retryable());
        other.execute_batch("COMMIT").unwrap();
        store.init().await.unwrap();
    }
}
