//! The receivers of the engine's answers, which leave them in [`Completions`]. Whatever happens, each promise gets one.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redkv::chain::{Answer, Replies};
use redkv::desk::Receiver;
use redkv::error::{Error, ErrorKind, Result};
use redkv::panics::lost;
use redkv::store::Page;

use crate::bridge::completions::{Completion, Completions, Outcome};

/// The single operations of one turn of the event loop. Those that are not answered when it goes are answered then.
pub(crate) struct TurnReplies<T: Send + 'static = Answer> {
    /// [`TurnReplies::ANSWERED`] in place of those that were answered.
    slots: Vec<AtomicU32>,
    completions: Arc<Completions>,
    outcome: fn(Result<T>) -> Outcome,
}

impl<T: Send + 'static> TurnReplies<T> {
    const ANSWERED: u32 = u32::MAX;

    /// Leaves the answers to the operations in `slots` as `outcome` makes them.
    pub(crate) fn new(
        slots: Vec<u32>,
        completions: Arc<Completions>,
        outcome: fn(Result<T>) -> Outcome,
    ) -> Self {
        Self { slots: slots.into_iter().map(AtomicU32::new).collect(), completions, outcome }
    }

    /// The answer to the request at `index`, unless that was answered before.
    fn completion(&self, index: u32, answer: Result<T>) -> Option<Completion> {
        let slot = self.slots[index as usize].swap(Self::ANSWERED, Ordering::Relaxed);
        (slot != Self::ANSWERED).then(|| Completion { slot, outcome: (self.outcome)(answer) })
    }

    fn abandon_all(&self, error: &Error) {
        let completions =
            (0..).zip(&self.slots).filter_map(|(index, _)| self.completion(index, Err(error.clone())));
        self.completions.push_all(completions);
    }
}

impl<T: Send + 'static> Receiver<T> for TurnReplies<T> {
    fn answer(&self, answers: Vec<(u32, Result<T>)>) {
        let completions = answers.into_iter().filter_map(|(index, answer)| self.completion(index, answer));
        self.completions.push_all(completions);
    }
}

impl Replies for TurnReplies {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        self.completions.push_all(self.completion(index, answer));
    }

    fn reply_many(&self, indexes: &[u32], answers: Vec<Result<Answer>>) {
        let completions =
            indexes.iter().zip(answers).filter_map(|(index, answer)| self.completion(*index, answer));
        self.completions.push_all(completions);
    }

    fn abandon(&self, error: &Error) {
        self.abandon_all(error);
    }
}

impl<T: Send + 'static> Drop for TurnReplies<T> {
    fn drop(&mut self) {
        if self.slots.iter_mut().any(|slot| *slot.get_mut() != Self::ANSWERED) {
            self.abandon_all(&dropped());
        }
    }
}

/// Why something ends that nobody has answered.
fn dropped() -> Error {
    lost(|| Error::new(ErrorKind::Internal, "a defect of RedKV: the operation was cancelled"))
        .outcome(redkv::error::Outcome::Unknown)
}

/// One operation on many keys. If it goes before all of them are answered, it ends then.
pub(crate) struct BatchReply {
    slot: u32,
    /// How many keys were asked for.
    count: usize,
    /// The place of each request among the keys, if not all of them were asked for.
    places: Option<Vec<u32>>,
    collected: Mutex<Collected>,
    completions: Arc<Completions>,
    has_ended: AtomicBool,
}

/// Answers at their places.
#[derive(Default)]
struct Collected {
    /// As long as there are keys, from the first answer on.
    answers: Vec<Option<Result<Answer>>>,
    known: usize,
}

impl BatchReply {
    /// An operation on `count` keys, all of which are asked for.
    pub(crate) fn new(slot: u32, count: usize, completions: Arc<Completions>) -> Self {
        Self {
            slot,
            count,
            places: None,
            collected: Mutex::default(),
            completions,
            has_ended: AtomicBool::new(false),
        }
    }

