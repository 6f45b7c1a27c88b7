//! Tasks that run on the thread that wakes them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, Weak};
use std::task::{Context, Poll};

use async_task::{Runnable, Task};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, coop};

use super::caller_reactor::CallerReactor;

use redkv_core::lock::Lock;

/// Runs tasks on two threads: on its own, which waits in [`Executor::woken`] within a runtime, and on that of the
/// caller for as long as a call of [`Executor::run_here`] lasts.
pub struct Executor {
    runtime: Handle,
    reactor: Option<Arc<CallerReactor>>,
    /// Tasks for the executor's own thread that were woken elsewhere.
    woken: Lock<Vec<Runnable>>,
    more: Notify,
    /// Whether nobody takes what is woken any more.
    is_gone: AtomicBool,
}

thread_local! {
    /// The executor that the thread works for.
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    /// The memory of the last queue of woken tasks, for the next one.
    static SPARE: Cell<VecDeque<Runnable>> = const { Cell::new(VecDeque::new()) };
    /// Tasks that are to be dropped next, while the thread drops tasks.
    static DROPPED: RefCell<Option<Vec<Runnable>>> = const { RefCell::new(None) };
}

struct Current {
    executor: Arc<Executor>,
    /// Whether it is the executor's own thread.
    is_own: bool,
    /// Whether the tasks that are woken on this thread run on it.
    is_running: bool,
    /// Whether the task that is running continues on the executor's own thread.
    is_leaving: bool,
    woken: VecDeque<Runnable>,
}

/// Tasks that run in a row before sockets and timers have their turn.
const IN_A_ROW: usize = 1024;

impl Executor {
    /// Creates an executor whose own thread runs `runtime`.
    pub fn new(runtime: Handle) -> Arc<Self> {
        Arc::new(Self {
            runtime,
            reactor: CallerReactor::new().ok().map(Arc::new),
            woken: Lock::default(),
            more: Notify::new(),
            is_gone: AtomicBool::new(false),
        })
    }

    /// Returns the reactor of the caller's thread, where the system has one.
    pub fn caller_reactor(&self) -> Option<&Arc<CallerReactor>> {
        self.reactor.as_ref()
    }

    /// Returns the executor that the calling thread works for.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(|current| Some(current.as_ref()?.executor.clone()))
    }

    /// Makes the calling thread the executor's own: what is started here from now on is a task of the executor.
    pub fn adopt_thread(self: &Arc<Self>) {
        CURRENT.replace(Some(Current { is_own: true, ..Current::of(self) }));
    }

    /// Makes [`Executor::woken`] return.
    pub fn wake(&self) {
        self.more.notify_one();
    }

    /// Waits until the executor's own thread has something to do.
    pub async fn woken(&self) {
        self.more.notified().await;
    }

    /// Does `work` on the executor's own thread, then runs what that woke and what was woken elsewhere.
    pub fn run_own(self: &Arc<Self>, work: impl FnOnce()) {
        self.run(true, work, || std::mem::take(&mut *self.shared()));
    }

    /// Does `work` on the thread of a caller, then runs what that woke.
    pub fn run_here(self: &Arc<Self>, work: impl FnOnce()) {
        let _runtime = self.runtime.enter();
        self.run(false, work, Vec::new);
    }

    fn run(
        self: &Arc<Self>,
        is_own: bool,
        work: impl FnOnce(),
        woken_elsewhere: impl FnOnce() -> Vec<Runnable>,
    ) {
        let current = Current { is_own, is_running: true, woken: SPARE.take(), ..Current::of(self) };
        let _leave = Leave(CURRENT.replace(Some(current)));
        work();
        let more = woken_elsewhere();
        CURRENT.with_borrow_mut(|current| {
            if let Some(current) = current {
                current.woken.extend(more);
            }
        });
        for _ in 0..IN_A_ROW {
            let next = CURRENT.with_borrow_mut(|current| current.as_mut()?.woken.pop_front());
            let Some(runnable) = next else { break };
            // A task that panics is dropped, and what it holds answers for it.
            drop(catch_unwind(AssertUnwindSafe(|| runnable.run())));
        }
    }

    /// Cancels all tasks: those that are woken from now on are dropped by [`Executor::bury`]. The runtime must be ended before
    /// that, which wakes the others.
    pub fn end(&self) {
        self.drop_woken();
        self.reactor.iter().for_each(|reactor| reactor.end());
    }

    /// Drops what was woken since the end. Not where they are woken: who wakes them may hold a lock that they need to be dropped. Nor under our own lock, as what a task
    /// holds may wake others when it is dropped.
    fn drop_woken(&self) {
        loop {
            let woken = std::mem::take(&mut *self.shared());
            if woken.is_empty() {
                return;
            }
            woken.into_iter().for_each(drop);
        }
    }

    /// Drops what was woken since the end, for the last time: what is woken later is dropped where it is woken.
    pub fn bury(&self) {
        self.drop_woken();
        self.is_gone.store(true, Ordering::SeqCst);
        self.drop_woken();
    }

    fn shared(&self) -> MutexGuard<'_, Vec<Runnable>> {
        self.woken.lock()
    }

    fn hand_over(&self, runnables: impl IntoIterator<Item = Runnable>) {
        let mut shared = self.shared();
        if self.is_gone.load(Ordering::SeqCst) {
            drop(shared);
            return drop_all(runnables);
        }
        shared.extend(runnables);
        drop(shared);
        self.wake();
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("reactor", &self.reactor).finish_non_exhaustive()
    }
}

