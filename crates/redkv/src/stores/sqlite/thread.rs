//! The thread on which SQLite blocks, so that no caller does.

use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::sync::{oneshot, watch};

use super::change::Change;
use super::config::SqliteConfig;
use super::table::Table;
use crate::clock::Clock;
use crate::entry::{Entry, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Answers, Cursor, Page, answer_all};

/// Most jobs that are taken at a time: those that wait share a transaction.
const GROUP: usize = 256;

/// What the thread is asked to do, with the way back.
///
/// Nobody waits for a job whose receiver is gone; it is left out, so a caller that gives up leaves no work behind
/// that was not begun.
#[derive(Debug)]
pub(super) enum Job {
    Open(oneshot::Sender<Answers<()>>),
    Get(Vec<Key>, oneshot::Sender<Answers<Option<Entry>>>),
    Has(Vec<Key>, oneshot::Sender<Answers<bool>>),
    Keys(String, Option<Cursor>, oneshot::Sender<Answers<Page>>),
    Write(Vec<Change>, oneshot::Sender<Answers<bool>>),
}

/// A running thread. It does what it was sent before the last sender goes, closes the database, and ends.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) jobs: mpsc::Sender<Job>,
    /// Closed once the thread has let go of the database.
    pub(super) ended: watch::Receiver<()>,
}

impl Thread {
    pub(super) fn start(config: Arc<SqliteConfig>, clock: Arc<dyn Clock>) -> Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (ending, ended) = watch::channel(());
        let worker = Worker { config, clock, table: None };
        thread::Builder::new()
            .name("redkv-sqlite".to_owned())
            .spawn(move || work(ending, inbox, worker))
            .map_err(|cause| {
                Error::new(ErrorKind::Store, "no thread could be started").retryable(true).caused_by(cause)
            })?;
        Ok(Self { jobs, ended })
    }
}

fn work(ending: watch::Sender<()>, inbox: mpsc::Receiver<Job>, mut worker: Worker) {
    while let Ok(first) = inbox.recv() {
        let jobs = iter::once(first).chain(inbox.try_iter()).take(GROUP);
        // A panic is a defect of ours. It drops the replies of its group, which tells those who wait, and its
        // transaction, which rolls it back; the database is as usable as before, so the thread goes on.
        panic::catch_unwind(AssertUnwindSafe(|| worker.run(jobs))).ok();
    }
    drop(worker);
    drop(ending);
}

struct Worker {
    config: Arc<SqliteConfig>,
    clock: Arc<dyn Clock>,
    /// Opened when it is first needed, and again with the next job where that failed.
    table: Option<Table>,
}

impl Worker {
    /// Writes first, in one transaction, then reads: what waits has not been answered, so a read may see a write
    /// that came later, but it always sees those that came before.
    fn run(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut writes = Vec::new();
        let mut others = Vec::new();
        for job in jobs {
            match job {
                Job::Write(changes, reply) => writes.push((changes, reply)),
                other => others.push(other),
            }
        }
        self.write(writes);
        for job in others {
            match job {
                Job::Open(reply) => self.answer(1, reply, |_| vec![Ok(())]),
                Job::Get(keys, reply) => self.answer(keys.len(), reply, |table| table.get(&keys)),
                Job::Has(keys, reply) => self.answer(keys.len(), reply, |table| table.has(&keys)),
                Job::Keys(prefix, after, reply) => {
                    self.answer(1, reply, |table| vec![table.keys(&prefix, after.as_ref())]);
                }
                Job::Write(changes, reply) => self.write(vec![(changes, reply)]),
            }
        }
    }

    fn write(&mut self, jobs: Vec<(Vec<Change>, oneshot::Sender<Answers<bool>>)>) {
        let mut changes = Vec::new();
        let mut replies = Vec::new();
        for (more, reply) in jobs.into_iter().filter(|(_, reply)| !reply.is_closed()) {
            replies.push((more.len(), reply));
            changes.extend(more);
        }
        if changes.is_empty() {
            return;
        }
        let written = |table: &Table| match table.check() {
            Ok(()) => {
                let answers = table.write(&changes);
                // What was written into a file that was removed meanwhile is nowhere.
                table.check().map(|()| answers)
            }
            removed => removed.map(|()| Answers::new()),
        };
        let mut answers = self.ask(changes.len(), written).into_iter();
        for (len, reply) in replies {
            // Who has given up meanwhile does not want the answer.
            reply.send(answers.by_ref().take(len).collect()).ok();
        }
    }

    fn answer<T: Clone>(
        &mut self,
        len: usize,
        reply: oneshot::Sender<Answers<T>>,
        ask: impl FnOnce(&Table) -> Answers<T>,
    ) {
        if !reply.is_closed() {
            reply.send(self.ask(len, |table| table.check_for_reader().map(|()| ask(table)))).ok();
        }
    }

    /// Asks the table, and lets go of a file that was removed: the next who ask open what is there then.
    fn ask<T: Clone>(&mut self, len: usize, ask: impl FnOnce(&Table) -> Result<Answers<T>>) -> Answers<T> {
        let table = match self.table() {
            Ok(table) => table,
            Err(error) => return answer_all(len, &Err(error)),
        };
        ask(table).unwrap_or_else(|removed| {
            self.table = None;
            answer_all(len, &Err(removed))
        })
    }

    fn table(&mut self) -> Result<&Table> {
        let table = match self.table.take().filter(|table| !table.is_outdated()) {
            Some(table) => table,
            None => Table::open(self.config.clone(), self.clock.clone())?,
        };
        Ok(self.table.insert(table))
    }
}
