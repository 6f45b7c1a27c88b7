//! What bounds every question to a store: its deadline, and its breaker.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use crate::mutants::{Planted, is_planted};
use crate::tier::tier::Tier;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::operation::Operation;
use redkv_core::panics::caught;
use redkv_core::store::{Answers, answer_all};
use redkv_executor::read_for_others;

impl Tier {
    /// As [`Tier::bounded`], of a store that is not asked while it counts as down.
    pub(in crate::tier) async fn guarded<T: Clone>(
        &self,
        operation: Operation,
        keys: &[Key],
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let Some(key) = keys.first() else { return Vec::new() };
        self.guarded_batch(operation, key, keys.len(), answers).await
    }

    /// As [`Tier::guarded`], with one of `len` keys.
    pub(in crate::tier) async fn guarded_batch<T: Clone>(
        &self,
        operation: Operation,
        key: &Key,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        if self.behind.is_some() {
            // It is the calls of the queue that are guarded.
            return self.bounded(operation, None, len, answers).await;
        }
        self.guarded_below(operation, key, len, answers).await
    }

    /// As [`Tier::guarded_batch`], of the store under the queue of its writes.
    pub(crate) async fn guarded_below<T: Clone>(
        &self,
        operation: Operation,
        key: &Key,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        if let Some(error) = self.breaker.refusal() {
            self.counters.refused(len);
            return answer_all(len, &Err(self.tag(error, operation)));
        }
        let asking = self.counters.asking(len);
        let start = Instant::now();
        let answers = self.bounded(operation, self.timeout, len, answers).await;
        drop(asking);
        self.counters.answered(operation, start.elapsed(), &answers);
        self.learn(key, &answers);
        answers
    }

    /// Waits for the answers of the store until `timeout` has passed; one answer per key in any case.
    ///
    /// The store must be called inside of `answers`, so that it may panic there too.
    pub(crate) async fn bounded<T: Clone>(
        &self,
        operation: Operation,
        timeout: Option<Duration>,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let timeout = timeout.filter(|_| !is_planted(Planted::NoDeadline));
        let mut answers = pin!(caught(answers));
        let answers = match timeout {
            None => answers.await,
            Some(timeout) => match tokio::time::timeout(timeout, &mut answers).await {
                Ok(answers) => answers,
                Err(_) => {
                    // The answer may be there, and only nobody had the time to read it.
                    read_for_others().await;
                    answers.now_or_never().unwrap_or_else(|| {
                        let message = format!("no answer to {operation} within {} ms", timeout.as_millis());
                        Ok(answer_all(len, &Err(Error::new(ErrorKind::Timeout, message))))
                    })
                }
            },
        };
        let mut answers = match answers {
            Ok(answers) if answers.len() == len => answers,
            Ok(_) => answer_all(len, &Err(self.defect())),
            Err(panic) => answer_all(len, &Err(panic)),
        };
        for answer in &mut answers {
            if let Err(error) = answer {
                *error = self.tag(error.clone(), operation);
            }
        }
        answers
    }

    /// What the store answers to a question about no key, within the time of an operation.
    pub(in crate::tier) async fn asked_for_all<T: Clone>(
        &self,
        operation: Operation,
        ask: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        if let Some(error) = self.breaker.refusal() {
            return Err(self.tag(error, operation));
        }
        let answers = self.bounded(operation, self.timeout(), 1, async { vec![ask.await] }).await;
        answers.into_iter().next().unwrap_or_else(|| Err(self.defect()))
    }
}