    /// An operation some of whose answers are `known`; requests are for the places of the others, in their order.
    pub(crate) fn with(slot: u32, known: Vec<Option<Result<Answer>>>, completions: Arc<Completions>) -> Self {
        let places: Vec<_> =
            (0..).zip(&known).filter(|(_, answer)| answer.is_none()).map(|(place, _)| place).collect();
        let count = known.len();
        if places.len() == count {
            return Self::new(slot, count, completions);
        }
        let collected = Collected { known: count - places.len(), answers: known };
        Self {
            slot,
            count,
            places: Some(places),
            collected: Mutex::new(collected),
            completions,
            has_ended: AtomicBool::new(false),
        }
    }

    /// Whether these are the places of all keys, in their order.
    fn are_all(&self, indexes: &[u32]) -> bool {
        self.places.is_none()
            && indexes.len() == self.count
            && (0..).zip(indexes).all(|(n, index)| n == *index)
    }

    fn collect(&self, answers: impl IntoIterator<Item = (u32, Result<Answer>)>) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        collected.answers.resize(self.count, None);
        for (index, answer) in answers {
            let place = self.places.as_ref().map_or(index, |places| places[index as usize]);
            collected.answers[place as usize] = Some(answer);
            collected.known += 1;
        }
        if collected.known == self.count {
            let answers = std::mem::take(&mut collected.answers).into_iter().flatten().collect();
            drop(collected);
            self.finish(answers);
        }
    }

    /// Leaves the outcome, unless there was one before.
    fn end(&self, outcome: Outcome) {
        if !self.has_ended.swap(true, Ordering::Relaxed) {
            self.completions.push(Completion { slot: self.slot, outcome });
        }
    }

    fn finish(&self, answers: Vec<Result<Answer>>) {
        self.end(Outcome::Many(answers));
    }
}

impl Replies for BatchReply {
    fn reply(&self, index: u32, answer: Result<Answer>) {
        self.collect([(index, answer)]);
    }

    fn reply_many(&self, indexes: &[u32], answers: Vec<Result<Answer>>) {
        if self.are_all(indexes) {
            return self.finish(answers);
        }
        self.collect(indexes.iter().copied().zip(answers));
    }

    fn abandon(&self, error: &Error) {
        self.end(Outcome::Done(Err(error.clone())));
    }
}

impl Drop for BatchReply {
    fn drop(&mut self) {
        if !*self.has_ended.get_mut() {
            self.abandon(&dropped());
        }
    }
}

/// The promise of something that just ends; it is rejected if this is dropped before.
pub(crate) struct Deferred {
    slot: u32,
    completions: Arc<Completions>,
    settled: bool,
}

impl Completions {
    /// Who settles the promise in `slot`.
    pub(crate) fn done(self: &Arc<Self>, slot: u32) -> Deferred {
        Deferred { slot, completions: self.clone(), settled: false }
    }
}

impl Deferred {
    /// Cancels what is pending in `instance`.
    pub(crate) fn cancel(&self, instance: u32) {
        self.completions.cancel(instance);
    }

    /// Says that the instance needs the completions no longer.
    pub(crate) fn end_one(&self) {
        self.completions.end_one();
    }

    pub(crate) fn settle(self, result: Result<()>) {
        self.settle_outcome(Outcome::Done(result));
    }

    pub(crate) fn settle_page(self, page: Result<Page>) {
        self.settle_outcome(Outcome::Page(page));
    }

    pub(crate) fn settle_lease(self, token: Result<Option<u64>>) {
        self.settle_outcome(Outcome::Lease(token));
    }

    fn settle_outcome(mut self, outcome: Outcome) {
        self.settled = true;
        self.completions.push(Completion { slot: self.slot, outcome });
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        if !self.settled {
            self.completions.push(Completion { slot: self.slot, outcome: Outcome::Done(Err(dropped())) });
        }
    }
}
