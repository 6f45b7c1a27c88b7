//! A store that fails again and again is not asked until it has answered a probe.

use std::time::Duration;

use redkv::chain::TierConfig;
use redkv::error::ErrorKind;
use redkv::store::Capabilities;
use redkv_testing::{Fault, Gate, Operation};
use tokio::time::Instant;

use crate::semantics::harness::*;

/// As many failures in a row open the breaker by default.
const FAILURES: usize = 3;
/// Longer than the longest pause between two probes, and a probe.
const A_WHILE: Duration = Duration::from_secs(4);
const EVERYTHING: [Operation; 5] =
    [Operation::Get, Operation::Has, Operation::Set, Operation::SetIfAbsent, Operation::Delete];

impl TestTier {
    fn hang(&self) {
        EVERYTHING
            .into_iter()
            .for_each(|operation| self.faults.inject(operation, Fault::HoldBefore(Gate::new())));
    }

    fn lose(&self) {
        EVERYTHING.into_iter().for_each(|operation| self.faults.inject(operation, Fault::Fail(lost())));
    }

    fn asked(&self) -> usize {
        EVERYTHING.into_iter().map(|operation| self.faults.count(operation)).sum()
    }
}

fn timeout(millis: u64) -> TierConfig {
    TierConfig { timeout: Some(Duration::from_millis(millis)), ..TierConfig::default() }
}

fn plain(_: &mut Capabilities) {}

#[tokio::test(start_paused = true)]
async fn sixty_cold_reads_past_a_tier_that_hangs_cost_the_first_few_timeouts() {
    let world = World::empty();
    let cache = world.add(timeout(300), plain);
    let authority = world.add(TierConfig::default(), plain);
    cache.hang();
    let start = Instant::now();
    for n in 0..60 {
        authority.put(&n.to_string(), "value");
        assert_eq!(world.get(&n.to_string()).value().await, some("value"));
    }
    assert_eq!(start.elapsed().as_millis(), 900);
}

#[tokio::test(start_paused = true)]
async fn the_authority_fails_at_once_while_it_is_down_and_names_the_reason() {
    let world = World::empty();
    let authority = world.add(timeout(300), plain);
    authority.hang();
    for _ in 0..FAILURES {
        assert_eq!(world.get("k").error().await.kind(), ErrorKind::Timeout);
    }
    let start = Instant::now();
    for error in
        [world.get("k").error().await, world.set("k", "v").error().await, world.delete("k").error().await]
    {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
        assert!(error.message().contains("no answer to get within 300 ms"), "{error}");
        assert!(!error.may_have_applied());
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_back_is_used_again_without_a_call_that_finds_out() {
    let (world, [store]) = chain();
    store.put("k", "value");
    store.lose();
    for _ in 0..FAILURES {
        world.get("k").error().await;
    }
    pass(A_WHILE * 10).await;
    assert!(store.faults.count(Operation::Has) > 10, "it is probed");
    store.faults.heal();
    pass(A_WHILE).await;
    assert_eq!(world.get("k").value().await, some("value"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_probed_without_end_and_used_again_when_it_answers() {
    let world = World::empty();
    let store = world.add(timeout(100), plain);
    store.put("k", "value");
    store.hang();
    for _ in 0..FAILURES {
        world.get("k").error().await;
    }
    pass(Duration::from_secs(3_600)).await;
    assert_eq!(world.get("k").error().await.kind(), ErrorKind::Connection);
    store.faults.heal();
    pass(A_WHILE).await;
    assert_eq!(world.get("k").value().await, some("value"));
}

#[tokio::test(start_paused = true)]
async fn failures_with_an_answer_in_between_open_nothing() {
    let (world, [store]) = chain();
    for _ in 0..10 {
        store.faults.inject(Operation::Get, Fault::Fail(lost()));
        world.get("k").error().await;
        world.get("k").error().await;
        store.faults.heal();
        world.get("k").value().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_is_alive() {
    let (world, [store]) = chain();
    store.faults.inject(Operation::Get, Fault::Fail(refused()));
    for _ in 0..10 {
        assert_eq!(world.get("k").error().await.kind(), ErrorKind::Store);
    }
    assert_eq!(store.faults.count(Operation::Get), 10);
}

#[tokio::test(start_paused = true)]
async fn how_many_failures_it_takes_is_an_option_and_may_be_no_number() {
    for (limit, asked) in [(Some(1), 1), (Some(7), 7), (None, 50)] {
        let world = World::empty();
        let store = world.add(TierConfig { circuit_breaker: limit, ..TierConfig::default() }, plain);
        store.faults.inject(Operation::Get, Fault::Fail(lost()));
        for _ in 0..50 {
            world.get("k").error().await;
        }
        assert_eq!(store.faults.count(Operation::Get), asked, "{limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_tier_missed_while_it_was_down_is_repaired_soon_after() {
    let (world, [cache, authority]) = chain();
    world.set("k", "old").written().await;
    cache.lose();
    for _ in 0..FAILURES {
        world.set("k", "new").error().await;
    }
    cache.faults.forget_calls();
    pass(Duration::from_secs(60)).await;
    assert_eq!(cache.faults.count(Operation::Delete), 0, "a repair waits until it has a chance");
    assert_eq!(cache.holds("k"), some("old"));
    assert_eq!(world.get("k").value().await, some("new"));
    cache.faults.heal();
    pass(A_WHILE).await;
    assert_eq!(cache.holds("k"), None);
    authority.faults.forget_calls();
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(world.get("k").value().await, some("new"));
    assert_eq!(authority.asked(), 1, "the cache was filled");
}

#[tokio::test(start_paused = true)]
async fn an_explicit_ready_asks_the_store_whatever_the_breaker_says() {
    let (world, [store]) = chain();
    store.lose();
    for _ in 0..FAILURES {
        world.get("k").error().await;
    }
    store.faults.heal();
    world.chain.ready(redkv::chain::Scope::Chain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ready_takes_no_longer_than_the_time_to_connect() {
    let world = World::empty();
    let connect_timeout = Some(Duration::from_millis(250));
    let store = world.add(TierConfig { connect_timeout, ..TierConfig::default() }, plain);
    let gate = store.faults.hold_before(Operation::Init);
    let start = Instant::now();
    let error = world.chain.ready(redkv::chain::Scope::Chain).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed().as_millis()), (ErrorKind::Timeout, 250));
    drop(gate);
}

#[tokio::test(start_paused = true)]
async fn ready_takes_no_longer_than_an_operation_where_no_time_to_connect_is_given() {
    let world = World::empty();
    let timeout = Some(Duration::from_millis(300));
    let store = world.add(TierConfig { timeout, ..TierConfig::default() }, plain);
    let gate = store.faults.hold_before(Operation::Init);
    let start = Instant::now();
    let error = world.chain.ready(redkv::chain::Scope::Chain).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed().as_millis()), (ErrorKind::Timeout, 300));
    gate.open();
    world.chain.ready(redkv::chain::Scope::Chain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_repair_does_not_undo_a_write_that_is_called_while_it_is_on_its_way() {
    let (world, [cache, _authority]) = chain();
    world.set("k", "old").written().await;
    cache.faults.inject(Operation::Set, Fault::Fail(lost()));
    let delete = cache.faults.hold_before(Operation::Delete);
    world.set("k", "new").error().await;
    quiet().await;
    cache.faults.heal();
    // The deletion of the old value is on its way, and writes of the key wait for it, in the store itself and in all.
    let direct = cache.set("k", "direct");
    quiet().await;
    delete.open();
    direct.written().await;
    pass(A_WHILE).await;
    assert_eq!(cache.holds("k"), some("direct"));
}
