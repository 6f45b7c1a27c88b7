//! From the first store to the end.

use std::sync::Arc;
use std::time::Duration;

use redkv::chain::{ChainStore, Scope, TierConfig};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use redkv_testing::{Fault, Gate, Operation};
use tokio::time::Instant;

use crate::semantics::harness::*;

#[tokio::test(start_paused = true)]
async fn operations_wait_for_the_first_attempt_to_come_up_and_keep_their_order() {
    let (world, [first, _second]) = chain();
    let gate = first.faults.hold_before(Operation::Init);
    let (one, two, get) = (world.set("k", "1"), world.set("k", "2"), world.get("k"));
    gate.arrival().await;
    let three = world.delete("k");
    quiet().await;
    assert_eq!(first.faults.calls().len(), 1);
    gate.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert!(three.written().await);
    // It was called before the delete, which may have overtaken it.
    get.answer().await.unwrap();
    assert_eq!(world.get("k").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_memory_tier_does_not_answer_before_the_other_stores_had_their_attempt() {
    let (world, memory, [first]) = chain_behind_memory();
    memory.put("k", "v");
    let gate = first.faults.hold_before(Operation::Init);
    let get = world.get("k");
    gate.arrival().await;
    assert!(!get.is_answered());
    gate.open();
    assert_eq!(get.value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_memory_alone_needs_no_attempt() {
    let world = World::empty();
    let memory = world.add_memory();
    memory.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_come_up_does_not_hold_operations() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Init, Fault::Fail(lost()));
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_while_coming_up_holds_operations_no_longer_than_its_timeout() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Init, Fault::HoldBefore(Gate::new()));
    second.put("k", "v");
    let began = Instant::now();
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(began.elapsed().as_secs(), 5);
}

/// A chain of one store that answers to nothing, until the gate is opened.
fn hanging(config: TierConfig) -> (World, TestTier, Gate) {
    let world = World::empty();
    let tier = world.add(config, |_| {});
    let gate = Gate::new();
    for operation in [Operation::Init, Operation::Get, Operation::Has, Operation::Set, Operation::Delete] {
        tier.faults.inject(operation, Fault::HoldBefore(gate.clone()));
    }
    (world, tier, gate)
}

#[tokio::test(start_paused = true)]
async fn operations_that_waited_for_a_store_to_come_up_do_not_wait_anew() {
    let (world, tier, gate) = hanging(TierConfig::default());
    let began = Instant::now();
    let (get, set, delete) = (world.get("k"), world.set("l", "v"), world.delete("m"));
    for error in [get.error().await, set.error().await, delete.error().await] {
        assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Connection, false), "{error}");
        assert_eq!(began.elapsed().as_secs(), 5);
    }
    gate.open();
    pass(Duration::from_secs(5)).await;
    assert!(world.set("k", "v").written().await);
    assert_eq!(tier.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_came_up_late_is_used_at_once() {
    let (world, _tier, gate) = hanging(TierConfig::default());
    world.get("k").error().await;
    gate.open();
    world.chain.ready(Scope::Chain).await.unwrap();
    assert_eq!(world.get("k").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_counts_as_down_is_asked_even_if_it_did_not_come_up() {
    let (world, _tier, _gate) = hanging(TierConfig { circuit_breaker: None, ..TierConfig::default() });
    assert_eq!(world.get("k").error().await.kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_while_coming_up_does_not_hold_operations() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Init, Fault::PanicAtOnce);
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(world.chain.ready(Scope::Chain).await.unwrap_err().kind(), ErrorKind::Internal);
}

#[tokio::test(start_paused = true)]
async fn warming_up_brings_the_stores_up_once() {
    let (world, [first, _second]) = chain();
    world.chain.warm_up();
    world.chain.warm_up();
    quiet().await;
    assert_eq!(first.faults.count(Operation::Init), 1);
    world.get("k").value().await;
    world.chain.warm_up();
    quiet().await;
    assert_eq!(first.faults.count(Operation::Init), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_added_while_others_come_up_is_waited_for_too() {
    let (world, [first]) = chain();
    let gate = first.faults.hold_before(Operation::Init);
    let get = world.get("k");
    gate.arrival().await;
    let second = world.add(TierConfig::default(), |_| {});
    let slow = second.faults.hold_before(Operation::Init);
    second.put("k", "v");
    gate.open();
    slow.arrival().await;
    quiet().await;
    assert!(!get.is_answered());
    slow.open();
    assert_eq!(get.value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_added_later_is_waited_for_by_the_operations_after_it() {
    let (world, [_first]) = chain();
    world.get("k").value().await;
    let second = world.add(TierConfig::default(), |_| {});
    let gate = second.faults.hold_before(Operation::Init);
    let get = world.get("k");
    gate.arrival().await;
    assert!(!get.is_answered());
    gate.open();
    assert_eq!(get.value().await, None);
}

#[tokio::test(start_paused = true)]
async fn ready_resolves_when_all_stores_are_up() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Init);
    let ready = world.chain.ready(Scope::Chain);
    tokio::pin!(ready);
    tokio::select! {
        biased;
        _ = &mut ready => panic!("a store is not up yet"),
        () = gate.arrival() => {}
    }
    gate.open();
    ready.await.unwrap();
    assert_eq!(first.faults.count(Operation::Init), 1);
}

#[tokio::test(start_paused = true)]
async fn ready_rejects_when_a_store_cannot_come_up_and_the_next_call_tries_again() {
    let (world, [first, _second]) = chain();
    first.faults.inject(Operation::Init, Fault::Fail(lost()));
    let error = world.chain.ready(Scope::Chain).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.store(), error.operation()),
        (ErrorKind::Connection, Some("first"), Some(Called::Ready))
    );
    first.faults.heal();
    world.chain.ready(Scope::Chain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ready_of_one_store_asks_that_one_alone() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Init, Fault::Fail(lost()));
    world.chain.ready(second.scope).await.unwrap();
    world.chain.ready(first.scope).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn an_optional_store_that_cannot_come_up_does_not_reject_ready() {
    let world = World::empty();
    let first = world.add(optional(), |_| {});
    let _second = world.add(TierConfig::default(), |_| {});
    first.faults.inject(Operation::Init, Fault::Fail(lost()));
    world.chain.ready(Scope::Chain).await.unwrap();
    world.chain.ready(first.scope).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn an_optional_authority_is_refused() {
    let world = World::empty();
    world.add(TierConfig::default(), |_| {});
    world.add(optional(), |_| {});
    let error = world.chain.ready(Scope::Chain).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("optional")));
    world.add(TierConfig::default(), |_| {});
    world.chain.ready(Scope::Chain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ready_of_a_chain_without_stores_resolves() {
    World::empty().chain.ready(Scope::Chain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_is_dropped_without_close_is_freed_although_a_tier_cannot_be_invalidated() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "new").error().await;
    quiet().await;
    let chain = Arc::downgrade(&world.chain);
    drop((world, first, second));
    assert!(chain.upgrade().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_a_store_for_another_chain() {
    let (inner, [first, second]) = chain();
    let store = ChainStore::new(inner.chain.clone());
    let entries = [("k".into(), redkv::entry::Entry::new("v"))];
    assert!(store.set(&entries, SetMode::Always).await.remove(0).unwrap());
    assert_eq!((first.holds("k"), second.holds("k")), (some("v"), some("v")));
    let read = store.get(&["k".into()], Want::Value).await.remove(0).unwrap();
    assert_eq!(read, Some(redkv::entry::Entry::new("v")));

    let outer = World::empty();
    let front = outer.add_memory();
    outer.chain.add(Arc::new(store), TierConfig::default()).unwrap();
    assert_eq!(outer.get("k").value().await, some("v"));
    assert_eq!(front.holds("k"), some("v"));
    assert!(outer.delete("k").written().await);
    assert_eq!((front.holds("k"), first.holds("k"), second.holds("k")), (None, None, None));
}

#[test]
fn stores_can_be_added_while_others_come_up() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let _context = runtime.enter();
    for _ in 0..200 {
        let world = World::empty();
        let chain = world.chain.clone();
        let clock = world.clock.clone();
        let adding = std::thread::spawn(move || {
            for _ in 0..8 {
                let memory = redkv::stores::MemoryStore::new(Default::default(), clock.clone());
                let store = redkv_testing::Faulty::new(Arc::new(memory));
                chain.add(Arc::new(store), TierConfig::default()).unwrap();
            }
        });
        world.chain.warm_up();
        let sets: Vec<_> = (0..8).map(|_| world.set("k", "v")).collect();
        adding.join().unwrap();
        for set in sets {
            assert!(runtime.block_on(set.written()));
        }
        runtime.block_on(world.chain.close());
    }
}
