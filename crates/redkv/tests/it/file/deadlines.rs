//! Entries that end.

use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::store::Store;

use crate::file::support::{Place, START, get, has, listed, set, set_until};

#[tokio::test]
async fn an_entry_past_its_deadline_is_removed_when_it_is_read() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(clock.clone());
    set_until(&store, "k", "value", START + 10).await;
    clock.advance(10);
    assert!(!has(&store, "k").await);
    assert_eq!(get(&store, "k").await, None);
    assert_eq!(place.files().len(), 0);
}

#[tokio::test]
async fn entries_past_their_deadline_that_nobody_reads_go_beside_later_writes() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(clock.clone());
    for n in 0..20 {
        set_until(&store, &format!("short {n}"), "value", START + 10).await;
    }
    clock.advance(10);
    for n in 0..600 {
        set(&store, &format!("k{}", n % 40), "value").await.unwrap();
    }
    assert_eq!(place.files().len(), 40);
}

#[tokio::test]
async fn a_deadline_survives_a_restart() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(clock.clone());
    set_until(&store, "k", "value", START + 10).await;
    store.close().await;
    let store = place.store_with(clock.clone());
    assert!(get(&store, "k").await.is_some());
    clock.advance(10);
    assert_eq!(get(&store, "k").await, None);
}

#[tokio::test]
async fn what_has_ended_is_not_listed_and_is_cleared_all_the_same() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(clock.clone());
    let long = "long".repeat(100);
    set_until(&store, "short", "value", START + 10).await;
    set_until(&store, &long, "value", START + 10).await;
    set_until(&store, "later", "value", START + 20).await;
    set(&store, "for ever", "value").await.unwrap();
    clock.advance(10);
    assert_eq!(listed(&store, "").await, ["for ever", "later"]);
    assert_eq!(listed(&store, "l").await, ["later"]);
    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!(place.files().len(), 0);
}
