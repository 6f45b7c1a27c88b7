//! Writes that wait for the lock of another connection, and the reads that must see them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::sqlite::leases::LeaseRequest;
use crate::sqlite::table::change::Change;
use crate::sqlite::thread::Job;
use redkv_core::entry::Key;
use redkv_core::store::Answers;

/// First and longest pause between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// A write, and until when it is tried.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) changes: Vec<Change>,
    pub(crate) reply: oneshot::Sender<Answers<bool>>,
    pub(crate) until: Instant,
}

/// What is done later.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    writers: Vec<Writer>,
    readers: Vec<Job>,
    leases: Vec<LeaseRequest>,
    /// The keys of the writers.
    keys: HashSet<Key>,
    attempts: u32,
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.writers.is_empty() && self.leases.is_empty()
    }

    /// How long to wait before the next attempt.
    pub(crate) fn pause(&self) -> Duration {
        (FIRST_PAUSE * 2_u32.pow(self.attempts.min(10))).min(LONGEST_PAUSE)
    }

    /// Notes that it was tried.
    pub(crate) fn tried(&mut self, is_kept_out: bool) {
        self.attempts = if is_kept_out { self.attempts.saturating_add(1) } else { 0 };
    }

    pub(crate) fn add(
        &mut self,
        changes: Vec<Change>,
        reply: oneshot::Sender<Answers<bool>>,
        until: Instant,
    ) {
        self.writers.push(Writer { changes, reply, until });
    }

    /// Adds one that was kept out. Only what it changes is kept from those who read.
    pub(crate) fn add_again(&mut self, writer: Writer) {
        self.keys.extend(writer.changes.iter().map(|change| change.key().clone()));
        self.writers.push(writer);
    }

    pub(crate) fn add_lease(&mut self, request: LeaseRequest) {
        self.leases.push(request);
    }

    pub(crate) fn add_reader(&mut self, job: Job) {
        self.readers.push(job);
    }

    /// Returns whether `job` must see what waits: it was asked for later.
    pub(crate) fn keeps(&self, job: &Job) -> bool {
        match job {
            Job::Open(_) | Job::Write(..) | Job::Lease(..) => false,
            Job::Get(keys, _) | Job::Has(keys, _) => keys.iter().any(|key| self.keys.contains(key)),
            Job::Keys(..) => !self.keys.is_empty(),
        }
    }

    pub(crate) fn take_writers(&mut self) -> Vec<Writer> {
        self.keys.clear();
        std::mem::take(&mut self.writers)
    }

    pub(crate) fn take_leases(&mut self) -> Vec<LeaseRequest> {
        std::mem::take(&mut self.leases)
    }

    pub(crate) fn take_readers(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.readers)
    }
}
