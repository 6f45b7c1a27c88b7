//! The suite over chains.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::sync::Arc;

use redkv::chain::{Chain, ChainStore, TierConfig};
use redkv::clock::ManualClock;
use redkv::conformance::Subject;
use redkv::conformance_suite;
use redkv::stores::{MemoryConfig, MemoryStore};

fn memory(clock: &Arc<ManualClock>) -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()))
}

async fn memory_memory() -> Subject {
    let clock = Arc::new(ManualClock::starting_at(1_000_000));
    let chain = Arc::new(Chain::new(clock.clone()));
    chain.add(memory(&clock), TierConfig::default()).unwrap();
    chain.add(memory(&clock), TierConfig::default()).unwrap();
    Subject::with_clock(Arc::new(ChainStore::new(chain)), clock)
}

conformance_suite!(memory_over_memory, super::memory_memory);
