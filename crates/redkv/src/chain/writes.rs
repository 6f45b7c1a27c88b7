//! Writes: the authority first, then all other tiers side by side.

use std::sync::Arc;

use futures_util::future::{join, join_all};

use super::core::Chain;
use super::request::{Answer, Scope};
use super::shape::Shape;
use super::table::{Change, Due, WriteJob};
use super::tier::Tier;
use crate::entry::{Entry, Key};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::store::{Answers, SetMode};

/// Writes on their way. However they end, their callers get an answer and the next writes of their keys begin.
struct Writing {
    chain: Arc<Chain>,
    shape: Arc<Shape>,
    jobs: Vec<WriteJob>,
    answers: Answers<bool>,
}

/// Makes writes that have the scope in common, of distinct keys.
pub(super) async fn run(chain: Arc<Chain>, shape: Arc<Shape>, scope: Scope, jobs: Vec<WriteJob>) {
    let mut writing = Writing { chain, shape, jobs, answers: Vec::new() };
    let Some((_, authority)) = writing.shape.authority(scope) else { return };
    let changes: Vec<_> = writing.jobs.iter().collect();
    let mut answers = authority.apply(&changes).await;

    let (mut made, mut doubtful) = (Vec::new(), Vec::new());
    for (index, answer) in answers.iter().enumerate() {
        match answer {
            Ok(true) => made.push(index),
            // Somebody else's entry stays, and what the caches hold of it.
            Ok(false) => {}
            Err(error) if error.may_have_applied() => doubtful.push(index),
            Err(_) => {}
        }
    }
    let caches = writing.shape.caches(scope).map(|(place, tier)| {
        writing.doubt(place, tier, &doubtful);
        writing.follow(place, tier, &made)
    });
    let failures = join_all(caches).await;
    for (index, error) in failures.into_iter().flatten() {
        if answers[index].is_ok() {
            answers[index] = Err(error);
        }
    }
    writing.answers = answers;
}

impl Writing {
    /// The authority may or may not have made these writes: no cache may go on with the value from before.
    fn doubt(&self, place: usize, tier: &Tier, doubtful: &[usize]) {
        for index in doubtful {
            self.chain.mark_stale(&self.shape, place, tier, &self.jobs[*index].key);
        }
    }

    /// Makes the writes that the authority made in another tier, and answers with those that count as failed.
    async fn follow(&self, place: usize, tier: &Tier, made: &[usize]) -> Vec<(usize, Error)> {
        if made.is_empty() {
            return Vec::new();
        }
        let changes: Vec<_> = made.iter().map(|index| &self.jobs[*index]).collect();
        let answers = tier.apply(&changes).await;
        let mut failures = Vec::new();
        for (index, answer) in made.iter().zip(answers) {
            match answer {
                Ok(_) => tier.stale.clear(&self.jobs[*index].key),
                Err(error) => {
                    self.chain.mark_stale(&self.shape, place, tier, &self.jobs[*index].key);
                    if !tier.is_optional() {
                        failures.push((*index, error));
                    }
                }
            }
        }
        failures
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let given_up = || {
            let error = Error::new(ErrorKind::Internal, "a defect of RedKV: a write was given up");
            Err(error.outcome(Outcome::Unknown))
        };
        let mut due = Due::default();
        let mut table = self.chain.table();
        let done: Vec<_> =
            self.jobs.iter().map(|job| (&job.key, table.finish_write(&job.key, &mut due))).collect();
        drop(table);
        let mut answers = std::mem::take(&mut self.answers).into_iter();
        for (key, waiters) in done {
            let answer = answers.next().unwrap_or_else(given_up);
            self.chain.answer(Some(key), waiters, answer.map(Answer::Written));
        }
        self.chain.start(&self.shape, due);
    }
}

impl Tier {
    /// Makes changes of distinct keys, each kind as one batch; one answer per change.
    async fn apply(&self, jobs: &[&WriteJob]) -> Answers<bool> {
        let now = self.clock().now();
        let (mut sets, mut adds, mut deletes) = (Part::default(), Part::default(), Part::default());
        for (index, job) in jobs.iter().enumerate() {
            match &job.change {
                // An entry that ended while it waited for its turn leaves what its deadline would have left.
                Change::Set(entry) if entry.is_expired(now) || !self.can_keep(&job.key, entry) => {
                    deletes.push(index, job.key.clone());
                }
                Change::Set(entry) => sets.push(index, (job.key.clone(), entry.clone())),
                Change::SetIfAbsent(entry) => adds.push(index, (job.key.clone(), entry.clone())),
                Change::Delete => deletes.push(index, job.key.clone()),
            }
        }
        let set = async {
            let answers = match sets.items.is_empty() {
                true => Vec::new(),
                false => self.set(sets.items, SetMode::Always).await,
            };
            (sets.places, answers)
        };
        let add = async {
            let answers = match adds.items.is_empty() {
                true => Vec::new(),
                false => self.set(adds.items, SetMode::IfAbsent).await,
            };
            (adds.places, answers)
        };
        let delete = async {
            let answers = match deletes.items.is_empty() {
                true => Vec::new(),
                false => self.delete(&deletes.items).await,
            };
            (deletes.places, answers.into_iter().map(|answer| answer.map(|()| true)).collect())
        };
        let ((set, add), delete) = join(join(set, add), delete).await;
        let mut all: Vec<Result<bool>> = vec![Ok(true); jobs.len()];
        for (places, answers) in [set, add, delete] {
            for (place, answer) in places.into_iter().zip(answers) {
                all[place] = answer;
            }
        }
        all
    }

    /// False only in an optional tier: the others refuse such an entry before anything is written.
    fn can_keep(&self, key: &Key, entry: &Entry) -> bool {
        !self.is_optional() || (self.check_key(key).is_ok() && self.check_entry(entry).is_ok())
    }
}

/// The changes of one kind within a batch.
struct Part<T> {
    places: Vec<usize>,
    items: Vec<T>,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { places: Vec::new(), items: Vec::new() }
    }
}

impl<T> Part<T> {
    fn push(&mut self, place: usize, item: T) {
        self.places.push(place);
        self.items.push(item);
    }
}