impl Current {
    fn of(executor: &Arc<Executor>) -> Self {
        let executor = executor.clone();
        Self { executor, is_own: false, is_running: false, is_leaving: false, woken: VecDeque::new() }
    }
}

/// Puts back what the thread worked for before, and leaves the rest of the work to the executor's own thread.
struct Leave(Option<Current>);

impl Drop for Leave {
    fn drop(&mut self) {
        let Some(Current { executor, mut woken, .. }) = CURRENT.replace(self.0.take()) else { return };
        if !woken.is_empty() {
            executor.hand_over(woken.drain(..));
        }
        SPARE.set(woken);
    }
}

/// Puts a task that was woken where it will run.
fn schedule(executor: &Weak<Executor>, runnable: Runnable) {
    let mut runnable = Some(runnable);
    // A thread that is ending has no such variable any more, and runs nothing.
    let _ = CURRENT.try_with(|current| {
        if let Some(current) = current.borrow_mut().as_mut()
            && current.is_running
            && executor.as_ptr() == Arc::as_ptr(&current.executor)
            && !std::mem::take(&mut current.is_leaving)
        {
            current.woken.extend(runnable.take());
        }
    });
    match executor.upgrade() {
        Some(executor) if runnable.is_some() => executor.hand_over(runnable),
        _ => drop_all(runnable),
    }
}

/// Drops tasks one after the other. What one of them holds may wake others when it is dropped: these are dropped after it and not
/// within, where thousands that wait in one line would need more stack than there is.
fn drop_all(runnables: impl IntoIterator<Item = Runnable>) {
    let mut runnables: Vec<_> = runnables.into_iter().collect();
    let begins = DROPPED.try_with(|dropped| match &mut *dropped.borrow_mut() {
        Some(dropped) => {
            dropped.append(&mut runnables);
            false
        }
        none => {
            *none = Some(Vec::new());
            true
        }
    });
    if begins != Ok(true) {
        // They are dropped by who began, or here, where the thread ends and has no such variable any more.
        return;
    }
    while !runnables.is_empty() {
        runnables.into_iter().for_each(drop);
        runnables =
            DROPPED.with_borrow_mut(|dropped| dropped.as_mut().map(std::mem::take).unwrap_or_default());
    }
    DROPPED.set(None);
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub enum Running {
    /// On an [`Executor`].
    OnExecutor(Task<()>),
    /// On the runtime, where there is no executor.
    OnRuntime(AbortHandle),
}

impl Running {
    /// Returns whether the task has ended.
    pub fn is_finished(&self) -> bool {
        match self {
            Self::OnExecutor(task) => task.is_finished(),
            Self::OnRuntime(task) => task.is_finished(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        match self {
            // The library ends it by itself.
            Self::OnExecutor(_) => {}
            Self::OnRuntime(task) => task.abort(),
        }
    }
}

/// Starts a task on the executor of this thread, or else on the runtime.
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    match Executor::current() {
        Some(executor) => start(&executor, future).detach(),
        None => match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(future)),
            // The runtime has ended, and with it everybody who waits.
            Err(_) => drop(future),
        },
    }
}

/// Starts a task as [`spawn`] does, which is cancelled when its owner drops it.
pub fn spawn_owned(future: impl Future<Output = ()> + Send + 'static) -> Running {
    match Executor::current() {
        Some(executor) => Running::OnExecutor(start(&executor, future)),
        None => Running::OnRuntime(tokio::spawn(future).abort_handle()),
    }
}

/// Moves the task that calls it to the executor's own thread, for work that is too much for the thread of a caller.
pub async fn move_to_io_thread() {
    future::poll_fn(|context| {
        let leaves = CURRENT.with_borrow_mut(|current| match current {
            Some(current) if current.is_running && !current.is_own => {
                // Read when the task that is running here, which is this one, is scheduled again.
                current.is_leaving = true;
                true
            }
            _ => false,
        });
        if leaves {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// Lets the tasks of sockets read what has arrived, where that is the work of the caller's thread, which may be busy.
pub async fn drain_caller_sockets() {
    let Some(reactor) = Executor::current().and_then(|executor| executor.reactor.clone()) else { return };
    if reactor.is_open() {
        reactor.wake_all();
        // They were woken before this is, so they run before this does.
        tokio::task::yield_now().await;
    }
}

/// A future that may panic when it is dropped: a defect like any other, and no reason to end the process.
struct Contained<F>(Option<Pin<Box<F>>>);

impl<F: Future<Output = ()>> Future for Contained<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Ready(()), |future| future.as_mut().poll(context))
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        drop(catch_unwind(AssertUnwindSafe(|| drop(future))));
    }
}

fn start(executor: &Arc<Executor>, future: impl Future<Output = ()> + Send + 'static) -> Task<()> {
    let executor = Arc::downgrade(executor);
    // Unconstrained, because the budget of the runtime is meant for one of its tasks, and many run here in a row.
    let future = coop::unconstrained(Contained(Some(Box::pin(future))));
    let (runnable, task) = async_task::spawn(future, move |runnable| schedule(&executor, runnable));
    runnable.schedule();
    task
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
