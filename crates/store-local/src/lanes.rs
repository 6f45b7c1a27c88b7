//! Threads on which a store blocks, so that no caller does.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use tokio::sync::{oneshot, watch};

use redkv_core::error::{Error, ErrorKind, Outcome, Result};

type Work = Box<dyn FnOnce() + Send>;

/// A few threads, each of which does what it is given in the order in which it was given. A thread starts with its first
/// work, and ends when it has done all and the lanes are closed.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// What the threads are called.
    name: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    lanes: Vec<Option<mpsc::Sender<Work>>>,
    /// Given to every thread; gone once all of them are. Absent when the lanes are closed.
    ending: Option<watch::Sender<()>>,
    ended: watch::Receiver<()>,
}

impl Lanes {
    /// That many threads, of which none is there yet.
    pub(crate) fn new(name: &'static str, count: usize) -> Self {
        let (ending, ended) = watch::channel(());
        let lanes = (0..count).map(|_| None).collect();
        Self { name, state: Mutex::new(State { lanes, ending: Some(ending), ended }) }
    }

    /// Does `work` on the thread of `lane`, unless the caller has given up before its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        lane: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(
            lane,
            Box::new(move || {
                if !reply.is_closed() {
                    reply.send(work()).ok();
                }
            }),
        )?;
        answer.await.map_err(|_| {
            Error::new(ErrorKind::Internal, "the thread of the store panicked").outcome(Outcome::Unknown)
        })
    }

    fn send(&self, lane: usize, work: Work) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { lanes, ending, .. } = &mut *state;
        let Some(ending) = ending else { return Err(Error::closed()) };
        let gone = || Error::new(ErrorKind::Internal, "the thread of the store is gone");
        let lane = lanes.get_mut(lane).ok_or_else(gone)?;
        let jobs = match lane {
            Some(jobs) => jobs,
            none => none.insert(start(self.name, ending.clone())?),
        };
        jobs.send(work).map_err(|_| gone())
    }

    /// Lets the threads finish what they were given, and waits for it.
    pub(crate) async fn close(&self) {
        let mut ended = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.lanes.clear();
            state.ending = None;
            state.ended.clone()
        };
        // Nothing is ever sent: this waits for the other sides to go.
        while ended.changed().await.is_ok() {}
    }
}

fn start(name: &str, ending: watch::Sender<()>) -> Result<mpsc::Sender<Work>> {
    let (jobs, inbox) = mpsc::channel::<Work>();
    let work = move || {
        for work in inbox {
            // A panic is a defect of ours. It drops the reply, which tells who waits.
            panic::catch_unwind(AssertUnwindSafe(work)).ok();
        }
        drop(ending);
    };
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|cause| {
        Error::new(ErrorKind::Store, "no thread could be started").retryable(true).caused_by(cause)
    })?;
    Ok(jobs)
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
