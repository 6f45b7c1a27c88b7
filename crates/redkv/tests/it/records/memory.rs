//! The backend in memory.

use std::sync::Arc;

use redkv_records::{MemoryRecords, Records};
use redkv_testing::records_suite;

async fn memory() -> Arc<dyn Records> {
    Arc::new(MemoryRecords::default())
}

records_suite!(suite, super::memory);
