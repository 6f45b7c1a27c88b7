//! What was used lately stays, also over a restart.

use redkv::store::Store;
use serde_json::json;

use crate::disk::support::{Place, get, has, keys_in_order_of_use, set};

async fn filled(place: &Place, count: usize) -> redkv::stores::DiskStore {
    let store = place.store(json!({ "maxEntries": count }));
    for n in 0..count {
        set(&store, &format!("{n:03}"), "x".repeat(n * 30)).await;
    }
    store
}

#[tokio::test]
async fn what_was_read_outlives_what_was_not() {
    let place = Place::new();
    let store = filled(&place, 100).await;
    for key in ["000", "007"] {
        get(&store, key).await.unwrap();
    }
    for n in 0..50 {
        set(&store, &format!("new {n}"), "value").await;
    }
    assert!(has(&store, "000").await && has(&store, "007").await);
    assert!(!has(&store, "001").await && !has(&store, "051").await && has(&store, "052").await);
    keys_in_order_of_use(&store).await;
}

#[tokio::test]
async fn what_was_read_before_a_restart_outlives_what_was_not() {
    let place = Place::new();
    let store = filled(&place, 100).await;
    for key in ["000", "007", "049"] {
        get(&store, key).await.unwrap();
    }
    store.close().await;

    let store = place.store(json!({ "maxEntries": 100 }));
    for n in 0..50 {
        set(&store, &format!("new {n}"), "value").await;
    }
    assert!(has(&store, "000").await && has(&store, "007").await && has(&store, "049").await);
    assert!(!has(&store, "001").await && !has(&store, "052").await && has(&store, "053").await);
}

#[tokio::test]
async fn reading_the_newest_entries_writes_nothing() {
    let place = Place::new();
    let store = filled(&place, 100).await;
    let before = keys_in_order_of_use(&store).await;
    for key in ["099", "095", "090"] {
        get(&store, key).await.unwrap();
    }
    store.flush().await.unwrap();
    assert_eq!(keys_in_order_of_use(&store).await, before);
}

#[tokio::test]
async fn looking_whether_a_key_is_there_is_no_use() {
    let place = Place::new();
    let store = filled(&place, 20).await;
    assert!(has(&store, "000").await);
    set(&store, "new", "value").await;
    assert!(!has(&store, "000").await);
}
