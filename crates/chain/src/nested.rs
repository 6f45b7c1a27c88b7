//! Nested chains: a chain is itself a store.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};

use crate::chain::Chain;
use crate::collect::collect;
use crate::ops::lease::LeaseStep;
use crate::request::{Action, Answer, Question, Replies, Scope};
use crate::tier::config::TierConfig;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};

impl Chain {
    /// Appends a whole chain as [`Chain::add`] appends a store. It belongs to this one then: it takes no more stores,
    /// and is closed with it.
    ///
    /// Fails also when it has no store, or belongs to a chain already.
    pub fn add_chain(self: &Arc<Self>, other: &Arc<Self>, config: TierConfig) -> Result<u16> {
        let refused = |why: &str| Err(Error::argument("chain", why));
        if Arc::ptr_eq(self, other) {
            return refused("a chain cannot be a store of itself");
        }
        if other.is_nested() {
            return refused("the chain is a store of another chain already");
        }
        if other.tiers().all.is_empty() {
            return refused("the chain has no store yet: add its stores before you add the chain");
        }
        let place = self.add(Arc::new(ChainStore::new(other.clone())), config)?;
        self.adopt(other);
        Ok(place)
    }
}

/// A chain, as a store for another one.
#[derive(Debug)]
pub struct ChainStore(Arc<Chain>);

impl ChainStore {
    /// `chain` as a store.
    pub fn new(chain: Arc<Chain>) -> Self {
        Self(chain)
    }

    async fn ask<T>(
        &self,
        actions: impl ExactSizeIterator<Item = (Key, Action)> + Send,
        read: impl Fn(Answer) -> Option<T> + Send,
    ) -> Answers<T> {
        let count = actions.len();
        if count == 0 {
            return Vec::new();
        }
        let requests = actions.map(|(key, action)| self.0.request(Scope::Chain, key, action)).collect();
        self.answers(count, |replies| self.0.submit(requests, replies), read).await
    }

    async fn ask_question<T>(
        &self,
        keys: &[Key],
        question: Question,
        read: impl Fn(Answer) -> Option<T> + Send,
    ) -> Answers<T> {
        if keys.is_empty() {
            return Vec::new();
        }
        let submit = |replies: &_| self.0.submit_reads(Scope::Chain, question, keys.to_vec(), replies);
        self.answers(keys.len(), submit, read).await
    }

    async fn answers<T>(
        &self,
        count: usize,
        submit: impl FnOnce(&Arc<dyn Replies>) + Send,
        read: impl Fn(Answer) -> Option<T> + Send,
    ) -> Answers<T> {
        let (collected, done) = collect(count);
        submit(&collected);
        let defect = || Error::new(ErrorKind::Internal, "a defect of RedKV: an answer is missing");
        let Ok(answers) = done.await else { return (0..count).map(|_| Err(defect())).collect() };
        answers.into_iter().map(|answer| answer.and_then(|answer| read(answer).ok_or_else(defect))).collect()
    }
}

/// The leases of the chain are those of its authority.
impl Leases for ChainStore {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        self.0.lease(Scope::Chain, name.to_owned(), LeaseStep::Acquire(life)).boxed()
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        let step = self.0.lease(Scope::Chain, name.to_owned(), LeaseStep::Renew(token, life));
        step.map(|answer| answer.map(|token| token.is_some())).boxed()
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        let step = self.0.lease(Scope::Chain, name.to_owned(), LeaseStep::Release(token));
        step.map(|answer| answer.map(|token| token.is_some())).boxed()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for ChainStore {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn capabilities(&self) -> Capabilities {
        self.0.tiers().capabilities()
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.0.ready(Scope::Chain).boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        self.ask_question(keys, Question::Get(want), |answer| match answer {
            Answer::Entry(entry) => Some(entry),
            Answer::Has(_) | Answer::Written(_) => None,
        })
        .boxed()
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        self.ask_question(keys, Question::Has, |answer| match answer {
            Answer::Has(has) => Some(has),
            Answer::Entry(_) | Answer::Written(_) => None,
        })
        .boxed()
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let actions = entries.iter().map(move |(key, entry)| {
            let action = match mode {
                SetMode::Always => Action::Set(entry.clone()),
                SetMode::IfAbsent => Action::SetIfAbsent(entry.clone()),
            };
            (key.clone(), action)
        });
        self.ask(actions, written).boxed()
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let actions = keys.iter().map(|key| (key.clone(), Action::Delete));
        self.ask(actions, |answer| written(answer).map(|_| ())).boxed()
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.0.keys(Scope::Chain, prefix, after).boxed()
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        self.0.clear_some(Scope::Chain, prefix, after).boxed()
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.0.flush(Scope::Chain).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.close().boxed()
    }
}

fn written(answer: Answer) -> Option<bool> {
    match answer {
        Answer::Written(written) => Some(written),
        Answer::Entry(_) | Answer::Has(_) => None,
    }
}
