//! Records under the policies of a chain.

use std::sync::Arc;

use redkv_core::clock::Clock;
use redkv_core::service::{Calls, RequestObserver};
use redkv_records::probe::RecordsProbe;
use redkv_records::{Records, TableShape, limits};

use super::shelf::Shelf;
use crate::chain::{Chain, TierConfig};
use crate::desk::{Desk, DeskStats};
use crate::error::Result;
use crate::operation::RecordOperation;

/// A backend of records with what a chain does for its stores: deadlines, a circuit breaker, events, and an orderly end.
#[derive(Debug)]
pub struct RecordTable {
    desk: Arc<Desk<Shelf>>,
    backend: Arc<dyn Records>,
}

impl RecordTable {
    /// Creates what answers for `backend`, and adds what looks at it as the only store of `chain`.
    pub fn new(
        chain: Arc<Chain>,
        backend: Arc<dyn Records>,
        policy: TierConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        chain.add(Arc::new(RecordsProbe::new(backend.clone(), clock)), policy)?;
        let calls = Arc::new(Calls::of(backend.batching()));
        Ok(Self { desk: Arc::new(Desk::new(chain, Shelf(backend.clone()), calls)), backend })
    }

    /// Returns the name of the backend.
    pub fn name(&self) -> &'static str {
        self.backend.name()
    }

    /// Reports each request of the backend to `observer` from now on. Only the first counts.
    pub fn observe(&self, observer: RequestObserver) {
        self.backend.observe(observer);
    }

    /// Returns the statistics so far.
    pub fn stats(&self) -> DeskStats<RecordOperation> {
        self.desk.stats()
    }

    /// Returns the desk that takes its commands.
    pub fn desk(&self) -> &Arc<Desk<Shelf>> {
        &self.desk
    }

    /// Makes the table if it is missing, with what `shape` has.
    pub async fn create_table(self: Arc<Self>, shape: TableShape) -> Result<()> {
        const OPERATION: RecordOperation = RecordOperation::CreateTable;
        limits::check_shape(&shape).map_err(|error| self.desk.tag(error, OPERATION))?;
        self.desk.call_anyway(OPERATION, async { self.backend.create_table(&shape).await }).await
    }
}
