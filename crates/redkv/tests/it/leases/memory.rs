//! The suite over the memory of one process.

use std::sync::Arc;

use redkv::clock::SystemClock;
use redkv::store::Store;
use redkv::stores::{MemoryConfig, MemoryStore};
use redkv_testing::leases::Pair;
use redkv_testing::leases_suite;

async fn memory() -> Pair {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(MemoryConfig::default(), Arc::new(SystemClock)));
    [store.clone(), store]
}

leases_suite!(of_memory, super::memory);
