//! What the backends beside the store share: a thread that makes the steps which it is asked for on the tables of a database.

mod database;
mod meter;
mod queue;
mod rows;
mod tables;
mod thread;

use std::fmt;
use std::sync::Arc;

use redkv_core::error::Result;
use redkv_core::service::{RequestObserver, Usage};
use redkv_core::store::{Answers, answer_all};

pub(super) use rows::Rows;
pub(super) use tables::{Column, Fault, Found, Layout, Step, Tables, Touched};

use self::meter::Meter;
use self::queue::Job;
use self::thread::Thread;
use crate::worker::Worker;

/// Makes steps on the tables of a database.
///
/// The database is used by one thread, which is started by the first step. What waits while the disk is busy shares the next
/// transaction; still each step has an answer of its own. While another connection writes, a write waits, then fails as
/// retryable, and nothing was written; reads of other keys go on where the file is in WAL mode.
pub(super) struct Service<T: Tables> {
    tables: Arc<T>,
    meter: Arc<Meter>,
    worker: Worker<Thread<T>>,
}

impl<T: Tables> Service<T> {
    /// Returns a service that has opened nothing yet.
    pub(super) fn new(tables: T) -> Self {
        let (tables, meter) = (Arc::new(tables), Arc::new(Meter::default()));
        let (of_thread, its_meter) = (tables.clone(), meter.clone());
        let worker = Worker::new("redkv-sqlite", move || Thread::new(of_thread.clone(), its_meter.clone()));
        Self { tables, meter, worker }
    }

    /// Opens the database, and makes the tables if they are missing.
    pub(super) async fn open(&self) -> Result<()> {
        self.worker.ask(Job::Open).await.flatten()
    }

    /// Makes steps, and returns one answer for each.
    pub(super) async fn run(&self, steps: Vec<T::Step>) -> Answers<T::Answer> {
        let count = steps.len();
        if count == 0 {
            return Vec::new();
        }
        let answers = self.worker.ask(|reply| Job::Run(steps, reply)).await;
        answers.unwrap_or_else(|error| answer_all(count, &Err(error)))
    }

    /// Makes a step alone.
    pub(super) async fn run_one(&self, step: T::Step) -> Result<T::Answer> {
        let answer = self.run(vec![step]).await.pop();
        answer.unwrap_or_else(|| Err(queue::unanswered()))
    }

    /// Returns what was done so far: transactions, and the steps in them.
    pub(super) fn usage(&self) -> Usage {
        self.meter.usage()
    }

    /// Reports each transaction, as `read` or `write`.
    pub(super) fn observe(&self, observer: RequestObserver) {
        self.meter.observe(observer);
    }

    /// Finishes what was asked for and closes the database, which moves the write-ahead log into the file.
    pub(super) async fn close(&self) {
        self.worker.close().await;
    }
}

impl<T: Tables + fmt::Debug> fmt::Debug for Service<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("tables", &self.tables).finish_non_exhaustive()
    }
}
