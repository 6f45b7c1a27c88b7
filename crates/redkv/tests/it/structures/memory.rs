//! The backend in memory.

use std::sync::Arc;

use redkv_structures::{Limits, MemoryStructures, Structures};
use redkv_testing::structures_suite;

async fn memory() -> Arc<dyn Structures> {
    Arc::new(MemoryStructures::default())
}

async fn memory_with_the_limits_of_dynamodb() -> Arc<dyn Structures> {
    Arc::new(MemoryStructures::new(Limits::DYNAMODB))
}

structures_suite!(suite, super::memory);
structures_suite!(suite_with_the_limits_of_dynamodb, super::memory_with_the_limits_of_dynamodb);
