//! What went through a chain is counted.

use std::time::Duration;

use redkv::chain::{Kind, Scope, TierConfig, TierStats};
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv_testing::{Fault, Operation};

use crate::semantics::harness::*;

fn of(world: &World, place: usize) -> TierStats {
    world.chain.stats().tiers.remove(place)
}

fn requests(stats: &TierStats, kind: Kind) -> u64 {
    stats.latency[kind as usize].count
}

#[tokio::test(start_paused = true)]
async fn hits_misses_and_back_fills_are_counted_where_they_are() {
    let (world, [_cache, source]) = chain();
    source.put("k", "value");
    assert_eq!(world.get("k").value().await, some("value"));
    assert_eq!(world.get("k").value().await, some("value"));
    assert_eq!(world.get("missing").value().await, None);
    assert!(world.has("k").yes().await);
    let (cache, source) = (of(&world, 0), of(&world, 1));
    assert_eq!((cache.name, cache.hits, cache.misses, cache.backfills), ("first", 2, 2, 1));
    assert_eq!((cache.bytes_read, cache.bytes_written, cache.sets), (5, 5, 0));
    assert_eq!((source.name, source.hits, source.misses, source.backfills), ("second", 1, 1, 0));
    assert_eq!((requests(&cache, Kind::Get), requests(&cache, Kind::Has)), (3, 1));
    assert_eq!((requests(&cache, Kind::Set), requests(&source, Kind::Set)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn writes_and_deletes_are_counted_at_every_store_that_made_them() {
    let (world, [cache, _source]) = chain();
    assert!(world.set("a", "12345").written().await);
    assert!(world.set("b", "1").written().await);
    assert!(world.delete("a").written().await);
    cache.faults.inject(Operation::Set, Fault::Fail(refused()));
    world.set("c", "1").error().await;
    let (cache, source) = (of(&world, 0), of(&world, 1));
    assert_eq!((source.sets, source.deletes, source.bytes_written), (3, 1, 7));
    assert_eq!((cache.sets, cache.deletes, cache.bytes_written), (2, 1, 6));
    assert_eq!((cache.errors, source.errors), (vec![(ErrorKind::Store, 1)], Vec::new()));
    assert_eq!(cache.stale_keys, Some(1));
}

#[tokio::test(start_paused = true)]
async fn errors_are_counted_by_their_kind_and_what_a_store_that_is_down_refuses_apart() {
    let (world, [cache, _source]) = chain();
    cache.faults.inject(Operation::Get, Fault::Fail(lost()));
    cache.faults.inject(Operation::Has, Fault::Fail(lost()));
    for _ in 0..5 {
        assert_eq!(world.get("k").value().await, None);
    }
    let cache = of(&world, 0);
    assert_eq!(cache.errors, [(ErrorKind::Connection, 3)]);
    assert_eq!((cache.refused, cache.is_down, cache.misses), (2, true, 0));
    assert_eq!(requests(&cache, Kind::Get), 3);
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_a_timeout_and_pending_until_then() {
    let world = World::empty();
    let timeout = Some(Duration::from_millis(50));
    let store = world.add(TierConfig { timeout, ..TierConfig::default() }, |_| {});
    let _gate = store.faults.hold_before(Operation::Get);
    let waiting = world.get_many(["a", "b"]);
    quiet().await;
    assert_eq!(of(&world, 0).pending, 2);
    for waiting in waiting {
        waiting.error().await;
    }
    assert_eq!(of(&world, 0).pending, 0);
    assert_eq!(of(&world, 0).errors, [(ErrorKind::Timeout, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_back_fill_that_came_too_late_counts_as_dropped() {
    let (world, [_cache, source]) = chain();
    source.put("k", "old");
    let gate = source.faults.hold_after(Operation::Get);
    let read = world.get("k");
    gate.arrival().await;
    let write = world.set("k", "new");
    gate.open();
    read.value().await;
    assert!(write.written().await);
    assert_eq!((of(&world, 0).backfills, of(&world, 0).backfills_dropped), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn reads_that_share_a_walk_are_counted_as_coalesced() {
    let (world, [store]) = chain();
    let gate = store.faults.hold_before(Operation::Get);
    let reads = [world.get("k"), world.get("k"), world.get("k")];
    gate.open();
    for read in reads {
        read.value().await;
    }
    assert_eq!((world.chain.stats().coalesced, of(&world, 0).misses), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_on_the_calling_thread_is_counted_once_and_not_timed() {
    let world = World::empty();
    world.add_memory();
    let front = world.chain.fast_path(Scope::Chain).unwrap();
    front.set("k", (&Entry::new("value")).into());
    front.get("k");
    front.read("k", |_| ());
    front.has("k");
    front.get("missing");
    front.read("missing", |_| ());
    front.has("missing");
    assert!(front.read_many(&["k", "missing", "k"], |_| true));
    assert!(!front.read_many(&["k", "missing"], |_| false), "what is asked for again is counted then");
    front.delete("k");
    let stats = of(&world, 0);
    assert_eq!((stats.hits, stats.misses, stats.sets, stats.deletes), (5, 4, 1, 1));
    assert_eq!((stats.bytes_read, stats.bytes_written), (20, 5));
    assert_eq!(Kind::ALL.map(|kind| requests(&stats, kind)), [0; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_miss_at_once_is_counted_by_the_walk_that_it_leads_to() {
    let (world, _memory, [source]) = chain_behind_memory();
    source.put("k", "value");
    world.get("up").value().await;
    let front = world.chain.fast_path(Scope::Chain).unwrap();
    front.get("k");
    assert_eq!(world.get("k").value().await, some("value"));
    front.get("k");
    let memory = of(&world, 0);
    assert_eq!((memory.hits, memory.misses, memory.backfills), (1, 2, 1));
    assert_eq!((memory.bytes_read, memory.bytes_written), (5, 5));
}
