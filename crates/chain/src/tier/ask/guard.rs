//! The guard of a tier: every call of its store goes through here.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use crate::mutants::{Planted, is_planted};
use crate::tier::tier::Tier;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::operation::Operation;
use redkv_core::panics::caught;
use redkv_core::store::{Answers, answer_all};
use redkv_executor::drain_caller_sockets;

/// What a call of a store is about.
#[derive(Clone, Copy)]
pub(in crate::tier) struct Subject<'a> {
    /// A key to probe the store with, should it fail.
    key: Option<&'a Key>,
    /// How many answers there must be.
    answers: usize,
}

impl Subject<'_> {
    /// The store as a whole, which gives one answer.
    pub(in crate::tier) const STORE: Self = Self { key: None, answers: 1 };
}

impl<'a> Subject<'a> {
    /// Something that gives so many answers, and is probed with `key`.
    pub(in crate::tier) fn new(key: &'a Key, answers: usize) -> Self {
        Self { key: Some(key), answers }
    }
}

impl<'a> From<&'a [Key]> for Subject<'a> {
    fn from(keys: &'a [Key]) -> Self {
        Self { key: keys.first(), answers: keys.len() }
    }
}

impl<'a> From<&'a [(Key, Entry)]> for Subject<'a> {
    fn from(entries: &'a [(Key, Entry)]) -> Self {
        Self { key: entries.first().map(|(key, _)| key), answers: entries.len() }
    }
}

/// A call of the store of a tier that is about to be made; see [`Tier::guard`].
#[must_use = "nothing is called before `call` or `call_once`"]
pub(in crate::tier) struct Guard<'a> {
    tier: &'a Tier,
    operation: Operation,
    subject: Subject<'a>,
    bounds: Bounds,
    /// What has passed of the `timeout` of the tier before the call.
    waited: Duration,
}

/// What bounds a call.
#[derive(Clone, Copy)]
enum Bounds {
    /// The policies of the tier. An open breaker refuses the call; otherwise the `timeout` of the tier bounds it, and its
    /// result counts for the breaker and the statistics.
    Policies,
    /// Only a deadline, if there is one.
    Deadline(Option<Duration>),
}

impl Tier {
    /// Guards a call of the store: `tier.guard(Operation::Get, keys).call(async { store.get(keys, want).await })`.
    ///
    /// Whatever the store does, there is one answer per key, and each error names the store and the operation. A panic
    /// is an error, too. Calls of a queue of writes have no bounds: what the queue itself calls is guarded.
    pub(in crate::tier) fn guard<'a>(
        &'a self,
        operation: Operation,
        subject: impl Into<Subject<'a>>,
    ) -> Guard<'a> {
        let bounds = if self.behind.is_some() { Bounds::Deadline(None) } else { Bounds::Policies };
        Guard { tier: self, operation, subject: subject.into(), bounds, waited: Duration::ZERO }
    }
}

impl Guard<'_> {
    /// For a call that does not wait for the queue of writes: the policies of the tier bound it in any case.
    pub(in crate::tier) fn under_the_queue(self) -> Self {
        Self { bounds: Bounds::Policies, ..self }
    }

    /// For a call that has waited for its turn.
    pub(in crate::tier) fn after(self, waited: Duration) -> Self {
        Self { waited, ..self }
    }

    /// For a call that opens, flushes or closes the store: it is made whatever the breaker says, with a deadline of
    /// its own or none.
    pub(in crate::tier) fn within(self, timeout: Option<Duration>) -> Self {
        Self { bounds: Bounds::Deadline(timeout), ..self }
    }

    /// Makes the call and returns its answers. The store must be called inside of `answers`, so that it may panic
    /// there.
    pub(in crate::tier) async fn call<T: Clone>(
        self,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let Self { tier, subject, bounds, .. } = self;
        if subject.answers == 0 {
            return Vec::new();
        }
        let mut counted = None;
        let timeout = match bounds {
            Bounds::Deadline(timeout) => timeout,
            Bounds::Policies => {
                if let Some(error) = tier.breaker.refusal() {
                    return self.refuse(error);
                }
                // What is about no key is no request that is counted.
                counted = subject.key.map(|key| (key, tier.counters.asking(subject.answers), Instant::now()));
                tier.timeout()
            }
        };
        let answers = self.answers_within(timeout, answers).await;
        if let Some((key, asking, start)) = counted {
            drop(asking);
            tier.counters.answered(self.operation, start.elapsed(), &answers);
            tier.learn(key, &answers);
        }
        answers
    }

    /// Makes a call that gives one answer.
    pub(in crate::tier) async fn call_once<T: Clone>(
        self,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let tier = self.tier;
        let answer = self.call(async { vec![answer.await] }).await.pop();
        answer.unwrap_or_else(|| Err(tier.defect()))
    }

    fn refuse<T: Clone>(&self, error: Error) -> Answers<T> {
        let Self { tier, operation, subject, .. } = self;
        if subject.key.is_some() {
            tier.counters.refused(subject.answers);
        }
        answer_all(subject.answers, &Err(tier.tag(error, *operation)))
    }

    async fn answers_within<T: Clone>(
        &self,
        timeout: Option<Duration>,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let (operation, len) = (self.operation, self.subject.answers);
        let timeout = timeout.filter(|_| !is_planted(Planted::NoDeadline));
        let mut answers = pin!(caught(answers));
        let answers = match timeout {
            None => answers.await,
            Some(timeout) => {
                match tokio::time::timeout(timeout.saturating_sub(self.waited), &mut answers).await {
                    Ok(answers) => answers,
                    Err(_) => {
                        // The answer may be there, and only nobody had the time to read it.
                        drain_caller_sockets().await;
                        answers
                            .now_or_never()
                            .unwrap_or_else(|| Ok(answer_all(len, &Err(self.tier.late(operation, timeout)))))
                    }
                }
            }
        };
        let mut answers = match answers {
            Ok(answers) if answers.len() == len => answers,
            Ok(_) => answer_all(len, &Err(self.tier.defect())),
            Err(panic) => answer_all(len, &Err(panic)),
        };
        for answer in &mut answers {
            if let Err(error) = answer {
                *error = self.tier.tag(error.clone(), operation);
            }
        }
        answers
    }
}
