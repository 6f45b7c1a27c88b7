//! The walk: asks tier after tier, fills those that missed, then answers.

use std::sync::Arc;

use smallvec::SmallVec;
use tokio::time::Instant;

use crate::chain::{Chain, reply_all};
use crate::ops::backfill::{Filling, Found};
use crate::request::{Answer, Question, Replies, Scope};
use crate::schedule::table::ReadJob;
use crate::tier::tier::Tier;
use crate::tier::tiers::Tiers;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::panics::lost;
use redkv_core::store::{Answers, Want};
use redkv_executor::{move_to_io_thread, spawn};

/// The caller that a walk answers itself. Readers that joined it wait in the table.
pub(crate) type Caller = Option<Arc<dyn Replies>>;

/// The keys of a walk that have no answer yet. However the walk ends, they get one.
struct Walk {
    chain: Arc<Chain>,
    caller: Caller,
    keys: Vec<Key>,
    /// The state of each of them.
    open: Vec<Open>,
}

/// The state of one key in a walk.
pub(crate) struct Open {
    pub(crate) flight: u64,
    /// The request of the caller.
    index: u32,
    /// The tiers that answered that they have no entry, a bit each: those to fill.
    pub(crate) missed: u32,
    /// The failure of the last tier that was asked.
    failure: Option<Error>,
}

/// Keys whose walk has come to its end.
#[derive(Default)]
pub(crate) struct Ended {
    pub(crate) keys: Vec<Key>,
    pub(crate) open: Vec<Open>,
    pub(crate) answers: Answers<Answer>,
}

impl Ended {
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key at `index` with what was found under it, if it was.
    pub(crate) fn found(&self, index: usize) -> Option<(&Key, &Open, &Entry)> {
        match &self.answers[index] {
            Ok(Answer::Entry(Some(entry))) => Some((&self.keys[index], &self.open[index], entry)),
            _ => None,
        }
    }
}

/// Reads keys that have the scope, the question and the caller in common.
pub(crate) async fn run(chain: Arc<Chain>, tiers: Arc<Tiers>, jobs: Vec<ReadJob>, caller: Caller) {
    let Some(&ReadJob { scope, question, .. }) = jobs.first() else { return };
    let (mut keys, mut open) = (Vec::with_capacity(jobs.len()), Vec::with_capacity(jobs.len()));
    for ReadJob { key, flight, index, .. } in jobs {
        keys.push(key);
        open.push(Open { flight, index, missed: 0, failure: None });
    }
    let mut walk = Walk { chain, caller, keys, open };
    let since = tiers.all.iter().any(|tier| tier.has_tombstones()).then(Instant::now);
    for place in tiers.range(scope) {
        if walk.open.is_empty() {
            return;
        }
        if !tiers.all[place].capabilities().runs_inline {
            move_to_io_thread().await;
        }
        let losses = tiers.all[place].losses();
        let ended = walk.ask(&tiers, place, scope, question).await;
        if ended.keys.is_empty() {
            continue;
        }
        let (chain, caller) = (walk.chain.clone(), walk.caller.clone());
        let filling = Filling::begin(chain, tiers.clone(), Found { place, losses, since }, ended, caller);
        if !filling.waits() {
            drop(filling);
        } else if walk.open.is_empty() {
            filling.finish().await;
        } else {
            // The keys that are still open do not wait for the back-fill of the others.
            spawn(filling.finish());
        }
    }
    walk.end(|open| match (open.failure.take(), question) {
        (Some(failure), _) => Err(failure),
        (None, Question::Get(_)) => Ok(Answer::Entry(None)),
        (None, Question::Has) => Ok(Answer::Has(false)),
    });
}

impl Walk {
    /// Asks one tier for the open keys. What comes to its end by that is taken out of them.
    async fn ask(&mut self, tiers: &Tiers, place: usize, scope: Scope, question: Question) -> Ended {
        let tier = &tiers.all[place];
        let asked = self.put_stale_last(tier, scope, question);
        let keys = &self.keys[..asked];
        let answers = match answers_now(tier, keys, question) {
            Some(answers) => answers,
            None => answers(tier, keys, question, place > 0 && scope == Scope::Chain).await,
        };
        if place + 1 < tiers.range(scope).end {
            // The readers continue without it; they get the failure of the last one.
            tier.report(&answers);
        }
        // The word of the only tier is final, whatever it says.
        if tiers.range(scope).len() == 1 || answers.iter().all(is_hit) {
            let behind = (self.keys.split_off(asked), self.open.split_off(asked));
            let keys = std::mem::replace(&mut self.keys, behind.0);
            let open = std::mem::replace(&mut self.open, behind.1);
            return Ended { keys, open, answers };
        }
        if answers.iter().all(|answer| answer.is_ok() && !is_hit(answer)) {
            self.open[..asked].iter_mut().for_each(|open| open.miss(place));
            return Ended::default();
        }
        self.take_hits(place, answers)
    }

