//! Tests of the executor, with the runtime on the thread of the test.

use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::*;

/// An executor on a thread of its own, as a binding runs it.
struct Own {
    executor: Arc<Executor>,
    has_ended: Arc<AtomicBool>,
    id: ThreadId,
    thread: Option<thread::JoinHandle<()>>,
}

impl Own {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let executor = Executor::new(runtime.handle().clone());
        let has_ended = Arc::<AtomicBool>::default();
        let (own, ended) = (executor.clone(), has_ended.clone());
        let thread = thread::spawn(move || {
            own.adopt_thread();
            runtime.block_on(async {
                while !ended.load(Ordering::SeqCst) {
                    own.woken().await;
                    own.run_own(|| {});
                }
            });
            own.end();
            runtime.shutdown_background();
            own.bury();
        });
        Self { executor, has_ended, id: thread.thread().id(), thread: Some(thread) }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::SeqCst);
        self.executor.wake();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the thread ends well");
        }
    }
}

/// A task that says on which thread it begins, and on which it goes on after `released`.
async fn two_steps(said: mpsc::Sender<ThreadId>, released: oneshot::Receiver<()>) {
    said.send(thread::current().id()).expect("somebody listens");
    released.await.expect("the release");
    said.send(thread::current().id()).expect("somebody listens");
}

#[test]
fn what_is_started_here_and_woken_here_runs_here() {
    let own = Own::start();
    let (said, heard) = mpsc::channel();
    let (release, released) = oneshot::channel();
    own.executor.run_here(|| spawn(two_steps(said, released)));
    assert_eq!(heard.recv(), Ok(thread::current().id()));
    own.executor.run_here(|| release.send(()).expect("the task waits"));
    assert_eq!(heard.recv(), Ok(thread::current().id()));
}

#[test]
fn what_is_woken_outside_of_a_run_goes_on_on_the_executors_own_thread() {
    let own = Own::start();
    let (said, heard) = mpsc::channel();
    let (release, released) = oneshot::channel();
    own.executor.run_here(|| spawn(two_steps(said, released)));
    assert_eq!(heard.recv(), Ok(thread::current().id()));
    release.send(()).expect("the task waits");
    assert_eq!(heard.recv(), Ok(own.id));
}

#[test]
fn a_task_that_leaves_its_caller_goes_on_on_the_executors_own_thread() {
    let own = Own::start();
    let (said, heard) = mpsc::channel();
    own.executor.run_here(|| {
        spawn(async move {
            move_to_io_thread().await;
            said.send(thread::current().id()).expect("somebody listens");
        });
    });
    assert_eq!(heard.recv(), Ok(own.id));
}

#[test]
fn a_timer_of_a_task_that_began_here_wakes_it_on_the_executors_own_thread() {
    let own = Own::start();
    let (said, heard) = mpsc::channel();
    own.executor.run_here(|| {
        spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            said.send(thread::current().id()).expect("somebody listens");
        });
    });
    assert_eq!(heard.recv(), Ok(own.id));
}

#[test]
fn a_panic_ends_its_task_and_no_other() {
    let own = Own::start();
    let (said, heard) = mpsc::channel();
    own.executor.run_here(|| {
        spawn(async { panic!("on purpose") });
        spawn(async move { said.send(()).expect("somebody listens") });
    });
    assert_eq!(heard.recv(), Ok(()));
}

#[test]
fn more_tasks_than_run_in_a_row_all_run() {
    let own = Own::start();
    let (said, heard) = mpsc::channel();
    own.executor.run_here(|| {
        for _ in 0..IN_A_ROW * 2 + 1 {
            let said = said.clone();
            spawn(async move { said.send(()).expect("somebody listens") });
        }
    });
    drop(said);
    assert_eq!(heard.iter().count(), IN_A_ROW * 2 + 1);
}

#[test]
fn a_task_that_is_dropped_by_its_owner_is_gone() {
    let own = Own::start();
    let (said, heard) = mpsc::channel::<()>();
    let mut running = None;
    own.executor.run_here(|| {
        running = Some(spawn_owned(async move {
            future::pending::<()>().await;
            drop(said);
        }));
    });
    assert!(!running.as_ref().is_some_and(Running::is_finished));
    own.executor.run_here(|| drop(running));
    assert_eq!(heard.recv(), Err(mpsc::RecvError));
}

