//! The thread that writes, so that no caller waits for the disk, and those who wait share a commit.

use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::config::DiskConfig;
use super::open::{Open, Slot};
use super::writes::{Change, Sync, Write};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Answers, answer_all};

/// Most jobs that are taken at a time: those that wait share a transaction.
const GROUP: usize = 256;
/// How long what was written or read may wait until it is on the disk, where nobody waits for it.
const SYNC_AFTER: Duration = Duration::from_secs(1);
/// Entries that go in one transaction when the bounds are smaller than they were.
const SHRINK: usize = 10_000;

/// What the thread is asked to do, with the way back. A job whose receiver is gone is left out, unless it was begun.
#[derive(Debug)]
pub(super) enum Job {
    Open(oneshot::Sender<Result<()>>),
    Write(Vec<Change>, oneshot::Sender<Answers<bool>>),
    Flush(oneshot::Sender<Result<()>>),
    /// Keys were read whose use is to be written.
    Touched,
}

/// A running thread. It does what it was sent before the last sender goes, closes the file, and ends.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) jobs: mpsc::Sender<Job>,
    /// Closed once the thread has let go of the file.
    pub(super) ended: watch::Receiver<()>,
}

impl Thread {
    pub(super) fn start(config: Arc<DiskConfig>, clock: Arc<dyn Clock>, slot: Arc<Slot>) -> Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (ending, ended) = watch::channel(());
        let worker = Worker { config, clock, slot, is_dirty: false, unsynced: 0, sync_at: None };
        thread::Builder::new()
            .name("redkv-disk".to_owned())
            .spawn(move || work(ending, inbox, worker))
            .map_err(|cause| {
                Error::new(ErrorKind::Store, "no thread could be started").retryable(true).caused_by(cause)
            })?;
        Ok(Self { jobs, ended })
    }
}

fn work(ending: watch::Sender<()>, inbox: mpsc::Receiver<Job>, mut worker: Worker) {
    loop {
        let first = match worker.sync_at {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => inbox.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        let is_last = matches!(first, Err(RecvTimeoutError::Disconnected));
        // A panic is a defect of ours. It drops the replies of its group, which tells those who wait, and its transaction,
        // which was not made; the file is as usable as before, so the thread goes on.
        panic::catch_unwind(AssertUnwindSafe(|| match first {
            Ok(first) => worker.run(iter::once(first).chain(inbox.try_iter()).take(GROUP)),
            // Who could be told of a failure is gone; the next write meets it again.
            Err(_) => drop(worker.settle()),
        }))
        .ok();
        if is_last {
            break;
        }
    }
    worker.slot.put(None);
    drop(ending);
}

struct Worker {
    config: Arc<DiskConfig>,
    clock: Arc<dyn Clock>,
    slot: Arc<Slot>,
    /// Whether something was committed that is not on the disk.
    is_dirty: bool,
    /// About how many bytes of the file that are.
    unsynced: u64,
    /// When what was committed, and what was read, must be on the disk.
    sync_at: Option<Instant>,
}

impl Worker {
    fn run(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut writes = Vec::new();
        let mut flushes = Vec::new();
        for job in jobs {
            match job {
                Job::Open(reply) => drop(reply.send(self.open().map(|_| ()))),
                Job::Write(changes, reply) => writes.push((changes, reply)),
                Job::Flush(reply) => flushes.push(reply),
                Job::Touched => self.sync_later(),
            }
        }
        self.write(writes);
        if !flushes.is_empty() {
            let outcome = self.settle();
            flushes.into_iter().for_each(|reply| drop(reply.send(outcome.clone())));
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
        self.unsynced += changes.iter().map(bytes_of).sum::<u64>();
        let is_due =
            self.sync_at.is_some_and(|at| at <= Instant::now()) || self.unsynced >= self.most_unsynced();
        let sync = if self.config.durable || is_due { Sync::Now } else { Sync::Later };
        let outcome = self.commit(sync, &changes);
        let answers = outcome.unwrap_or_else(|error| answer_all(changes.len(), &Err(error)));
        let mut answers = answers.into_iter();
        for (len, reply) in replies {
            // Who has given up meanwhile does not want the answer.
            reply.send(answers.by_ref().take(len).collect()).ok();
        }
    }

    /// Brings everything to the disk that is not there.
    fn settle(&mut self) -> Result<()> {
        if self.sync_at.is_none() || self.slot.get().is_none() {
            self.synced();
            return Ok(());
        }
        self.commit(Sync::Now, &[]).map(|_| ())
    }

    /// Makes changes, notes what was read, and makes room, in one transaction.
    fn commit(&mut self, sync: Sync, changes: &[Change]) -> Result<Answers<bool>> {
        let open = self.open()?;
        let touched = open.touches.take();
        let must = sync == Sync::Now && self.is_dirty;
        let outcome = open.change(sync, must, |changing| {
            for key in &touched {
                changing.touch(key.as_bytes())?;
            }
            let answers =
                changes.iter().map(|change| changing.make(change).map(Ok)).collect::<Write<Vec<_>>>()?;
            changing.sweep()?;
            changing.make_room(&self.config, usize::MAX)?;
            Ok(answers)
        });
        self.slot.look_after(open);
        let (answers, is_committed) = outcome.inspect_err(|_| self.synced())?;
        match sync {
            Sync::Now => self.synced(),
            Sync::Later if is_committed => self.committed(),
            Sync::Later => {}
        }
        Ok(answers)
    }

    /// How much of the file may be written anew before it is brought to the disk: until then what it takes the place of
    /// cannot be used again.
    fn most_unsynced(&self) -> u64 {
        (self.config.max_bytes / 8).clamp(4 << 20, 64 << 20)
    }

    fn synced(&mut self) {
        self.is_dirty = false;
        self.unsynced = 0;
        self.sync_at = None;
    }

    fn committed(&mut self) {
        self.is_dirty = true;
        self.sync_later();
    }

    fn sync_later(&mut self) {
        self.sync_at.get_or_insert_with(|| Instant::now() + SYNC_AFTER);
    }

    fn open(&mut self) -> Result<Arc<Open>> {
        if let Some(open) = self.slot.get() {
            return Ok(open);
        }
        self.synced();
        let open = Arc::new(Open::at(self.config.clone(), self.clock.clone())?);
        // The bounds may be smaller than they were.
        loop {
            let shrink = open.change(Sync::Later, false, |changing| changing.make_room(&self.config, SHRINK));
            let (do_bounds_hold, is_committed) = shrink?;
            if is_committed {
                self.committed();
            }
            if do_bounds_hold {
                break;
            }
        }
        self.slot.put(Some(open.clone()));
        Ok(open)
    }
}

/// About how many bytes of the file a change writes anew: its own, and the pages in which an entry, its use, and the entry
/// that makes room are among others.
fn bytes_of(change: &Change) -> u64 {
    const PAGES: u64 = 3 * 4_096;
    match change {
        Change::Put(key, entry, _) => PAGES + (key.len() + entry.value.len()) as u64,
        Change::Delete(_) => PAGES,
    }
}
