//! Writes: the authority first, then all other tiers side by side.

use std::sync::Arc;

use futures_util::future::{join, join_all};

use crate::chain::Chain;
use crate::request::{Answer, Replies, Scope, Waiter};
use crate::schedule::key_state::Change;
use crate::schedule::table::{Due, WriteJob};
use crate::tier::tier::Tier;
use crate::tier::tiers::Tiers;
use redkv_core::entry::{Deadline, Entry, Key};
use redkv_core::error::{Error, ErrorKind, Outcome, Result};
use redkv_core::panics::lost;
use redkv_core::store::{Answers, Expiry, SetMode};
use redkv_executor::move_to_io_thread;

/// Writes on their way. However they end, their callers get an answer and the next writes of their keys begin.
struct Writing {
    chain: Arc<Chain>,
    tiers: Arc<Tiers>,
    jobs: Vec<WriteJob>,
    answers: Answers<bool>,
}

/// Makes writes that have the scope in common, of distinct keys.
pub(crate) async fn run(chain: Arc<Chain>, tiers: Arc<Tiers>, scope: Scope, jobs: Vec<WriteJob>) {
    let mut writing = Writing { chain, tiers, jobs, answers: Vec::new() };
    if !writing.tiers.all[writing.tiers.range(scope)].iter().all(|tier| tier.capabilities().runs_inline) {
        move_to_io_thread().await;
    }
    let Some((_, authority)) = writing.tiers.authority(scope) else { return };
    // Drawn up before the authority draws up its own, so that no cache keeps an entry longer than it does.
    let following = Role::Cache { cap: authority.cap() };
    let changes = if writing.tiers.caches(scope).next().is_some() {
        writing.jobs.iter().map(WriteJob::copy).collect()
    } else {
        // Nobody else needs the values, and the first copy of one is not free.
        writing.jobs.iter_mut().map(WriteJob::take).collect()
    };
    let losses = authority.losses();
    let mut answers = authority.apply(changes, Role::Authority).await;

    let (mut made, mut doubtful) = (Vec::new(), Vec::new());
    for (index, answer) in answers.iter().enumerate() {
        match answer {
            Ok(true) => {
                // A cache that was written to by itself is an authority of its own.
                authority.clear_stale(&writing.jobs[index].key);
                made.push(index);
            }
            // Somebody else's entry stays, and what the caches hold of it.
            Ok(false) => {}
            Err(error) if error.may_have_applied() => doubtful.push(index),
            Err(_) => {}
        }
    }
    let caches = writing.tiers.caches(scope).map(|(place, tier)| {
        writing.doubt(place, &doubtful);
        writing.follow(place, tier, &made, following)
    });
    let failures = join_all(caches).await;
    for ((_, tier), failures) in writing.tiers.caches(scope).zip(failures) {
        let mut unreported = Vec::new();
        for (index, error) in failures {
            if answers[index].is_err() || tier.is_optional() {
                unreported.push(Err::<(), _>(error));
            } else {
                // Whoever is woken by this wants to know first whether the write was lost.
                let error = error.noting(&format!("; {} has made the write", authority.name()));
                answers[index] = Err(error.outcome(Outcome::Unknown));
            }
        }
        tier.report(&unreported);
    }
    if authority.losses() != losses {
        // One of these writes may be lost by now, and the caches have it.
        writing.tiers.caches(scope).for_each(|(place, _)| writing.doubt(place, &made));
    }
    writing.answers = answers;
}

impl Writing {
    /// Marks keys whose writes the authority may or may not have made: no cache may serve the value from before.
    fn doubt(&self, place: usize, doubtful: &[usize]) {
        for index in doubtful {
            self.chain.mark_stale(&self.tiers, place, &self.jobs[*index].key, false);
        }
    }

    /// Marks all keys: the writes were cancelled half-way, as by a panic, and it is unknown how far they came.
    fn doubt_all(&self) {
        let Some(WriteJob { scope, .. }) = self.jobs.first() else { return };
        let all: Vec<_> = (0..self.jobs.len()).collect();
        for (place, _) in self.tiers.caches(*scope) {
            self.doubt(place, &all);
        }
    }

    /// Repeats in a cache the writes that the authority made. Returns those that failed.
    async fn follow(&self, place: usize, tier: &Tier, made: &[usize], role: Role) -> Vec<(usize, Error)> {
        if made.is_empty() {
            return Vec::new();
        }
        let changes = made.iter().map(|index| self.jobs[*index].copy()).collect();
        let answers = tier.apply(changes, role).await;
        let mut failures = Vec::new();
        for (index, answer) in made.iter().zip(answers) {
            match answer {
                Ok(_) => tier.clear_stale(&self.jobs[*index].key),
                Err(error) => {
                    let may_come = error.may_have_applied();
                    self.chain.mark_stale(&self.tiers, place, &self.jobs[*index].key, may_come);
                    failures.push((*index, error));
                }
            }
        }
        failures
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.answers.is_empty() {
            self.doubt_all();
        }
        let cancelled = || {
            let error = || Error::new(ErrorKind::Internal, "a defect of RedKV: a write was cancelled");
            Err(lost(error).outcome(Outcome::Unknown))
        };
        let mut due = Due::default();
        let mut table = self.chain.table();
        let done: Vec<_> =
            self.jobs.iter().map(|job| (&job.key, table.finish_write(&job.key, &mut due))).collect();
        drop(table);
        let mut answers = std::mem::take(&mut self.answers).into_iter();
        let mut count = 0;
        let mut grouped = GroupedReplies::default();
        for (key, waiters) in done {
            let answer = answers.next().unwrap_or_else(cancelled).map(Answer::Written);
            count += waiters.len();
            self.chain.end_writes(key, waiters.len());
            for waiter in waiters {
                grouped.add(waiter, answer.clone());
            }
        }
        grouped.flush();
        self.chain.lifecycle().end(count);
        self.chain.start_next(due);
    }
}

