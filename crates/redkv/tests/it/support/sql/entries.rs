//! Batches, rows that fail, deadlines.

use std::sync::Arc;

use futures_util::future::join_all;
use redkv::clock::{Clock, ManualClock, SystemClock};
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::{ErrorKind, Result};
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use super::super::site::{count, exec, quoted};
use super::{created, entry, fresh, get, options, set, some, store, store_with_clock};

fn unwrapped<T>(answers: Vec<Result<T>>) -> Vec<T> {
    answers.into_iter().map(Result::unwrap).collect()
}

/// A table as 1.x had them, of short texts.
async fn of_short_texts() -> (String, Arc<dyn Store>) {
    let table = fresh();
    let text = super::super::site::EXACT_TEXT;
    exec(&format!("CREATE TABLE {table} (k VARCHAR(40) {text} NOT NULL PRIMARY KEY, v VARCHAR(5) {text})"))
        .await;
    let store = store(options(&table, json!({})));
    (table, store)
}

#[tokio::test]
async fn of_a_batch_in_which_one_row_fails_the_others_are_written() {
    let (table, store) = of_short_texts().await;
    let entries = [entry("a", "1"), entry("b", "s3cret that is too long"), entry("c", "3")];
    let answers = store.set(&entries, SetMode::Always).await;
    assert!(answers[0].as_ref().unwrap() & answers[2].as_ref().unwrap());
    let error = answers[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Argument, false));
    assert!(!error.may_have_applied());
    assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    assert_eq!(count(&table).await, 2);
}

#[tokio::test]
async fn of_a_batch_that_fills_gaps_in_which_one_row_fails_the_others_are_written() {
    let (_, store) = of_short_texts().await;
    set(&*store, "c", "old").await.unwrap();
    let entries = [entry("a", "1"), entry("b", "too long"), entry("c", "new")];
    let mut answers = store.set(&entries, SetMode::IfAbsent).await;
    assert!(!answers.remove(2).unwrap());
    assert_eq!(answers.remove(1).unwrap_err().kind(), ErrorKind::Argument);
    assert!(answers.remove(0).unwrap());
    assert_eq!(get(&*store, "c").await.unwrap(), some("old"));
}

#[tokio::test]
async fn columns_of_text_refuse_what_is_no_text_key_by_key() {
    let (_, store) = of_short_texts().await;
    let binary = (Key::from("b"), Entry::new(vec![0xff, 0xfe]));
    let answers = store.set(&[entry("a", "1"), binary], SetMode::Always).await;
    assert!(answers[0].as_ref().unwrap());
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(get(&*store, "a").await.unwrap(), some("1"));
}

#[tokio::test]
async fn a_row_without_a_value_is_no_entry_and_is_filled() {
    let (table, store) = of_short_texts().await;
    exec(&format!("INSERT INTO {table} (k, v) VALUES ('a', NULL), ('b', NULL)")).await;
    assert_eq!(get(&*store, "a").await.unwrap(), None);
    assert!(!store.has(&["a".into()]).await.remove(0).unwrap());
    assert_eq!(
        unwrapped(store.set(&[entry("a", "1"), entry("b", "2")], SetMode::IfAbsent).await),
        [true, true]
    );
    assert_eq!(get(&*store, "b").await.unwrap(), some("2"));
}

#[tokio::test]
async fn if_absent_answers_a_batch_key_by_key() {
    let store = created(json!({}));
    set(&*store, "b", "old").await.unwrap();
    let entries = [entry("a", "new"), entry("b", "new"), entry("c", "new")];
    assert_eq!(unwrapped(store.set(&entries, SetMode::IfAbsent).await), [true, false, true]);
    assert_eq!(unwrapped(store.set(&entries, SetMode::IfAbsent).await), [false, false, false]);
    assert_eq!(get(&*store, "b").await.unwrap(), some("old"));
}

#[tokio::test]
async fn of_many_that_fill_the_same_gaps_one_wins_each() {
    let store = created(json!({ "expiresColumn": "e" }));
    store.init().await.unwrap();
    let rounds: Vec<Vec<_>> = (0..8)
        .map(|n| {
            let mut entries: Vec<_> = (0..20).map(|key| entry(&format!("k{key}"), &n.to_string())).collect();
            fastrand::shuffle(&mut entries);
            entries
        })
        .collect();
    let all = join_all(rounds.iter().map(|entries| store.set(entries, SetMode::IfAbsent))).await;
    for key in 0..20 {
        let key = Key::from(format!("k{key}"));
        let winners = rounds.iter().zip(&all).flat_map(|(entries, answers)| entries.iter().zip(answers));
        let stored: Vec<_> = winners
            .filter(|((name, _), answer)| *name == key && *answer.as_ref().unwrap())
            .map(|((_, entry), _)| entry.clone())
            .collect();
        assert_eq!(stored.len(), 1, "{key:?}");
        assert_eq!(get(&*store, &key).await.unwrap().as_ref(), stored.first());
    }
}

