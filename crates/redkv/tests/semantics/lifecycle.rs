//! From the first store to the end.

use std::sync::Arc;
use std::time::Duration;

use redkv::chain::{ChainStore, Scope, TierConfig};
use redkv::error::ErrorKind;
use redkv::layers::{Fault, Gate, Operation};
use redkv::store::{SetMode, Store, Want};

use crate::harness::*;

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
    let began = tokio::time::Instant::now();
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(began.elapsed().as_secs(), 5);
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
        (ErrorKind::Connection, Some("first"), Some("ready"))
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
async fn close_waits_for_what_is_on_its_way_and_then_closes_the_stores() {
    let (world, [first, second]) = chain();
    world.get("up").value().await;
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("k", "v");
    gate.arrival().await;
    let chain = world.chain.clone();
    let close = tokio::spawn(async move { chain.close().await });
    quiet().await;
    assert!(!close.is_finished());
    assert_eq!(first.faults.count(Operation::Close), 0);
    gate.open();
    assert!(set.written().await);
    close.await.unwrap();
    assert_eq!(first.faults.calls().last().unwrap().operation, Operation::Close);
    assert_eq!(second.faults.count(Operation::Close), 1);
}

#[tokio::test(start_paused = true)]
async fn close_waits_for_operations_that_wait_for_the_stores() {
    let (world, [first]) = chain();
    let gate = first.faults.hold_before(Operation::Init);
    let set = world.set("k", "v");
    gate.arrival().await;
    let chain = world.chain.clone();
    let close = tokio::spawn(async move { chain.close().await });
    quiet().await;
    assert!(!close.is_finished());
    gate.open();
    assert!(set.written().await);
    close.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closed_chain_refuses_operations() {
    let (world, [first, _second]) = chain();
    world.get("up").value().await;
    world.chain.close().await;
    assert!(world.chain.is_closed());
    first.faults.forget_calls();
    let error = world.get("k").error().await;
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("get")));
    assert_eq!(world.set("k", "v").error().await.kind(), ErrorKind::Closed);
    assert_eq!(world.delete("k").error().await.kind(), ErrorKind::Closed);
    assert_eq!(world.has("k").error().await.kind(), ErrorKind::Closed);
    assert_eq!(world.chain.ready(Scope::Chain).await.unwrap_err().kind(), ErrorKind::Closed);
    let error = world.try_add(TierConfig::default(), |_| {}).err().unwrap();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("addStore")));
    assert!(first.faults.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_closed_chain_brings_nothing_up() {
    let (world, [first]) = chain();
    world.chain.close().await;
    world.chain.warm_up();
    quiet().await;
    assert_eq!(first.faults.count(Operation::Init), 0);
}

#[tokio::test(start_paused = true)]
async fn refusing_lets_go_on_what_is_on_its_way() {
    let (world, [_first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let (set, get) = (world.set("k", "v"), world.get("k"));
    gate.arrival().await;
    world.chain.refuse();
    assert_eq!(world.get("k").error().await.kind(), ErrorKind::Closed);
    gate.open();
    assert!(set.written().await);
    assert_eq!(get.value().await, some("v"));
    world.chain.close().await;
}

#[tokio::test(start_paused = true)]
async fn close_is_idempotent_and_all_callers_wait() {
    let (world, [first]) = chain();
    let gate = first.faults.hold_before(Operation::Close);
    let chain = world.chain.clone();
    let one = tokio::spawn(async move { chain.close().await });
    gate.arrival().await;
    let chain = world.chain.clone();
    let two = tokio::spawn(async move { chain.close().await });
    quiet().await;
    assert!(!one.is_finished() && !two.is_finished());
    gate.open();
    one.await.unwrap();
    two.await.unwrap();
    world.chain.close().await;
    assert_eq!(first.faults.count(Operation::Close), 1);
}

#[tokio::test(start_paused = true)]
async fn close_waits_no_longer_than_its_patience_lasts_and_then_closes_the_stores_under_what_is_on_its_way() {
    let (world, [first, second]) = chain();
    world.get("up").value().await;
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("k", "v");
    gate.arrival().await;
    let chain = world.chain.clone();
    let patient = tokio::spawn(async move { chain.close().await });
    let mut gave_up = false;
    let close = world.chain.close_within(Duration::from_millis(100), || gave_up = true);
    tokio::time::timeout(Duration::from_millis(150), close).await.unwrap();
    patient.await.unwrap();
    assert!(gave_up);
    assert_eq!((first.faults.count(Operation::Close), second.faults.count(Operation::Close)), (1, 1));
    assert_eq!(set.error().await.kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn close_with_patience_gives_nothing_up_that_ends_in_time() {
    let (world, [_first, second]) = chain();
    world.get("up").value().await;
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("k", "v");
    gate.arrival().await;
    let chain = world.chain.clone();
    let give_up = || panic!("it gave up");
    let close = tokio::spawn(async move { chain.close_within(Duration::from_millis(100), give_up).await });
    quiet().await;
    gate.open();
    assert!(set.written().await);
    close.await.unwrap();
    world.chain.close_within(Duration::from_millis(1), give_up).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_stores_is_refused_when_the_patience_of_close_is_over() {
    let (world, [first]) = chain();
    first.faults.inject(Operation::Init, Fault::HoldBefore(Gate::new()));
    let set = world.set("k", "v");
    quiet().await;
    world.chain.close_within(Duration::from_millis(100), || {}).await;
    assert_eq!(set.error().await.kind(), ErrorKind::Closed);
    assert_eq!(first.faults.count(Operation::Set), 0);
}

#[tokio::test(start_paused = true)]
async fn close_ends_although_a_store_hangs_or_panics_while_it_closes() {
    let (world, [first, second, third]) = chain();
    first.faults.inject(Operation::Close, Fault::HoldBefore(Gate::new()));
    second.faults.inject(Operation::Close, Fault::PanicAtOnce);
    let close = tokio::time::timeout(Duration::from_secs(60), world.chain.close());
    close.await.unwrap();
    assert_eq!(third.faults.count(Operation::Close), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_touches_a_store_after_it_was_closed() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "new").error().await;
    let init = world.add(TierConfig::default(), |_| {});
    init.faults.inject(Operation::Init, Fault::HoldBefore(Gate::new()));
    world.chain.warm_up();
    quiet().await;
    world.chain.close().await;
    pass(Duration::from_secs(60)).await;
    assert_eq!(first.faults.calls().last().unwrap().operation, Operation::Close);
    assert_eq!(second.faults.calls().last().unwrap().operation, Operation::Close);
    assert_eq!(init.faults.calls().last().unwrap().operation, Operation::Close);
    assert_eq!(Arc::strong_count(&world.chain), 4);
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
                let store = redkv::layers::Faulty::new(Arc::new(memory));
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
