//! An earlier tier that missed a write: reads skip it until it is invalidated, then use it again.

use std::time::Duration;

use redkv::chain::TierConfig;
use redkv::error::ErrorKind;
use redkv_testing::{Fault, Gate, Operation};

use crate::semantics::harness::*;

/// Longer than the pauses between attempts to invalidate.
const A_WHILE: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn a_set_that_an_earlier_tier_missed_rejects_and_names_the_store() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    let error = world.set("k", "new").error().await;
    assert_eq!((error.kind(), error.store()), (ErrorKind::Connection, Some("first")));
    assert_eq!(second.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn the_old_value_of_a_tier_that_missed_a_set_is_never_served() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::Fail(refused()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "new").error().await;
    assert_eq!(first.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(first.faults.count(Operation::Get), 0);
    assert_eq!(second.faults.count(Operation::Get), 1);
}

#[tokio::test(start_paused = true)]
async fn the_old_value_of_a_tier_that_missed_a_delete_is_never_served() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    let error = world.delete("k").error().await;
    assert_eq!((error.store(), error.operation()), (Some("first"), Some(Called::Delete)));
    assert_eq!(second.holds("k"), None);
    assert_eq!(first.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, None);
    assert!(!world.has("k").yes().await);
}

#[tokio::test(start_paused = true)]
async fn only_the_key_that_was_missed_is_skipped() {
    let (world, [first, second]) = chain();
    world.set("a", "old").written().await;
    world.set("b", "kept").written().await;
    first.faults.inject_for("a", Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("a", "new").error().await;
    let mut calls = world.call_all([("a", GET), ("b", GET), ("c", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, None);
    assert_eq!(calls.pop().unwrap().value().await, some("kept"));
    assert_eq!(calls.pop().unwrap().value().await, some("new"));
    assert_eq!(first.faults.calls_of(Operation::Get)[0].keys.len(), 2);
    assert_eq!(second.faults.calls_of(Operation::Get)[0].keys.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_reads_skip_is_invalidated_and_used_again() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "new").error().await;
    pass(A_WHILE).await;
    assert_eq!(first.holds("k"), some("old"));
    first.faults.heal();
    pass(A_WHILE).await;
    assert_eq!(first.holds("k"), None);
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(first.holds("k"), some("new"));
    second.faults.forget_calls();
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(second.faults.count(Operation::Get), 0);
}

#[tokio::test(start_paused = true)]
async fn a_later_set_that_reaches_the_tier_makes_it_used_again() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "missed").error().await;
    first.faults.heal();
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    assert!(world.set("k", "new").written().await);
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(second.faults.count(Operation::Get), 0);
    first.faults.heal();
    pass(A_WHILE).await;
    assert_eq!(first.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_write_to_the_tier_itself_makes_it_used_again() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "missed").error().await;
    first.faults.heal();
    assert!(first.set("k", "own").written().await);
    assert_eq!(first.get("k").value().await, some("own"));
    pass(A_WHILE).await;
    assert_eq!(first.holds("k"), some("own"));
    assert_eq!(world.get("k").value().await, some("own"));
    assert_eq!(second.faults.count(Operation::Get), 0);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_misses_again_while_the_tier_is_being_invalidated_is_invalidated_too() {
    let (world, [first, _second]) = chain();
    first.put("k", "old");
    first.faults.inject(Operation::Set, Fault::LoseAnswer(lost()));
    let repair = first.faults.hold_after(Operation::Delete);
    world.set("k", "one").error().await;
    repair.arrival().await;
    world.set("k", "two").error().await;
    assert_eq!(first.holds("k"), some("two"));
    repair.let_one_pass();
    repair.arrival().await;
    assert_eq!(first.holds("k"), None);
    repair.open();
    assert_eq!(world.get("k").value().await, some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_took_a_set_but_lost_the_answer_is_invalidated() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::LoseAnswer(lost()));
    world.set("k", "new").error().await;
    quiet().await;
    assert_eq!(first.holds("k"), None);
    assert_eq!(second.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn an_optional_tier_that_missed_a_set_does_not_reject_it_and_its_old_value_is_never_served() {
    let world = World::empty();
    let first = world.add(optional(), |_| {});
    let second = world.add(Default::default(), |_| {});
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    assert!(world.set("k", "new").written().await);
    assert_eq!(first.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(second.faults.count(Operation::Get), 1);
}

#[tokio::test(start_paused = true)]
async fn an_optional_tier_that_missed_a_delete_does_not_reject_it_and_its_old_value_is_never_served() {
    let world = World::empty();
    let first = world.add(optional(), |_| {});
    let _second = world.add(Default::default(), |_| {});
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    assert!(world.delete("k").written().await);
    assert_eq!(first.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_optional_tier_that_hangs_rejects_nothing() {
    let world = World::empty();
    let first = world.add(optional(), |_| {});
    let second = world.add(Default::default(), |_| {});
    first.faults.inject(Operation::Set, Fault::HoldBefore(Gate::new()));
    assert!(world.set("k", "v").written().await);
    assert_eq!(second.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_read_of_the_tier_itself_rejects_rather_than_answering_with_the_old_value() {
    let (world, [first, _second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "new").error().await;
    let get = first.get("k").error().await;
    assert_eq!(
        (get.kind(), get.store(), get.operation()),
        (ErrorKind::Connection, Some("first"), Some(Called::Get))
    );
    let has = first.has("k").error().await;
    assert_eq!((has.store(), has.operation()), (Some("first"), Some(Called::Has)));
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_panics_does_not_lose_the_readers_of_later_tiers() {
    let (world, [first, second]) = chain();
    second.put("other", "v");
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("stale", "new").error().await;
    first.faults.inject(Operation::Get, Fault::PanicAtOnce);
    let mut calls = world.call_all([("stale", GET), ("other", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, some("v"));
    assert_eq!(calls.pop().unwrap().value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn what_is_written_into_a_tier_alone_is_not_lost_to_an_invalidation_that_was_on_its_way() {
    let (world, [first, _second]) = chain();
    first.faults.inject(Operation::Set, Fault::Fail(lost()));
    let gate = first.faults.hold_before(Operation::Delete);
    world.set("k", "missed").error().await;
    gate.arrival().await;
    first.faults.heal();
    let set = first.set("k", "own");
    quiet().await;
    gate.open();
    assert!(set.written().await);
    quiet().await;
    assert_eq!(first.holds("k"), some("own"));
}

/// Longer than a cancelled write may be in flight.
const VERY_LATE: Duration = Duration::from_secs(15);

#[tokio::test(start_paused = true)]
async fn a_write_that_comes_late_to_a_cache_that_keeps_no_order_is_never_served() {
    let world = World::empty();
    let cache = world.add(TierConfig::default(), |can| can.ordered = false);
    world.add(TierConfig::default(), |_| {});
    cache.faults.inject(Operation::Set, Fault::HoldBefore(Gate::new()));
    assert_eq!(world.set("k", "late").error().await.kind(), ErrorKind::Timeout);
    cache.faults.heal();
    world.set("k", "new").written().await;
    // Now it arrives.
    cache.put("k", "late");
    assert_eq!(world.get("k").value().await, some("new"));
    pass(VERY_LATE).await;
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(cache.holds("k"), some("new"), "it was invalidated and filled");
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_that_comes_late_to_a_cache_that_keeps_no_order_brings_nothing_back() {
    let world = World::empty();
    let cache = world.add(TierConfig::default(), |can| can.ordered = false);
    let authority = world.add(TierConfig::default(), |_| {});
    authority.put("k", "old");
    cache.faults.inject(Operation::SetIfAbsent, Fault::HoldBefore(Gate::new()));
    assert_eq!(world.get("k").value().await, some("old"));
    cache.faults.heal();
    world.delete("k").written().await;
    cache.put("k", "old");
    assert_eq!(world.get("k").value().await, None);
    pass(VERY_LATE).await;
    assert_eq!(cache.holds("k"), None);
    assert_eq!(world.get("k").value().await, None);
}
