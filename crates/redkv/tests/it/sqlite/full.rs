//! On a full disk.

use std::fs;
use std::time::Duration;

use redkv::entry::Key;
use redkv::error::ErrorKind;
use redkv::store::Store;
use serde_json::json;

use crate::sqlite::support::{get, listed, open, set};
use crate::support::mount::{file_system, fill};

#[tokio::test]
async fn writes_are_refused_deletes_go_on_and_writes_are_taken_again() {
    let name = "sqlite::full::writes_are_refused_deletes_go_on_and_writes_are_taken_again";
    let Some(folder) = file_system(name, 4_096) else { return };
    let path = folder.join("kv.db");
    let store = open(json!({ "path": path }));
    let mut keys: Vec<Key> = Vec::new();
    let error = loop {
        let key = Key::from(keys.len().to_string());
        if let Err(error) = set(&store, &key, "x".repeat(5_000)).await {
            break error;
        }
        keys.push(key);
    };
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert_eq!(error.message(), format!("no space is left for '{}'", path.display()));
    assert!(keys.len() > 50, "{}", keys.len());
    for key in &keys[1..] {
        store.delete(std::slice::from_ref(key)).await.remove(0).unwrap();
    }
    assert_eq!(listed(&store, "").await, ["0"]);
    // What was deleted made room.
    for n in 0..20 {
        set(&store, &format!("new {n}"), "x".repeat(5_000)).await.unwrap();
    }
    store.close().await;
    assert_eq!(get(&open(json!({ "path": path })), "0").await.unwrap().len(), 5_000);
}

#[tokio::test]
async fn a_lease_is_given_back_on_a_full_disk() {
    let name = "sqlite::full::a_lease_is_given_back_on_a_full_disk";
    let Some(folder) = file_system(name, 4_096) else { return };
    let store = open(json!({ "path": folder.join("kv.db") }));
    let leases = store.leases().unwrap();
    let token = leases.acquire("a", Duration::from_secs(3600)).await.unwrap().unwrap();
    let mut count = 0;
    while set(&store, &count.to_string(), "x".repeat(5_000)).await.is_ok() {
        count += 1;
    }
    assert!(count > 50, "{count}");
    assert!(leases.release("a", token).await.unwrap());
    assert!(!leases.release("a", token).await.unwrap());
}

#[tokio::test]
async fn a_file_that_is_opened_on_a_full_disk_is_read_and_written_once_there_is_room() {
    let name = "sqlite::full::a_file_that_is_opened_on_a_full_disk_is_read_and_written_once_there_is_room";
    let Some(folder) = file_system(name, 4_096) else { return };
    let path = folder.join("kv.db");
    let store = open(json!({ "path": path }));
    for n in 0..50 {
        set(&store, &n.to_string(), "x".repeat(5_000)).await.unwrap();
    }
    store.close().await;
    let filler = fill(&folder);
    let store = open(json!({ "path": path }));
    assert_eq!(get(&store, "0").await.unwrap().len(), 5_000);
    // SQLite has to write what a delete would change before it does.
    let error = store.delete(&["1".into()]).await.remove(0).unwrap_err();
    assert_eq!(error.message(), format!("no space is left for '{}'", path.display()));
    assert!(get(&store, "1").await.is_some());
    fs::remove_file(filler).unwrap();
    set(&store, "new", "x".repeat(5_000)).await.unwrap();
    store.delete(&["1".into()]).await.remove(0).unwrap();
}
