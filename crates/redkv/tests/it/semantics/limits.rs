//! What a store can never do is refused before anything is written.

use redkv::chain::{Action, TierConfig};
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::layers::{LayerConfig, StoreBounds};
use redkv_testing::{Fault, Gate, Operation};

use crate::semantics::harness::*;

fn binary() -> Action {
    Action::Set(Entry::new(vec![0xff, 0xfe]))
}

#[tokio::test(start_paused = true)]
async fn a_key_that_some_store_cannot_have_is_refused_and_nothing_is_written() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    let second = world.add(TierConfig::default(), |_| {});
    let error = world.set("long", "v").error().await;
    assert_eq!(
        (error.kind(), error.store(), error.field()),
        (ErrorKind::Argument, Some("first"), Some("key"))
    );
    assert_eq!(error.operation(), Some(Called::Set));
    assert_eq!((first.holds("long"), second.holds("long")), (None, None));
    assert_eq!(second.faults.count(Operation::Set), 0);
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_a_key_that_some_store_cannot_have_is_refused() {
    let world = World::empty();
    let _first = world.add(TierConfig::default(), |_| {});
    let second = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    let error = world.delete("long").error().await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("key")));
    assert_eq!(error.operation(), Some(Called::Delete));
    assert_eq!(second.faults.count(Operation::Delete), 0);
}

#[tokio::test(start_paused = true)]
async fn an_empty_key_is_refused_where_some_store_takes_none() {
    let world = World::empty();
    let _first = world.add(TierConfig::default(), |_| {});
    let second = world.add(TierConfig::default(), |can| can.empty_keys = false);
    let error = world.set("", "v").error().await;
    assert_eq!(
        (error.kind(), error.store(), error.field()),
        (ErrorKind::Argument, Some("second"), Some("key"))
    );
    assert_eq!(second.faults.count(Operation::Set), 0);
}

#[tokio::test(start_paused = true)]
async fn a_prefix_counts_towards_the_limit_of_a_key_and_makes_an_empty_key_possible() {
    let world = World::empty();
    let layers = LayerConfig { prefix: Some("p:".to_owned()), ..LayerConfig::default() };
    let config = TierConfig { layers, ..TierConfig::default() };
    let first = world.add(config, |can| (can.max_key_bytes, can.empty_keys) = (3, false));
    assert!(world.set("", "v").written().await);
    assert_eq!(first.holds("p:"), some("v"));
    assert!(world.set("k", "v").written().await);
    assert_eq!(world.set("kk", "v").error().await.kind(), ErrorKind::Argument);
}

