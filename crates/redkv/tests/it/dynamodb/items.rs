//! What is kept in the table, and what is made of the items of other programs.

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use redkv::entry::{Deadline, Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{Expiry, SetMode, Store, Want};
use serde_json::json;

use crate::dynamodb::calls::{get, has, set, set_if_absent};
use crate::dynamodb::table::{EMULATOR, Table, binary, item, number, text};

#[tokio::test]
async fn an_item_is_the_key_and_the_value_and_nothing_else() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({ "ttlAttribute": "ttl" }));
    set(&store, "k", Entry::new("text")).await;
    assert_eq!(table.item("k").await, item([("id", text("k")), ("v", text("text"))]));
}

#[tokio::test]
async fn a_batch_writes_the_same_items_as_a_single_write() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({ "attributeName": "value", "ttlAttribute": "ttl" }));
    let entries = [
        ("a".into(), Entry::new("text")),
        ("b".into(), Entry::new(&b"\xff"[..])),
        ("c".into(), Entry::until("mortal", Deadline::at(4_000_000_000_001))),
    ];
    let answers = store.set(&entries, SetMode::Always).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap()));
    assert_eq!(table.item("a").await, item([("id", text("a")), ("value", text("text"))]));
    assert_eq!(table.item("b").await, item([("id", text("b")), ("value", binary(b"\xff"))]));
    let mortal = item([("id", text("c")), ("value", text("mortal")), ("ttl", number("4000000001"))]);
    assert_eq!(table.item("c").await, mortal);
}

#[tokio::test]
async fn a_deadline_is_kept_in_seconds_in_the_ttl_attribute() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({ "ttlAttribute": "ttl" }));
    set(&store, "k", Entry::until("text", Deadline::at(4_000_000_000_001))).await;
    let expected = item([("id", text("k")), ("v", text("text")), ("ttl", number("4000000001"))]);
    assert_eq!(table.item("k").await, expected);
}

#[tokio::test]
async fn bytes_that_are_not_text_are_kept_as_binary() {
    let table = Table::create(EMULATOR).await;
    set(&table.store(json!({})), "k", Entry::new(&b"\xff\x00"[..])).await;
    assert_eq!(table.item("k").await, item([("id", text("k")), ("v", binary(b"\xff\x00"))]));
}

#[tokio::test]
async fn a_write_replaces_the_whole_item_of_another_program() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("k")), ("v", text("old")), ("note", text("of others"))]).await;
    set(&table.store(json!({})), "k", Entry::new("new")).await;
    assert_eq!(table.item("k").await, item([("id", text("k")), ("v", text("new"))]));
}

#[tokio::test]
async fn an_item_that_redkv_1_wrote_is_read() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("k")), ("v", text("from 1.x"))]).await;
    let store = table.store(json!({ "ttlAttribute": "ttl" }));
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("from 1.x")));
}

#[tokio::test]
async fn a_number_that_another_program_wrote_reads_as_its_text() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("k")), ("v", number("12.5"))]).await;
    assert_eq!(get(&table.store(json!({})), "k").await.unwrap(), Some(Entry::new("12.5")));
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_of_its_key_alone() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("bad")), ("v", AttributeValue::Bool(true))]).await;
    table.put([("id", text("good")), ("v", text("value"))]).await;
    let store = table.store(json!({}));
    let answers = store.get(&["bad".into(), "good".into()], Want::Value).await;
    let error = answers[0].clone().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert_eq!(error.message(), "the attribute 'v' is a boolean: only text, numbers and binary are values");
    assert_eq!(answers[1].clone().unwrap(), Some(Entry::new("value")));
    assert_eq!(get(&store, "bad").await.unwrap_err().kind(), ErrorKind::Value);
}

#[tokio::test]
async fn an_item_without_the_attribute_is_not_there() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("k")), ("note", text("of others"))]).await;
    let store = table.store(json!({}));
    assert_eq!(get(&store, "k").await.unwrap(), None);
    assert!(!has(&store, "k").await);
    assert!(set_if_absent(&store, "k", Entry::new("value")).await.unwrap());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn an_item_past_its_deadline_is_read_with_it_and_counts_as_absent() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("k")), ("v", text("old")), ("ttl", number("1000000000"))]).await;
    let store = table.store(json!({ "ttlAttribute": "ttl" }));
    let old = Entry::until("old", Deadline::at(1_000_000_000_000));
    assert_eq!(get(&store, "k").await.unwrap(), Some(old));
    assert!(!has(&store, "k").await);
    assert!(set_if_absent(&store, "k", Entry::new("new")).await.unwrap());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("new")));
}

