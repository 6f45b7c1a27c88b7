//! What is asked for, and what waits for the lock of another connection.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redkv_core::error::{Error, Result};
use redkv_core::store::{Answers, answer_all};
use redkv_structures::{Action, Answer, AtomicAnswer, Change, Command, Write};
use tokio::sync::oneshot;

/// First and longest pause between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What the thread is asked to do, with the way back. One whose receiver is gone is left out.
pub(super) enum Job {
    Open(oneshot::Sender<Result<()>>),
    Run(Vec<Command>, oneshot::Sender<Answers<Answer>>),
    Write(Vec<Write>, oneshot::Sender<Result<AtomicAnswer>>),
}

/// What a job is answered.
pub(super) enum Done {
    Opened,
    Run(Answers<Answer>),
    Written(Result<AtomicAnswer>),
}

impl Job {
    pub(super) fn is_write(&self) -> bool {
        match self {
            Self::Open(_) => false,
            Self::Run(commands, _) => commands.iter().any(|command| command.action.is_write()),
            Self::Write(..) => true,
        }
    }

    fn is_abandoned(&self) -> bool {
        match self {
            Self::Open(reply) => reply.is_closed(),
            Self::Run(_, reply) => reply.is_closed(),
            Self::Write(_, reply) => reply.is_closed(),
        }
    }

    fn keys(&self) -> Box<dyn Iterator<Item = &Bytes> + '_> {
        match self {
            Self::Open(_) => Box::new(std::iter::empty()),
            Self::Run(commands, _) => Box::new(commands.iter().map(|command| &command.key)),
            Self::Write(writes, _) => Box::new(writes.iter().map(|write| &write.key)),
        }
    }

    /// Returns about how many bytes it writes, in pages that are not full.
    pub(super) fn bytes(&self) -> u64 {
        let all: usize = match self {
            Self::Open(_) => 0,
            Self::Run(commands, _) => commands.iter().map(bytes_of_command).sum(),
            Self::Write(writes, _) => writes.iter().map(bytes_of_write).sum(),
        };
        all as u64
    }

    /// Answers it. The caller may have cancelled meanwhile.
    pub(super) fn answer(self, done: Done) {
        match (self, done) {
            (Self::Open(reply), Done::Opened) => drop(reply.send(Ok(()))),
            (Self::Run(_, reply), Done::Run(answers)) => drop(reply.send(answers)),
            (Self::Write(_, reply), Done::Written(answer)) => drop(reply.send(answer)),
            // Dropped: its caller reports a defect.
            _ => {}
        }
    }

    pub(super) fn fail(self, error: &Error) {
        match self {
            Self::Open(reply) => drop(reply.send(Err(error.clone()))),
            Self::Run(commands, reply) => drop(reply.send(answer_all(commands.len(), &Err(error.clone())))),
            Self::Write(_, reply) => drop(reply.send(Err(error.clone()))),
        }
    }
}

pub(super) fn bytes_of_command(command: &Command) -> usize {
    if command.action.is_write() { 2 * (command.key.len() + command.action.bytes()) } else { 0 }
}

pub(super) fn bytes_of_write(write: &Write) -> usize {
    2 * (write.key.len() + write.change.bytes())
}

/// Returns whether a command can only make room.
pub(super) fn command_frees(command: &Command) -> bool {
    use Action as A;
    matches!(command.action, A::Delete(_) | A::SRem(_) | A::HDel(_) | A::ZRem(_) | A::ZhRem(_))
}

/// Returns whether a write can only make room.
pub(super) fn write_frees(write: &Write) -> bool {
    match &write.change {
        Change::Delete | Change::DeleteXx | Change::SRem(_) | Change::ZRem { .. } => true,
        Change::Hash { set, set_new, .. } => set.is_empty() && set_new.is_empty(),
        _ => false,
    }
}

/// A job, and until when it is tried.
pub(super) struct Pending {
    pub(super) job: Job,
    pub(super) until: Instant,
}

/// Jobs in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<Pending>,
    attempts: u32,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn add(&mut self, job: Job, until: Instant) {
        self.jobs.push_back(Pending { job, until });
    }

    /// Takes those that somebody waits for.
    pub(super) fn take(&mut self) -> Vec<Pending> {
        self.jobs.drain(..).filter(|pending| !pending.job.is_abandoned()).collect()
    }

    /// Keeps jobs of which another connection keeps the writes out, and returns those that need not wait: reads of keys that
    /// no write before them is for, and writes that have waited long enough.
    pub(super) fn keep(&mut self, jobs: Vec<Pending>, now: Instant) -> Vec<Pending> {
        let mut kept: HashSet<Bytes> = HashSet::new();
        let mut due = Vec::new();
        for pending in jobs {
            let waits = match pending.job.is_write() {
                true => now < pending.until,
                false => pending.job.keys().any(|key| kept.contains(key)),
            };
            if waits {
                kept.extend(pending.job.keys().cloned());
                self.jobs.push_back(pending);
            } else {
                due.push(pending);
            }
        }
        due
    }

    /// Notes that it was tried.
    pub(super) fn tried(&mut self, is_kept_out: bool) {
        self.attempts = if is_kept_out { self.attempts.saturating_add(1) } else { 0 };
    }

    /// Returns how long to wait before the next attempt.
    pub(super) fn pause(&self) -> Duration {
        (FIRST_PAUSE * 2_u32.pow(self.attempts.min(10))).min(LONGEST_PAUSE)
    }
}
