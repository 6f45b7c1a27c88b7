//! What others do to the file while it is open.

use std::fs;

use futures_util::FutureExt;
use redkv::error::ErrorKind;
use redkv::store::{Store, Want};
use rusqlite::Connection;

use crate::sqlite::support::{Place, argument, entries, get, get_entry, has, listed, open, set, some};

/// A connection that keeps all others from writing.
fn writer(place: &Place) -> Connection {
    let other = place.outside();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn while_a_write_waits_for_the_lock_of_another_connection_reads_go_on() {
    let place = Place::new();
    let store = place.store();
    set(&store, "a", "1").await.unwrap();
    let other = writer(&place);
    let written = entries(["k"]);
    let mut write = store.set(&written, redkv::store::SetMode::Always);
    assert!((&mut write).now_or_never().is_none());
    assert_eq!(get(&store, "a").await, some("1"));
    assert!(!has(&store, "missing").await);
    store.init().await.unwrap();
    assert!((&mut write).now_or_never().is_none());
    other.execute_batch("COMMIT").unwrap();
    assert!(write.await.remove(0).unwrap());
    assert_eq!(get(&store, "k").await, some("k"));
}

#[tokio::test]
async fn a_read_of_a_key_whose_write_waits_sees_the_write() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "old").await.unwrap();
    let other = writer(&place);
    let (written, keys) = (entries(["k"]), ["k".into()]);
    let mut write = store.set(&written, redkv::store::SetMode::Always);
    assert!((&mut write).now_or_never().is_none());
    let mut read = store.get(&keys, Want::Value);
    let mut list = store.keys("", None);
    assert!((&mut read).now_or_never().is_none());
    assert!((&mut list).now_or_never().is_none());
    assert_eq!(get(&store, "other").await, None);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(read.await.remove(0).unwrap().unwrap().value, "k");
    assert_eq!(list.await.unwrap().keys, keys);
    assert!(write.await.remove(0).unwrap());
}

#[tokio::test]
async fn a_write_that_is_given_up_while_it_waits_is_never_made() {
    let place = Place::new();
    let store = place.store();
    set(&store, "a", "1").await.unwrap();
    let other = writer(&place);
    assert!(store.set(&entries(["k"]), redkv::store::SetMode::Always).now_or_never().is_none());
    assert_eq!(get(&store, "a").await, some("1"));
    other.execute_batch("COMMIT").unwrap();
    assert!(!has(&store, "k").await);
    assert_eq!(place.count(), 1);
}

#[tokio::test]
async fn close_waits_for_the_write_that_waits() {
    let place = Place::new();
    let store = place.store();
    set(&store, "a", "1").await.unwrap();
    let other = writer(&place);
    let written = entries(["k"]);
    let mut write = store.set(&written, redkv::store::SetMode::Always);
    assert!((&mut write).now_or_never().is_none());
    let mut close = store.close();
    assert!((&mut close).now_or_never().is_none());
    other.execute_batch("COMMIT").unwrap();
    close.await;
    assert!(write.await.remove(0).unwrap());
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn a_file_that_becomes_garbage_is_a_failure_of_the_store() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    store.close().await;
    let store = place.store();
    store.init().await.unwrap();
    fs::write(&place.path, "garbage ".repeat(2_000)).unwrap();
    let error = set(&store, "k", "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    let error = store.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
}

#[tokio::test]
async fn a_directory_in_the_place_of_the_file_is_a_failure_of_the_store() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    fs::remove_file(&place.path).unwrap();
    fs::create_dir(&place.path).unwrap();
    assert_eq!(set(&store, "k", "new").await.unwrap_err().kind(), ErrorKind::Store);
    let error = set(&store, "k", "new").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    let said = format!("path '{}' is a directory, while it was in use", place.path.display());
    assert_eq!(error.message(), said);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_pipe_is_no_database_and_is_not_waited_for() {
    let place = Place::new();
    assert!(std::process::Command::new("mkfifo").arg(&place.path).status().unwrap().success());
    let error = place.store().init().await.unwrap_err();
    let said = format!("path '{}' is not a regular file", place.path.display());
    assert_eq!(argument(&error), (Some("path"), said.as_str()));
}

#[tokio::test]
async fn a_table_that_another_program_has_dropped_fails_once_and_is_made_again() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    place.outside().execute_batch("DROP TABLE redkv").unwrap();
    let error = get_entry(&store, "k").await.unwrap_err();
    let said = format!("table 'redkv' of '{}' was removed while it was in use", place.path.display());
    assert_eq!(
        (error.kind(), error.is_retryable(), error.message()),
        (ErrorKind::Store, true, said.as_str())
    );
    set(&store, "k", "new").await.unwrap();
    assert_eq!(get(&store, "k").await, some("new"));
}

#[tokio::test]
async fn a_write_into_a_table_that_was_dropped_was_not_made() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    place.outside().execute_batch("DROP TABLE redkv").unwrap();
    let error = set(&store, "k", "lost").await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_applied(), "{error}");
    assert_eq!(listed(&store, "").await, [""; 0]);
}

#[tokio::test]
async fn ready_makes_a_table_again_that_was_dropped() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    place.outside().execute_batch("DROP TABLE redkv").unwrap();
    store.init().await.unwrap();
    assert_eq!(get(&store, "k").await, None);
}

#[tokio::test]
async fn another_table_that_a_trigger_misses_is_not_taken_for_ours() {
    let place = Place::new();
    let store = open(serde_json::json!({ "path": place.path }));
    set(&store, "k", "v").await.unwrap();
    let trigger = "CREATE TABLE log (k); CREATE TRIGGER t AFTER UPDATE ON redkv
                   BEGIN INSERT INTO log VALUES (new.redk); END; DROP TABLE log";
    place.outside().execute_batch(trigger).unwrap();
    let error = set(&store, "k", "new").await.unwrap_err();
    assert!(error.message().contains("no such table: main.log") && !error.is_retryable(), "{error}");
    assert_eq!(get(&store, "k").await, some("v"));
}
