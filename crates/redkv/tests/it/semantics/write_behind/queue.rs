//! Tiers whose writes are acknowledged before their stores have made them.

use std::time::Duration;

use redkv::chain::{Scope, TierConfig};
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::layers::BehindConfig;
use redkv::store::Capabilities;
use redkv_testing::{Fault, Operation};

use crate::semantics::harness::*;
use crate::semantics::write_behind::support::*;

#[tokio::test(start_paused = true)]
async fn a_write_resolves_when_the_other_tiers_are_done_and_is_read_at_once() {
    let (world, [cache, authority]) = queued_cache();
    let gate = cache.faults.hold_before(Operation::Set);
    assert!(world.set("k", "v").written().await);
    assert_eq!((cache.holds("k"), authority.holds("k")), (None, some("v")));
    assert_eq!(world.get("k").value().await, some("v"));
    assert_eq!(cache.get("k").value().await, some("v"));
    assert_eq!(authority.faults.count(Operation::Get), 0);
    gate.open();
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(cache.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn caches_follow_an_authority_that_has_queued_a_write() {
    let (world, [cache, authority]) = queued_authority();
    let gate = authority.faults.hold_before(Operation::Set);
    assert!(world.set("k", "v").written().await);
    assert_eq!((cache.holds("k"), authority.holds("k")), (some("v"), None));
    world.delete("k").written().await;
    assert_eq!((world.get("k").value().await, cache.holds("k")), (None, None));
    assert!(world.set_if_absent("k", "again").written().await);
    gate.open();
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(authority.holds("k"), some("again"));
}

#[tokio::test(start_paused = true)]
async fn the_writes_of_one_call_go_to_the_store_as_one_batch() {
    let (world, [_cache, authority]) = queued_authority();
    for call in world.call_all([("a", set("1")), ("b", set("2")), ("c", set("3"))]) {
        call.written().await;
    }
    world.chain.flush(Scope::Chain).await.unwrap();
    let calls = authority.faults.calls_of(Operation::Set);
    assert_eq!(calls.iter().map(|call| call.keys.len()).collect::<Vec<_>>(), [3]);
}

#[tokio::test(start_paused = true)]
async fn reads_skip_a_cache_that_lost_a_write_until_it_is_invalidated() {
    let (world, [cache, authority]) = queued_cache();
    let losses = Losses::watch(&world);
    world.set("k", "old").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    cache.faults.inject(Operation::Set, Fault::Fail(refused()));
    let gate = cache.faults.hold_before(Operation::Delete);
    world.set("k", "new").written().await;
    gate.arrival().await;
    assert_eq!(losses.take(), [(0, "k".into(), Called::Set, ErrorKind::Store)]);
    assert_eq!(cache.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(cache.get("k").error().await.store(), Some("first"));
    gate.open();
    quiet().await;
    assert_eq!((cache.holds("k"), authority.holds("k")), (None, some("new")));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(cache.holds("k"), some("new"), "it is filled again");
}

#[tokio::test(start_paused = true)]
async fn a_read_on_its_way_to_a_cache_that_loses_a_write_does_not_bring_the_old_value() {
    let (world, [cache, _authority]) = queued_cache();
    world.set("k", "old").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    cache.faults.inject(Operation::Set, Fault::Fail(refused()));
    let set = world.set("k", "new");
    for _ in 0..20 {
        tokio::task::yield_now().await;
        let value = world.get("k");
        drop(value);
    }
    set.written().await;
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_a_cache_lost_does_not_bring_the_value_back() {
    let (world, [cache, authority]) = queued_cache();
    let losses = Losses::watch(&world);
    world.set("k", "old").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    cache.faults.inject(Operation::Delete, Fault::Fail(refused()));
    world.delete("k").written().await;
    quiet().await;
    assert_eq!(losses.take(), [(0, "k".into(), Called::Delete, ErrorKind::Store)]);
    assert_eq!((cache.holds("k"), authority.holds("k")), (some("old"), None));
    assert_eq!(world.get("k").value().await, None);
    cache.faults.heal();
    pass(Duration::from_secs(10)).await;
    assert_eq!(cache.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn caches_do_not_keep_what_an_authority_has_lost() {
    let (world, [cache, authority]) = queued_authority();
    let losses = Losses::watch(&world);
    world.set("k", "old").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    let gate = authority.faults.hold_before(Operation::Set);
    authority.faults.inject(Operation::Set, Fault::Fail(refused()));
    assert!(world.set("k", "new").written().await);
    gate.arrival().await;
    assert_eq!(cache.holds("k"), some("new"));
    gate.open();
    assert_eq!(world.chain.flush(Scope::Chain).await.unwrap_err().store(), Some("second"));
    assert_eq!(losses.take(), [(1, "k".into(), Called::Set, ErrorKind::Store)]);
    assert_eq!(world.get("k").value().await, some("old"));
    quiet().await;
    assert_eq!(world.get("k").value().await, some("old"));
    assert_eq!(cache.holds("k"), some("old"));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_authority_loses_while_the_caches_follow_is_not_kept_by_them() {
    let (world, [cache, authority]) = queued_authority();
    authority.put("k", "old");
    authority.faults.inject(Operation::Set, Fault::Fail(refused()));
    let gate = cache.faults.hold_before(Operation::Set);
    let set = world.set("k", "new");
    gate.arrival().await;
    quiet().await;
    gate.open();
    assert!(set.written().await);
    assert_eq!(world.get("k").value().await, some("old"));
}

#[tokio::test(start_paused = true)]
async fn what_was_read_from_the_queue_of_an_authority_is_not_filled_in_after_it_was_lost() {
    let world = World::empty();
    let cache = world.add(TierConfig::default(), |_| {});
    let middle = world.add(TierConfig::default(), |_| {});
    let authority = world.add(queued(), |_| {});
    authority.put("k", "old");
    let gate = authority.faults.hold_before(Operation::Set);
    authority.faults.inject(Operation::Set, Fault::Fail(refused()));
    authority.set("k", "new").written().await;
    gate.arrival().await;
    let fill = cache.faults.hold_before(Operation::SetIfAbsent);
    let read = world.get("k");
    fill.arrival().await;
    gate.open();
    quiet().await;
    fill.open();
    assert_eq!(read.value().await, some("new"), "it was read before it was lost");
    quiet().await;
    assert_eq!(world.get("k").value().await, some("old"));
    pass(Duration::from_secs(1)).await;
    assert_eq!(world.get("k").value().await, some("old"));
    assert_ne!(middle.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_waits_for_other_keys_while_one_is_lost_does_not_fill_it_in() {
    let (world, [cache, authority]) = queued_authority();
    authority.put("k", "old");
    let gate = authority.faults.hold_before(Operation::Set);
    authority.faults.inject(Operation::Set, Fault::Fail(refused()));
    authority.set("k", "new").written().await;
    gate.arrival().await;
    let read = authority.faults.hold_before(Operation::Get);
    let [k, other] = world.get_many(["k", "other"]);
    read.arrival().await;
    gate.open();
    quiet().await;
    read.open();
    assert_eq!((k.value().await, other.value().await), (some("old"), None));
    assert_ne!(cache.holds("k"), some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_not_asked_and_gets_what_waits_when_it_is_back() {
    let (world, [_cache, authority]) = queued_authority();
    let losses = Losses::watch(&world);
    authority.fail(&[Operation::Set, Operation::Has]);
    assert!(world.set("k", "v").written().await);
    pass(Duration::from_secs(30)).await;
    assert_eq!(authority.faults.count(Operation::Set), 3, "the breaker is open since the third");
    assert_eq!(authority.get("k").value().await, some("v"), "the queue has it");
    assert!(authority.set("k", "w").written().await, "and takes more");
    assert_eq!(authority.get("other").error().await.kind(), ErrorKind::Connection);
    authority.faults.heal();
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(authority.holds("k"), some("w"));
    assert_eq!(losses.take(), []);
    assert_eq!(*losses.queued.lock().unwrap(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_reported_as_lost_when_its_store_stays_down_for_too_long() {
    let (world, [_cache, authority]) = queued_authority();
    let losses = Losses::watch(&world);
    authority.fail(&[Operation::Set, Operation::Delete, Operation::Has]);
    world.set("a", "v").written().await;
    world.delete("b").written().await;
    pass(Duration::from_secs(62)).await;
    let mut told = losses.take();
    told.sort_by_key(|(_, key, ..)| key.clone());
    let told: Vec<_> = told.iter().map(|(_, key, operation, kind)| (&**key, *operation, *kind)).collect();
    assert_eq!(
        told,
        [("a", Called::Set, ErrorKind::Connection), ("b", Called::Delete, ErrorKind::Connection)]
    );
}

#[tokio::test(start_paused = true)]
async fn without_retries_the_first_failure_is_the_last() {
    let world = World::empty();
    let store = world.add(queued_within(BehindConfig { retry: None, ..BehindConfig::default() }), |_| {});
    let losses = Losses::watch(&world);
    store.faults.inject(Operation::Set, Fault::Fail(lost()));
    world.set("k", "v").written().await;
    quiet().await;
    assert_eq!(losses.take().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_operation_on_a_store_that_hangs_times_out_and_the_store_is_asked_again() {
    let world = World::empty();
    let store = world.add(TierConfig { timeout: Some(Duration::from_millis(100)), ..queued() }, |_| {});
    let gate = store.faults.hold_before(Operation::Set);
    world.set("k", "v").written().await;
    gate.arrival().await;
    pass(Duration::from_millis(110)).await;
    store.faults.heal();
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(store.holds("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn writes_to_a_store_that_panics_are_reported_as_lost() {
    let (world, [_cache, authority]) = queued_authority();
    let losses = Losses::watch(&world);
    authority.faults.inject(Operation::Set, Fault::Panic);
    world.set("k", "v").written().await;
    pass(Duration::from_secs(62)).await;
    assert_eq!(losses.take(), [(1, "k".into(), Called::Set, ErrorKind::Internal)]);
    assert_eq!(world.chain.flush(Scope::Chain).await.unwrap_err().kind(), ErrorKind::Internal);
    authority.faults.heal();
    world.set("k", "w").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(authority.holds("k"), some("w"));
}

#[tokio::test(start_paused = true)]
async fn a_write_waits_for_room_up_to_the_timeout_of_its_tier() {
    let world = World::empty();
    let config = queued_within(BehindConfig { max_pending: 1, ..BehindConfig::default() });
    let store = world.add(TierConfig { timeout: Some(Duration::from_millis(100)), ..config }, |_| {});
    store.fail(&[Operation::Set, Operation::Has]);
    world.set("a", "1").written().await;
    let error = world.set("b", "1").error().await;
    assert_eq!(
        (error.kind(), error.store(), error.operation()),
        (ErrorKind::Overload, Some("first"), Some(Called::Set))
    );
    assert!(error.is_retryable() && !error.may_have_applied());
    let waiting = world.set("b", "2");
    store.faults.heal();
    pass(Duration::from_secs(3)).await;
    // The breaker may have been open for longer than this one waited.
    drop(waiting);
    assert!(world.set("b", "3").written().await);
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(store.holds("b"), some("3"));
}

#[tokio::test(start_paused = true)]
async fn what_a_full_cache_could_not_take_is_not_served_from_there() {
    let world = World::empty();
    let cache = world.add(queued_within(BehindConfig { max_pending: 1, ..BehindConfig::default() }), |_| {});
    let _authority = world.add(TierConfig::default(), |_| {});
    world.set("b", "old").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    let gate = cache.faults.hold_before(Operation::Set);
    world.set("a", "1").written().await;
    gate.arrival().await;
    assert_eq!(world.set("b", "new").error().await.kind(), ErrorKind::Overload);
    assert_eq!(world.get("b").value().await, some("new"));
    gate.open();
    pass(Duration::from_secs(20)).await;
    assert_eq!(world.get("b").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_write_that_arrives_late_in_a_cache_without_order_is_not_served() {
    let world = World::empty();
    let config = TierConfig { timeout: Some(Duration::from_millis(100)), ..queued() };
    let cache = world.add(config, |can: &mut Capabilities| can.ordered = false);
    let _authority = world.add(TierConfig::default(), |_| {});
    let gate = cache.faults.hold_after(Operation::Set);
    world.set("k", "old").written().await;
    gate.arrival().await;
    pass(Duration::from_millis(110)).await;
    cache.faults.heal();
    world.set("k", "new").written().await;
    world.chain.flush(Scope::Chain).await.unwrap();
    cache.put("k", "old");
    assert_eq!(world.get("k").value().await, some("new"));
    pass(Duration::from_secs(20)).await;
    assert_ne!(cache.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_goes_through_the_queue() {
    let world = World::empty();
    let cache = world.add(TierConfig { tombstone: Some(30_000), ..queued() }, |_| {});
    let authority = world.add(TierConfig::default(), |_| {});
    let losses = Losses::watch(&world);
    world.set("k", "v").written().await;
    world.delete("k").written().await;
    assert_eq!((world.get("k").value().await, cache.has("k").yes().await), (None, false));
    world.chain.flush(Scope::Chain).await.unwrap();
    assert!(cache.holds_entry("k").is_some_and(|entry| entry.deadline.is_some()));
    authority.put("k", "from elsewhere");
    assert_eq!(world.get("k").value().await, some("from elsewhere"));
    cache.faults.inject(Operation::Set, Fault::Fail(refused()));
    world.delete("k").written().await;
    quiet().await;
    assert_eq!(losses.take()[0].2, Called::Delete);
}

#[tokio::test(start_paused = true)]
async fn a_ttl_runs_while_its_entry_is_queued() {
    let world = World::empty();
    let store = world.add(TierConfig { ttl: Some(500), ..queued() }, |_| {});
    store.put_entry("k", Entry::new("old"));
    let gate = store.faults.hold_before(Operation::Set);
    store.faults.inject(Operation::Set, Fault::Fail(lost()));
    world.set("k", "v").written().await;
    gate.arrival().await;
    world.clock.advance(500);
    assert_eq!(world.get("k").value().await, None);
    gate.open();
    world.chain.flush(Scope::Chain).await.unwrap();
    assert_eq!(store.holds("k"), None);
}

#[tokio::test(start_paused = true)]
async fn what_answers_at_once_has_no_queue() {
    let world = World::empty();
    let memory = world.add_memory_with(queued());
    assert!(world.set("k", "v").written().await);
    assert_eq!(memory.holds("k"), some("v"));
    assert!(world.chain.fast_path(Scope::Chain).is_some());
}
