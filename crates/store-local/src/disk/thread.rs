//! The thread that writes. Writes that wait share a commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::config::DiskConfig;
use super::error::{is_broken, is_full};
use super::file_size::{Space, TRANSACTION};
use super::writes::{Change, Changing, Sync, Write};
use crate::disk::database::open::{FILE, Open};
use crate::disk::database::slot::{Damaged, Slot};
use crate::reserve::Reserve;
use crate::worker::Work;
use redkv_core::clock::Clock;
use redkv_core::error::Result;
use redkv_core::store::{Answers, answer_all};

/// How long what was written or read may wait until it is on the disk, where nobody waits for it.
const SYNC_AFTER: Duration = Duration::from_secs(1);

/// Enough for some transactions: what one takes anew is free after the next.
const RESERVE: u64 = 1 << 20;

/// Entries that go in one transaction when the bounds are smaller than they were.
const SHRINK: usize = 2_000;

/// What the thread is asked to do, with the way back. A job whose receiver is gone is left out, unless it was begun.
#[derive(Debug)]
pub(super) enum Job {
    Open(oneshot::Sender<Result<()>>),
    Write(Vec<Change>, oneshot::Sender<Answers<bool>>),
    Flush(oneshot::Sender<Result<()>>),
    /// Keys were read whose use is to be written.
    Touched,
}

/// What the thread works with. The file is closed when this is dropped.
pub(super) struct Thread {
    config: Arc<DiskConfig>,
    clock: Arc<dyn Clock>,
    slot: Arc<Slot>,
    /// Whether something was committed that is not on the disk.
    is_dirty: bool,
    /// About how many bytes of the file that are.
    unsynced: u64,
    space: Space,
    /// When what was committed, and what was read, must be on the disk.
    sync_at: Option<Instant>,
    /// Room for deletes on a full disk, taken by the first write.
    reserve: Option<Reserve>,
}

impl Work for Thread {
    type Job = Job;

