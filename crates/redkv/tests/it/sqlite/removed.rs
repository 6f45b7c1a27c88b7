//! When the file is removed, or another one takes its place.

use std::fs;
use std::time::Duration;

use redkv::error::{Error, ErrorKind};
use redkv::store::Store;

use crate::sqlite::support::{Place, get, get_entry, set, some};

fn assert_removed(error: &Error, place: &Place) {
    assert_eq!(
        error.message(),
        format!("'{}' was removed, replaced or emptied while it was open", place.path.display())
    );
    assert_eq!(
        (error.kind(), error.is_retryable(), error.may_have_applied()),
        (ErrorKind::Store, true, false)
    );
}

#[tokio::test]
async fn the_next_write_fails_and_the_one_after_it_begins_anew() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    fs::remove_file(&place.path).unwrap();
    assert_removed(&set(&store, "k", "lost").await.unwrap_err(), &place);
    set(&store, "new", "v").await.unwrap();
    assert_eq!(get(&store, "k").await, None);
    store.close().await;
    assert_eq!(place.count(), 1);
}

#[tokio::test]
async fn a_write_into_a_file_that_was_emptied_is_refused() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    store.close().await;
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    fs::File::options().write(true).open(&place.path).unwrap().set_len(0).unwrap();
    assert_removed(&set(&store, "k", "lost").await.unwrap_err(), &place);
}

#[tokio::test]
async fn reads_fail_once_within_a_moment() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    fs::remove_file(&place.path).unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_removed(&get_entry(&store, "k").await.unwrap_err(), &place);
    assert_eq!(get(&store, "k").await, None);
}

#[tokio::test]
async fn what_took_its_place_is_used_and_keeps_what_lies_beside_it() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "old").await.unwrap();
    let other = Place::new();
    let outside = other.store();
    set(&outside, "k", "new").await.unwrap();
    outside.close().await;
    fs::rename(&other.path, &place.path).unwrap();

    assert_removed(&set(&store, "k", "lost").await.unwrap_err(), &place);
    assert_eq!(get(&store, "k").await, some("new"));
    set(&store, "k", "newer").await.unwrap();
    store.close().await;
    assert_eq!(get(&place.store(), "k").await, some("newer"));
}

#[tokio::test]
async fn the_log_of_the_file_that_took_its_place_is_not_removed() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "old").await.unwrap();
    for beside in ["kv.db", "kv.db-wal", "kv.db-shm"] {
        fs::remove_file(place.directory.path().join(beside)).unwrap();
    }
    let other = place.store();
    set(&other, "k", "new").await.unwrap();
    assert_removed(&set(&store, "k", "lost").await.unwrap_err(), &place);
    assert!(place.has_log());
    assert_eq!(get(&store, "k").await, some("new"));
    other.close().await;
    assert_eq!(get(&store, "k").await, some("new"));
}
