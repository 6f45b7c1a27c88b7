//! Folders that cannot be used.

use std::fs;

use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use crate::disk::support::{Place, get, set};

#[tokio::test]
async fn a_second_store_in_a_folder_is_refused_and_may_come_later() {
    let place = Place::new();
    let first = place.store(json!({}));
    set(&first, "k", "value").await;
    let second = place.store(json!({}));
    let error = second.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.is_retryable() && !error.may_have_applied());
    let message =
        format!("'{}' is in use by another process, or by another store of this one", place.path.display());
    assert_eq!(error.message(), message);
    first.close().await;
    assert_eq!(get(&second, "k").await.unwrap(), "value");
}

/// A child process that is just being started has the lock of its parent, until it becomes another program.
#[tokio::test]
async fn a_lock_that_is_held_for_a_moment_is_waited_for() {
    let place = Place::new();
    set(&place.store(json!({})), "k", "value").await;
    let lock = fs::File::open(place.path.join("lock")).unwrap();
    lock.lock().unwrap();
    let store = place.store(json!({}));
    let (opened, ()) = tokio::join!(store.init(), async { drop(lock) });
    opened.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_file_that_is_not_there_is_refused_and_stays() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    for target in ["/nowhere/entries", "entries.redb"] {
        let link = place.path.join("entries.redb");
        std::os::unix::fs::symlink(target, &link).unwrap();
        let error = place.store(json!({})).init().await.unwrap_err();
        assert!(!error.is_retryable() || error.kind() == ErrorKind::Store, "{error}");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        fs::remove_file(&link).unwrap();
    }
}

#[tokio::test]
async fn a_missing_folder_is_made_but_not_the_one_around_it() {
    let nested = Place::new().deeper();
    let store = nested.store(json!({}));
    let error = store.init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("path")));
    assert!(error.message().contains("there is no folder"), "{error}");
    fs::create_dir(nested.path.parent().unwrap()).unwrap();
    set(&store, "k", "value").await;
}

#[tokio::test]
async fn a_file_is_no_folder() {
    let place = Place::new();
    fs::write(&place.path, "text").unwrap();
    let error = place.store(json!({})).init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("path")));
    assert_eq!(error.message(), format!("path '{}' is not a folder", place.path.display()));
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_left_as_it_is() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    let file = place.path.join("entries.redb");
    let content = "this is a text. ".repeat(1_000);
    fs::write(&file, &content).unwrap();
    let store = place.store(json!({}));
    let error = store.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.message().contains("is damaged"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
    assert!(store.get(&["k".into()], Want::Value).await.remove(0).is_err());
}

#[tokio::test]
async fn a_file_that_was_only_begun_is_begun_again() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    fs::write(place.path.join("entries.redb.new"), "half").unwrap();
    set(&place.store(json!({})), "k", "value").await;
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let place = Place::new();
    let store = place.store(json!({}));
    set(&store, "k", "value").await;
    set(&store, "long", "x".repeat(100_000)).await;
    store.close().await;
    let store = place.store(json!({}));
    assert_eq!(get(&store, "k").await.unwrap(), "value");
    assert_eq!(get(&store, "long").await.unwrap().len(), 100_000);
}

#[tokio::test]
async fn after_close_everything_is_refused() {
    let place = Place::new();
    let store = place.store(json!({}));
    set(&store, "k", "value").await;
    store.close().await;
    store.close().await;
    let written = store.set(&[("k".into(), Entry::new("v"))], SetMode::Always).await.remove(0);
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Closed);
    let read = store.get(&["k".into()], Want::Value).await.remove(0);
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Closed);
}
