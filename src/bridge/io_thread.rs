//! The I/O thread: one for each JavaScript thread that needs it, started when it first does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use redkv::chain::{Chain, Question, Replies, Request, Scope};
use redkv::desk::Receiver;
use redkv::entry::Key;
use redkv::error::Error;
use redkv::executor::Executor;
use redkv::structures::{AtomicOutcome, AtomicWrite, Database};
use tokio::runtime::Handle;

use crate::bridge::commands::AnyCommands;
use crate::bridge::completions::{Completions, Outcome};
use crate::bridge::replies::TurnReplies;

/// What the I/O thread is to do.
pub(crate) enum Job {
    /// Operations of one chain, in the order of their calls.
    Submit(Arc<Chain>, Vec<Request>, Arc<dyn Replies>),
    /// Reads that have all but the key in common.
    Read(Arc<Chain>, Scope, Question, Vec<Key>, Arc<dyn Replies>),
    /// Commands of a service that is no store, in the order of their calls.
    Commands(Box<dyn AnyCommands>),
    /// Atomic writes on data structures, in the order of their calls.
    Atomic {
        database: Arc<Database>,
        writes: Vec<AtomicWrite>,
        slots: Vec<u32>,
        completions: Arc<Completions>,
    },
    /// Anything else that waits.
    Task(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// Take no more operations of a chain.
    Refuse(Arc<Chain>),
    /// Bring the stores of a chain up.
    WarmUp(Arc<Chain>),
}

impl Job {
    /// How many keys it is about.
    pub(crate) fn keys(&self) -> usize {
        match self {
            Self::Submit(_, requests, _) => requests.len(),
            Self::Read(_, _, _, keys, _) => keys.len(),
            Self::Commands(commands) => commands.len(),
            Self::Atomic { writes, .. } => writes.iter().map(|write| write.operations.len()).sum(),
            Self::Task(_) | Self::Refuse(_) | Self::WarmUp(_) => 0,
        }
    }

    /// Answers it with `error`, because no thread takes it.
    pub(crate) fn fail(self, error: &Error) {
        match self {
            Self::Submit(chain, requests, replies) => chain.fail_all(requests, &replies, error),
            Self::Read(_, _, _, keys, replies) => {
                (0..).zip(keys).for_each(|(index, _)| replies.reply(index, Err(error.clone())));
            }
            Self::Commands(commands) => commands.fail(error),
            Self::Atomic { slots, completions, .. } => {
                let answers = (0..).zip(&slots).map(|(index, _)| (index, Err(error.clone()))).collect();
                TurnReplies::new(slots, completions, Outcome::Atomic).answer(answers);
            }
            Self::Refuse(chain) => chain.refuse(),
            // A task reports by itself that it was dropped.
            Self::Task(_) | Self::WarmUp(_) => {}
        }
    }

    /// Starts it. A panic is a defect; it must not reach the others, nor end the thread.
    fn start(self) {
        // The hook of panics has reported it, and what the panic drops answers whoever waits.
        catch_unwind(AssertUnwindSafe(|| self.start_unguarded())).ok();
    }

