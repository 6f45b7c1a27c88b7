//! The store of a cluster.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::super::batches::{Deletes, Entries, Existence, Values, Writes};
use super::super::store::capabilities;
use super::nodes::Nodes;
use super::pages::page;
use super::scatter::scatter;
use crate::leases::{LeaseStep, LeaseSteps, token, was_held};
use crate::options::config::{RedisAddress, RedisConfig};
use crate::reads::{Sought, forbidden};
use redkv_core::clock::Clock;
use redkv_core::entry::{Entry, Key};
use redkv_core::error::Result;
use redkv_core::store::{Answers, Capabilities, Cursor, Leases, Page, SetMode, Store, Want};

/// Keeps entries in a Redis Cluster, each as a plain string under its plain key.
///
/// A batch is cut by slots and goes to its nodes side by side, over one connection to each. Where a key has moved, its
/// request follows; where a node fails, the map of slots is read anew, so that a fail-over is followed. A write is sent
/// again only when a node has said that it did not make it, or cannot have got it.
pub(in super::super) struct ClusterStore {
    nodes: Arc<Nodes>,
    clock: Arc<dyn Clock>,
}

impl ClusterStore {
    /// A store that connects when it is first used, to `seeds` first. Keys go to the servers as they are.
    pub(in super::super) fn new(
        config: RedisConfig,
        seeds: Vec<RedisAddress>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { nodes: Nodes::new(config, seeds), clock }
    }

    async fn lease_step(&self, step: LeaseStep) -> Answers<u64> {
        scatter(&self.nodes, &LeaseSteps, &[step]).await
    }
}

impl fmt::Debug for ClusterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterStore").field("config", &self.nodes.config).finish_non_exhaustive()
    }
}

impl Store for ClusterStore {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn capabilities(&self) -> Capabilities {
        // Of two requests for one key, the first may have to follow it to another node while the second finds it there.
        Capabilities { ordered: false, ..capabilities(&self.nodes.config) }
    }

    fn init(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.nodes.renew(self.nodes.version()).await })
    }

    fn get<'a>(&'a self, keys: &'a [Key], want: Want) -> BoxFuture<'a, Answers<Option<Entry>>> {
        Box::pin(async move {
            match want {
                _ if keys.is_empty() => Vec::new(),
                Want::Value => scatter(&self.nodes, &Values, keys).await,
                Want::ValueAndDeadline => {
                    scatter(&self.nodes, &Entries { asked: self.clock.now() }, keys).await
                }
            }
        })
    }

    fn has<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if keys.is_empty() {
                return Vec::new();
            }
            let mut answers = scatter(&self.nodes, &Existence(Sought::String), keys).await;
            let forbidden = forbidden(keys, &answers);
            if !forbidden.is_empty() {
                let again: Vec<_> = forbidden.iter().map(|n| keys[*n].clone()).collect();
                let others = scatter(&self.nodes, &Existence(Sought::Anything), &again).await;
                forbidden.into_iter().zip(others).for_each(|(n, answer)| answers[n] = answer);
            }
            answers
        })
    }

    fn set<'a>(&'a self, entries: &'a [(Key, Entry)], mode: SetMode) -> BoxFuture<'a, Answers<bool>> {
        Box::pin(async move {
            if entries.is_empty() {
                return Vec::new();
            }
            scatter(&self.nodes, &Writes { mode, clock: &*self.clock }, entries).await
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Answers<()>> {
        Box::pin(async move {
            if keys.is_empty() { Vec::new() } else { scatter(&self.nodes, &Deletes("DEL"), keys).await }
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, after: Option<&'a Cursor>) -> BoxFuture<'a, Result<Page>> {
        Box::pin(page(&self.nodes, prefix, after))
    }

    fn clear<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a Cursor>,
    ) -> BoxFuture<'a, Result<Option<Cursor>>> {
        Box::pin(async move {
            let Page { keys, next } = page(&self.nodes, prefix, after).await?;
            if !keys.is_empty() {
                let gone = scatter(&self.nodes, &Deletes("UNLINK"), &keys).await;
                gone.into_iter().collect::<Result<()>>()?;
            }
            Ok(next)
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.nodes.close() })
    }
}

impl Leases for ClusterStore {
    fn acquire<'a>(&'a self, name: &'a str, life: Duration) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(async move { token(self.lease_step(LeaseStep::acquire(name, life)).await) })
    }

    fn renew<'a>(&'a self, name: &'a str, token: u64, life: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { was_held(self.lease_step(LeaseStep::renew(name, token, life)).await) })
    }

    fn release<'a>(&'a self, name: &'a str, token: u64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { was_held(self.lease_step(LeaseStep::release(name, token)).await) })
    }
}
