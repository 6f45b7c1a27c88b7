//! A thread that does the blocking work of a store.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;

/// The most jobs in a group.
const GROUP: usize = 256;

/// The work of a thread. It is dropped on the thread, after its last job.
pub(crate) trait Work: Send + 'static {
    /// One request, usually with a channel for its answer. Who has cancelled a request drops the receiver: such a job is
    /// to be left out.
    type Job: Send + 'static;

    /// Returns how long to wait for a job before [`Work::run`] is called without any; `None` waits for the next job.
    fn pause(&self) -> Option<Duration> {
        None
    }

    /// Does a group of jobs: all that were sent while the group before was done. A panic drops the group, which fails its
    /// requests, and the thread continues with the next one.
    fn run(&mut self, jobs: impl Iterator<Item = Self::Job>);

    /// Finishes a part of what is left after the last job, and returns whether there is more.
    fn finish(&mut self) -> bool {
        false
    }
}

/// A handle to a thread, which starts with the first job and ends after the last one, once this is closed or dropped.
pub(crate) struct Worker<W: Work> {
    name: &'static str,
    new_work: Box<dyn Fn() -> W + Send + Sync>,
    state: Lock<State<W::Job>>,
}

enum State<Job> {
    Idle,
    Running(Thread<Job>),
    /// With the receiver of the last thread, if there was one.
    Closed(Option<watch::Receiver<()>>),
}

struct Thread<Job> {
    jobs: mpsc::Sender<Job>,
    /// Closed by the thread when it has dropped its work. Nothing is ever sent.
    ended: watch::Receiver<()>,
}

impl<W: Work> Worker<W> {
    /// Returns a worker without a thread. `name` is what the thread will be called, `new_work` what it will do.
    pub(crate) fn new(name: &'static str, new_work: impl Fn() -> W + Send + Sync + 'static) -> Self {
        Self { name, new_work: Box::new(new_work), state: Lock::new(State::Idle) }
    }

    /// Sends a job to the thread.
    pub(crate) fn send(&self, job: W::Job) -> Result<()> {
        let mut state = self.state.lock();
        if matches!(*state, State::Idle) {
            *state = State::Running(start(self.name, (self.new_work)())?);
        }
        match &*state {
            State::Running(thread) if thread.jobs.send(job).is_ok() => Ok(()),
            State::Closed(_) => Err(Error::closed()),
            State::Idle | State::Running(_) => {
                Err(Error::new(ErrorKind::Internal, "the thread of the store is gone"))
            }
        }
    }

    /// Sends a job and waits for its answer.
    pub(crate) async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> W::Job) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(job(reply))?;
        answer.await.map_err(|_| {
            Error::new(ErrorKind::Internal, "the thread of the store panicked").outcome(Outcome::Unknown)
        })
    }

    /// Refuses further jobs, and returns a future that waits until the thread has done those it has, and has ended.
    pub(crate) fn close(&self) -> impl Future<Output = ()> + use<W> {
        let ended = {
            let mut state = self.state.lock();
            let ended = match &*state {
                State::Idle => None,
                State::Running(thread) => Some(thread.ended.clone()),
                State::Closed(ended) => ended.clone(),
            };
            *state = State::Closed(ended.clone());
            ended
        };
        async {
            if let Some(mut ended) = ended {
                while ended.changed().await.is_ok() {}
            }
        }
    }
}

impl<W: Work> fmt::Debug for Worker<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("name", &self.name).finish_non_exhaustive()
    }
}

fn start<W: Work>(name: &str, work: W) -> Result<Thread<W::Job>> {
    let (jobs, inbox) = mpsc::channel();
    let (ending, ended) = watch::channel(());
    let thread = move || {
        do_all(work, &inbox);
        drop(ending);
    };
    thread::Builder::new().name(name.to_owned()).spawn(thread).map_err(|cause| {
        Error::new(ErrorKind::Store, "no thread could be started").retryable(true).caused_by(cause)
    })?;
    Ok(Thread { jobs, ended })
}

fn do_all<W: Work>(mut work: W, inbox: &mpsc::Receiver<W::Job>) {
    loop {
        let first = match work.pause() {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(pause) => inbox.recv_timeout(pause),
        };
        if matches!(first, Err(RecvTimeoutError::Disconnected)) {
            break;
        }
        caught(|| work.run(first.into_iter().chain(inbox.try_iter()).take(GROUP)));
    }
    while caught(|| work.finish()).unwrap_or_default() {}
}

/// Returns what `step` returns, or `None` if it panics: a defect of ours. It drops the replies of the group, which fails
/// the requests.
fn caught<T>(step: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(step)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds up numbers, and panics at a zero.
    struct Adder(u64);

    impl Work for Adder {
        type Job = (u64, oneshot::Sender<u64>);

        fn run(&mut self, jobs: impl Iterator<Item = Self::Job>) {
            for (number, reply) in jobs {
                assert_ne!(number, 0, "on purpose");
                self.0 += number;
                reply.send(self.0).ok();
            }
        }
    }

    fn adder() -> Worker<Adder> {
        Worker::new("test", || Adder(0))
    }

    #[tokio::test]
    async fn jobs_are_done_in_order_and_one_that_panics_fails_alone() {
        let worker = adder();
        assert_eq!(worker.ask(|reply| (1, reply)).await.unwrap(), 1);
        let error = worker.ask(|reply| (0, reply)).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Internal, true));
        assert_eq!(worker.ask(|reply| (2, reply)).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_was_sent_before_close_is_done_and_what_comes_after_is_refused() {
        let worker = adder();
        let (reply, answer) = oneshot::channel();
        worker.send((1, reply)).unwrap();
        worker.close().await;
        worker.close().await;
        assert_eq!(answer.await, Ok(1));
        assert_eq!(worker.ask(|reply| (1, reply)).await.unwrap_err().kind(), ErrorKind::Closed);
    }

    #[tokio::test]
    async fn a_worker_that_was_never_used_closes_at_once() {
        let worker = adder();
        worker.close().await;
        assert_eq!(worker.ask(|reply| (1, reply)).await.unwrap_err().kind(), ErrorKind::Closed);
    }
}