    fn pause(&self) -> Option<Duration> {
        self.sync_at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    fn run(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut jobs = jobs.peekable();
        if jobs.peek().is_none() {
            // Who could be told of a failure is gone; the next write meets it again.
            drop(self.settle());
            return;
        }
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

    fn finish(&mut self) -> bool {
        drop(self.settle());
        false
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.slot.put(None);
    }
}

impl Thread {
    /// Returns a thread that has not opened the file. Others find it in `slot` when it has.
    pub(super) fn new(config: Arc<DiskConfig>, clock: Arc<dyn Clock>, slot: Arc<Slot>) -> Self {
        let space = Space::default();
        Self { config, clock, slot, is_dirty: false, unsynced: 0, space, sync_at: None, reserve: None }
    }

    fn write(&mut self, jobs: Vec<(Vec<Change>, oneshot::Sender<Answers<bool>>)>) {
        let mut changes = self.touches();
        let touches = changes.len();
        let mut replies = Vec::new();
        for (more, reply) in jobs.into_iter().filter(|(_, reply)| !reply.is_closed()) {
            replies.push((more.len(), reply));
            changes.extend(more);
        }
        let mut answers = self.make(&changes).into_iter().skip(touches);
        for (len, reply) in replies {
            // The caller may have cancelled meanwhile.
            reply.send(answers.by_ref().take(len).collect()).ok();
        }
    }

    /// Writes everything to the disk that is not there yet.
    fn settle(&mut self) -> Result<()> {
        if self.sync_at.is_none() || self.slot.get().is_none() {
            self.synced();
            return Ok(());
        }
        let touches = self.touches();
        self.make(&touches).into_iter().collect::<Result<Vec<_>>>()?;
        let open = self.open()?;
        self.change(&open, Sync::Now, |changing| changing.sweep())
    }

    /// Returns the uses of keys that were read.
    fn touches(&self) -> Vec<Change> {
        let open = self.slot.get();
        open.map(|open| open.touches.take().into_iter().map(Change::Touch).collect()).unwrap_or_default()
    }

    /// Makes changes, a part of them in each transaction: what they take the place of is free only after it.
    fn make(&mut self, changes: &[Change]) -> Answers<bool> {
        let mut answers = Vec::with_capacity(changes.len());
        while answers.len() < changes.len() {
            let mut bytes = 0;
            let rest = changes.get(answers.len()..).unwrap_or_default();
            let fits = rest.iter().take_while(|change| {
                bytes += change.bytes();
                bytes <= self.config.most_at_once()
            });
            let part = rest.get(..fits.count().max(1)).unwrap_or(rest);
            answers.extend(self.make_part_in_any_case(part));
        }
        answers
    }

    /// Makes changes, and on a full disk those that make room: with what was kept in reserve for it.
    fn make_part_in_any_case(&mut self, part: &[Change]) -> Answers<bool> {
        if self.reserve.is_none() && self.slot.get().is_some() {
            self.reserve = Reserve::take(&self.config.path, RESERVE).unwrap_or_default();
        }
        let error = match self.make_part(part) {
            Ok(answers) => return answers,
            Err(error) => error,
        };
        let mut answers = answer_all(part.len(), &Err(error.clone()));
        if !is_full(&error) {
            return answers;
        }
        self.reserve = None;
        for (change, answer) in part.iter().zip(&mut answers) {
            if matches!(change, Change::Delete(_))
                && let Ok(made) = self.make_part(std::slice::from_ref(change))
            {
                answer.clone_from(&made[0]);
            }
        }
        answers
    }

    fn make_part(&mut self, changes: &[Change]) -> Result<Answers<bool>> {
        let open = self.open()?;
        let bytes = changes.iter().map(Change::bytes).sum::<u64>();
        if let [Change::Put(key, entry, mode)] = changes
            && bytes > self.config.most_at_once()
        {
            // It takes more than may be written anew at once, so what it takes must be free before.
            self.make_room(&open, Sync::Now, |changing| changing.more_for(key, entry, *mode))?;
        }
        self.unsynced += bytes;
        let sync = self.sync();
        let most = self.config.most_evicted();
        let make = |changing: &mut Changing<'_>| {
            let answers = changes.iter().map(|change| changing.make(change)).collect::<Write<Vec<_>>>()?;
            changing.sweep()?;
            Ok((answers, changing.make_room(0, most)?))
        };
        let (answers, do_bounds_hold) = self.change(&open, sync, make)?;
        if !do_bounds_hold {
            // The changes are made. Who makes the next ones meets a failure again.
            self.make_room(&open, Sync::Later, |_| Ok(0)).ok();
        }
        Ok(answers)
    }

    /// Removes entries until the bounds hold with as many bytes more as `more` tells.
    fn make_room(
        &mut self,
        open: &Arc<Open>,
        sync: Sync,
        more: impl Fn(&mut Changing<'_>) -> Write<u64>,
    ) -> Result<()> {
        let most = self.config.most_evicted();
        loop {
            self.unsynced += self.config.most_at_once();
            let sync = if sync == Sync::Now { sync } else { self.sync() };
            let make_room = |changing: &mut Changing<'_>| {
                let more = more(changing)?;
                changing.make_room(more, most)
            };
            if self.change(open, sync, make_room)? {
                return Ok(());
            }
        }
    }

    /// One transaction.
    fn change<T>(
        &mut self,
        open: &Arc<Open>,
        sync: Sync,
        change: impl FnOnce(&mut Changing<'_>) -> Write<T>,
    ) -> Result<T> {
        let must = sync == Sync::Now && self.is_dirty;
        let found = std::mem::take(&mut self.space.found);
        let outcome = open.change(sync, must, |changing| {
            changing.fit(found);
            change(changing)
        });
        self.slot.look_after(open.clone());
        let (answer, is_committed) = outcome.inspect_err(|_| self.synced())?;
        match sync {
            Sync::Now => {
                self.synced();
                self.space.look(open);
            }
            Sync::Later if is_committed => self.committed(open.is_read()),
            Sync::Later => {}
        }
        Ok(answer)
    }

    /// Returns whether the next commit should wait for the disk.
    fn sync(&self) -> Sync {
        let is_due = self.sync_at.is_some_and(|at| at <= Instant::now())
            || self.unsynced + self.config.most_at_once() > self.config.most_unsynced();
        if self.config.durable || is_due { Sync::Now } else { Sync::Later }
    }

    fn synced(&mut self) {
        self.is_dirty = false;
        self.unsynced = 0;
        self.sync_at = None;
    }

    fn committed(&mut self, is_read: bool) {
        self.is_dirty = true;
        if is_read {
            self.unsynced += TRANSACTION;
        }
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
        self.slot.check()?;
        self.open_anew().inspect_err(|error| {
            if is_broken(error) {
                self.slot.put_damaged(Damaged::at(&self.config.path.join(FILE), error.clone()));
            }
        })
    }

    fn open_anew(&mut self) -> Result<Arc<Open>> {
        let mut open = Open::at(self.config.clone(), self.clock.clone())?;
        // The bounds may be smaller than they were, and redb gives back little of a file by itself.
        while !open.change(Sync::Now, false, |changing| changing.make_room(0, SHRINK))?.0 {}
        if open.taken().is_some_and(|taken| taken > self.config.max_bytes) {
            open.compact()?;
        }
        self.space = Space::at(&open);
        let open = Arc::new(open);
        self.slot.put(Some(open.clone()));
        Ok(open)
    }
}
