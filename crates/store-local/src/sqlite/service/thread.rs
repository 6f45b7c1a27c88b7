//! The thread that calls SQLite, which blocks.

use std::iter;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use redkv_core::error::Result;

use super::database::Database;
use super::meter::Meter;
use super::queue::{Job, Pending, Queue};
use super::tables::Tables;
use crate::sqlite::error::while_in_use;
use crate::worker::Work;

/// What the thread works with.
pub(super) struct Thread<T: Tables> {
    tables: Arc<T>,
    meter: Arc<Meter>,
    /// Opened when it is first needed, and again with the next job where that failed.
    database: Option<Database<T>>,
    /// Whether it was open before.
    was_open: bool,
    queue: Queue<T>,
}

impl<T: Tables> Work for Thread<T> {
    type Job = Job<T>;

    fn pause(&self) -> Option<Duration> {
        (!self.queue.is_empty()).then(|| self.queue.pause())
    }

    /// Does in one transaction what came together. While another connection keeps writes out, reads of other keys go on.
    fn run(&mut self, jobs: impl Iterator<Item = Job<T>>) {
        let until = Instant::now() + self.tables.busy_timeout();
        for job in jobs {
            match job {
                Job::Open(reply) => {
                    reply.send(self.look()).ok();
                }
                job => self.queue.add(job, until),
            }
        }
        let jobs = self.queue.take();
        if jobs.iter().any(|pending| pending.job.is_write()) {
            self.write(jobs);
        } else {
            jobs.into_iter().for_each(|pending| self.read(pending.job));
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

impl<T: Tables> Thread<T> {
    /// Returns a thread that has not opened the database.
    pub(super) fn new(tables: Arc<T>, meter: Arc<Meter>) -> Self {
        Self { tables, meter, database: None, was_open: false, queue: Queue::default() }
    }

    /// Opens the database, and makes the table again if somebody has removed it.
    fn look(&mut self) -> Result<()> {
        if self.database.as_ref().is_some_and(|database| database.look().is_err()) {
            self.database = None;
        }
        self.ask(|database| database.open.check_for_reader())
    }

    fn read(&mut self, job: Job<T>) {
        let done = self.ask(|database| {
            database.open.check_for_reader()?;
            Ok(database.read(&job))
        });
        match done {
            Ok(answers) => job.answer(answers),
            Err(error) => job.fail(&error),
        }
    }

    fn write(&mut self, jobs: Vec<Pending<T>>) {
        let done = self.ask(|database| {
            database.open.check()?;
            let done = database.make_all(&jobs);
            // What was written into a file that was removed meanwhile is nowhere.
            database.open.check()?;
            Ok(done)
        });
        self.queue.tried(matches!(done, Ok(None)));
        match done {
            Ok(Some(done)) => jobs.into_iter().zip(done).for_each(|(pending, done)| pending.job.answer(done)),
            Ok(None) => self.wait_with(jobs),
            Err(error) => jobs.into_iter().for_each(|pending| pending.job.fail(&error)),
        }
    }

    fn wait_with(&mut self, jobs: Vec<Pending<T>>) {
        for Pending { job, .. } in self.queue.keep(jobs, Instant::now()) {
            if !job.is_write() {
                self.read(job);
            } else if let Ok(locked) = self.ask(|database| Ok(database.locked())) {
                job.fail(&locked);
            }
        }
    }

    /// Asks the database, and lets go of a file that was removed: the next who ask open what is there then.
    fn ask<A>(&mut self, ask: impl FnOnce(&Database<T>) -> Result<A>) -> Result<A> {
        let database = self.database()?;
        let answer = ask(database);
        if answer.is_err() || database.is_removed() {
            self.database = None;
        }
        answer
    }

    fn database(&mut self) -> Result<&Database<T>> {
        let database = match self.database.take().filter(|database| !database.open.is_outdated()) {
            Some(database) => database,
            None => Database::open(self.tables.clone(), self.meter.clone())
                .map_err(|error| if self.was_open { while_in_use(error) } else { error })?,
        };
        self.was_open = true;
        Ok(self.database.insert(database))
    }
}