/// Answers in a row for the same caller, which gets them together.
#[derive(Default)]
struct GroupedReplies {
    caller: Option<Arc<dyn Replies>>,
    indexes: Vec<u32>,
    answers: Answers<Answer>,
}

impl GroupedReplies {
    fn add(&mut self, waiter: Waiter, answer: Result<Answer>) {
        if self.caller.as_ref().is_none_or(|caller| !Arc::ptr_eq(caller, &waiter.replies)) {
            self.flush();
            self.caller = Some(waiter.replies);
        }
        self.indexes.push(waiter.index);
        self.answers.push(answer);
    }

    fn flush(&mut self) {
        if let Some(caller) = self.caller.take() {
            caller.reply_many(&self.indexes, std::mem::take(&mut self.answers));
            self.indexes.clear();
        }
    }
}

impl WriteJob {
    fn copy(&self) -> (Key, Change) {
        (self.key.clone(), self.change.clone())
    }

    /// Moves the change out of the job.
    fn take(&mut self) -> (Key, Change) {
        (self.key.clone(), std::mem::replace(&mut self.change, Change::Delete))
    }
}

/// Whether a tier decides a write or follows it.
#[derive(Clone, Copy)]
enum Role {
    /// Decides whether the write is made.
    Authority,
    /// Follows the authority, with no entry that lives longer than `cap`.
    Cache { cap: Option<Deadline> },
}

/// The step that a change is in one tier.
enum Step {
    Set(Entry),
    Add(Entry),
    Delete,
    /// Nothing to do: the answer is known.
    Done(bool),
}

impl Tier {
    fn step(&self, key: &Key, change: Change, role: Role, now: u64) -> Step {
        match (change, role) {
            // An entry that ended while it waited for its turn leaves what its deadline would have left.
            (Change::Set(entry), Role::Authority) if entry.is_expired(now) => Step::Delete,
            (Change::SetIfAbsent(entry), Role::Authority) if entry.is_expired(now) => Step::Done(false),
            (Change::Set(entry), Role::Authority) => Step::Set(entry),
            (Change::SetIfAbsent(entry), Role::Authority) => Step::Add(entry),
            (Change::Delete, Role::Authority) => Step::Delete,
            (_, Role::Cache { .. }) if self.check_key(key).is_err() => Step::Done(true),
            (Change::Delete, Role::Cache { .. }) => Step::Delete,
            // The authority had nothing, so whatever a cache has is old.
            (Change::Set(entry) | Change::SetIfAbsent(entry), Role::Cache { cap }) => {
                let entry = entry.capped(cap);
                if entry.is_expired(now) || !self.can_keep(&entry) { Step::Delete } else { Step::Set(entry) }
            }
        }
    }

    /// Makes changes of distinct keys, each kind as one batch; one answer per change.
    async fn apply(&self, changes: Vec<(Key, Change)>, role: Role) -> Answers<bool> {
        let now = self.clock().now();
        let mut all: Vec<Result<bool>> = vec![Ok(true); changes.len()];
        let (mut sets, mut adds, mut deletes) = (Part::default(), Part::default(), Part::default());
        for (index, (key, change)) in changes.into_iter().enumerate() {
            match self.step(&key, change, role, now) {
                Step::Set(entry) => sets.push(index, (key, entry)),
                Step::Add(entry) => adds.push(index, (key, entry)),
                Step::Delete => deletes.push(index, key),
                Step::Done(answer) => all[index] = Ok(answer),
            }
        }
        let set = async {
            let answers = self.set(sets.items, SetMode::Always).await;
            (sets.places, answers)
        };
        let add = async {
            let answers = self.set(adds.items, SetMode::IfAbsent).await;
            (adds.places, answers)
        };
        let delete = async {
            let answers = self.delete(&deletes.items).await;
            (deletes.places, answers.into_iter().map(|answer| answer.map(|()| true)).collect())
        };
        let ((set, add), delete) = join(join(set, add), delete).await;
        let made =
            |answers: &Answers<bool>| answers.iter().filter(|answer| matches!(answer, Ok(true))).count();
        self.counters().set(made(&set.1) + made(&add.1));
        self.counters().deleted(made(&delete.1));
        for (places, answers) in [set, add, delete] {
            for (place, answer) in places.into_iter().zip(answers) {
                all[place] = answer;
            }
        }
        all
    }

    /// Returns whether this cache can keep `entry`. What the user asked for was checked before anything was written,
    /// but not for an optional tier, and the deadline may be the authority's.
    fn can_keep(&self, entry: &Entry) -> bool {
        let keeps_deadline = entry.deadline.is_none() || self.capabilities().expiry != Expiry::None;
        keeps_deadline && (!self.is_optional() || self.check_entry(entry).is_ok())
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
