//! The backend: sends what is asked for to its thread and waits for the answers.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::Result;
use redkv_core::service::{Batching, RequestObserver, Usage};
use redkv_core::store::Answers;
use redkv_records::{Answer, Command, Records, TableShape};

use super::config::SqliteRecordsConfig;
use super::tables::{RecordTables, Step};
use crate::sqlite::service::Service;

/// Keeps versioned records in tables of a SQLite database.
///
/// The database is used by one thread, which is started by the first operation. What waits while the disk is busy shares the
/// next transaction; still each operation has an answer of its own. An acknowledged write is on the disk: it survives a crash
/// of the process and a loss of power. While another connection writes, a write waits (5 seconds, or three quarters of what
/// it is given), then fails as retryable, and nothing was written; reads of other records go on where the file is in WAL mode.
pub struct SqliteRecords {
    config: Arc<SqliteRecordsConfig>,
    service: Service<RecordTables>,
}

impl SqliteRecords {
    /// Creates a backend for the tables that `config` names; nothing is opened yet.
    pub fn new(config: SqliteRecordsConfig) -> Self {
        let config = Arc::new(config);
        Self { service: Service::new(RecordTables::new(config.clone())), config }
    }
}

impl fmt::Debug for SqliteRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteRecords").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Records for SqliteRecords {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn batching(&self) -> Batching {
        Batching::Together(usize::MAX)
    }

    fn is_shared(&self) -> bool {
        !self.config.is_in_memory()
    }

    fn is_durable(&self) -> bool {
        !self.config.is_in_memory()
    }

    /// Opens the database, and makes the tables if they are missing.
    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.service.open())
    }

    /// Nothing is written, and no lock is waited for, where all of it is there.
    fn create_table<'a>(&'a self, shape: &'a TableShape) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            self.service.open().await?;
            if self.service.run_one(Step::IsDeclared(shape.clone())).await? == Answer::Is(true) {
                return Ok(());
            }
            self.service.run_one(Step::Declare(shape.clone())).await.map(|_| ())
        })
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(self.service.run(commands.iter().cloned().map(Step::Run).collect()))
    }

    fn usage(&self) -> Usage {
        self.service.usage()
    }

    fn observe(&self, observer: RequestObserver) {
        self.service.observe(observer);
    }

    /// Finishes what was asked for and closes the database, which moves the write-ahead log into the file.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.service.close())
    }
}
