//! Two processes that share a cache and the authority after it.

use std::time::Duration;

use redkv::chain::{Scope, TierConfig};
use redkv::error::ErrorKind;
use redkv_testing::Operation;

use crate::semantics::harness::*;

const LIFE: u64 = 30_000;

fn tombstone(millis: u64) -> TierConfig {
    TierConfig { tombstone: Some(millis), ..TierConfig::default() }
}

/// Two chains over the same two stores, and the tiers of the first.
fn processes(cache: TierConfig) -> (World, World, [TestTier; 2]) {
    let (one, other) = (World::empty(), World::empty());
    let tiers = [one.add(cache.clone(), |_| {}), one.add(TierConfig::default(), |_| {})];
    other.share(&tiers[0], cache);
    other.share(&tiers[1], TierConfig::default());
    (one, other, tiers)
}

/// The first process reads, and while the answer is on its way the second deletes. What the first reads next.
async fn read_again_after_a_delete_elsewhere(cache: TierConfig) -> Option<String> {
    let (one, other, [_cache, authority]) = processes(cache);
    authority.put("k", "old");
    let answer = authority.faults.hold_after(Operation::Get);
    let read = one.get("k");
    quiet().await;
    other.delete("k").written().await;
    answer.open();
    authority.faults.heal();
    assert_eq!(read.value().await, some("old"), "it was there when it was read");
    one.get("k").value().await
}

#[tokio::test(start_paused = true)]
async fn without_tombstones_a_slow_read_brings_back_what_another_process_deleted() {
    assert_eq!(read_again_after_a_delete_elsewhere(TierConfig::default()).await, some("old"));
}

#[tokio::test(start_paused = true)]
async fn with_tombstones_nothing_brings_back_what_another_process_deleted() {
    assert_eq!(read_again_after_a_delete_elsewhere(tombstone(LIFE)).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_took_so_long_that_a_tombstone_may_have_ended_fills_nothing() {
    let cache = TierConfig { timeout: Some(Duration::from_millis(10)), ..tombstone(100) };
    let (one, other, [cache, authority]) = processes(cache);
    authority.put("k", "old");
    let answer = authority.faults.hold_after(Operation::Get);
    let read = one.get("k");
    quiet().await;
    other.delete("k").written().await;
    pass(Duration::from_millis(200)).await;
    one.clock.advance(200);
    answer.open();
    authority.faults.heal();
    assert_eq!(read.value().await, some("old"));
    assert_eq!(cache.faults.count(Operation::SetIfAbsent), 0);
    assert_eq!(one.get("k").value().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_is_no_entry_for_anybody() {
    let (one, other, [cache, _authority]) = processes(tombstone(LIFE));
    one.set("k", "v").written().await;
    one.delete("k").written().await;
    assert!(cache.holds("k").is_some(), "something stands there");
    for world in [&one, &other] {
        assert_eq!(world.get("k").value().await, None);
        assert!(!world.has("k").yes().await);
    }
    assert_eq!(cache.get("k").value().await, None);
    assert!(!cache.has("k").yes().await);
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_gives_way_to_a_write_and_ends_by_itself() {
    let (one, other, [cache, authority]) = processes(tombstone(LIFE));
    one.delete("k").written().await;
    other.set("k", "new").written().await;
    assert_eq!(cache.holds("k"), some("new"));
    assert!(one.has("k").yes().await);

    one.delete("k").written().await;
    one.clock.advance(LIFE);
    other.clock.advance(LIFE);
    authority.put("k", "newer");
    assert_eq!(one.get("k").value().await, some("newer"));
    assert_eq!(cache.holds("k"), some("newer"), "it was filled");
}

#[tokio::test(start_paused = true)]
async fn the_one_value_that_stands_for_a_deletion_is_refused() {
    let (one, _other, _tiers) = processes(tombstone(LIFE));
    let error = one.set("k", "\u{1}redkv:deleted\u{1}").error().await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("value")));
}

#[tokio::test(start_paused = true)]
async fn tombstones_are_refused_where_they_are_of_no_use() {
    let world = World::empty();
    let cannot_end = world.try_add(tombstone(LIFE), |can| can.expiry = redkv::store::Expiry::None);
    assert_eq!(cannot_end.err().map(|error| error.kind()), Some(ErrorKind::Unsupported));
    // Back-fills may take as long as two operations: the read and the write.
    let too_short = world.try_add(tombstone(10_000), |_| {}).err().unwrap();
    assert_eq!((too_short.kind(), too_short.field()), (ErrorKind::Argument, Some("tombstone")));
    let error = {
        world.add(tombstone(LIFE), |_| {});
        world.chain.ready(Scope::Chain).await.unwrap_err()
    };
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("tombstone")));
}
