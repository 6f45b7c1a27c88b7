//! Data structures under the policies of a chain.

use std::sync::Arc;

use redkv_structures::atomic::{self, Merged, merged};
use redkv_structures::cached::{CacheConfig, CacheUsage, CachedStructures, Fences, Writing};
use redkv_structures::{AtomicAnswer, Limits, Structures, Write};

use super::cabinet::{Cabinet, key_of};
use super::options::StructuresConfig;
use crate::chain::{Chain, Visit};
use crate::desk::{Desk, DeskStats};
use crate::entry::Key;
use crate::error::{Error, Result};
use crate::operation::StructureOperation;
use redkv_core::order::Ticket;
use redkv_core::service::Calls;

/// How an atomic write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomicOutcome {
    /// All of it was written.
    Committed,
    /// Nothing was written. For each operation, whether its condition failed.
    Refused(Vec<bool>),
}

/// A backend with what a chain does for its stores: deadlines, a circuit breaker, events, and an orderly end.
///
/// The only store of the chain is a view of the backend that reads and writes plain values.
#[derive(Debug)]
pub struct Database {
    desk: Arc<Desk<Cabinet>>,
    retries: u32,
}

/// An atomic write on its way.
struct AtomicJob {
    visit: Visit,
    merged: Merged,
    /// A key to probe the backend with, should it fail.
    probe: Key,
    /// Its turn among the operations on its keys, where the backend keeps none.
    ticket: Option<Ticket>,
    /// Keeps what it writes out of caches.
    writing: Option<Writing>,
}

impl Database {
    /// Creates what answers for `backend`, whose plain values are the last store of `chain`.
    pub fn new(
        chain: Arc<Chain>,
        backend: Arc<dyn Structures>,
        fences: Arc<Fences>,
        calls: Arc<Calls>,
        config: StructuresConfig,
    ) -> Self {
        let own = backend.limits();
        let limits = if config.limits_of_dynamodb { own.and(Limits::DYNAMODB) } else { own };
        let cabinet = Cabinet { backend, limits, fences, cached: None };
        Self { desk: Arc::new(Desk::new(chain, cabinet, calls)), retries: config.retries }
    }

    /// Returns the same with a read cache in front of it, which forgets what is written through any of them.
    #[must_use]
    pub fn cached(&self, config: CacheConfig) -> Self {
        let cabinet = self.desk.subject();
        let (backend, fences) = (cabinet.backend.clone(), cabinet.fences.clone());
        let cached = CachedStructures::new(backend.clone(), config, fences.clone());
        let cabinet = Cabinet { backend, limits: cabinet.limits, fences, cached: Some(cached) };
        Self { desk: Arc::new(self.desk.with(cabinet)), retries: self.retries }
    }

    /// Returns the cache, if there is one.
    pub fn cache(&self) -> Option<&CachedStructures> {
        self.desk.subject().cached.as_ref()
    }

    /// Returns the chain that has its plain values.
    pub fn chain(&self) -> &Arc<Chain> {
        self.desk.chain()
    }

    /// Returns the backend.
    pub fn backend(&self) -> &Arc<dyn Structures> {
        &self.desk.subject().backend
    }

    /// Returns the statistics so far.
    pub fn stats(&self) -> DeskStats<StructureOperation> {
        self.desk.stats()
    }

    /// Returns the statistics of the cache, if there is one.
    pub fn cache_usage(&self) -> Option<CacheUsage> {
        self.cache().map(CachedStructures::cache_usage)
    }

    /// Returns the desk that takes its commands.
    pub fn desk(&self) -> &Arc<Desk<Cabinet>> {
        &self.desk
    }

    /// Makes all `operations` or none, after what was submitted for their keys before this call, and before what is submitted
    /// for them after it. `retries` is as the option says, if it is not given.
    pub fn write_atomically(
        self: &Arc<Self>,
        operations: Vec<Write>,
        retries: Option<u32>,
    ) -> impl Future<Output = Result<AtomicOutcome>> + Send + 'static {
        let entered =
            self.enter(operations).map_err(|error| self.desk.tag(error, StructureOperation::AtomicWrite));
        let database = self.clone();
        async move {
            match entered? {
                Some(entered) => database.write(entered, retries).await,
                None => Ok(AtomicOutcome::Committed),
            }
        }
    }

    /// Gives an atomic write its place among the operations; nothing if it is empty.
    fn enter(&self, operations: Vec<Write>) -> Result<Option<AtomicJob>> {
        let visit = self.desk.chain().visit(1)?;
        let cabinet = self.desk.subject();
        for (index, write) in operations.iter().enumerate() {
            let checked = cabinet.limits.check_write(write);
            checked.map_err(|error: Error| atomic::at(error, index, write.change.operation()))?;
        }
        let merged = merged(operations)?;
        let keys: Vec<_> = merged.writes.iter().map(|write| write.key.clone()).collect();
        let Some(first) = keys.first() else { return Ok(None) };
        let probe = key_of(first);
        let writing = cabinet.fences.writing(keys.iter());
        let ticket = self.desk.enter(&keys, true);
        Ok(Some(AtomicJob { visit, merged, probe, ticket, writing }))
    }

    async fn write(&self, job: AtomicJob, retries: Option<u32>) -> Result<AtomicOutcome> {
        let AtomicJob { visit, merged, probe, mut ticket, writing } = job;
        let retries = retries.unwrap_or(self.retries);
        let ask = async { self.backend().write_atomically(&merged.writes, retries).await };
        let operation = StructureOperation::AtomicWrite;
        let answer = self.desk.call(&visit, ticket.as_mut(), operation, &probe, ask).await;
        if let Some(writing) = writing {
            writing.end_with(std::slice::from_ref(&answer));
        }
        Ok(match answer? {
            AtomicAnswer::Committed => AtomicOutcome::Committed,
            refused @ AtomicAnswer::Refused(_) => AtomicOutcome::Refused(merged.failures(&refused)),
        })
    }

    /// Makes the table of the format if it is missing, where there are tables.
    pub async fn create_table(self: Arc<Self>) -> Result<()> {
        let ask = async { self.backend().create_table().await };
        self.desk.call_anyway(StructureOperation::CreateTable, ask).await
    }
}
