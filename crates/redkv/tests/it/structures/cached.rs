//! The read cache, in front of the backend in memory.

use std::sync::Arc;

use redkv_structures::cached::{CacheConfig, CachedStructures, Fences};
use redkv_structures::{MemoryStructures, Structures};
use redkv_testing::structures_suite;

async fn cached() -> Arc<dyn Structures> {
    with(CacheConfig::default())
}

/// So few keys that most answers are evicted.
async fn cached_with_little_room() -> Arc<dyn Structures> {
    with(CacheConfig { max_entries: 2, max_bytes: 2000, ttl: None })
}

fn with(config: CacheConfig) -> Arc<dyn Structures> {
    Arc::new(CachedStructures::new(Arc::new(MemoryStructures::default()), config, Arc::<Fences>::default()))
}

structures_suite!(suite, super::cached);
structures_suite!(suite_with_little_room, super::cached_with_little_room);