#[test]
fn tasks_that_are_woken_after_the_end_are_dropped() {
    let held = Arc::new(AtomicUsize::new(0));
    let own = Own::start();
    let (release, released) = oneshot::channel::<()>();
    let guard = held.clone();
    own.executor.run_here(|| {
        spawn(async move {
            drop(released.await);
            guard.fetch_add(1, Ordering::SeqCst);
        });
    });
    drop(own);
    release.send(()).expect("the task waits");
    assert_eq!((Arc::strong_count(&held), held.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn the_end_drops_tasks_whose_drop_wakes_others() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let executor = Executor::new(runtime.handle().clone());
    let (release, released) = oneshot::channel::<()>();
    let (said, heard) = mpsc::channel::<()>();
    executor.run_here(|| {
        spawn(async move {
            drop(released.await);
            drop(said);
        });
        // Waits on the shared queue, and lets the other go when it is dropped.
        spawn(async move {
            move_to_io_thread().await;
            drop(release);
        });
    });
    executor.end();
    assert_eq!(heard.recv(), Err(mpsc::RecvError));
}

/// A future of many owners wakes all of them under a lock, which each of them takes when it is dropped.
#[test]
fn tasks_that_wait_for_one_future_together_are_dropped_at_the_end() {
    let own = Own::start();
    let held = Arc::new(());
    let (release, released) = oneshot::channel::<()>();
    let shared = released.map(drop).shared();
    own.executor.run_here(|| {
        for _ in 0..10 {
            let (shared, held) = (shared.clone(), held.clone());
            spawn(async move {
                shared.await;
                drop(held);
                future::pending::<()>().await;
            });
        }
        // Lets the others go when it is dropped, which the end of the timers does.
        spawn(async move {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            drop(release);
        });
    });
    drop(shared);
    drop(own);
    assert_eq!(Arc::strong_count(&held), 1);
}

/// Each of them waits for the permit of the one before, so the end of the first one wakes the second, and so on.
#[test]
fn the_end_of_very_many_tasks_in_one_line_needs_no_more_stack_than_that_of_one() {
    let own = Own::start();
    let permits = Arc::new(tokio::sync::Semaphore::new(1));
    let held = Arc::new(());
    let (release, released) = oneshot::channel::<()>();
    let (said, heard) = mpsc::channel();
    let first = (permits.clone(), held.clone());
    own.executor.run_here(|| {
        spawn(async move {
            let _permit = first.0.acquire().await;
            said.send(()).ok();
            drop(released.await);
            drop(first.1);
        });
        for _ in 0..100_000 {
            let (permits, held) = (permits.clone(), held.clone());
            spawn(async move {
                drop(permits.acquire().await);
                drop(held);
            });
        }
    });
    heard.recv().expect("the first one has the permit");
    drop(own);
    release.send(()).expect("the first one waits");
    assert_eq!(Arc::strong_count(&held), 1);
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[test]
fn a_task_that_panics_when_it_is_dropped_does_no_harm() {
    let own = Own::start();
    let mut running = None;
    own.executor.run_here(|| {
        running = Some(spawn_owned(async {
            let _held = PanicsWhenDropped;
            future::pending::<()>().await;
        }));
    });
    own.executor.run_here(|| drop(running));
    let (said, heard) = mpsc::channel();
    own.executor.run_here(|| spawn(async move { said.send(()).expect("somebody listens") }));
    assert_eq!(heard.recv(), Ok(()));
}

#[test]
fn what_is_started_after_the_runtime_ended_is_dropped() {
    let (said, heard) = mpsc::channel::<()>();
    spawn(async move { said.send(()).expect("somebody listens") });
    assert_eq!(heard.recv(), Err(mpsc::RecvError));
}

#[tokio::test]
async fn without_an_executor_tasks_run_on_the_runtime() {
    let (release, released) = oneshot::channel();
    spawn(async move { release.send(()).expect("the test waits") });
    released.await.expect("the task ran");
    let running = spawn_owned(future::pending());
    assert!(!running.is_finished());
}
