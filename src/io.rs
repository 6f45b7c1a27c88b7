//! The I/O thread: one for each JavaScript thread that needs it, started when it first does.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use redkv::chain::{Chain, Replies, Request};
use tokio::sync::Notify;

use crate::outbox::Outbox;

/// What the I/O thread is to do.
pub(crate) enum Job {
    /// Operations of one chain, in the order of their calls.
    Submit(Arc<Chain>, Vec<Request>, Arc<dyn Replies>),
    /// Anything else that waits.
    Task(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// Take no more operations of a chain.
    Refuse(Arc<Chain>),
    /// Bring the stores of a chain up.
    WarmUp(Arc<Chain>),
}

/// A thread with a runtime of its own, which takes everything that waits as one batch.
#[derive(Debug)]
pub(crate) struct IoThread {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    ended: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("jobs", &self.waiting().jobs.len()).finish_non_exhaustive()
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IoThread {
    /// Starts the thread; its answers go to `outbox`.
    pub(crate) fn start(outbox: Arc<Outbox>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            // With nothing left to do, the answers so far are worth a wake-up of JavaScript.
            .on_thread_park(move || outbox.ring_if_waiting())
            .build()?;
        let queue = Arc::new(Queue::default());
        let jobs = queue.clone();
        let thread = std::thread::Builder::new().name("redkv-io".into()).spawn(move || {
            runtime.block_on(work(&jobs));
            // A name look-up may hang in the system: nobody waits for it.
            runtime.shutdown_background();
        })?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Hands over work; it is done in the order in which it was handed over.
    pub(crate) fn send(&self, jobs: impl IntoIterator<Item = Job>) {
        self.queue.waiting().jobs.extend(jobs);
        self.queue.more.notify_one();
    }
}

/// Ends the thread: what is on its way is given up.
impl Drop for IoThread {
    fn drop(&mut self) {
        self.queue.waiting().ended = true;
        self.queue.more.notify_one();
        if let Some(thread) = self.thread.take() {
            // It only fails if the thread panicked, and then it has ended too.
            let _ = thread.join();
        }
    }
}

async fn work(queue: &Queue) {
    loop {
        queue.more.notified().await;
        let (jobs, ended) = {
            let mut waiting = queue.waiting();
            (std::mem::take(&mut waiting.jobs), waiting.ended)
        };
        if ended {
            return;
        }
        for job in jobs {
            match job {
                Job::Submit(chain, requests, replies) => chain.submit(requests, &replies),
                Job::Task(task) => drop(tokio::spawn(task)),
                Job::Refuse(chain) => chain.refuse(),
                Job::WarmUp(chain) => chain.warm_up(),
            }
        }
    }
}
