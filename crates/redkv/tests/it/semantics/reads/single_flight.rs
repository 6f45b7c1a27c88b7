//! Concurrent reads of one key share one walk.

use redkv::chain::{Action, TierConfig};
use redkv::store::Want;
use redkv_testing::{Fault, Operation};

use crate::semantics::harness::*;

#[tokio::test(start_paused = true)]
async fn concurrent_reads_of_one_key_are_one_read_of_the_store() {
    let (world, [first, second]) = chain();
    second.put("k", "v");
    let gate = first.faults.hold_before(Operation::Get);
    let one = world.get("k");
    gate.arrival().await;
    let (two, three) = (world.get("k"), world.get("k"));
    gate.open();
    assert_eq!(one.value().await, some("v"));
    assert_eq!(two.value().await, some("v"));
    assert_eq!(three.value().await, some("v"));
    assert_eq!((first.faults.count(Operation::Get), second.faults.count(Operation::Get)), (1, 1));
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 1);
}

#[tokio::test(start_paused = true)]
async fn duplicates_in_one_submission_are_one_key_of_the_batch() {
    let (world, [first, _second]) = chain();
    first.put("k", "v");
    let mut calls = world.call_all([("k", GET), ("k", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, some("v"));
    assert_eq!(calls.pop().unwrap().value().await, some("v"));
    assert_eq!(first.faults.calls_of(Operation::Get)[0].keys.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn readers_after_a_write_do_not_join_the_older_walk() {
    let (world, [_first, second]) = chain();
    second.put("k", "old");
    let gate = second.faults.hold_after(Operation::Get);
    let before = world.get("k");
    gate.arrival().await;
    second.faults.heal();
    assert!(world.set("k", "new").written().await);
    assert_eq!(world.get("k").value().await, some("new"));
    assert!(!before.is_answered());
    gate.open();
    assert_eq!(before.value().await, some("old"));
}

#[tokio::test(start_paused = true)]
async fn readers_that_waited_for_a_write_share_one_walk() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("k", "v");
    gate.arrival().await;
    let (one, two) = (world.get("k"), world.get("k"));
    gate.open();
    assert!(set.written().await);
    assert_eq!(one.value().await, some("v"));
    assert_eq!(two.value().await, some("v"));
    assert_eq!(first.faults.count(Operation::Get), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_answers_all_who_share_the_walk() {
    let (world, [_first, second]) = chain();
    second.faults.inject(Operation::Get, Fault::Fail(lost()));
    let gate = second.faults.hold_before(Operation::Get);
    let one = world.get("k");
    gate.arrival().await;
    let two = world.get("k");
    gate.open();
    assert_eq!(one.error().await.store(), Some("second"));
    assert_eq!(two.error().await.store(), Some("second"));
}

#[tokio::test(start_paused = true)]
async fn a_later_read_does_not_join_a_walk_that_has_ended() {
    let (world, [first, _second]) = chain();
    assert_eq!(world.get("k").value().await, None);
    first.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn different_questions_do_not_share_a_walk() {
    let (world, [first, _second]) = chain();
    first.put("k", "v");
    let gate = first.faults.hold_before(Operation::Get);
    let one = world.get("k");
    gate.arrival().await;
    assert!(world.has("k").yes().await);
    let two = world.call("k", Action::Get(Want::ValueAndDeadline));
    let three = first.get("k");
    gate.open();
    assert_eq!(one.value().await, some("v"));
    assert_eq!(two.value().await, some("v"));
    assert_eq!(three.value().await, some("v"));
    assert_eq!(first.faults.count(Operation::Get), 3);
}

#[tokio::test(start_paused = true)]
async fn a_reader_does_not_join_a_walk_that_began_with_fewer_stores() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |_| {});
    world.get("up").value().await;
    let gate = first.faults.hold_before(Operation::Get);
    let before = world.get("k");
    gate.arrival().await;
    let second = world.add(TierConfig::default(), |_| {});
    second.put("k", "v");
    let after = world.get("k");
    quiet().await;
    gate.open();
    assert_eq!(before.value().await, None);
    assert_eq!(after.value().await, some("v"));
}
