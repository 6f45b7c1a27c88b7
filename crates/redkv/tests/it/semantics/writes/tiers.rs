//! Authority first, then the others: who sees what when some of them fail.

use std::time::Duration;

use redkv::chain::{Action, TierConfig};
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::store::Expiry;
use redkv_testing::{Fault, Gate, Operation};
use tokio::time::Instant;

use crate::semantics::harness::*;

#[tokio::test(start_paused = true)]
async fn a_set_reaches_all_tiers() {
    let (world, memory, [first, second]) = chain_behind_memory();
    assert!(world.set("k", "v").written().await);
    assert_eq!(memory.holds("k"), some("v"));
    assert_eq!(first.holds("k"), some("v"));
    assert_eq!(second.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_delete_reaches_all_tiers() {
    let (world, memory, [first, second]) = chain_behind_memory();
    world.set("k", "v").written().await;
    assert!(world.delete("k").written().await);
    assert_eq!((memory.holds("k"), first.holds("k"), second.holds("k")), (None, None, None));
}

#[tokio::test(start_paused = true)]
async fn deleting_a_missing_key_succeeds() {
    let (world, [_first, _second]) = chain();
    assert!(world.delete("k").written().await);
}

#[tokio::test(start_paused = true)]
async fn writes_reach_the_authority_first_and_then_the_others_side_by_side() {
    let (world, [first, second, third]) = chain();
    let (at_first, at_second, at_third) = (
        first.faults.hold_before(Operation::Set),
        second.faults.hold_before(Operation::Set),
        third.faults.hold_before(Operation::Set),
    );
    let set = world.set("k", "v");
    at_third.arrival().await;
    quiet().await;
    assert_eq!((first.faults.count(Operation::Set), second.faults.count(Operation::Set)), (0, 0));
    at_third.open();
    at_first.arrival().await;
    at_second.arrival().await;
    assert!(!set.is_answered());
    at_second.open();
    quiet().await;
    assert!(!set.is_answered());
    at_first.open();
    assert!(set.written().await);
}

#[tokio::test(start_paused = true)]
async fn where_the_authority_refuses_a_set_no_earlier_tier_sees_the_value() {
    let (world, memory, [first, second]) = chain_behind_memory();
    world.set("k", "old").written().await;
    second.faults.inject(Operation::Set, Fault::Fail(refused()));
    let error = world.set("k", "rejected").error().await;
    assert_eq!(
        (error.kind(), error.store(), error.operation()),
        (ErrorKind::Store, Some("second"), Some(Called::Set))
    );
    assert_eq!(memory.holds("k"), some("old"));
    assert_eq!(first.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("old"));
}

#[tokio::test(start_paused = true)]
async fn where_the_authority_refuses_a_delete_no_earlier_tier_sees_it() {
    let (world, memory, [first, second]) = chain_behind_memory();
    world.set("k", "old").written().await;
    second.faults.inject(Operation::Delete, Fault::Fail(refused()));
    let error = world.delete("k").error().await;
    assert_eq!((error.store(), error.operation()), (Some("second"), Some(Called::Delete)));
    assert_eq!((memory.holds("k"), first.holds("k")), (some("old"), some("old")));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_key_leaves_the_others_of_its_batch_alone() {
    let (world, [first, second]) = chain();
    second.faults.inject_for("a", Operation::Set, Fault::Fail(refused()));
    let mut calls = world.call_all([("a", set("1")), ("b", set("2"))]);
    assert!(calls.pop().unwrap().written().await);
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Store);
    assert_eq!((first.holds("a"), first.holds("b")), (None, some("2")));
}

#[tokio::test(start_paused = true)]
async fn a_set_with_unknown_outcome_invalidates_earlier_tiers() {
    let (world, memory, [first, second]) = chain_behind_memory();
    world.set("k", "old").written().await;
    second.faults.inject(Operation::Set, Fault::LoseAnswer(lost()));
    assert_eq!(world.set("k", "new").error().await.kind(), ErrorKind::Connection);
    quiet().await;
    assert_eq!((memory.holds("k"), first.holds("k")), (None, None));
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_set_with_unknown_outcome_makes_reads_skip_earlier_tiers() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    second.faults.inject(Operation::Set, Fault::LoseAnswer(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.set("k", "new").error().await;
    assert_eq!(first.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(first.faults.count(Operation::Get), 0);
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn a_delete_with_unknown_outcome_makes_reads_skip_earlier_tiers() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    second.faults.inject(Operation::Delete, Fault::LoseAnswer(lost()));
    first.faults.inject(Operation::Delete, Fault::Fail(lost()));
    world.delete("k").error().await;
    assert_eq!(world.get("k").value().await, None);
    assert!(!world.has("k").yes().await);
    assert_eq!(first.holds("k"), some("old"));
}

#[tokio::test(start_paused = true)]
async fn a_set_rejects_with_a_timeout_when_the_authority_hangs_and_earlier_tiers_are_invalidated() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    let hang = second.faults.hold_after(Operation::Set);
    let error = world.set("k", "new").error().await;
    assert_eq!(
        (error.kind(), error.store(), error.operation()),
        (ErrorKind::Timeout, Some("second"), Some(Called::Set))
    );
    hang.arrival().await;
    quiet().await;
    assert_eq!(first.holds("k"), None);
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_set_rejects_with_a_timeout_when_an_earlier_tier_hangs() {
    let (world, [first, second]) = chain();
    first.faults.inject(Operation::Set, Fault::HoldBefore(Gate::new()));
    let error = world.set("k", "v").error().await;
    assert_eq!((error.kind(), error.store()), (ErrorKind::Timeout, Some("first")));
    assert_eq!(second.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn the_error_of_an_earlier_tier_says_that_the_authority_has_made_the_write() {
    let (world, [first, _second]) = chain();
    first.faults.inject(Operation::Set, Fault::HoldBefore(Gate::new()));
    let error = world.set("k", "v").error().await;
    assert_eq!(error.message(), "no answer to set within 5000 ms; second has made the write");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_authority_has_made_does_not_count_as_not_applied() {
    let (world, [first, _second]) = chain();
    first.faults.inject(Operation::Set, Fault::Fail(refused()));
    assert!(!refused().may_have_applied());
    assert!(world.set("k", "v").error().await.may_have_applied());
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_authority_rejects_the_set_and_leaves_earlier_tiers_in_doubt() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    second.put("k", "perhaps");
    second.faults.inject(Operation::Set, Fault::PanicAtOnce);
    let error = world.set("k", "new").error().await;
    assert_eq!((error.kind(), error.store()), (ErrorKind::Internal, Some("second")));
    second.faults.heal();
    assert_eq!(world.get("k").value().await, some("perhaps"));
    assert!(world.set("k", "newer").written().await);
    assert_eq!(first.holds("k"), some("newer"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_an_earlier_tier_rejects_the_set_and_its_old_value_is_not_served() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    first.faults.inject(Operation::Set, Fault::PanicAtOnce);
    first.faults.inject(Operation::Delete, Fault::PanicAtOnce);
    let error = world.set("k", "new").error().await;
    assert_eq!((error.kind(), error.store()), (ErrorKind::Internal, Some("first")));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(second.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn set_if_absent_replaces_what_earlier_tiers_hold_of_an_entry_that_is_gone() {
    let (world, memory, [first, second]) = chain_behind_memory();
    memory.put("k", "old");
    first.put("k", "old");
    assert!(world.set_if_absent("k", "new").written().await);
    assert_eq!(second.holds("k"), some("new"));
    assert_eq!(first.holds("k"), some("new"));
    assert_eq!(memory.holds("k"), some("new"));
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn set_if_absent_leaves_earlier_tiers_alone_where_the_authority_has_an_entry() {
    let (world, [first, second]) = chain();
    second.put("k", "there");
    assert!(!world.set_if_absent("k", "new").written().await);
    assert_eq!(second.holds("k"), some("there"));
    assert_eq!(first.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_past_its_deadline_leaves_nothing_behind() {
    let (world, [first, second]) = chain();
    world.set("k", "old").written().await;
    let past = Entry::until("v", world.deadline(0));
    assert!(world.call("k", Action::Set(past.clone())).written().await);
    assert_eq!((first.holds("k"), second.holds("k")), (None, None));
    assert!(!world.call("k", Action::SetIfAbsent(past)).written().await);
    assert_eq!(second.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn the_ttl_of_a_tier_caps_what_is_written_into_it() {
    let world = World::empty();
    let first = world.add(ttl(500), |_| {});
    let second = world.add(TierConfig::default(), |_| {});
    let entry = Entry::until("v", world.deadline(2_000));
    assert!(world.call("k", Action::Set(entry.clone())).written().await);
    assert_eq!(first.holds_entry("k").unwrap().deadline, Some(world.deadline(500)));
    assert_eq!(second.holds_entry("k"), Some(entry));
}

#[tokio::test(start_paused = true)]
async fn no_tier_keeps_a_value_longer_than_the_authority() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |_| {});
    let cannot_expire = world.add(TierConfig::default(), |can| can.expiry = Expiry::None);
    let authority = world.add(ttl(500), |_| {});
    cannot_expire.put("k", "old");
    assert!(world.set("k", "v").written().await);
    assert_eq!(authority.holds_entry("k").unwrap().deadline, Some(world.deadline(500)));
    assert_eq!(first.holds_entry("k").unwrap().deadline, Some(world.deadline(500)));
    assert_eq!(cannot_expire.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn a_set_with_ttl_is_refused_by_a_chain_with_a_store_that_cannot_expire_and_writes_nothing() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.expiry = Expiry::None);
    let second = world.add(TierConfig::default(), |_| {});
    let entry = Entry::until("v", world.deadline(100));
    let error = world.call("k", Action::Set(entry)).error().await;
    assert_eq!(
        (error.kind(), error.store(), error.field()),
        (ErrorKind::Unsupported, Some("first"), Some("ttl"))
    );
    assert_eq!((first.holds("k"), second.holds("k")), (None, None));
    assert_eq!(second.faults.count(Operation::Set), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tier_ttl_on_a_store_that_cannot_expire_is_refused_at_once() {
    let world = World::empty();
    let error = world.try_add(ttl(100), |can| can.expiry = Expiry::None).err().unwrap();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("ttl")));
}

#[tokio::test(start_paused = true)]
async fn a_write_does_not_wait_for_a_hanging_store_to_forget_what_the_one_before_left() {
    let (world, [cache, authority]) = chain::<2>();
    world.set("k", "1").written().await;
    let gate = Gate::new();
    for operation in [Operation::Has, Operation::Set, Operation::Delete] {
        cache.faults.inject(operation, Fault::HoldBefore(gate.clone()));
    }
    assert_eq!(world.set("k", "2").error().await.kind(), ErrorKind::Timeout);
    pass(Duration::from_secs(1)).await;
    let began = Instant::now();
    assert_eq!(world.set("k", "3").error().await.kind(), ErrorKind::Timeout);
    assert_eq!(began.elapsed().as_secs(), 5);
    gate.open();
    pass(Duration::from_secs(10)).await;
    assert_eq!((cache.holds("k"), authority.holds("k")), (None, some("3")));
    assert_eq!(world.get("k").value().await, some("3"));
}
