//! Brings the stores of a chain up, and ends them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all, select};

use crate::chain::Chain;
use crate::request::Scope;
use redkv_core::error::{Error, Result};
use redkv_core::operation::Operation;

impl Chain {
    /// Starts to bring the stores up, in the background; [`Chain::ready`] returns how it went. Call it in a runtime.
    pub fn warm_up(self: &Arc<Self>) {
        if !self.is_closed() && self.lifecycle().begin_settling() {
            self.settle();
        }
    }

    /// Gives every store one attempt, then lets the parked operations go.
    pub(crate) fn settle(self: &Arc<Self>) {
        let chain = self.clone();
        self.spawn(async move {
            loop {
                let tiers = chain.tiers();
                // How it went shows when the store is used: it tries again by itself.
                let attempts = join_all(tiers.all.iter().map(|tier| tier.init_in_time())).await;
                if let Some(key) = chain.lifecycle().parked_key() {
                    for (tier, attempt) in tiers.all.iter().zip(attempts) {
                        attempt.err().into_iter().for_each(|error| tier.did_not_come_up(&key, error));
                    }
                }
                let is_current = || chain.tiers().all.len() == tiers.all.len();
                if !is_current() {
                    continue;
                }
                loop {
                    let parked = chain.lifecycle().next_parked(is_current);
                    if parked.is_empty() {
                        break;
                    }
                    for (requests, replies) in parked {
                        chain.admit(requests, &replies);
                    }
                }
                if chain.lifecycle().is_settled() || !chain.lifecycle().begin_settling() {
                    return;
                }
            }
        });
    }

    /// Waits until the stores of `scope` are up.
    ///
    /// Fails with the first error of a store that is not `optional`; calling it again tries again. The last store is
    /// the authority, and being `optional` is refused for it.
    pub async fn ready(&self, scope: Scope) -> Result<()> {
        if self.is_closed() {
            return Err(Error::closed().with_operation_if_unset(Operation::Ready));
        }
        let tiers = self.tiers();
        let asked = &tiers.all[tiers.range(scope)];
        let attempts = join_all(asked.iter().map(|tier| tier.init())).await;
        for (tier, attempt) in asked.iter().zip(attempts) {
            if !tier.is_optional() || scope != Scope::Chain {
                attempt?;
            }
        }
        let Some((_, tier)) = tiers.authority(scope) else { return Ok(()) };
        let (field, message) = if scope != Scope::Chain {
            return Ok(());
        } else if tier.is_optional() {
            ("optional", "the last store is the source of truth and cannot be optional")
        } else if tier.has_tombstones() {
            ("tombstone", "the last store is the source of truth, and no back-fill goes there")
        } else {
            return Ok(());
        };
        Err(Error::argument(field, message)
            .with_operation_if_unset(Operation::Ready)
            .in_store(&tier.name().into()))
    }

    /// Refuses new operations, waits for those on their way, and closes the stores. Idempotent; all callers wait, at
    /// most until the deadlines of the tiers have passed.
    pub async fn close(&self) {
        self.refuse();
        self.lifecycle()
            .end_once(|| async {
                self.lifecycle().drain().await;
                let tiers = self.tiers();
                let flushed = join_all(tiers.all.iter().map(|tier| tier.flush()));
                // When nobody waits any more, what is queued is lost when its store is closed.
                select(pin!(flushed), pin!(self.lifecycle().abandonment())).await;
                // Whatever is still being brought up or invalidated would use the stores after their end.
                self.stop_background().await;
                let closes = join_all(tiers.all.iter().map(|tier| tier.close()));
                // When nobody waits any more, they are closed in the background.
                select(pin!(closes), pin!(self.lifecycle().abandonment())).await;
                // Chains among them were abandoned too, and report what they lose before this one has ended.
                self.close_nested().await;
            })
            .await;
    }

    fn close_nested(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let nested = self.nested();
            join_all(nested.iter().map(|chain| chain.close())).await;
        })
    }

    /// Closes the chain as [`Chain::close`] does, but waits at most for `patience`. Then it calls `give_up` and closes
    /// the stores under what is still in flight, which is answered when it fails by that, or when the deadlines of the
    /// tiers have passed. Other callers of `close` wait no longer than that either.
    pub async fn close_within(&self, patience: Duration, give_up: impl FnOnce()) {
        let mut closed = pin!(self.close());
        if tokio::time::timeout(patience, &mut closed).await.is_ok() {
            return;
        }
        give_up();
        self.abandon();
        closed.await;
    }

    /// Stops waiting for anything, here and in the chains among the stores.
    fn abandon(&self) {
        for (requests, replies) in self.lifecycle().abandon() {
            self.refuse_all(requests, &replies);
        }
        self.nested().iter().for_each(|chain| chain.abandon());
    }

    /// Returns whether every store had its attempt to come up, so that operations do not wait for that.
    pub fn is_settled(&self) -> bool {
        self.lifecycle().is_settled()
    }

    /// Returns whether new operations are refused.
    pub fn is_closed(&self) -> bool {
        self.lifecycle().is_closed()
    }

    /// Refuses every new operation as closed from now on; those in flight continue.
    pub fn refuse(&self) {
        self.lifecycle().refuse();
    }
}
