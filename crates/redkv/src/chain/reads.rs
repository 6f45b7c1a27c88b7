//! The walk: asks tier after tier, fills those that missed, then answers.

use std::sync::Arc;

use futures_util::future::join_all;

use super::core::{Chain, tell};
#[cfg(test)]
use super::planted::{Planted, is_planted};
use super::request::{Answer, Scope};
use super::shape::Shape;
use super::table::{Due, Question, ReadJob};
use super::tier::Tier;
use crate::entry::{Entry, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::executor::{leave_caller, spawn};
use crate::store::{Answers, SetMode, Want};

/// The keys of a walk that have no answer yet. However the walk ends, they get one.
struct Walk {
    chain: Arc<Chain>,
    keys: Vec<Key>,
    /// What is known of each of them.
    open: Vec<Open>,
}

/// What a walk knows of one key.
struct Open {
    flight: u64,
    /// The tiers that answered that they have no entry, a bit each: those to fill.
    missed: u32,
    /// What the last tier that was asked failed with.
    failure: Option<Error>,
}

/// A key whose walk has come to its end.
struct Found {
    key: Key,
    flight: u64,
    missed: u32,
    answer: Answer,
}

impl Found {
    fn entry(&self) -> Option<&Entry> {
        match &self.answer {
            Answer::Entry(entry) => entry.as_ref(),
            Answer::Has(_) | Answer::Written(_) => None,
        }
    }
}

/// Reads keys that have the scope and the question in common.
pub(super) async fn run(chain: Arc<Chain>, shape: Arc<Shape>, jobs: Vec<ReadJob>) {
    let Some(&ReadJob { scope, question, .. }) = jobs.first() else { return };
    let open = |job: ReadJob| (job.key, Open { flight: job.flight, missed: 0, failure: None });
    let (keys, open) = jobs.into_iter().map(open).unzip();
    let mut walk = Walk { chain, keys, open };
    for place in shape.range(scope) {
        if walk.open.is_empty() {
            return;
        }
        if !shape.tiers[place].capabilities().light {
            leave_caller().await;
        }
        let found = walk.ask(&shape.tiers[place], place, scope, question).await;
        if found.is_empty() {
            continue;
        }
        let filling = Filling::begin(walk.chain.clone(), shape.clone(), place, found);
        if filling.begun.is_empty() {
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
    /// Asks one tier for the open keys. What it has is taken out of them.
    async fn ask(&mut self, tier: &Tier, place: usize, scope: Scope, question: Question) -> Vec<Found> {
        let asked = self.put_stale_last(tier, scope, question);
        let keys = &self.keys[..asked];
        let answers = match hits_now(tier, keys, question) {
            Some(answers) => answers,
            None => hits(tier, keys, question, place > 0 && scope == Scope::Chain).await,
        };
        if answers.iter().all(|answer| matches!(answer, Ok(None))) {
            self.open[..asked].iter_mut().for_each(|open| open.miss(place));
            return Vec::new();
        }
        self.take_found(place, answers)
    }

    /// Takes the keys out of which a tier has an entry. Its `answers` are for the first of the open keys.
    fn take_found(&mut self, place: usize, answers: Answers<Option<Answer>>) -> Vec<Found> {
        let asked = answers.len();
        let mut found = Vec::with_capacity(asked);
        let behind = (self.keys.split_off(asked), self.open.split_off(asked));
        let keys = std::mem::take(&mut self.keys).into_iter().zip(std::mem::take(&mut self.open));
        for ((key, mut open), answer) in keys.zip(answers) {
            match answer {
                Ok(Some(answer)) => {
                    found.push(Found { key, flight: open.flight, missed: open.missed, answer });
                    continue;
                }
                Ok(None) => open.miss(place),
                Err(failure) => open.failure = Some(failure),
            }
            self.keys.push(key);
            self.open.push(open);
        }
        self.keys.extend(behind.0);
        self.open.extend(behind.1);
        found
    }

    /// Puts the keys under which `tier` holds an old value behind the others, and answers with how many others
    /// there are: it is asked for those only.
    fn put_stale_last(&mut self, tier: &Tier, scope: Scope, question: Question) -> usize {
        if tier.stale.is_empty() {
            return self.open.len();
        }
        let keys = std::mem::take(&mut self.keys).into_iter().zip(std::mem::take(&mut self.open));
        let (mut stale, others): (Vec<_>, Vec<_>) = keys.partition(|(key, _)| tier.stale.contains(key));
        for (_, open) in &mut stale {
            open.failure = (scope != Scope::Chain).then(|| {
                let message = "the store holds an old value under this key, because a write did not reach it";
                tier.tag(Error::new(ErrorKind::Connection, message), question.name())
            });
        }
        let asked = others.len();
        (self.keys, self.open) = others.into_iter().chain(stale).unzip();
        asked
    }

    fn end(&mut self, mut answer: impl FnMut(&mut Open) -> Result<Answer>) {
        let open = std::mem::take(&mut self.keys).into_iter().zip(std::mem::take(&mut self.open));
        self.chain.finish_reads(open.map(|(key, mut open)| (key, open.flight, answer(&mut open))));
    }
}

impl Open {
    /// The tier at `place` has no entry.
    fn miss(&mut self, place: usize) {
        self.missed |= 1 << place;
        self.failure = None;
    }
}

/// Only finds open keys when the walk was given up half-way, as a panic does.
impl Drop for Walk {
    fn drop(&mut self) {
        if !self.open.is_empty() {
            self.end(|_| Err(Error::new(ErrorKind::Internal, "a defect of RedKV: a read was given up")));
        }
    }
}

/// As [`hits`], of a tier that answers on the calling thread; `None` for any other.
fn hits_now(tier: &Tier, keys: &[Key], question: Question) -> Option<Answers<Option<Answer>>> {
    tier.ask_now(keys, |store, key| {
        Ok(match question {
            Question::Get(_) => store.get_now(key).map(|entry| Answer::Entry(Some(entry))),
            Question::Has => store.has_now(key).then_some(Answer::Has(true)),
        })
    })
}

/// What `tier` has of `keys`: `Ok(None)` where it has nothing.
async fn hits(tier: &Tier, keys: &[Key], question: Question, will_fill: bool) -> Answers<Option<Answer>> {
    match question {
        Question::Get(want) => {
            // An entry that goes into the tiers in front must not live longer there.
            let want = if will_fill { Want::ValueAndDeadline } else { want };
            let entry = |entry: Option<Entry>| entry.map(|entry| Answer::Entry(Some(entry)));
            tier.get(keys, want).await.into_iter().map(|answer| answer.map(entry)).collect()
        }
        Question::Has => {
            let has = |has: bool| has.then_some(Answer::Has(true));
            tier.has(keys).await.into_iter().map(|answer| answer.map(has)).collect()
        }
    }
}

/// Found entries on their way into the tiers in front, which answers their readers when it is dropped.
struct Filling {
    chain: Arc<Chain>,
    shape: Arc<Shape>,
    /// Where it was found.
    place: usize,
    found: Vec<Found>,
    /// Places in `found` of those whose key is marked as being filled.
    begun: Vec<usize>,
}

impl Filling {
    /// Fills immediate tiers, and marks the keys for which other tiers are to be filled.
    fn begin(chain: Arc<Chain>, shape: Arc<Shape>, place: usize, found: Vec<Found>) -> Self {
        let mut filling = Self { chain, shape, place, found, begun: Vec::new() };
        if filling.found.iter().any(|found| found.missed != 0 && found.entry().is_some()) {
            filling.fill_immediate();
        }
        filling
    }

    fn fill_immediate(&mut self) {
        let mut table = self.chain.table();
        for (index, found) in self.found.iter().enumerate() {
            let Some(entry) = found.entry() else { continue };
            if found.missed == 0 || !table.may_fill_now(&found.key, found.flight) {
                continue;
            }
            let mut waits = false;
            for (_, tier) in missed(&self.shape, found) {
                match tier.store().immediate() {
                    // Under the lock of the table no write can come in between.
                    Some(store) if tier.takes(&found.key, entry) => {
                        store.set_now(found.key.clone(), tier.capped(entry.clone()), fill_mode());
                    }
                    Some(_) => {}
                    None => waits |= tier.takes(&found.key, entry),
                }
            }
            if waits && table.begin_fill(&found.key, found.flight) {
                self.begun.push(index);
            }
        }
    }

    /// Fills the other tiers. The readers are answered when this is dropped.
    async fn finish(self) {
        let fills = self.targets().into_iter().map(|target| async move {
            // A back-fill that fails leaves a miss behind, which the next read sees: nobody needs to know.
            target.tier.set(target.entries, fill_mode()).await;
        });
        join_all(fills).await;
    }

    /// What to write into which tier that does not answer at once.
    fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for found in self.begun.iter().map(|index| &self.found[*index]) {
            let Some(entry) = found.entry() else { continue };
            for (place, tier) in missed(&self.shape, found) {
                if tier.capabilities().immediate || !tier.takes(&found.key, entry) {
                    continue;
                }
                let pair = (found.key.clone(), entry.clone());
                match targets.iter_mut().find(|target| target.place == place) {
                    Some(target) => target.entries.push(pair),
                    None => targets.push(Target { place, tier: tier.clone(), entries: vec![pair] }),
                }
            }
        }
        targets
    }
}

/// A tier and what is to be filled in there.
struct Target {
    place: usize,
    tier: Arc<Tier>,
    entries: Vec<(Key, Entry)>,
}

/// Answers in any case: a back-fill that was given up must leave neither a reader nor a write waiting.
impl Drop for Filling {
    fn drop(&mut self) {
        let mut due = Due::default();
        if !self.begun.is_empty() {
            let now = self.chain.clock().now();
            // A copy in a cache may end before the entry does: its end does not mean that there is nothing.
            let is_final = self.place + 1 == self.shape.tiers.len();
            let mut table = self.chain.table();
            for index in &self.begun {
                let found = &mut self.found[*index];
                table.finish_fill(&found.key, &mut due);
                // The back-fill may have taken longer than the entry had to live.
                if is_final && found.entry().is_some_and(|entry| entry.is_expired(now)) {
                    found.answer = Answer::Entry(None);
                }
            }
        }
        let found = std::mem::take(&mut self.found);
        let answers = found.into_iter().map(|found| (found.key, found.flight, Ok(found.answer)));
        self.chain.finish_reads(answers);
        self.chain.start_next(due);
    }
}

/// How a back-fill writes: past nothing that came there meanwhile.
fn fill_mode() -> SetMode {
    #[cfg(test)]
    if is_planted(Planted::FillReplaces) {
        return SetMode::Always;
    }
    SetMode::IfAbsent
}

/// The tiers that missed what was found.
fn missed<'a>(shape: &'a Shape, found: &Found) -> impl Iterator<Item = (usize, &'a Arc<Tier>)> {
    let missed = found.missed;
    shape.tiers.iter().enumerate().filter(move |(place, _)| missed & (1 << place) != 0)
}

impl Tier {
    /// Whether a back-fill of `entry` is possible; where a deadline cannot be kept, there must be none.
    fn takes(&self, key: &Key, entry: &Entry) -> bool {
        self.check_key(key).is_ok() && self.check_entry(entry).is_ok()
    }
}

impl Chain {
    /// Ends walks and tells their readers.
    fn finish_reads(&self, ended: impl Iterator<Item = (Key, u64, Result<Answer>)>) {
        let mut table = self.table();
        let answers: Vec<_> =
            ended.map(|(key, flight, answer)| (table.finish_read(&key, flight), answer)).collect();
        drop(table);
        let mut count = 0;
        for (waiters, answer) in answers {
            count += waiters.len();
            tell(waiters.into_iter(), answer);
        }
        self.lifecycle.end(count);
    }
}
