//! How much is kept.

use redkv::store::Store;
use serde_json::json;

use crate::disk::support::{Place, get, has, keys_in_order_of_use, set};

#[tokio::test]
async fn entries_beyond_the_bound_drive_out_those_written_first() {
    let place = Place::new();
    let store = place.store(json!({ "maxEntries": 3 }));
    for key in ["a", "b", "c", "d"] {
        set(&store, key, "value").await;
    }
    assert_eq!(keys_in_order_of_use(&store).await, ["b", "c", "d"]);
}

#[tokio::test]
async fn an_entry_larger_than_everything_is_not_kept_and_drives_out_nothing() {
    let place = Place::new();
    let store = place.store(json!({ "maxBytes": 1_000_000 }));
    set(&store, "small", "value").await;
    set(&store, "large", "old").await;
    set(&store, "large", "x".repeat(1_000_000)).await;
    assert_eq!(get(&store, "large").await, None);
    assert_eq!(keys_in_order_of_use(&store).await, ["small"]);
}

#[tokio::test]
async fn a_smaller_bound_holds_as_soon_as_the_store_is_opened_with_it() {
    let place = Place::new();
    let store = place.store(json!({}));
    for n in 0..100 {
        set(&store, &format!("{n:02}"), "value").await;
    }
    store.close().await;
    let store = place.store(json!({ "maxEntries": 10 }));
    store.init().await.unwrap();
    assert_eq!(keys_in_order_of_use(&store).await.len(), 10);
    assert!(has(&store, "99").await && !has(&store, "89").await);
}

#[tokio::test]
async fn long_and_short_values_take_turns_and_leave_nothing_behind() {
    let place = Place::new();
    let store = place.store(json!({}));
    for len in [10, 10_000, 256, 257, 4_000, 4_001, 0, 300_000, 5] {
        let value = "v".repeat(len);
        set(&store, "k", value.clone()).await;
        assert_eq!(get(&store, "k").await.unwrap(), value);
        keys_in_order_of_use(&store).await;
    }
    store.delete(&["k".into()]).await.remove(0).unwrap();
    assert_eq!(store.audit().await.unwrap().bytes, 0);
}
