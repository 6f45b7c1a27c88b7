//! The store under a queue of writes (write-behind).
//!
//! All calls of the store itself, by the queue or past it, go through the guard of the tier: its deadline and its
//! breaker. Calls of the queue do not.

use std::sync::{Arc, OnceLock, Weak};

use futures_util::future::BoxFuture;

use super::guard::Subject;
use crate::events::Event;
use crate::tier::tier::Tier;
use crate::tier::tombstone::is_tombstone;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::{Error, Result};
use redkv_core::operation::Operation;
use redkv_core::store::{Answers, Capabilities, Cursor, Immediate, Leases, Page, SetMode, Store, Want};
use redkv_layers::Host;

/// A store that is called through the guard of its tier.
#[derive(Debug)]
pub(in crate::tier) struct Below {
    pub(in crate::tier) inner: Arc<dyn Store>,
    pub(in crate::tier) tier: Arc<OnceLock<Weak<Tier>>>,
}

impl Below {
    async fn call<T: Clone>(
        &self,
        operation: Operation,
        subject: impl Into<Subject<'_>>,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        let subject: Subject<'_> = subject.into();
        match self.tier.get().and_then(Weak::upgrade) {
            Some(tier) => tier.guard(operation, subject).under_the_queue().call(answers).await,
            None => answers.await,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl Store for Below {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn immediate(&self) -> Option<&dyn Immediate> {
        None
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.init()
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        let ask = async move { self.inner.get(keys, want).await };
        Box::pin(self.call(Operation::Get, keys, ask))
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        let ask = async move { self.inner.has(keys).await };
        Box::pin(self.call(Operation::Has, keys, ask))
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        let ask = async move { self.inner.set(entries, mode).await };
        Box::pin(self.call(Operation::Set, entries, ask))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        let ask = async move { self.inner.delete(keys).await };
        Box::pin(self.call(Operation::Delete, keys, ask))
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        self.inner.keys(prefix, after)
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        self.inner.clear(prefix, after)
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases()
    }

    fn flush(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.flush()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

impl Host for Tier {
    fn hold(&self, holds: bool) {
        self.membership.report(|tier| Event::Queued { tier, any: holds });
    }

    fn failed(&self, failures: &[(Key, Error)]) {
        if !self.capabilities().ordered {
            // A request that was cancelled may be made after what comes next.
            let late = || failures.iter().filter(|(_, error)| error.may_have_applied());
            self.membership.with_owner(|owner, place| {
                late().for_each(|(key, _)| owner.clone().doubt_cache(place, key, true));
            });
        }
        let answers: Answers<()> = failures.iter().map(|(_, error)| Err(error.clone())).collect();
        self.report(&answers);
    }

    fn lost(&self, key: &Key, entry: Option<&Entry>, error: &Error) {
        self.membership.with_owner(|owner, place| owner.disown(place, key, error.may_have_applied()));
        let is_set = entry.is_some_and(|entry| self.tombstones.is_none() || !is_tombstone(entry));
        let operation = if is_set { Operation::Set } else { Operation::Delete };
        let error = self.tag(error.clone(), operation).with_operation(operation);
        self.membership.report(|tier| Event::WriteError { tier, key: key.clone(), operation, error });
    }
}