#[tokio::test]
async fn writes_of_the_same_keys_in_other_orders_all_succeed() {
    let store = created(json!({}));
    let rounds: Vec<Vec<_>> = (0..12)
        .map(|n| {
            let mut entries: Vec<_> = (0..50).map(|key| entry(&format!("k{key}"), &n.to_string())).collect();
            fastrand::shuffle(&mut entries);
            entries
        })
        .collect();
    for answers in join_all(rounds.iter().map(|entries| store.set(entries, SetMode::Always))).await {
        unwrapped(answers);
    }
}

#[tokio::test]
async fn a_deadline_without_a_column_for_it_is_refused_key_by_key() {
    let store = created(json!({}));
    let mortal = (Key::from("a"), Entry::until("v", SystemClock.deadline_in(100_000)));
    let answers = store.set(&[mortal, entry("b", "v")], SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(answers[1].as_ref().unwrap());
}

#[tokio::test]
async fn entries_past_their_deadline_are_deleted_beside_writes() {
    let clock = Arc::new(ManualClock::starting_at(1_000_000));
    let table = fresh();
    let more = json!({ "createTable": true, "expiresColumn": "e" });
    let store = store_with_clock(options(&table, more), clock.clone());
    set(&*store, "first", "v").await.unwrap();
    let mortal: Vec<_> =
        (0..250).map(|n| (Key::from(format!("k{n}")), Entry::until("v", Deadline::at(1_000_100)))).collect();
    unwrapped(store.set(&mortal, SetMode::Always).await);
    clock.advance(100_000);
    assert_eq!(get(&*store, "k0").await.unwrap(), None);
    for n in 0..2_000 {
        set(&*store, &format!("live{}", n % 2), "v").await.unwrap();
        if count(&table).await == 3 {
            return;
        }
    }
    panic!("there are still {} rows", count(&table).await);
}

#[tokio::test]
async fn two_stores_make_one_table_and_see_what_the_other_writes() {
    let table = fresh();
    let more = json!({ "createTable": true, "expiresColumn": "e" });
    let (one, other) = (store(options(&table, more.clone())), store(options(&table, more)));
    let (first, second) = tokio::join!(set(&*one, "a", "1"), set(&*other, "b", "2"));
    assert!(first.unwrap() && second.unwrap());
    assert_eq!(get(&*one, "b").await.unwrap(), some("2"));
    set(&*other, "a", "3").await.unwrap();
    assert_eq!(get(&*one, "a").await.unwrap(), some("3"));
}

#[tokio::test]
async fn a_table_without_deadlines_gets_a_column_for_them_when_it_may_be_made() {
    let table = fresh();
    let plain = store(options(&table, json!({ "createTable": true })));
    set(&*plain, "a", "1").await.unwrap();
    let mortal = store(options(&table, json!({ "createTable": true, "expiresColumn": "e" })));
    assert_eq!(get(&*mortal, "a").await.unwrap(), some("1"));
    let soon = SystemClock.deadline_in(100_000);
    unwrapped(mortal.set(&[("b".into(), Entry::until("v", soon))], SetMode::Always).await);
    let read = mortal.get(&["b".into()], Want::ValueAndDeadline).await.remove(0).unwrap().unwrap();
    assert_eq!(read.deadline, Some(soon));
}

#[tokio::test]
async fn names_are_taken_as_they_are_and_are_never_sql() {
    let quote = quoted("");
    let quote = &quote[..1];
    for name in [
        "order".to_owned(),
        format!("a{quote}b"),
        "a.b".to_owned(),
        "x'; DROP TABLE y; --".to_owned(),
        format!("x{quote}; DROP TABLE y; --"),
        format!("{quote}) VALUES (1); --{quote}"),
        "ünï✓".to_owned(),
        "back\\slash %s $1 ? :x".to_owned(),
    ] {
        let table = format!("{name}{}", &fresh()[..6]);
        let key = format!("k{name}");
        let more = json!({
            "keyColumn": key, "valueColumn": format!("v{name}"), "expiresColumn": format!("e{name}"),
            "createTable": true,
        });
        let store = store(options(&table, more));
        set(&*store, "a", "1").await.unwrap();
        assert_eq!(
            unwrapped(store.set(&[entry("a", "2"), entry("b", "3")], SetMode::IfAbsent).await),
            [false, true]
        );
        assert_eq!(get(&*store, "a").await.unwrap(), some("1"), "{name}");
        assert_eq!(store.keys("", None).await.unwrap().keys.len(), 2);
        redkv_testing::conformance::clear(&*store, "").await;
        assert_eq!(count(&quoted(&table)).await, 0);
        exec(&format!("DROP TABLE {}", quoted(&table))).await;
    }
}

#[tokio::test]
async fn keys_and_values_are_never_sql() {
    let store = created(json!({}));
    for text in ["'; DROP TABLE x; --", "\\", "\\'", "$1", "?", "%", "${1}", "\"", "`", "/*", "--"] {
        set(&*store, text, text).await.unwrap();
        assert_eq!(get(&*store, text).await.unwrap(), some(text));
    }
    assert_eq!(store.keys("'", None).await.unwrap().keys, ["'; DROP TABLE x; --".into()]);
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let store = created(json!({}));
    store.init().await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(get(&*store, "a").await.unwrap_err().kind(), ErrorKind::Closed);
}
