//! What is asked for, and what waits for the lock of another connection.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Answers, answer_all};
use tokio::sync::oneshot;

use super::tables::{Step, Tables, Touched};

/// First and longest pause between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What the thread is asked to do, with the way back. One whose receiver is gone is left out.
pub(super) enum Job<T: Tables> {
    Open(oneshot::Sender<Result<()>>),
    Run(Vec<T::Step>, oneshot::Sender<Answers<T::Answer>>),
}

impl<T: Tables> Job<T> {
    /// Returns what it asks for.
    pub(super) fn steps(&self) -> &[T::Step] {
        match self {
            Self::Open(_) => &[],
            Self::Run(steps, _) => steps,
        }
    }

    pub(super) fn is_write(&self) -> bool {
        self.steps().iter().any(Step::is_write)
    }

    fn is_abandoned(&self) -> bool {
        match self {
            Self::Open(reply) => reply.is_closed(),
            Self::Run(_, reply) => reply.is_closed(),
        }
    }

    /// Returns about how many bytes it writes, in pages that are not full.
    pub(super) fn bytes(&self) -> u64 {
        self.steps().iter().map(Step::bytes).sum::<usize>() as u64
    }

    /// Answers it. The caller may have cancelled meanwhile.
    pub(super) fn answer(self, answers: Answers<T::Answer>) {
        match self {
            Self::Open(reply) => drop(reply.send(Ok(()))),
            Self::Run(_, reply) => drop(reply.send(answers)),
        }
    }

    pub(super) fn fail(self, error: &Error) {
        match self {
            Self::Open(reply) => drop(reply.send(Err(error.clone()))),
            Self::Run(steps, reply) => drop(reply.send(answer_all(steps.len(), &Err(error.clone())))),
        }
    }
}

/// Returns the error of a step without an answer.
pub(super) fn unanswered() -> Error {
    Error::new(ErrorKind::Internal, "a defect of RedKV: a step has no answer")
}

/// A job, and until when it is tried.
pub(super) struct Pending<T: Tables> {
    pub(super) job: Job<T>,
    pub(super) until: Instant,
}

/// Jobs in the order in which they came.
pub(super) struct Queue<T: Tables> {
    jobs: VecDeque<Pending<T>>,
    attempts: u32,
}

impl<T: Tables> Default for Queue<T> {
    fn default() -> Self {
        Self { jobs: VecDeque::new(), attempts: 0 }
    }
}

impl<T: Tables> Queue<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn add(&mut self, job: Job<T>, until: Instant) {
        self.jobs.push_back(Pending { job, until });
    }

    /// Takes those that somebody waits for.
    pub(super) fn take(&mut self) -> Vec<Pending<T>> {
        self.jobs.drain(..).filter(|pending| !pending.job.is_abandoned()).collect()
    }

    /// Keeps jobs of which another connection keeps the writes out, and returns those that need not wait: reads of what no
    /// write before them is about, and writes that have waited long enough.
    pub(super) fn keep(&mut self, jobs: Vec<Pending<T>>, now: Instant) -> Vec<Pending<T>> {
        let mut kept = Kept::<T>::default();
        let mut due = Vec::new();
        for pending in jobs {
            let waits = match pending.job.is_write() {
                true => now < pending.until,
                false => pending.job.steps().iter().any(|step| kept.is_about(step)),
            };
            if waits {
                pending.job.steps().iter().for_each(|step| kept.add(step));
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

type Key<T> = <<T as Tables>::Step as Step>::Key;

/// What the writes are about that are kept.
struct Kept<T: Tables> {
    keys: HashSet<Key<T>>,
    all: bool,
}

impl<T: Tables> Default for Kept<T> {
    fn default() -> Self {
        Self { keys: HashSet::new(), all: false }
    }
}

impl<T: Tables> Kept<T> {
    fn add(&mut self, step: &T::Step) {
        match step.touched() {
            _ if !step.is_write() => {}
            Touched::Keys(keys) => self.keys.extend(keys),
            Touched::All => self.all = true,
        }
    }

    fn is_about(&self, step: &T::Step) -> bool {
        match step.touched() {
            Touched::Keys(keys) => self.all || keys.iter().any(|key| self.keys.contains(key)),
            Touched::All => self.all || !self.keys.is_empty(),
        }
    }
}
