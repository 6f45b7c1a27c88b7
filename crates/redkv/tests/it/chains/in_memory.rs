//! Chains in memory, with stores in it that answer like remote ones.

use std::sync::Arc;

use redkv::chain::{Chain, ChainStore, TierConfig};
use redkv::clock::ManualClock;
use redkv::store::Store;
use redkv::stores::{MemoryConfig, MemoryStore};
use redkv_testing::Faulty;
use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;

fn memory(clock: &Arc<ManualClock>) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(MemoryConfig::default(), clock.clone()))
}

/// A store in memory that answers like a remote one.
fn remote(clock: &Arc<ManualClock>) -> Arc<dyn Store> {
    Arc::new(Faulty::new(memory(clock)))
}

fn subject(clock: Arc<ManualClock>, stores: impl IntoIterator<Item = Arc<dyn Store>>) -> Subject {
    let chain = Arc::new(Chain::new(clock.clone()));
    for store in stores {
        chain.add(store, TierConfig::default()).unwrap();
    }
    Subject::with_clock(Arc::new(ChainStore::new(chain)), clock)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(1_000_000))
}

async fn memory_alone() -> Subject {
    let clock = clock();
    subject(clock.clone(), [memory(&clock)])
}

async fn memory_memory() -> Subject {
    let clock = clock();
    subject(clock.clone(), [memory(&clock), memory(&clock)])
}

async fn memory_remote() -> Subject {
    let clock = clock();
    subject(clock.clone(), [memory(&clock), remote(&clock)])
}

async fn remote_memory() -> Subject {
    let clock = clock();
    subject(clock.clone(), [remote(&clock), memory(&clock)])
}

async fn memory_remote_remote() -> Subject {
    let clock = clock();
    subject(clock.clone(), [memory(&clock), remote(&clock), remote(&clock)])
}

async fn remote_remote_memory() -> Subject {
    let clock = clock();
    subject(clock.clone(), [remote(&clock), remote(&clock), memory(&clock)])
}

async fn chain_in_a_chain() -> Subject {
    let clock = clock();
    let inner = Arc::new(Chain::new(clock.clone()));
    inner.add(memory(&clock), TierConfig::default()).unwrap();
    inner.add(remote(&clock), TierConfig::default()).unwrap();
    let inner: Arc<dyn Store> = Arc::new(ChainStore::new(inner));
    subject(clock.clone(), [memory(&clock), inner])
}

conformance_suite!(memory_by_itself, super::memory_alone);
conformance_suite!(memory_over_memory, super::memory_memory);
conformance_suite!(memory_over_remote, super::memory_remote);
conformance_suite!(remote_over_memory, super::remote_memory);
conformance_suite!(memory_over_remote_over_remote, super::memory_remote_remote);
conformance_suite!(remote_over_remote_over_memory, super::remote_remote_memory);
conformance_suite!(memory_over_a_chain, super::chain_in_a_chain);
