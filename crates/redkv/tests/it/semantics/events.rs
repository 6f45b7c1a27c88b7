//! Failures that no caller gets are reported to the observer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redkv::chain::{Event, Observer};
use redkv_testing::{Fault, Operation};

use crate::semantics::harness::*;

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observer for Seen {
    fn observe(&self, event: Event) {
        let said = match event {
            Event::TierDown { tier, error } => format!("{tier} down: {}", error.message()),
            Event::TierUp { tier, after } => format!("{tier} up: {}", after > Duration::ZERO),
            Event::TierError { tier, keys, error } => {
                let (store, operation) = (error.store().unwrap(), error.operation().unwrap());
                format!("{tier} {operation} of {keys} failed in {store}: {}", error.message())
            }
            Event::Repair { tier, keys } => format!("{tier} repaired {keys}"),
            other => panic!("{other:?} is news to this test"),
        };
        self.0.lock().unwrap().push(said);
    }
}

impl Seen {
    /// What happened in `world` since this was called last.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn watch(world: &World) -> Arc<Seen> {
    let seen = Arc::new(Seen::default());
    world.chain.observe(seen.clone());
    seen
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_a_read_skips_is_reported_once_for_the_batch() {
    let (world, [cache, authority]) = chain();
    let seen = watch(&world);
    authority.put("a", "1");
    cache.faults.inject(Operation::Get, Fault::Fail(lost()));
    for call in world.call_all([("a", GET), ("b", GET)]) {
        call.entry().await;
    }
    assert_eq!(seen.take(), ["0 get of 2 failed in first: the connection broke"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_its_caller_gets_is_no_event() {
    let (world, [cache, authority]) = chain();
    let seen = watch(&world);
    authority.faults.inject(Operation::Get, Fault::Fail(lost()));
    assert_eq!(world.get("k").error().await.store(), Some("second"));
    authority.faults.heal();
    cache.faults.inject(Operation::Delete, Fault::Fail(refused()));
    world.delete("k").error().await;
    cache.faults.heal();
    assert_eq!(seen.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn when_two_tiers_fail_a_read_the_caller_gets_one_error_and_the_observer_the_other() {
    let (world, [cache, authority]) = chain();
    let seen = watch(&world);
    cache.faults.inject(Operation::Get, Fault::Fail(lost()));
    authority.faults.inject(Operation::Get, Fault::Fail(lost()));
    assert_eq!(world.get("k").error().await.store(), Some("second"));
    assert_eq!(seen.take(), ["0 get of 1 failed in first: the connection broke"]);
}

#[tokio::test(start_paused = true)]
async fn when_two_caches_miss_a_write_the_caller_gets_the_error_of_the_first() {
    let (world, [first, second, _authority]) = chain();
    let seen = watch(&world);
    first.faults.inject(Operation::Set, Fault::Fail(refused()));
    second.faults.inject(Operation::Set, Fault::Fail(lost()));
    assert_eq!(world.set("k", "v").error().await.store(), Some("first"));
    assert!(seen.take().contains(&"1 set of 1 failed in second: the connection broke".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_optional_tier_that_misses_a_write_is_reported_and_so_is_its_repair() {
    let world = World::empty();
    let cache = world.add(optional(), |_| {});
    let _authority = world.add(Default::default(), |_| {});
    let seen = watch(&world);
    cache.faults.inject(Operation::Set, Fault::Fail(lost()));
    world.set("k", "v").written().await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(seen.take(), ["0 set of 1 failed in first: the connection broke", "0 repaired 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_that_fails_is_reported() {
    let (world, [cache, authority]) = chain();
    let seen = watch(&world);
    authority.put("k", "value");
    cache.faults.inject(Operation::SetIfAbsent, Fault::Fail(refused()));
    assert_eq!(world.get("k").value().await, some("value"));
    assert_eq!(seen.take(), ["0 set of 1 failed in first: the store says no"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_goes_down_and_comes_up_once() {
    let (world, [store]) = chain();
    let seen = watch(&world);
    store.put("k", "value");
    store.faults.inject(Operation::Get, Fault::Fail(lost()));
    store.faults.inject(Operation::Has, Fault::Fail(lost()));
    for _ in 0..10 {
        world.get("k").error().await;
    }
    pass(Duration::from_secs(60)).await;
    store.faults.heal();
    pass(Duration::from_secs(4)).await;
    world.get("k").value().await;
    assert_eq!(seen.take(), ["0 down: the connection broke", "0 up: true"]);
}
