//! The backend: sends what is asked for to its thread and waits for the answers.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::service::RequestObserver;
use redkv_core::store::Answers;
use redkv_structures::{Answer, AtomicAnswer, Batching, Command, Kinds, Limits, Structures, Usage, Write};

use super::config::SqliteStructuresConfig;
use super::tables::{Done, Step, StructureTables};
use crate::sqlite::service::Service;

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
    service: Service<StructureTables>,
}

impl SqliteStructures {
    /// Creates a backend for the table that `config` names; nothing is opened yet.
    pub fn new(config: SqliteStructuresConfig) -> Self {
        let config = Arc::new(config);
        Self { service: Service::new(StructureTables::new(config.clone())), config }
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
        Box::pin(self.service.open())
    }

    fn create_table(&self) -> BoxFuture<'_, Result<()>> {
        self.init()
    }

    fn run<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Answers<Answer>> {
        Box::pin(async {
            let answers = self.service.run(commands.iter().cloned().map(Step::Run).collect()).await;
            answers.into_iter().map(|done| done?.answer().ok_or_else(another_answer)).collect()
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
            match self.service.run_one(Step::Write(writes.to_vec())).await? {
                Done::Write(answer) => Ok(answer),
                Done::Run(_) => Err(another_answer()),
            }
        })
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

fn another_answer() -> Error {
    Error::new(ErrorKind::Internal, "a defect of RedKV: the answer is to another question")
}
