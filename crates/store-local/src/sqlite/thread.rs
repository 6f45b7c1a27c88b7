//! The thread that calls SQLite, which blocks.

use std::iter;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::config::SqliteConfig;
use super::error::while_in_use;
use super::leases::{LeaseRequest, LeaseStep};
use crate::sqlite::database::waiting::{Waiting, Writer};
use crate::sqlite::table::change::Change;
use crate::sqlite::table::table::Table;
use crate::worker::Work;
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::leases::SeenLeases;
use redkv_core::store::{Answers, Cursor, Page, answer_all};

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
    Lease(String, LeaseStep, oneshot::Sender<Answers<Option<u64>>>),
}

/// What the thread works with.
pub(super) struct Thread {
    config: Arc<SqliteConfig>,
    clock: Arc<dyn Clock>,
    /// Opened when it is first needed, and again with the next job where that failed.
    table: Option<Table>,
    /// Whether it was open before.
    was_open: bool,
    waiting: Waiting,
    /// Outlives the table.
    seen: Arc<SeenLeases>,
}

impl Work for Thread {
    type Job = Job;

    fn pause(&self) -> Option<Duration> {
        (!self.waiting.is_empty()).then(|| self.waiting.pause())
    }

    /// Writes first, in one transaction, then reads: what waits has not been answered, so a read may see a write
    /// that came later, but it always sees those that came before. While another connection keeps writes out, reads of
    /// other keys go on.
    fn run(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut others = self.waiting.take_readers();
        let until = Instant::now() + self.config.busy_timeout;
        for job in jobs {
            match job {
                Job::Write(changes, reply) => self.waiting.add(changes, reply, until),
                Job::Lease(name, step, reply) => {
                    self.waiting.add_lease(LeaseRequest { name, step, reply, until });
                }
                other => others.push(other),
            }
        }
        let writes = self.waiting.take_writers();
        self.write(writes);
        for request in self.waiting.take_leases() {
            self.lease(request);
        }
        for job in others {
            match job {
                job if self.waiting.keeps(&job) => self.waiting.add_reader(job),
                Job::Open(reply) => self.look(reply),
                Job::Get(keys, reply) => self.answer(keys.len(), reply, |table| table.get(&keys)),
                Job::Has(keys, reply) => self.answer(keys.len(), reply, |table| table.has(&keys)),
                Job::Keys(prefix, after, reply) => {
                    self.answer(1, reply, |table| vec![table.keys(&prefix, after.as_ref())]);
                }
                Job::Write(changes, reply) => {
                    self.write(vec![Writer { changes, reply, until }]);
                }
                Job::Lease(name, step, reply) => self.lease(LeaseRequest { name, step, reply, until }),
            }
        }
    }

    /// Tries a write again that another connection keeps out.
    fn finish(&mut self) -> bool {
        let Some(pause) = self.pause() else { return false };
        thread::sleep(pause);
        self.run(iter::empty());
        true
    }
}

impl Thread {
    /// Returns a thread that has not opened the database.
    pub(super) fn new(config: Arc<SqliteConfig>, clock: Arc<dyn Clock>) -> Self {
        Self {
            config,
            clock,
            table: None,
            was_open: false,
            waiting: Waiting::default(),
            seen: Arc::default(),
        }
    }

    /// Opens the database, and makes the table again if somebody has removed it.
    fn look(&mut self, reply: oneshot::Sender<Answers<()>>) {
        if self.table.as_ref().is_some_and(|table| table.look().is_err()) {
            self.table = None;
        }
        self.answer(1, reply, |_| vec![Ok(())]);
    }

    fn write(&mut self, writers: Vec<Writer>) {
        let mut changes = Vec::new();
        let mut replies = Vec::new();
        for mut writer in writers.into_iter().filter(|writer| !writer.reply.is_closed()) {
            let more = std::mem::take(&mut writer.changes);
            replies.push((more.len(), writer));
            changes.extend(more);
        }
        if changes.is_empty() {
            return;
        }
        let mut is_kept_out = false;
        let written = |table: &Table| match table.open.check() {
            Ok(()) => {
                let answers = table.write(&changes).unwrap_or_else(|| {
                    is_kept_out = true;
                    answer_all(changes.len(), &Err(table.locked()))
                });
                // What was written into a file that was removed meanwhile is nowhere.
                table.open.check().map(|()| answers)
            }
            removed => removed.map(|()| Answers::new()),
        };
        let mut answers = self.ask(changes.len(), written).into_iter();
        let mut changes = changes.into_iter();
        for (len, mut writer) in replies {
            let of_this_one: Answers<bool> = answers.by_ref().take(len).collect();
            writer.changes = changes.by_ref().take(len).collect();
            if is_kept_out && Instant::now() < writer.until {
                self.waiting.add_again(writer);
            } else {
                // The caller may have cancelled meanwhile.
                writer.reply.send(of_this_one).ok();
            }
        }
        self.waiting.tried(is_kept_out);
    }

    /// Makes a step on a lease, and tries it again later while another connection writes.
    fn lease(&mut self, request: LeaseRequest) {
        if request.reply.is_closed() {
            return;
        }
        let (seen, mut is_kept_out) = (self.seen.clone(), false);
        let made = |table: &Table| {
            table.open.check()?;
            let done = table.lease(&seen, &request.name, request.step).unwrap_or_else(|| {
                is_kept_out = true;
                Err(table.locked())
            });
            // What was written into a file that was removed meanwhile is nowhere.
            table.open.check().map(|()| vec![done])
        };
        let answers = self.ask(1, made);
        self.waiting.tried(is_kept_out);
        if is_kept_out && Instant::now() < request.until {
            self.waiting.add_lease(request);
        } else {
            request.reply.send(answers).ok();
        }
    }

    fn answer<T: Clone>(
        &mut self,
        len: usize,
        reply: oneshot::Sender<Answers<T>>,
        ask: impl FnOnce(&Table) -> Answers<T>,
    ) {
        if !reply.is_closed() {
            reply.send(self.ask(len, |table| table.open.check_for_reader().map(|()| ask(table)))).ok();
        }
    }

    /// Asks the table, and lets go of a file that was removed: the next who ask open what is there then.
    fn ask<T: Clone>(&mut self, len: usize, ask: impl FnOnce(&Table) -> Result<Answers<T>>) -> Answers<T> {
        let table = match self.table() {
            Ok(table) => table,
            Err(error) => return answer_all(len, &Err(error)),
        };
        let answers = ask(table);
        let is_removed = answers.is_err() || table.is_removed();
        if is_removed {
            self.table = None;
        }
        answers.unwrap_or_else(|removed| answer_all(len, &Err(removed)))
    }

    fn table(&mut self) -> Result<&Table> {
        let table = match self.table.take().filter(|table| !table.open.is_outdated()) {
            Some(table) => table,
            None => Table::open(self.config.clone(), self.clock.clone())
                .map_err(|error| if self.was_open { while_in_use(error) } else { error })?,
        };
        self.was_open = true;
        Ok(self.table.insert(table))
    }
}
