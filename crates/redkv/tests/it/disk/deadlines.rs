//! Entries that end.

use std::sync::Arc;

use redkv::clock::ManualClock;
use redkv::store::Store;
use serde_json::json;

use crate::disk::support::{Place, START, get, keys_in_order_of_use, set, set_until};

#[tokio::test]
async fn entries_past_their_deadline_go_beside_a_later_write() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(json!({}), clock.clone());
    for n in 0..150 {
        set_until(&store, &format!("short {n}"), "value", START + 10).await;
    }
    set_until(&store, "long", "value", START + 100).await;
    clock.advance(10);
    set(&store, "k", "value").await;
    assert_eq!(keys_in_order_of_use(&store).await.len(), 52, "a hundred at a time");
    set(&store, "k", "value").await;
    assert_eq!(keys_in_order_of_use(&store).await, ["long", "k"]);
}

#[tokio::test]
async fn what_is_past_its_deadline_makes_room_before_what_is_not() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(json!({ "maxEntries": 2 }), clock.clone());
    set(&store, "old", "value").await;
    set_until(&store, "ended", "value", START + 10).await;
    clock.advance(10);
    set(&store, "new", "value").await;
    assert_eq!(keys_in_order_of_use(&store).await, ["old", "new"]);
}

#[tokio::test]
async fn a_deadline_survives_a_restart() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with(json!({}), clock.clone());
    set_until(&store, "k", "value", START + 10).await;
    store.close().await;
    let store = place.store_with(json!({}), clock.clone());
    assert!(get(&store, "k").await.is_some());
    clock.advance(10);
    assert_eq!(get(&store, "k").await, None);
}
