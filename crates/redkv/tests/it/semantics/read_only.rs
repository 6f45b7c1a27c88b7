//! A store that is read and never written.

use std::sync::Arc;

use redkv::chain::{Action, Lookup, Scope, TierConfig};
use redkv::entry::Entry;
use redkv::error::{Error, ErrorKind};
use redkv::layers::LayerConfig;
use redkv::stores::{MemoryConfig, MemoryStore};
use redkv_testing::Operation;

use crate::semantics::harness::*;

fn read_only() -> TierConfig {
    let layers = LayerConfig { read_only: true, ..LayerConfig::default() };
    TierConfig { layers, ..TierConfig::default() }
}

fn is_refusal(error: &Error, operation: Called, store: &str) {
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("readOnly")));
    assert_eq!((error.operation(), error.store()), (Some(operation), Some(store)));
    assert!(!error.may_have_applied() && !error.is_retryable());
}

fn written(tier: &TestTier) -> usize {
    [Operation::Set, Operation::SetIfAbsent, Operation::Delete]
        .map(|kind| tier.faults.count(kind))
        .iter()
        .sum()
}

#[tokio::test(start_paused = true)]
async fn writes_are_refused_when_the_authority_is_read_only_and_reach_no_store() {
    let world = World::empty();
    let cache = world.add(TierConfig::default(), |_| {});
    let source = world.add(read_only(), |_| {});
    source.put("k", "v");
    cache.put("k", "copy");
    is_refusal(&world.set("k", "new").error().await, Called::Set, "second");
    is_refusal(&world.set_if_absent("other", "new").error().await, Called::Set, "second");
    is_refusal(&world.delete("k").error().await, Called::Delete, "second");
    is_refusal(&source.set("k", "new").error().await, Called::Set, "second");
    assert_eq!((cache.holds("k"), source.holds("k")), (some("copy"), some("v")));
    assert_eq!((written(&cache), written(&source)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_read_only_authority_has_fills_the_stores_in_front() {
    let (world, memory, [cache]) = chain_behind_memory();
    let source = world.add(read_only(), |_| {});
    source.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!((memory.holds("k"), cache.holds("k")), (some("v"), some("v")));
    assert_eq!(written(&source), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cache_in_front_of_a_read_only_authority_takes_writes_of_its_own() {
    let world = World::empty();
    let cache = world.add(TierConfig::default(), |_| {});
    let source = world.add(read_only(), |_| {});
    source.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert!(cache.delete("k").written().await);
    source.put("k", "newer");
    assert_eq!(world.get("k").value().await, some("newer"));
}

#[tokio::test(start_paused = true)]
async fn read_only_stores_are_read_in_order_and_never_filled() {
    let world = World::empty();
    let over = world.add(read_only(), |_| {});
    let under = world.add(read_only(), |_| {});
    over.put("both", "over");
    under.put("both", "under");
    under.put("one", "under");
    assert_eq!(world.get("both").value().await, some("over"));
    assert_eq!(world.get("one").value().await, some("under"));
    assert_eq!((over.holds("one"), written(&over)), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn no_store_that_takes_writes_may_follow_a_read_only_one() {
    let world = World::empty();
    let first = world.add(read_only(), |_| {});
    let Err(error) = world.try_add(TierConfig::default(), |_| {}) else { panic!("it was added") };
    assert_eq!(
        (error.kind(), error.field(), error.store()),
        (ErrorKind::Argument, Some("readOnly"), Some("second"))
    );
    assert!(error.message().contains("first"));
    first.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    world.add(read_only(), |_| {});
}

#[tokio::test(start_paused = true)]
async fn a_ttl_of_its_own_has_no_meaning() {
    let config = TierConfig { ttl: Some(5), ..read_only() };
    let Err(error) = World::empty().try_add(config, |_| {}) else { panic!("it was added") };
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("ttl")));
}

#[tokio::test(start_paused = true)]
async fn a_read_only_store_in_memory_refuses_on_the_calling_thread_too() {
    let world = World::empty();
    let memory = Arc::new(MemoryStore::new(MemoryConfig::default(), world.clock.clone()));
    world.chain.add(memory, read_only()).unwrap();
    let front = world.chain.fast_path(Scope::Chain).unwrap();
    let entry = Entry::new("v");
    assert!(!front.takes("k", (&entry).into()) && !front.takes_delete("k"));
    assert_eq!(front.set("k", (&entry).into()), Lookup::Ask);
    assert_eq!(front.delete("k"), Lookup::Ask);
    assert_eq!(front.get("k"), Lookup::Known(None));
    is_refusal(&world.call("k", Action::Set(entry)).error().await, Called::Set, "memory");
}
