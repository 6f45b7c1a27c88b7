//! The backend: sends what is asked for to its thread and waits for the answers.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::store::{Answers, answer_all};
use redkv_structures::{
    Answer, AtomicAnswer, Batching, Command, Kinds, Limits, RequestReport, Structures, Usage, Write,
};

use super::config::SqliteStructuresConfig;
use super::queue::Job;
use super::thread::Thread;
use crate::worker::Worker;

/// The longest row that SQLite keeps is of 1,000,000,000 bytes: the key, the field twice, and the value.
const LIMITS: Limits = Limits {
    key: 100_000_000,
    sorted_field: 100_000_000,
    field: 100_000_000,
    item: 690_000_000,
    may_be_empty: true,
    takes_underscore: true,
};

/// Keeps data structures in a table of a SQLite database: a row for each value, member and field.
///
/// The database is used by one thread, which is started by the first operation. What waits while the disk is busy shares the
/// next transaction; still each operation has an answer of its own. An acknowledged write is on the disk: it survives a crash
/// of the process and a loss of power. While another connection writes, a write waits (5 seconds, or three quarters of what
/// it is given), then fails as retryable, and nothing was written; reads of other keys go on where the file is in WAL mode.
pub struct SqliteStructures {
    config: Arc<SqliteStructuresConfig>,
    worker: Worker<Thread>,
}

impl SqliteStructures {
    /// Creates a backend for the table that `config` names; nothing is opened yet.
    pub fn new(config: SqliteStructuresConfig) -> Self {
        let config = Arc::new(config);
        let of_thread = config.clone();
        let worker = Worker::new("redkv-sqlite", move || Thread::new(of_thread.clone()));
        Self { config, worker }
    }
}

impl fmt::Debug for SqliteStructures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStructures").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Structures for SqliteStructures {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn batching(&self) -> Batching {
        Batching::Together(usize::MAX)
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn kinds(&self) -> Kinds {
        Kinds::Apart
    }

    fn is_shared(&self) -> bool {
        !self.config.is_in_memory()
    }

    fn is_durable(&self) -> bool {
        !self.config.is_in_memory()
    }

    /// Opens the database, and makes the table if it is missing.
    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.worker.ask(Job::Open).await.flatten() })
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        self.init()
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async {
            if commands.is_empty() {
                return Vec::new();
            }
            let answers = self.worker.ask(|reply| Job::Run(commands.to_vec(), reply)).await;
            answers.unwrap_or_else(|error| answer_all(commands.len(), &Err(error)))
        })
    }

    /// Nobody writes at the same time, so there is no contention.
    fn write_atomically<'a>(
        &'a self,
        writes: &'a [Write],
        _retries: u32,
    ) -> BoxFuture<'a, Result<AtomicAnswer>> {
        Box::pin(async {
            if writes.is_empty() {
                return Ok(AtomicAnswer::Committed);
            }
            self.worker.ask(|reply| Job::Write(writes.to_vec(), reply)).await.flatten()
        })
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn observe(&self, _observer: Arc<dyn Fn(&RequestReport) + Send + Sync>) {}

    /// Finishes what was asked for and closes the database, which moves the write-ahead log into the file.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.worker.close().await })
    }
}
