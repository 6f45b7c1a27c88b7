//! The end of chains with a queued tier.

use std::sync::Arc;
use std::time::Duration;

use redkv::chain::{ChainStore, Scope, TierConfig};
use redkv::entry::Key;
use redkv::error::ErrorKind;
use redkv_testing::Operation;

use crate::semantics::harness::*;
use crate::semantics::write_behind::support::*;

#[tokio::test(start_paused = true)]
async fn close_waits_until_the_queue_is_empty() {
    let (world, [_cache, authority]) = queued_authority();
    let gate = authority.faults.hold_before(Operation::Set);
    world.set("k", "v").written().await;
    gate.arrival().await;
    let chain = world.chain.clone();
    let close = tokio::spawn(async move { chain.close().await });
    quiet().await;
    assert!(!close.is_finished());
    assert_eq!(world.chain.flush(Scope::Chain).await.unwrap_err().kind(), ErrorKind::Closed);
    gate.open();
    close.await.unwrap();
    assert_eq!(authority.ended_with(2), [Operation::Set, Operation::Close]);
}

#[tokio::test(start_paused = true)]
async fn close_has_a_store_that_is_down_probed_while_it_waits() {
    let (world, [_cache, authority]) = queued_authority();
    authority.fail(&[Operation::Set, Operation::Has]);
    world.set("k", "v").written().await;
    pass(Duration::from_secs(5)).await;
    let chain = world.chain.clone();
    let close = tokio::spawn(async move { chain.close().await });
    pass(Duration::from_secs(5)).await;
    authority.faults.heal();
    close.await.unwrap();
    assert_eq!(authority.ended_with(2), [Operation::Set, Operation::Close]);
}

#[tokio::test(start_paused = true)]
async fn flush_and_close_reach_the_queue_of_a_chain_within_a_chain() {
    let (inner, [_cache, authority]) = queued_authority();
    let outer = World::empty();
    outer.chain.add(Arc::new(ChainStore::new(inner.chain.clone())), TierConfig::default()).unwrap();
    let gate = authority.faults.hold_before(Operation::Set);
    assert!(outer.set("k", "1").written().await);
    gate.arrival().await;
    let chain = outer.chain.clone();
    let flush = tokio::spawn(async move { chain.flush(Scope::Chain).await });
    quiet().await;
    assert!(!flush.is_finished());
    gate.let_one_pass();
    flush.await.unwrap().unwrap();
    assert_eq!(authority.holds("k"), some("1"));
    assert!(outer.set("k", "2").written().await);
    let chain = outer.chain.clone();
    let close = tokio::spawn(async move { chain.close().await });
    pass(Duration::from_secs(30)).await;
    assert!(!close.is_finished());
    gate.open();
    close.await.unwrap();
    assert_eq!(authority.ended_with(2), [Operation::Set, Operation::Close]);
}

#[tokio::test(start_paused = true)]
async fn close_within_a_time_reports_what_is_left_as_lost() {
    let (world, [_cache, authority]) = queued_authority();
    let losses = Losses::watch(&world);
    let _gate = authority.faults.hold_before(Operation::Set);
    world.set("a", "v").written().await;
    world.set("b", "v").written().await;
    world.chain.close_within(Duration::from_millis(100), || {}).await;
    let mut told = losses.take();
    told.sort_by_key(|(_, key, ..)| key.clone());
    let closed = |key: &str| (1, Key::from(key), Called::Set, ErrorKind::Closed);
    assert_eq!(told, [closed("a"), closed("b")]);
    assert_eq!(losses.queued.lock().unwrap().last(), Some(&false));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_nobody_has_any_more_still_sends_what_it_acknowledged() {
    let (world, [cache, authority]) = queued_authority();
    authority.fail(&[Operation::Set, Operation::Has]);
    world.set("k", "v").written().await;
    let faults = authority.faults.clone();
    let memory = authority.keep();
    drop((world, cache, authority));
    pass(Duration::from_secs(5)).await;
    faults.heal();
    pass(Duration::from_secs(5)).await;
    assert_eq!(memory.get("k"), some("v"));
}

#[tokio::test(start_paused = true)]
async fn a_nested_chain_that_is_closed_within_a_time_reports_what_it_loses() {
    let (inner, [_cache, authority]) = queued_authority();
    let losses = Losses::watch(&inner);
    let (middle, outer) = (World::empty(), World::empty());
    middle.chain.add_chain(&inner.chain, TierConfig::default()).unwrap();
    outer.chain.add_chain(&middle.chain, TierConfig::default()).unwrap();
    let _gate = authority.faults.hold_before(Operation::Set);
    assert!(outer.set("k", "v").written().await);
    outer.chain.close_within(Duration::from_millis(100), || {}).await;
    assert_eq!(losses.take(), [(1, Key::from("k"), Called::Set, ErrorKind::Closed)]);
}
