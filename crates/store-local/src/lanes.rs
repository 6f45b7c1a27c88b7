//! Threads for blocking calls.

use std::panic::{self, AssertUnwindSafe};

use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::worker::{Work, Worker};
use redkv_core::error::{Error, ErrorKind, Result};

/// A few threads, each of which does its calls in the order in which they were made.
#[derive(Debug)]
pub(crate) struct Lanes(Vec<Worker<Calls>>);

/// Calls the functions that it is sent.
#[derive(Debug)]
struct Calls;

impl Work for Calls {
    type Job = Box<dyn FnOnce() + Send>;

    fn run(&mut self, jobs: impl Iterator<Item = Self::Job>) {
        for job in jobs {
            // A panic fails this call, and not those after it.
            panic::catch_unwind(AssertUnwindSafe(job)).ok();
        }
    }
}

impl Lanes {
    /// Returns `count` lanes, whose threads will be called `name`.
    pub(crate) fn new(name: &'static str, count: usize) -> Self {
        Self((0..count).map(|_| Worker::new(name, || Calls)).collect())
    }

    /// Calls `work` on the thread of `lane`, unless the caller has cancelled before its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        lane: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let gone = || Error::new(ErrorKind::Internal, "the thread of the store is gone");
        let worker = self.0.get(lane).ok_or_else(gone)?;
        let call = |reply: oneshot::Sender<T>| -> Box<dyn FnOnce() + Send> {
            Box::new(move || {
                if !reply.is_closed() {
                    reply.send(work()).ok();
                }
            })
        };
        worker.ask(call).await
    }

    /// Lets the threads finish what they were given, and waits until they have ended.
    pub(crate) async fn close(&self) {
        join_all(self.0.iter().map(Worker::close)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lane_works_in_order_and_what_panics_takes_nothing_with_it() {
        let lanes = Lanes::new("test", 2);
        assert_eq!(lanes.run(0, || 1).await.unwrap(), 1);
        let error = lanes.run(0, || panic!("on purpose")).await.map(|(): ()| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(lanes.run(0, || 2).await.unwrap(), 2);
        assert_eq!(lanes.run(1, || 3).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn after_close_nothing_is_done() {
        let lanes = Lanes::new("test", 1);
        lanes.close().await;
        lanes.close().await;
        assert_eq!(lanes.run(0, || 1).await.unwrap_err().kind(), ErrorKind::Closed);
    }
}
