//! The column of deadlines.

use std::sync::Arc;

use redkv::clock::{ManualClock, SystemClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};
use serde_json::json;

use crate::sqlite::support::{
    MADE_BY_1_X, Place, START, argument, get_entry, has, open, set, set_entry, text, write_as_1_x,
};

#[tokio::test]
async fn an_old_table_gets_the_column_of_deadlines() {
    let place = Place::made_by(MADE_BY_1_X);
    write_as_1_x(&place.outside(), "old", "v");
    let store = place.store_with_deadlines(Arc::new(ManualClock::starting_at(START)));
    let entry = Entry::until("new", Deadline::at(START + 50));
    set_entry(&store, "new", entry.clone(), SetMode::Always).await.unwrap();
    assert_eq!(get_entry(&store, "old").await.unwrap(), Some(Entry::new("v")));
    assert_eq!(get_entry(&store, "new").await.unwrap(), Some(entry));
    assert_eq!(place.ask("SELECT expires FROM redkv WHERE redk = 'new'"), 1_000_050.into());
    assert_eq!(place.ask("SELECT typeof(expires) FROM redkv WHERE redk = 'old'"), text("null"));
}

#[tokio::test]
async fn without_a_column_of_deadlines_only_the_entries_with_one_are_refused() {
    let store = open(json!({ "path": ":memory:" }));
    let mortal = Entry::until("v", Deadline::at(u64::MAX));
    let batch = [("mortal".into(), mortal), ("immortal".into(), Entry::new("v"))];
    let answers = store.set(&batch, SetMode::Always).await;
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.message(), "a ttl needs the option expiresColumn");
    assert_eq!(answers[1].as_ref().ok(), Some(&true));
    assert!(!has(&store, "mortal").await);
}

#[tokio::test]
async fn a_text_column_cannot_hold_deadlines() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv, expires VARCHAR(20))");
    let error = place.store_with_deadlines(Arc::new(SystemClock)).init().await.unwrap_err();
    let message = "expiresColumn 'expires' of table 'redkv' must be INTEGER, it is VARCHAR(20)";
    assert_eq!(argument(&error), (Some("expiresColumn"), message));
}

#[tokio::test]
async fn a_deadline_of_others_that_is_no_number_is_an_error_and_deletes_nothing() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv, expires DATETIME)");
    place.outside().execute("INSERT INTO redkv VALUES ('k', 'v', '2001-01-01 10:00')", []).unwrap();
    let store = place.store_with_deadlines(Arc::new(SystemClock));
    set(&store, "other", "v").await.unwrap();
    let error = get_entry(&store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert_eq!(error.message(), "a deadline in column 'expires' is Text, not a number");
    assert!(!set_entry(&store, "k", Entry::new("new"), SetMode::IfAbsent).await.unwrap());
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn entries_past_their_deadline_are_deleted_beside_later_writes() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = place.store_with_deadlines(clock.clone());
    let mortal = |n| (Key::from(format!("{n}")), Entry::until("v", Deadline::at(START + 50)));
    store.set(&(0..150).map(mortal).collect::<Vec<_>>(), SetMode::Always).await;
    let immortal = Entry::until("v", Deadline::at(u64::MAX));
    set_entry(&store, "later", immortal, SetMode::Always).await.unwrap();

    clock.advance(50);
    set(&store, "a", "v").await.unwrap();
    assert_eq!(place.count(), 152, "not more often than once a minute");
    clock.advance(60_000);
    set(&store, "a", "v").await.unwrap();
    assert_eq!(place.count(), 52, "a hundred at a time");
    set(&store, "a", "v").await.unwrap();
    assert_eq!(place.count(), 2, "and the rest with the next write");
}

#[tokio::test]
async fn looking_for_entries_past_their_deadline_uses_an_index() {
    let place = Place::new();
    place.store_with_deadlines(Arc::new(SystemClock)).init().await.unwrap();
    let plan: Vec<String> = place
        .outside()
        .prepare(
            "EXPLAIN QUERY PLAN DELETE FROM redkv WHERE redk IN
             (SELECT redk FROM redkv INDEXED BY redkv_redkv_expires WHERE expires <= ?1 LIMIT 100)",
        )
        .unwrap()
        .query_map([1], |row| row.get(3))
        .unwrap()
        .map(|line| line.unwrap())
        .collect();
    assert!(
        plan.contains(&"SEARCH redkv USING INDEX redkv_redkv_expires (expires<?)".to_owned()),
        "{plan:?}"
    );
    assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{plan:?}");
}
