//! Per key, operations take effect in the order of their calls, at every tier.

use redkv::chain::{Action, TierConfig};
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv_testing::{Call, Fault, Faults, Operation};

use crate::semantics::harness::*;

/// What was written into a store so far, in order; a delete is a dash.
fn writes(faults: &Faults) -> Vec<String> {
    let is_write =
        |call: &Call| matches!(call.operation, Operation::Set | Operation::SetIfAbsent | Operation::Delete);
    let value =
        |call: Call| call.values.first().map_or("-".to_owned(), |value| text(&Entry::new(value.clone())));
    faults.calls().into_iter().filter(is_write).map(value).collect()
}

#[tokio::test(start_paused = true)]
async fn of_many_writes_of_a_key_only_the_first_and_the_last_are_sent_and_all_resolve() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let (two, three, four) = (world.set("k", "2"), world.set("k", "3"), world.set("k", "4"));
    gate.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert!(three.written().await);
    assert!(four.written().await);
    assert_eq!(writes(&second.faults), ["1", "4"]);
    assert_eq!(writes(&first.faults), ["1", "4"]);
}

#[tokio::test(start_paused = true)]
async fn of_the_writes_of_a_key_in_one_submission_only_the_last_is_sent() {
    let (world, [first, second]) = chain();
    let calls =
        world.call_all([("k", set("1")), ("k", Action::Delete), ("k", set("3")), ("other", set("v"))]);
    for call in calls {
        assert!(call.written().await);
    }
    assert_eq!(writes(&second.faults), ["3"]);
    assert_eq!(first.holds("k"), some("3"));
    assert_eq!(second.faults.calls_of(Operation::Set)[0].keys.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_overtaken_write_resolves_together_with_the_newer_one_and_not_before() {
    let (world, [_first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let (two, three) = (world.set("k", "2"), world.set("k", "3"));
    gate.let_one_pass();
    assert!(one.written().await);
    gate.arrival().await;
    assert!(!two.is_answered());
    gate.open();
    assert!(two.written().await);
    assert!(three.written().await);
}

#[tokio::test(start_paused = true)]
async fn an_overtaken_write_rejects_with_the_newer_one() {
    let (world, [_first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    second.faults.inject(Operation::Set, Fault::Fail(refused()));
    let (two, three) = (world.set("k", "2"), world.set("k", "3"));
    gate.open();
    assert!(one.written().await);
    assert_eq!(two.error().await.kind(), ErrorKind::Store);
    assert_eq!(three.error().await.kind(), ErrorKind::Store);
}

#[tokio::test(start_paused = true)]
async fn writes_of_one_key_are_seen_in_call_order_even_where_a_tier_is_slow() {
    let (world, [first, second]) = chain();
    let slow = first.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    slow.arrival().await;
    let two = world.set("k", "2");
    quiet().await;
    assert_eq!(writes(&second.faults), ["1"]);
    slow.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert_eq!(writes(&second.faults), ["1", "2"]);
    assert_eq!(writes(&first.faults), ["1", "2"]);
    assert_eq!(first.holds("k"), some("2"));
}

#[tokio::test(start_paused = true)]
async fn a_delete_called_after_a_set_takes_effect_after_it() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("k", "v");
    gate.arrival().await;
    let delete = world.delete("k");
    quiet().await;
    assert_eq!(second.faults.count(Operation::Delete), 0);
    gate.open();
    assert!(set.written().await);
    assert!(delete.written().await);
    assert_eq!((first.holds("k"), second.holds("k")), (None, None));
    assert_eq!(writes(&first.faults), ["v", "-"]);
}

#[tokio::test(start_paused = true)]
async fn a_set_called_after_a_delete_takes_effect_after_it() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Delete);
    let delete = world.delete("k");
    gate.arrival().await;
    let set = world.set("k", "v");
    gate.open();
    assert!(delete.written().await);
    assert!(set.written().await);
    assert_eq!((first.holds("k"), second.holds("k")), (some("v"), some("v")));
}

#[tokio::test(start_paused = true)]
async fn writes_of_different_keys_do_not_wait_for_each_other() {
    let (world, [_first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let slow = world.set("slow", "v");
    gate.arrival().await;
    second.faults.heal();
    assert!(world.set("fast", "v").written().await);
    assert!(!slow.is_answered());
    gate.open();
    assert!(slow.written().await);
}

#[tokio::test(start_paused = true)]
async fn writes_to_one_store_and_to_the_chain_take_effect_in_call_order() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "chain");
    gate.arrival().await;
    let two = first.set("k", "first alone");
    quiet().await;
    assert_eq!(writes(&first.faults), Vec::<String>::new());
    gate.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert_eq!(writes(&first.faults), ["chain", "first alone"]);
    assert_eq!(writes(&second.faults), ["chain"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_to_the_chain_overtakes_queued_writes_to_single_stores() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let (two, three, four) = (first.set("k", "2"), second.set("k", "3"), world.set("k", "4"));
    gate.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert!(three.written().await);
    assert!(four.written().await);
    assert_eq!(writes(&first.faults), ["1", "4"]);
    assert_eq!(writes(&second.faults), ["1", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_to_one_store_does_not_overtake_a_queued_write_to_the_chain() {
    let (world, [first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let (two, three) = (world.set("k", "2"), first.set("k", "3"));
    gate.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert!(three.written().await);
    assert_eq!(writes(&first.faults), ["1", "2", "3"]);
    assert_eq!(writes(&second.faults), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_queued_set_if_absent_is_not_overtaken_because_its_answer_depends_on_what_is_there() {
    let (world, [_first, second]) = chain();
    second.put("k", "there");
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let (add, three) = (world.set_if_absent("k", "2"), world.set("k", "3"));
    gate.open();
    assert!(one.written().await);
    assert!(!add.written().await);
    assert!(three.written().await);
    assert_eq!(second.holds("k"), some("3"));
}

#[tokio::test(start_paused = true)]
async fn of_concurrent_set_if_absents_one_is_made() {
    let (world, [_first, second]) = chain();
    let mut calls = world.call_all(["a", "b", "c"].map(|v| ("k", Action::SetIfAbsent(Entry::new(v)))));
    assert!(!calls.pop().unwrap().written().await);
    assert!(!calls.pop().unwrap().written().await);
    assert!(calls.pop().unwrap().written().await);
    assert_eq!(second.holds("k"), some("a"));
}

#[tokio::test(start_paused = true)]
async fn a_read_called_after_a_write_sees_it() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    let gate = second.faults.hold_before(Operation::Set);
    let set = world.set("k", "new");
    gate.arrival().await;
    let (get, has, tier) = (world.get("k"), world.has("k"), first.get("k"));
    quiet().await;
    assert!(!get.is_answered());
    gate.open();
    assert_eq!(get.value().await, some("new"));
    assert!(has.yes().await);
    assert_eq!(tier.value().await, some("new"));
    assert!(set.written().await);
}

#[tokio::test(start_paused = true)]
async fn a_read_called_after_a_delete_sees_it() {
    let (world, [_first, second]) = chain();
    world.set("k", "old").written().await;
    let gate = second.faults.hold_before(Operation::Delete);
    let delete = world.delete("k");
    gate.arrival().await;
    let (get, has) = (world.get("k"), world.has("k"));
    gate.open();
    assert_eq!(get.value().await, None);
    assert!(!has.yes().await);
    assert!(delete.written().await);
}

#[tokio::test(start_paused = true)]
async fn a_read_between_two_writes_sees_the_first_of_them_or_the_later() {
    let (world, [_first, second]) = chain();
    let gate = second.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let get = world.get("k");
    let two = world.set("k", "2");
    gate.let_one_pass();
    assert!(one.written().await);
    gate.arrival().await;
    // Does not wait for the write that was called after it.
    assert_eq!(get.value().await, some("1"));
    gate.open();
    assert!(two.written().await);
}

#[tokio::test(start_paused = true)]
async fn operations_of_one_submission_take_effect_in_its_order() {
    let (world, [_first, _second]) = chain();
    let mut calls = world.call_all([("k", set("v")), ("k", GET), ("k", Action::Delete), ("k", Action::Has)]);
    assert!(!calls.pop().unwrap().yes().await);
    assert!(calls.pop().unwrap().written().await);
    assert_eq!(calls.pop().unwrap().value().await, None);
    assert!(calls.pop().unwrap().written().await);
}

#[tokio::test(start_paused = true)]
async fn a_queued_write_reaches_a_store_that_was_added_before_it_was_called() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |_| {});
    world.get("up").value().await;
    let gate = first.faults.hold_before(Operation::Set);
    let one = world.set("k", "1");
    gate.arrival().await;
    let second = world.add(TierConfig::default(), |_| {});
    let (two, get) = (world.set("k", "2"), world.get("k"));
    quiet().await;
    gate.open();
    assert!(one.written().await);
    assert!(two.written().await);
    assert_eq!(get.value().await, some("2"));
    assert_eq!(second.holds("k"), some("2"));
}
