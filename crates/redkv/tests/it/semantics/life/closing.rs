//! The end of a chain: what is on its way, what comes later, and the stores.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redkv::chain::{Action, Answer, Replies, Scope, TierConfig};
use redkv::entry::Key;
use redkv::error::{Error, ErrorKind, Result};
use redkv::store::Want;
use redkv_testing::{Fault, Gate, Operation};

use crate::semantics::harness::*;

/// A write that has reached the store of `tier` and waits there at the gate.
async fn set_on_its_way(world: &World, tier: &TestTier) -> (Waiting, Gate) {
    world.get("up").value().await;
    let gate = tier.faults.hold_before(Operation::Set);
    let set = world.set("k", "v");
    gate.arrival().await;
    (set, gate)
}

#[tokio::test(start_paused = true)]
async fn close_waits_for_what_is_on_its_way_and_then_closes_the_stores() {
    let (world, [first, second]) = chain();
    let (set, gate) = set_on_its_way(&world, &second).await;
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
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some(Called::Get)));
    assert_eq!(world.set("k", "v").error().await.kind(), ErrorKind::Closed);
    assert_eq!(world.delete("k").error().await.kind(), ErrorKind::Closed);
    assert_eq!(world.has("k").error().await.kind(), ErrorKind::Closed);
    assert_eq!(world.chain.ready(Scope::Chain).await.unwrap_err().kind(), ErrorKind::Closed);
    let error = world.try_add(TierConfig::default(), |_| {}).err().unwrap();
    // Its caller knows whether that was addStore() or addChain().
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, None));
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
    let (set, _gate) = set_on_its_way(&world, &second).await;
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
    let (set, gate) = set_on_its_way(&world, &second).await;
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

/// Panics over each answer.
#[derive(Default)]
struct Panicking(Mutex<Option<Error>>);

impl Replies for Panicking {
    fn reply(&self, _index: u32, _answer: Result<Answer>) {
        panic!("on purpose");
    }

    fn abandon(&self, error: &Error) {
        *self.0.lock().unwrap() = Some(error.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_operations_are_taken_answers_them_and_keeps_nobody_from_closing() {
    let (world, []) = chain();
    let panicking = Arc::new(Panicking::default());
    let replies: Arc<dyn Replies> = panicking.clone();
    let request = |key| world.chain.request(Scope::Chain, Key::from(key), Action::Get(Want::Value));
    world.chain.submit(vec![request("a"), request("b")], &replies);
    let error = panicking.0.lock().unwrap().take().unwrap();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.may_have_applied());
    world.chain.close().await;
}

#[tokio::test(start_paused = true)]
async fn operations_that_were_never_submitted_are_not_waited_for() {
    let (world, [_tier]) = chain();
    let (replies, mut waiting) = replies(1);
    let request = world.chain.request(Scope::Chain, Key::from("a"), Action::Has);
    world.chain.fail_all(vec![request], &replies, &Error::closed());
    let waiting = waiting.remove(0);
    assert_eq!(waiting.answer().await.unwrap_err().kind(), ErrorKind::Closed);
    world.chain.close().await;
}
