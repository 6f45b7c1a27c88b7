//! Operations of others on the last store, under the policies of its tier.

use std::sync::Arc;

use tokio::time::Instant;

use crate::chain::Chain;
use crate::request::Scope;
use crate::tier::tier::Tier;
use redkv_core::entry::Key;
use redkv_core::error::{Error, Outcome, Result};
use redkv_core::operation::Operation;
use redkv_core::store::{Answers, Store};

/// Operations that are not of a [`Store`](redkv_core::store::Store), on what is under the last store of a chain. They have
/// the deadline, the circuit breaker and the statistics of its tier, and `close` waits for them. The deadline is that of the
/// visit: the time that operations wait for others is part of it.
#[derive(Debug)]
pub struct Visit {
    chain: Arc<Chain>,
    tier: Arc<Tier>,
    count: usize,
    begun: Instant,
}

impl Chain {
    /// Begins `count` operations on what is under the last store. They end when the visit is dropped.
    ///
    /// Fails when the chain is closed or has no store.
    pub fn visit(self: &Arc<Self>, count: usize) -> Result<Visit> {
        self.visit_in(Scope::Chain, count)
    }

    /// As [`Chain::visit`], under the last store of `scope`.
    pub(crate) fn visit_in(self: &Arc<Self>, scope: Scope, count: usize) -> Result<Visit> {
        // In this order, as everything that is counted: see `Lifecycle::begin`.
        self.lifecycle().begin(count);
        let refused = || {
            self.lifecycle().end(count);
            if self.is_closed() { Error::closed() } else { Error::no_stores() }
        };
        if self.is_closed() {
            return Err(refused());
        }
        match self.tiers().authority(scope) {
            Some((_, tier)) => {
                Ok(Visit { chain: self.clone(), tier: tier.clone(), count, begun: Instant::now() })
            }
            None => Err(refused()),
        }
    }
}

impl Visit {
    /// Returns the store that is visited.
    pub(crate) fn store(&self) -> &dyn Store {
        self.tier.store()
    }

    /// Waits until it is the turn of an operation. Fails once the deadline has passed, with nothing called.
    pub async fn turn(&self, operation: Operation, turn: impl Future<Output = ()>) -> Result<()> {
        let Some(timeout) = self.tier.timeout() else {
            turn.await;
            return Ok(());
        };
        // Whose turn comes only because the deadline of another has passed is too late as well.
        match tokio::time::timeout_at(self.begun + timeout, turn).await {
            Ok(()) if self.begun.elapsed() < timeout => Ok(()),
            _ => {
                Err(self.tier.tag(self.tier.late(operation, timeout), operation).outcome(Outcome::NotApplied))
            }
        }
    }

    /// Makes a call with `len` answers under the policies of the tier. The store is probed with `key`, should it fail. What
    /// is called must be called inside of `answers`, so that it may panic there.
    pub async fn call<T: Clone>(
        &self,
        operation: Operation,
        key: &Key,
        len: usize,
        answers: impl Future<Output = Answers<T>>,
    ) -> Answers<T> {
        self.tier.call_beside(operation, key, len, self.begun.elapsed(), answers).await
    }

    /// Makes a call with one answer, whatever the circuit breaker says.
    pub async fn call_anyway<T: Clone>(
        &self,
        operation: Operation,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.tier.call_anyway(operation, answer).await
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.chain.lifecycle().end(self.count);
    }
}