    /// Takes the keys out of which a tier has an entry. Its `answers` are for the first of the open keys.
    fn take_hits(&mut self, place: usize, answers: Answers<Answer>) -> Ended {
        let mut ended = Ended::default();
        let behind = (self.keys.split_off(answers.len()), self.open.split_off(answers.len()));
        let keys = std::mem::take(&mut self.keys).into_iter().zip(std::mem::take(&mut self.open));
        for ((key, mut open), answer) in keys.zip(answers) {
            if is_hit(&answer) {
                ended.keys.push(key);
                ended.open.push(open);
                ended.answers.push(answer);
                continue;
            }
            match answer {
                Ok(_) => open.miss(place),
                Err(failure) => open.failure = Some(failure),
            }
            self.keys.push(key);
            self.open.push(open);
        }
        self.keys.extend(behind.0);
        self.open.extend(behind.1);
        ended
    }

    /// Moves the keys under which `tier` holds an old value after the others. Returns how many others there are: it is
    /// asked for those only.
    fn put_stale_last(&mut self, tier: &Tier, scope: Scope, question: Question) -> usize {
        if !tier.has_stale() {
            return self.open.len();
        }
        let keys = std::mem::take(&mut self.keys).into_iter().zip(std::mem::take(&mut self.open));
        let (mut stale, others): (Vec<_>, Vec<_>) = keys.partition(|(key, _)| tier.is_stale(key));
        for (_, open) in &mut stale {
            open.failure = (scope != Scope::Chain).then(|| tier.holds_old_value(question.operation()));
        }
        let asked = others.len();
        (self.keys, self.open) = others.into_iter().chain(stale).unzip();
        asked
    }

    fn end(&mut self, answer: impl FnMut(&mut Open) -> Result<Answer>) {
        let (keys, mut open) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.open));
        let answers = open.iter_mut().map(answer).collect();
        self.chain.finish_reads(self.caller.as_ref(), Ended { keys, open, answers });
    }
}

impl Open {
    /// The tier at `place` has no entry.
    fn miss(&mut self, place: usize) {
        self.missed |= 1 << place;
        self.failure = None;
    }
}

/// Finds open keys only when the walk was cancelled half-way, as by a panic.
impl Drop for Walk {
    fn drop(&mut self) {
        if !self.open.is_empty() {
            let cancelled = || Error::new(ErrorKind::Internal, "a defect of RedKV: a read was cancelled");
            let error = lost(cancelled);
            self.end(|_| Err(error.clone()));
        }
    }
}

/// Returns whether a tier has an entry.
fn is_hit(answer: &Result<Answer>) -> bool {
    matches!(answer, Ok(Answer::Entry(Some(_)) | Answer::Has(true)))
}

/// Returns the answers of a tier that answers on the calling thread; `None` for any other.
fn answers_now(tier: &Tier, keys: &[Key], question: Question) -> Option<Answers<Answer>> {
    tier.ask_now(keys, |store, key| {
        Ok(match question {
            Question::Get(_) => {
                let entry = store.get_now(key);
                tier.counters()
                    .read_one(entry.is_some(), entry.as_ref().map_or(0, |entry| entry.value.len()));
                Answer::Entry(entry)
            }
            Question::Has => {
                let has = store.has_now(key);
                tier.counters().read_one(has, 0);
                Answer::Has(has)
            }
        })
    })
}

/// Returns the answers of `tier` for `keys`.
async fn answers(tier: &Tier, keys: &[Key], question: Question, will_fill: bool) -> Answers<Answer> {
    match question {
        Question::Get(want) => {
            // An entry that goes into the tiers in front must not live longer there.
            let want = if will_fill { Want::ValueAndDeadline } else { want };
            tier.get(keys, want).await.into_iter().map(|answer| answer.map(Answer::Entry)).collect()
        }
        Question::Has => tier.has(keys).await.into_iter().map(|answer| answer.map(Answer::Has)).collect(),
    }
}

impl Chain {
    /// Ends walks and answers their readers: the caller, and those that joined.
    pub(crate) fn finish_reads(&self, caller: Option<&Arc<dyn Replies>>, ended: Ended) {
        let Ended { keys, open, answers } = ended;
        if keys.is_empty() {
            return;
        }
        let mut count = 0;
        let mut joined = Vec::new();
        let mut table = self.table();
        for ((key, open), answer) in keys.iter().zip(&open).zip(&answers) {
            let waiters = table.finish_read(key, open.flight);
            if !waiters.is_empty() {
                count += waiters.len();
                joined.push((waiters, answer.clone()));
            }
        }
        drop(table);
        if let Some(caller) = caller {
            count += answers.len();
            let indexes: SmallVec<[u32; 128]> = open.iter().map(|open| open.index).collect();
            caller.reply_many(&indexes, answers);
        }
        for (waiters, answer) in joined {
            reply_all(waiters.into_iter(), answer);
        }
        self.lifecycle().end(count);
    }
}
