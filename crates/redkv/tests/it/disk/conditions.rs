//! On a read-only disk, on a full one, when the folder is removed, and in folders that strangers see.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use redkv::entry::{Entry, Key};
use redkv::error::{Error, ErrorKind};
use redkv::store::{SetMode, Store, Want};
use redkv::stores::DiskStore;
use serde_json::json;

use crate::disk::support::{Place, get, set};
use crate::support::mount::{file_system, fill, make_read_only};

async fn try_set(store: &DiskStore, key: &str, value: String) -> Result<bool, Error> {
    store.set(&[(key.into(), Entry::new(value))], SetMode::Always).await.remove(0)
}

#[tokio::test]
async fn a_read_only_disk_is_said_to_be_one() {
    let Some(folder) = file_system("disk::conditions::a_read_only_disk_is_said_to_be_one", 8_192) else {
        return;
    };
    let place = Place::at(folder.join("store"));
    let store = place.store(json!({}));
    set(&store, "k", "v").await;
    store.close().await;
    make_read_only(&folder);
    let error = place.store(json!({})).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(error.message(), format!("'{}' is read-only", place.path.display()));
}

#[tokio::test]
async fn a_full_disk_refuses_writes_deletes_and_takes_writes_again() {
    let name = "disk::conditions::a_full_disk_refuses_writes_deletes_and_takes_writes_again";
    let Some(folder) = file_system(name, 8_192) else { return };
    let place = Place::at(folder.join("store"));
    let store = place.store(json!({ "durable": true }));
    let keys: Vec<Key> = (0..40).map(|n| n.to_string().into()).collect();
    for key in &keys {
        set(&store, key.as_str(), "x".repeat(20_000)).await;
    }
    let filler = fill(&folder);
    let error = loop {
        let key = format!("more {}", fastrand::u64(..));
        if let Err(error) = try_set(&store, &key, "x".repeat(20_000)).await {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(error.message(), format!("no space is left for '{}'", place.path.display()));
    assert_eq!(get(&store, "0").await.unwrap().len(), 20_000);
    for key in &keys[1..] {
        store.delete(std::slice::from_ref(key)).await.remove(0).unwrap();
    }
    assert_eq!(get(&store, "7").await, None);
    store.close().await;
    let store = place.store(json!({ "durable": true }));
    assert_eq!(get(&store, "0").await.unwrap().len(), 20_000);
    assert_eq!(get(&store, "7").await, None);
    fs::remove_file(filler).unwrap();
    for key in &keys {
        set(&store, key.as_str(), "x".repeat(20_000)).await;
    }
}

#[tokio::test]
async fn when_the_folder_is_removed_the_next_write_fails_and_the_one_after_it_begins_anew() {
    let place = Place::new();
    let store = place.store(json!({}));
    set(&store, "k", "v").await;
    fs::remove_dir_all(&place.path).unwrap();
    let error = try_set(&store, "k", "lost".to_owned()).await.unwrap_err();
    assert_eq!(
        error.message(),
        format!("'{}' was removed, replaced or emptied while it was open", place.path.display())
    );
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_applied()),
        (ErrorKind::Store, true, false)
    );
    set(&store, "new", "v").await;
    assert_eq!(get(&store, "k").await, None);
    store.close().await;
    assert_eq!(get(&place.store(json!({})), "new").await.unwrap(), "v");
}

#[tokio::test]
async fn when_the_folder_is_removed_reads_fail_once_within_a_moment() {
    let place = Place::new();
    let store = place.store(json!({}));
    set(&store, "k", "v").await;
    fs::remove_dir_all(&place.path).unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    let error = store.get(&["k".into()], Want::Value).await.remove(0).unwrap_err();
    assert!(error.message().contains("was removed, replaced or emptied"), "{error}");
    assert_eq!(get(&store, "k").await, None);
}

#[tokio::test]
async fn what_is_made_is_for_nobody_else() {
    let place = Place::new();
    let store = place.store(json!({}));
    set(&store, "k", "v").await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&place.path), 0o700);
    assert_eq!(mode(&place.path.join("lock")), 0o600);
    assert_eq!(mode(&place.path.join("entries.redb")), 0o600);
}
