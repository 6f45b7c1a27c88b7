//! Which tier answers a read: first hit, failing tiers, back-fill, deadlines.

use std::time::Duration;

use redkv::chain::TierConfig;
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::store::Expiry;
use redkv_testing::{Fault, Gate, Operation};

use crate::semantics::harness::*;

#[tokio::test(start_paused = true)]
async fn the_first_hit_wins() {
    let (world, [first, second]) = chain();
    first.put("k", "of the first");
    second.put("k", "of the second");
    assert_eq!(world.get("k").value().await, some("of the first"));
    assert_eq!(second.faults.count(Operation::Get), 0);
}

#[tokio::test(start_paused = true)]
async fn earlier_tiers_are_filled_before_get_resolves() {
    let (world, [first, second, third]) = chain();
    third.put("k", "v");
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    quiet().await;
    assert!(!get.is_answered());
    gate.open();
    assert_eq!(get.value().await, some("v"));
    assert_eq!(first.holds("k"), some("v"));
    assert_eq!(second.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_memory_tier_is_filled_before_get_resolves() {
    let (world, memory, [first, second]) = chain_behind_memory();
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(memory.holds("k"), some("v"));
    assert_eq!(first.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn later_tiers_are_not_filled() {
    let (world, [first, second, third]) = chain();
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(first.holds("k"), some("v"));
    assert_eq!(third.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn keys_found_early_do_not_wait_for_those_that_are_still_sought() {
    let (world, [first, second]) = chain();
    first.put("there", "v");
    let gate = second.faults.hold_before(Operation::Get);
    let mut calls = world.call_all([("there", GET), ("missing", GET)]);
    let (missing, there) = (calls.pop().unwrap(), calls.pop().unwrap());
    gate.arrival().await;
    assert_eq!(there.value().await, some("v"));
    assert!(!missing.is_answered());
    gate.open();
    assert_eq!(missing.value().await, None);
}

#[tokio::test(start_paused = true)]
async fn keys_of_one_submission_reach_a_tier_as_one_batch() {
    let (world, [first, second]) = chain();
    second.put("a", "1");
    second.put("b", "2");
    let mut calls = world.call_all([("a", GET), ("b", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, some("2"));
    assert_eq!(calls.pop().unwrap().value().await, some("1"));
    assert_eq!(first.faults.count(Operation::Get), 1);
    assert_eq!(second.faults.count(Operation::Get), 1);
    assert_eq!(first.faults.calls_of(Operation::SetIfAbsent)[0].keys.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_miss_everywhere_is_none() {
    let (world, [first, second]) = chain();
    assert_eq!(world.get("k").value().await, None);
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
    assert_eq!(second.faults.count(Operation::Get), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_value_is_a_hit() {
    let (world, [first, second]) = chain();
    first.put("k", "");
    assert_eq!(world.get("k").value().await, some(""));
    assert_eq!(second.faults.count(Operation::Get), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failing_tier_counts_as_a_miss_and_the_walk_continues() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Get, Fault::Fail(lost()));
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(world.get("missing").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_failing_authority_does_not_matter_where_an_earlier_tier_has_the_key() {
    let (world, [first, second]) = chain();
    first.put("k", "v");
    second.faults.inject(Operation::Get, Fault::Fail(lost()));
    assert_eq!(world.get("k").value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn get_rejects_where_the_authority_failed_and_no_tier_had_the_key() {
    let (world, [_first, second]) = chain();
    second.faults.inject(Operation::Get, Fault::Fail(lost()));
    let error = world.get("k").error().await;
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!((error.store(), error.operation()), (Some("second"), Some(Called::Get)));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_key_leaves_the_others_of_its_batch_alone() {
    let (world, [first, second]) = chain();
    first.faults.inject_for("a", Operation::Get, Fault::Fail(lost()));
    second.faults.inject_for("a", Operation::Get, Fault::Fail(lost()));
    second.put("b", "v");
    let mut calls = world.call_all([("a", GET), ("b", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, some("v"));
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Connection);
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_failed_in_this_read_is_not_back_filled_in_it() {
    let (world, [first, second, third]) = chain();
    third.put("k", "v");
    first.faults.inject(Operation::Get, Fault::Fail(lost()));
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
    assert_eq!(second.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_back_fill_never_fails_the_read() {
    let (world, [first, second]) = chain();
    second.put("k", "v");
    first.faults.inject(Operation::SetIfAbsent, Fault::Fail(lost()));
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 1);
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_that_hangs_holds_the_read_no_longer_than_the_timeout() {
    let (world, [first, second]) = chain();
    second.put("k", "v");
    first.faults.inject(Operation::SetIfAbsent, Fault::HoldBefore(Gate::new()));
    assert_eq!(world.get("k").value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_hangs_is_passed_by_after_its_timeout() {
    let world = World::empty();
    let timeout = Some(Duration::from_millis(250));
    let first = world.add(TierConfig { timeout, ..TierConfig::default() }, |_| {});
    let second = world.add(TierConfig::default(), |_| {});
    second.put("k", "v");
    first.faults.inject(Operation::Get, Fault::HoldBefore(Gate::new()));
    let began = tokio::time::Instant::now();
    assert_eq!(world.get("k").value().await, some("v"));
    // The time of the tests stands still but for the timeout itself.
    assert_eq!(began.elapsed().as_millis() / 10, 25);
}

#[tokio::test(start_paused = true)]
async fn get_rejects_with_a_timeout_when_the_authority_hangs() {
    let (world, [_first, second]) = chain();
    second.faults.inject(Operation::Get, Fault::HoldBefore(Gate::new()));
    let error = world.get("k").error().await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!((error.store(), error.operation()), (Some("second"), Some(Called::Get)));
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_when_it_is_called_counts_as_failing() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Get, Fault::PanicAtOnce);
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    second.faults.inject(Operation::Get, Fault::PanicAtOnce);
    assert_eq!(world.get("k").error().await.kind(), ErrorKind::Internal);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_while_it_is_awaited_counts_as_failing() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Get, Fault::Panic);
    second.put("k", "v");
    assert_eq!(world.get("k").value().await, some("v"));
    second.faults.inject(Operation::Get, Fault::Panic);
    let error = world.get("k").error().await;
    assert_eq!((error.kind(), error.store()), (ErrorKind::Internal, Some("second")));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_answers_too_few_keys_counts_as_failing() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Get, Fault::AnswerTooFew);
    first.put("a", "mixed up");
    second.put("b", "v");
    let mut calls = world.call_all([("b", GET), ("a", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, None);
    assert_eq!(calls.pop().unwrap().value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn has_is_true_at_the_first_tier_that_has_the_key() {
    let (world, [first, second]) = chain();
    first.put("k", "v");
    assert!(world.has("k").yes().await);
    assert_eq!(second.faults.count(Operation::Has), 0);
}

#[tokio::test(start_paused = true)]
async fn has_continues_with_the_next_tier_after_a_no_and_after_a_failure() {
    let (world, [first, second, third]) = chain();
    first.faults.inject(Operation::Has, Fault::Fail(lost()));
    third.put("k", "v");
    assert!(world.has("k").yes().await);
    assert_eq!(second.faults.count(Operation::Has), 1);
}

#[tokio::test(start_paused = true)]
async fn the_no_of_the_authority_is_final() {
    let (world, [first, _second]) = chain();
    first.faults.inject(Operation::Has, Fault::Fail(lost()));
    assert!(!world.has("k").yes().await);
}

#[tokio::test(start_paused = true)]
async fn has_rejects_where_the_authority_failed_and_no_tier_had_the_key() {
    let (world, [_first, second]) = chain();
    second.faults.inject(Operation::Has, Fault::Fail(lost()));
    let error = world.has("k").error().await;
    assert_eq!((error.store(), error.operation()), (Some("second"), Some(Called::Has)));
}

#[tokio::test(start_paused = true)]
async fn has_fills_nothing() {
    let (world, memory, [first, second]) = chain_behind_memory();
    second.put("k", "v");
    assert!(world.has("k").yes().await);
    assert_eq!((memory.holds("k"), first.holds("k")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn without_stores_get_rejects() {
    let world = World::empty();
    assert_eq!(world.get("k").error().await.kind(), ErrorKind::NoStores);
}

#[tokio::test(start_paused = true)]
async fn without_stores_has_is_false() {
    assert!(!World::empty().has("k").yes().await);
}

#[tokio::test(start_paused = true)]
async fn without_stores_writes_succeed() {
    let world = World::empty();
    assert!(world.set("k", "v").written().await);
    assert!(world.delete("k").written().await);
}

#[tokio::test(start_paused = true)]
async fn a_store_acts_alone_when_it_is_asked_itself() {
    let (_world, [first, second]) = chain();
    second.put("k", "v");
    assert_eq!(first.get("k").value().await, None);
    assert_eq!(second.get("k").value().await, some("v"));
    assert_eq!(first.holds("k"), None);
    assert!(second.set("k", "new").written().await);
    assert_eq!(first.holds("k"), None);
    assert!(!first.has("k").yes().await);
    assert!(second.delete("k").written().await);
    assert_eq!(second.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_carries_the_deadline() {
    let (world, memory, [first, second]) = chain_behind_memory();
    let entry = Entry::until("v", world.deadline(3_000));
    second.put_entry("k", entry.clone());
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(first.holds_entry("k"), Some(entry.clone()));
    assert_eq!(memory.holds_entry("k"), Some(entry));
}

#[tokio::test(start_paused = true)]
async fn an_entry_past_its_deadline_is_a_miss() {
    let (world, [first, second]) = chain();
    first.put_entry("k", Entry::until("old", world.deadline(10)));
    second.put("k", "v");
    world.clock.advance(10);
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(first.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_ends_during_the_back_fill_is_not_served() {
    let (world, [first, second]) = chain();
    second.put_entry("k", Entry::until("v", world.deadline(10)));
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    world.clock.advance(10);
    gate.open();
    assert_eq!(get.value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_a_cache_that_ends_during_the_back_fill_is_served_for_the_last_time() {
    let (world, [first, second, third]) = chain();
    second.put_entry("k", Entry::until("v", world.deadline(10)));
    third.put("k", "v");
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    world.clock.advance(10);
    gate.open();
    assert_eq!(get.value().await, some("v"));
}

#[tokio::test(start_paused = true)]
async fn the_ttl_of_a_tier_caps_what_is_filled_into_it() {
    let world = World::empty();
    let first = world.add(ttl(500), |_| {});
    let second = world.add(TierConfig::default(), |_| {});
    second.put("immortal", "v");
    second.put_entry("short", Entry::until("v", world.deadline(100)));
    assert_eq!(world.get("immortal").value().await, some("v"));
    assert_eq!(world.get("short").value().await, some("v"));
    assert_eq!(first.holds_entry("immortal").unwrap().deadline, Some(world.deadline(500)));
    assert_eq!(first.holds_entry("short").unwrap().deadline, Some(world.deadline(100)));
}

#[tokio::test(start_paused = true)]
async fn an_entry_with_a_deadline_is_not_filled_into_a_store_that_cannot_expire() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.expiry = Expiry::None);
    let second = world.add(TierConfig::default(), |_| {});
    second.put_entry("k", Entry::until("v", world.deadline(100)));
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tier_is_filled_only_where_it_has_nothing() {
    let (world, [first, second]) = chain();
    second.put("k", "found");
    let gate = first.faults.hold_before(Operation::SetIfAbsent);
    let get = world.get("k");
    gate.arrival().await;
    // Another process writes meanwhile.
    first.put("k", "newer");
    gate.open();
    assert_eq!(get.value().await, some("found"));
    assert_eq!(first.holds("k"), some("newer"));
    assert_eq!(first.faults.count(Operation::Set), 0);
}
