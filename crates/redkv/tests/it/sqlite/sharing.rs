//! Who else sees what is written, and when; what is left when the store goes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redkv::clock::SystemClock;
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};
use rusqlite::Connection;
use serde_json::json;

use crate::sqlite::support::{Place, entries, get, get_entry, open, set, some, text, unwrapped};

#[tokio::test]
async fn two_stores_on_one_file_see_what_the_other_writes() {
    let place = Place::new();
    let (one, other) = (place.store(), place.store());
    set(&one, "k", "first").await.unwrap();
    assert_eq!(get(&other, "k").await, some("first"));
    set(&other, "k", "second").await.unwrap();
    assert_eq!(get(&one, "k").await, some("second"));
}

#[tokio::test]
async fn two_stores_may_make_the_table_and_write_at_the_same_time() {
    let place = Place::new();
    let (one, other) = (
        place.store_with_deadlines(Arc::new(SystemClock)),
        place.store_with_deadlines(Arc::new(SystemClock)),
    );
    let (first, second) = tokio::join!(set(&one, "a", "1"), set(&other, "b", "2"));
    first.unwrap();
    second.unwrap();
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn what_was_written_is_there_after_the_store_was_dropped() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    drop(store);
    assert_eq!(get(&place.store(), "k").await, some("v"));
}

#[tokio::test]
async fn an_acknowledged_write_is_in_the_file_before_the_store_is_closed() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert_eq!(place.ask("SELECT redv FROM redkv"), text("v"));
    store.close().await;
}

#[tokio::test]
async fn close_lets_go_of_the_file() {
    let place = Place::new();
    let store = place.store();
    set(&store, "k", "v").await.unwrap();
    assert!(place.has_log());
    store.close().await;
    assert!(!place.has_log());
    assert_eq!(place.count(), 1);
}

#[tokio::test]
async fn close_finishes_what_was_asked_before() {
    let place = Place::new();
    let store = place.store();
    let batch = entries(["a", "b"]);
    let (answers, ()) = tokio::join!(biased; store.set(&batch, SetMode::Always), store.close());
    assert_eq!(unwrapped(answers), [true, true]);
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let store = open(json!({ "path": ":memory:" }));
    store.init().await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(set(&store, "k", "v").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(get_entry(&store, "k").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(store.init().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_store_that_was_never_used_closes() {
    let place = Place::new();
    place.store().close().await;
    assert!(!place.path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_half_of_a_batch() {
    let place = Place::new();
    let store = place.store();
    store.init().await.unwrap();
    let names: Vec<_> = (0..1_000).map(|n| n.to_string()).collect();
    let batch = entries(names.iter().map(String::as_str));
    let keys: Vec<_> = batch.iter().map(|(key, _)| key.clone()).collect();

    let done = Arc::new(AtomicBool::new(false));
    let outside = place.outside();
    let watcher = std::thread::spawn({
        let done = done.clone();
        move || watch_count(&outside, &done)
    });
    for _ in 0..10 {
        store.set(&batch, SetMode::Always).await;
        store.delete(&keys).await;
    }
    done.store(true, Ordering::SeqCst);
    let seen = watcher.join().unwrap();
    assert!(seen.is_subset(&BTreeSet::from([0, 1_000])), "{seen:?}");
}

fn watch_count(connection: &Connection, done: &AtomicBool) -> BTreeSet<i64> {
    let mut seen = BTreeSet::new();
    while !done.load(Ordering::SeqCst) {
        seen.insert(connection.query_row("SELECT count(*) FROM redkv", [], |row| row.get(0)).unwrap());
    }
    seen
}
