//! Data structures under the policies of a chain.

mod atomic_writes;

use std::sync::Arc;

use redkv_structures::cached::{CacheConfig, CacheUsage, CachedStructures, Fences};
use redkv_structures::{Limits, Structures};

pub use self::atomic_writes::{AtomicOutcome, AtomicWrite};
use super::cabinet::Cabinet;
use super::options::StructuresConfig;
use crate::chain::Chain;
use crate::desk::{Desk, DeskStats};
use crate::error::Result;
use crate::operation::StructureOperation;
use redkv_core::service::Calls;

/// A backend with what a chain does for its stores: deadlines, a circuit breaker, events, and an orderly end.
///
/// The only store of the chain is a view of the backend that reads and writes plain values.
#[derive(Debug)]
pub struct Database {
    desk: Arc<Desk<Cabinet>>,
    retries: u32,
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

    /// Makes the table of the format if it is missing, where there are tables.
    pub async fn create_table(self: Arc<Self>) -> Result<()> {
        let ask = async { self.backend().create_table().await };
        self.desk.call_anyway(StructureOperation::CreateTable, ask).await
    }
}