#[tokio::test]
async fn a_ttl_attribute_that_is_not_a_number_is_no_deadline() {
    let table = Table::create(EMULATOR).await;
    table.put([("id", text("k")), ("v", text("value")), ("ttl", text("1000000000"))]).await;
    let store = table.store(json!({ "ttlAttribute": "ttl" }));
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
    assert!(has(&store, "k").await);
    assert!(!set_if_absent(&store, "k", Entry::new("new")).await.unwrap());
}

#[tokio::test]
async fn an_entry_with_a_deadline_is_refused_alone_without_a_ttl_attribute() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({}));
    let entries = [
        ("a".into(), Entry::new("1")),
        ("b".into(), Entry::until("2", Deadline::at(4_000_000_000_000))),
        ("c".into(), Entry::new("3")),
    ];
    let answers = store.set(&entries, SetMode::Always).await;
    assert!(answers[0].clone().unwrap());
    assert_eq!(answers[1].clone().unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(answers[2].clone().unwrap());
    assert_eq!(get(&store, "b").await.unwrap(), None);

    let refused = set_if_absent(&store, "b", entries[1].1.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert_eq!(store.capabilities().expiry, Expiry::None);
}

#[tokio::test]
async fn a_value_that_is_too_large_does_not_fail_its_neighbours() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({}));
    let large = Entry::new("x".repeat(500_000));
    let entries = [("a".into(), Entry::new("1")), ("b".into(), large), ("c".into(), Entry::new("3"))];
    let answers = store.set(&entries, SetMode::Always).await;
    assert!(answers[0].clone().unwrap());
    let error = answers[1].clone().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.message().starts_with("ValidationException: "), "{error}");
    assert!(!error.may_have_applied());
    assert!(answers[2].clone().unwrap());
    assert_eq!(get(&store, "c").await.unwrap(), Some(Entry::new("3")));
}

#[tokio::test]
async fn the_largest_value_that_is_promised_fits_beside_the_longest_key() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({ "ttlAttribute": "ttl" }));
    let limits = store.capabilities();
    let key = "k".repeat(limits.max_key_bytes);
    let value = Bytes::from("x".repeat(limits.max_value_bytes));
    let entry = Entry::until(value, Deadline::at(4_000_000_000_000));
    set(&store, &key, entry.clone()).await;
    assert_eq!(get(&store, &key).await.unwrap(), Some(entry));
}

#[tokio::test]
async fn a_key_that_is_too_long_does_not_fail_the_reads_beside_it() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({}));
    set(&store, "k", Entry::new("value")).await;
    let keys = ["k".into(), "x".repeat(3000).into(), "missing".into()];
    let answers = store.get(&keys, Want::Value).await;
    assert_eq!(answers[0].clone().unwrap(), Some(Entry::new("value")));
    assert_eq!(answers[1].clone().unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(answers[2].clone().unwrap(), None);
}

#[tokio::test]
async fn a_batch_larger_than_the_service_takes_at_once_is_answered_whole() {
    let table = Table::create(EMULATOR).await;
    let store = table.store(json!({}));
    let value = Bytes::from("x".repeat(300_000));
    let entries: Vec<(Key, Entry)> =
        (0..70).map(|n| (format!("k{n}").into(), Entry::new(value.clone()))).collect();
    let keys: Vec<Key> = entries.iter().map(|(key, _)| key.clone()).collect();
    let written = store.set(&entries, SetMode::Always).await;
    assert!(written.into_iter().all(|answer| answer.unwrap()));
    // 21 MB, where one response holds 16: the service leaves keys unprocessed.
    let read = store.get(&keys, Want::Value).await;
    assert!(read.into_iter().all(|answer| answer.unwrap().unwrap().value == value));
}
