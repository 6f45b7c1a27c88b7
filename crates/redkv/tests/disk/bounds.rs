//! How much is kept.

use redkv::entry::{Entry, Key};
use redkv::store::{SetMode, Store};
use serde_json::json;

use crate::support::{Place, get, has, keys_in_order_of_use, set};

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
async fn bytes_count_values_keys_twice_and_64_for_each_entry() {
    let place = Place::new();
    // 64 + 2 + 34 is 100.
    let store = place.store(json!({ "maxBytes": 300 }));
    for key in ["a", "b", "c"] {
        set(&store, key, "x".repeat(34)).await;
    }
    assert_eq!(store.audit().await.unwrap().bytes, 300);
    set(&store, "d", "").await;
    assert_eq!(keys_in_order_of_use(&store).await, ["b", "c", "d"]);
}

#[tokio::test]
async fn an_entry_larger_than_everything_is_not_kept_and_drives_out_nothing() {
    let place = Place::new();
    let store = place.store(json!({ "maxBytes": 1_000 }));
    set(&store, "small", "value").await;
    set(&store, "large", "old").await;
    set(&store, "large", "x".repeat(5_000)).await;
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
    for len in [10, 10_000, 1_024, 1_025, 4_000, 4_001, 0, 300_000, 5] {
        let value = "v".repeat(len);
        set(&store, "k", value.clone()).await;
        assert_eq!(get(&store, "k").await.unwrap(), value);
        keys_in_order_of_use(&store).await;
    }
    store.delete(&["k".into()]).await.remove(0).unwrap();
    assert_eq!(store.audit().await.unwrap().bytes, 0);
}

/// Writes ten times as much as may be kept, and tells how large the folder became at most, in all and beside it.
async fn folder_after_ten_times(max_bytes: u64, value_bytes: usize, durable: bool) -> u64 {
    let place = Place::new();
    let store = place.store(json!({ "maxBytes": max_bytes, "durable": durable }));
    let count = 10 * max_bytes / value_bytes as u64;
    let mut most = 0;
    let keys: Vec<Key> =
        (0..count).map(|n| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into()).collect();
    for some in keys.chunks(200) {
        let entries: Vec<_> =
            some.iter().map(|key| (key.clone(), Entry::new(vec![7; value_bytes]))).collect();
        store.set(&entries, SetMode::Always).await.into_iter().for_each(|answer| assert!(answer.unwrap()));
        most = most.max(place.bytes());
    }
    keys_in_order_of_use(&store).await;
    store.close().await;
    most.max(place.bytes())
}

/// What a folder may take beside twice its bound: what one second may write, and what an empty file takes.
const BESIDE: u64 = 8_000_000;

#[tokio::test]
async fn ten_times_the_bound_in_small_values_leaves_a_folder_of_less_than_twice_the_bound() {
    let bytes = folder_after_ten_times(2_000_000, 100, false).await;
    assert!(bytes < 2 * 2_000_000 + BESIDE, "{bytes}");
}

#[tokio::test]
async fn ten_times_the_bound_in_large_values_leaves_a_folder_of_less_than_twice_the_bound() {
    let bytes = folder_after_ten_times(8_000_000, 10_000, false).await;
    assert!(bytes < 2 * 8_000_000 + BESIDE, "{bytes}");
}

#[tokio::test]
async fn ten_times_the_bound_written_durably_leaves_a_folder_of_less_than_twice_the_bound() {
    let bytes = folder_after_ten_times(4_000_000, 10_000, true).await;
    assert!(bytes < 2 * 4_000_000 + BESIDE, "{bytes}");
}
