//! Collects the answers to one submission.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::request::{Answer, Replies};
use redkv_core::error::{Error, Result};
use redkv_core::lock::Lock;
use redkv_core::store::Answers;

/// Gathers the answers to one submission.
struct Collected(Lock<Collecting>);

struct Collecting {
    answers: Vec<Option<Result<Answer>>>,
    missing: usize,
    done: Option<oneshot::Sender<Answers<Answer>>>,
}

/// Returns what collects `count` answers, and where they arrive once they are complete.
pub(crate) fn collect(count: usize) -> (Arc<dyn Replies>, oneshot::Receiver<Answers<Answer>>) {
    let (sender, receiver) = oneshot::channel();
    let collecting = Collecting { answers: vec![None; count], missing: count, done: Some(sender) };
    (Arc::new(Collected(Lock::new(collecting))), receiver)
}

impl Replies for Collected {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        let mut collecting = self.0.lock();
        let Some(place) = collecting.answers.get_mut(index as usize) else { return };
        *place = Some(answer);
        collecting.missing -= 1;
        if collecting.missing == 0 {
            collecting.finish();
        }
    }

    fn abandon(&self, error: &Error) {
        let mut collecting = self.0.lock();
        for place in &mut collecting.answers {
            place.get_or_insert_with(|| Err(error.clone()));
        }
        collecting.finish();
    }
}

impl Collecting {
    fn finish(&mut self) {
        if let Some(done) = self.done.take() {
            // Whoever asked may have stopped waiting.
            let _ = done.send(std::mem::take(&mut self.answers).into_iter().flatten().collect());
        }
    }
}
