//! Among rows whose keys are no text of ours.

use std::sync::Arc;

use redkv::clock::SystemClock;
use redkv::store::{Store, Want};

use crate::sqlite::support::{MADE_BY_1_X, Place, get, listed, set, some, unwrapped};

/// Bytes, numbers, nothing, and text that is not UTF-8, between `1` and `ours`.
const FOREIGN: &str =
    "INSERT INTO redkv VALUES (x'616263', 'bytes'), (x'6f757273', 'bytes that look like ours'),
    (NULL, 'nothing'), (NULL, 'nothing'), (CAST(x'6fff' AS TEXT), 'no text')";

#[tokio::test]
async fn they_are_passed_by_in_the_list_and_left_by_clear() {
    let place = Place::made_by(MADE_BY_1_X);
    place.outside().execute_batch(FOREIGN).unwrap();
    let store = place.store();
    set(&store, "ours", "1").await.unwrap();
    set(&store, "other", "2").await.unwrap();
    assert_eq!(listed(&store, "").await, ["other", "ours"]);
    assert_eq!(listed(&store, "o").await, ["other", "ours"]);
    let read = unwrapped(store.get(&["ours".into(), "abc".into(), "other".into()], Want::Value).await);
    assert_eq!(read.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);

    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!((get(&store, "ours").await, place.count()), (None, 5));
}

#[tokio::test]
async fn numbers_in_a_column_that_converts_none_are_not_ours() {
    let place = Place::made_by("CREATE TABLE redkv (redk PRIMARY KEY, redv)");
    place.outside().execute_batch("INSERT INTO redkv VALUES (7, 'number'), (7.5, 'number')").unwrap();
    let store = place.store();
    assert_eq!(get(&store, "7").await, None);
    set(&store, "7", "text").await.unwrap();
    assert_eq!(listed(&store, "").await, ["7"]);
    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn numbers_that_no_text_of_ours_becomes_are_passed_by() {
    let place = Place::made_by("CREATE TABLE redkv (redk NUMERIC UNIQUE, redv)");
    place
        .outside()
        .execute_batch("INSERT INTO redkv VALUES (7.5, 'number'), (8, 'number'), (x'61', '')")
        .unwrap();
    let store = place.store();
    set(&store, "7.5", "ours").await.unwrap();
    assert_eq!(listed(&store, "").await, ["7.5", "8"]);
    redkv_testing::conformance::clear(&store, "").await;
    assert_eq!(place.count(), 2);
}

#[tokio::test]
async fn more_of_them_than_a_page_holds_hide_nothing() {
    let place = Place::made_by(MADE_BY_1_X);
    place
        .outside()
        .execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
             INSERT INTO redkv SELECT CAST(printf('m%05d', n) || x'ff' AS TEXT), 'no text' FROM n",
        )
        .unwrap();
    let store = place.store();
    set(&store, "a", "1").await.unwrap();
    set(&store, "z", "2").await.unwrap();
    assert_eq!(listed(&store, "").await, ["a", "z"]);
}

#[tokio::test]
async fn ended_rows_without_a_key_do_not_keep_ended_entries_from_going() {
    let place = Place::made_by("CREATE TABLE redkv (redk TEXT PRIMARY KEY, redv, expires INTEGER)");
    place
        .outside()
        .execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200)
             INSERT INTO redkv SELECT NULL, 'nothing', 1 FROM n;
             INSERT INTO redkv VALUES ('ended', 'v', 2)",
        )
        .unwrap();
    let store = place.store_with_deadlines(Arc::new(SystemClock));
    set(&store, "k", "v").await.unwrap();
    assert_eq!(place.count(), 201);
    assert_eq!(get(&store, "k").await, some("v"));
}