    fn start_unguarded(self) {
        match self {
            Self::Submit(chain, requests, replies) => chain.submit(requests, &replies),
            Self::Read(chain, scope, question, keys, replies) => {
                chain.submit_reads(scope, question, keys, &replies);
            }
            Self::Commands(commands) => commands.start(),
            Self::Atomic { database, writes, slots, completions } => {
                let receiver: Arc<dyn Receiver<AtomicOutcome>> =
                    Arc::new(TurnReplies::new(slots, completions, Outcome::Atomic));
                database.submit_atomic(writes, &receiver);
            }
            Self::Task(task) => drop(tokio::spawn(task)),
            Self::Refuse(chain) => chain.refuse(),
            Self::WarmUp(chain) => chain.warm_up(),
        }
    }
}

/// A thread with a runtime of its own, which takes everything that waits as one batch.
#[derive(Debug)]
pub(crate) struct IoThread {
    queue: Arc<Queue>,
    executor: Arc<Executor>,
    runtime: Handle,
    completions: Arc<Completions>,
    /// Whether the completions is looked at in a while.
    is_looking: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How long operations may wait for the end of a turn of the event loop before the I/O thread asks for it.
const TURN: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Queue {
    jobs: Mutex<Vec<Job>>,
    /// Jobs that were sent and are not yet started.
    waiting: AtomicUsize,
    ended: AtomicBool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Queue {
    fn jobs(&self) -> MutexGuard<'_, Vec<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IoThread {
    /// Starts the thread; its answers go to `completions`.
    pub(crate) fn start(completions: Arc<Completions>) -> std::io::Result<Self> {
        let notified = completions.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            // With nothing left to do, the answers so far are worth a wake-up of JavaScript.
            .on_thread_park(move || notified.notify_if_waiting())
            .build()?;
        let own = runtime.handle().clone();
        let executor = Executor::new(own.clone());
        let queue = Arc::new(Queue::default());
        let (jobs, tasks) = (queue.clone(), executor.clone());
        let thread = std::thread::Builder::new().name("redkv-io".into()).spawn(move || {
            tasks.adopt_thread();
            runtime.block_on(work(&jobs, &tasks));
            // What is dropped may want to start something.
            let handle = runtime.handle().clone();
            let _context = handle.enter();
            tasks.end();
            // A name look-up may hang in the system: nobody waits for it.
            runtime.shutdown_background();
            tasks.bury();
        })?;
        Ok(Self {
            queue,
            executor,
            runtime: own,
            completions,
            is_looking: Arc::default(),
            thread: Some(thread),
        })
    }

    /// Notifies the JavaScript thread in a while, if what it has gathered is still there by then.
    pub(crate) fn look_later(&self) {
        if self.is_looking.load(Ordering::SeqCst) || self.is_looking.swap(true, Ordering::SeqCst) {
            return;
        }
        let (completions, is_looking) = (self.completions.clone(), self.is_looking.clone());
        self.runtime.spawn(async move {
            tokio::time::sleep(TURN).await;
            is_looking.store(false, Ordering::SeqCst);
            completions.notify_if_gathering();
        });
    }

    /// Hands over work; it is done in the order in which it was handed over.
    pub(crate) fn send(&self, jobs: impl IntoIterator<Item = Job>) {
        let mut queue = self.queue.jobs();
        let before = queue.len();
        queue.extend(jobs);
        self.queue.waiting.fetch_add(queue.len() - before, Ordering::Relaxed);
        drop(queue);
        self.executor.wake();
    }

    /// Where the tasks of the thread run, and those that are started by [`IoThread::start_here`].
    pub(crate) fn executor(&self) -> &Arc<Executor> {
        &self.executor
    }

    /// Whether everything that was handed over was also started, so that nothing can be overtaken.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.queue.waiting.load(Ordering::Acquire) == 0
    }

    /// Does work on the calling thread, as far as it goes without waiting.
    pub(crate) fn start_here(&self, jobs: impl IntoIterator<Item = Job>) {
        self.executor.run_here(|| jobs.into_iter().for_each(Job::start));
    }
}

/// Ends the thread: what is in flight is dropped.
impl Drop for IoThread {
    fn drop(&mut self) {
        self.queue.ended.store(true, Ordering::Release);
        self.executor.wake();
        if let Some(thread) = self.thread.take() {
            // It only fails if the thread panicked, and then it has ended too.
            let _ = thread.join();
        }
    }
}

async fn work(queue: &Queue, executor: &Arc<Executor>) {
    loop {
        executor.woken().await;
        if queue.ended.load(Ordering::Acquire) {
            return;
        }
        let jobs = std::mem::take(&mut *queue.jobs());
        let count = jobs.len();
        executor.run_own(|| {
            jobs.into_iter().for_each(Job::start);
            queue.waiting.fetch_sub(count, Ordering::Release);
        });
        // Sockets and timers have their turn, however much comes in.
        tokio::task::consume_budget().await;
    }
}