#[tokio::test(start_paused = true)]
async fn a_bounded_cache_lets_go_what_the_authority_keeps() {
    let world = World::empty();
    let cache = world.add(bounded(10), |_| {});
    let authority = world.add(TierConfig::default(), |_| {});
    let keys: Vec<_> = (0..50).map(|n| n.to_string()).collect();
    for key in &keys {
        assert!(world.set(key, "v").written().await);
    }
    quiet().await;
    assert_eq!(keys.iter().filter(|key| cache.holds(key).is_some()).count(), 10);
    for key in &keys {
        assert_eq!(world.get(key).value().await, some("v"));
    }
    quiet().await;
    assert_eq!(keys.iter().filter(|key| cache.holds(key).is_some()).count(), 10);
    assert!(keys.iter().all(|key| authority.holds(key).is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_bound_of_what_answers_at_once_belongs_among_its_own_options() {
    let world = World::empty();
    let error = world.try_add_memory_with(bounded(10)).err().unwrap();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("maxEntries")));
}

fn bounded(entries: u64) -> TierConfig {
    let bounds = StoreBounds { max_entries: Some(entries), max_bytes: None };
    let layers = LayerConfig { bounds: Some(bounds), ..LayerConfig::default() };
    TierConfig { layers, ..TierConfig::default() }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_some_store_cannot_keep_is_refused_and_nothing_is_written() {
    let world = World::empty();
    let _first = world.add(TierConfig::default(), |can| can.max_value_bytes = 3);
    let second = world.add(TierConfig::default(), |_| {});
    let error = world.set("k", "long").error().await;
    assert_eq!(
        (error.kind(), error.store(), error.field()),
        (ErrorKind::Argument, Some("first"), Some("value"))
    );
    assert_eq!(second.faults.count(Operation::Set), 0);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_not_text_are_refused_where_some_store_keeps_text_only() {
    let world = World::empty();
    let _first = world.add(TierConfig::default(), |_| {});
    let second = world.add(TierConfig::default(), |can| can.binary_values = false);
    let error = world.call("k", binary()).error().await;
    assert_eq!((error.kind(), error.store()), (ErrorKind::Unsupported, Some("second")));
    assert_eq!(second.faults.count(Operation::Set), 0);
    assert!(world.set("k", "text").written().await);
}

#[tokio::test(start_paused = true)]
async fn one_refused_write_leaves_the_others_of_its_batch_alone() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    let mut calls = world.call_all([("long", set("1")), ("k", set("2"))]);
    assert!(calls.pop().unwrap().written().await);
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Argument);
    assert_eq!(first.holds("k"), some("2"));
}

#[tokio::test(start_paused = true)]
async fn a_read_of_a_key_that_the_authority_cannot_have_rejects_and_the_others_are_read() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    first.put("a", "1");
    first.put("b", "2");
    let mut calls = world.call_all([("a", GET), ("long", GET), ("b", GET)]);
    assert_eq!(calls.pop().unwrap().value().await, some("2"));
    let error = calls.pop().unwrap().error().await;
    assert_eq!(
        (error.kind(), error.store(), error.field()),
        (ErrorKind::Argument, Some("first"), Some("key"))
    );
    assert_eq!(error.operation(), Some(Called::Get));
    assert_eq!(calls.pop().unwrap().value().await, some("1"));
    assert_eq!(first.faults.count(Operation::Get), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_an_earlier_tier_cannot_have_is_read_from_the_later_ones() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    let second = world.add(TierConfig::default(), |_| {});
    second.put("long", "v");
    assert_eq!(world.get("long").value().await, some("v"));
    assert!(world.has("long").yes().await);
    assert_eq!(first.faults.count(Operation::SetIfAbsent), 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_beyond_the_limit_does_not_multiply_the_timeout_of_its_batch() {
    let world = World::empty();
    let first = world.add(TierConfig::default(), |can| can.max_key_bytes = 3);
    world.set("k", "v").written().await;
    first.faults.inject(Operation::Get, Fault::HoldBefore(Gate::new()));
    let began = tokio::time::Instant::now();
    let mut calls = world.call_all([("a", GET), ("b", GET), ("long", GET), ("c", GET)]);
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Timeout);
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Argument);
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Timeout);
    assert_eq!(calls.pop().unwrap().error().await.kind(), ErrorKind::Timeout);
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_an_optional_tier_cannot_keep_is_left_out_there_and_the_old_one_goes() {
    let world = World::empty();
    let first = world.add(optional(), |can| can.max_value_bytes = 3);
    let second = world.add(TierConfig::default(), |_| {});
    world.set("k", "old").written().await;
    assert!(world.set("k", "longer").written().await);
    assert_eq!((first.holds("k"), second.holds("k")), (None, some("longer")));
    assert_eq!(world.get("k").value().await, some("longer"));
}

#[tokio::test(start_paused = true)]
async fn an_optional_tier_is_not_asked_to_write_or_delete_a_key_that_it_cannot_have() {
    let world = World::empty();
    let first = world.add(optional(), |can| can.max_key_bytes = 3);
    let second = world.add(TierConfig::default(), |_| {});
    assert!(world.set("long", "v").written().await);
    assert_eq!(second.holds("long"), some("v"));
    assert!(world.delete("long").written().await);
    assert_eq!((first.faults.count(Operation::Set), first.faults.count(Operation::Delete)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_optional_tier_refuses_what_it_cannot_keep_when_it_is_asked_itself() {
    let world = World::empty();
    let first = world.add(optional(), |can| can.max_value_bytes = 3);
    let _second = world.add(TierConfig::default(), |_| {});
    first.put("k", "old");
    let error = first.set("k", "longer").error().await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("value")));
    assert_eq!(first.holds("k"), some("old"));
}
