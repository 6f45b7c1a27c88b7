//! The thread that compresses large values, off the I/O thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::lock::Lock;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that is started when it is first needed, and ends when this is closed or dropped. It does one job after the
/// other; one whose caller has cancelled is left out.
#[derive(Debug, Default)]
pub(super) struct Worker {
    jobs: Lock<Option<mpsc::Sender<Job>>>,
}

impl Worker {
    /// Does `work` on the thread; where none can be started, here.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !reply.is_closed() {
                // The caller may have cancelled meanwhile.
                reply.send(work()).ok();
            }
        });
        self.hand_over(job);
        answer.await.map_err(|_| {
            let message = "a defect of RedKV: the compression of values was cancelled";
            Error::new(ErrorKind::Internal, message).outcome(Outcome::NotApplied)
        })
    }

    fn hand_over(&self, job: Job) {
        let mut jobs = self.jobs.lock();
        if jobs.is_none() {
            *jobs = start();
        }
        let job = match &*jobs {
            Some(jobs) => jobs.send(job).err().map(|refused| refused.0),
            None => Some(job),
        };
        drop(jobs);
        if let Some(job) = job {
            job();
        }
    }

    /// Ends the thread when it has done what it was given.
    pub(super) fn close(&self) {
        self.jobs.lock().take();
    }
}

fn start() -> Option<mpsc::Sender<Job>> {
    let (jobs, inbox) = mpsc::channel::<Job>();
    let work = move || {
        for job in inbox {
            // A panic is a defect of ours; it drops the way back, which tells who waits.
            catch_unwind(AssertUnwindSafe(job)).ok();
        }
    };
    thread::Builder::new().name("redkv-compress".to_owned()).spawn(work).ok()?;
    Some(jobs)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_a_thread_of_its_own_also_after_a_panic_and_after_the_end() {
        let worker = Worker::default();
        let here = thread::current().id();
        assert_ne!(worker.run(|| thread::current().id()).await.unwrap(), here);
        let error = worker.run(|| panic!("a defect")).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Internal, false));
        assert_eq!(worker.run(|| 5).await.unwrap(), 5);
        worker.close();
        worker.close();
        assert_eq!(worker.run(|| 6).await.unwrap(), 6);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_left_out() {
        let worker = Worker::default();
        let (begun, ran) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let mut first = Box::pin(worker.run(move || gate.recv()));
        let mut second = Box::pin(worker.run(move || begun.send(())));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        drop(second);
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        worker.run(|| ()).await.unwrap();
        assert!(ran.try_recv().is_err());
    }
}
