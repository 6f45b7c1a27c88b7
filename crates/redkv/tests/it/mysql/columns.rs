//! What MySQL and MariaDB have that others do not.

use std::sync::Arc;

use redkv::entry::Key;
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use crate::mysql::site::{EXACT_TEXT, Server, exec};
use crate::mysql::sql::{entry, fresh, get, options, set, some, store};

#[tokio::test]
async fn another_unique_index_is_refused() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARBINARY(99) PRIMARY KEY, v VARCHAR(9) UNIQUE)")).await;
    let error = store(options(&table, json!({}))).init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("tableName")));
}

#[tokio::test]
async fn an_index_over_a_part_of_the_key_is_refused() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARBINARY(99), v TEXT, UNIQUE (k(10)))")).await;
    let error = store(options(&table, json!({}))).init().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Argument, Some("keyColumn")));
}

#[tokio::test]
async fn a_key_as_long_as_the_capabilities_say_is_taken() {
    for column_type in ["binary", "text"] {
        let more = json!({ "createTable": true, "columnType": column_type });
        let store = store(options(&fresh(), more));
        let key = "k".repeat(store.capabilities().max_key_bytes);
        set(&*store, &key, "v").await.unwrap();
        assert_eq!(get(&*store, &key).await.unwrap(), some("v"));
    }
}

#[tokio::test]
async fn text_that_the_character_set_has_not_is_refused_and_not_replaced() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARBINARY(99) PRIMARY KEY, v TEXT CHARACTER SET latin1)")).await;
    let store = store(options(&table, json!({})));
    let answers = store.set(&[entry("a", "日本語"), entry("b", "grün")], SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(answers[1].as_ref().unwrap());
    assert_eq!(get(&*store, "b").await.unwrap(), some("grün"));
}

#[tokio::test]
async fn a_value_larger_than_the_server_takes_fails_alone() {
    let store = store(options(&fresh(), json!({ "createTable": true })));
    // The limit of MariaDB, as it comes, is 16 MiB.
    let entries = [entry("a", &"x".repeat(17 << 20)), entry("b", "2")];
    let answers = store.set(&entries, SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().field(), Some("value"));
    assert!(answers[1].as_ref().unwrap());
}

#[tokio::test]
async fn a_value_that_is_too_long_by_its_spaces_is_refused_and_not_cut() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARCHAR(3) {EXACT_TEXT} PRIMARY KEY, v TINYTEXT, w VARCHAR(3))"))
        .await;
    let tiny = store(options(&table, json!({})));
    assert_eq!(set(&*tiny, "a", &" ".repeat(256)).await.unwrap_err().field(), Some("value"));
    set(&*tiny, "a", &" ".repeat(255)).await.unwrap();
    assert_eq!(get(&*tiny, "a").await.unwrap(), some(&" ".repeat(255)));
}

#[tokio::test]
async fn a_batch_larger_than_a_packet_is_written_and_read() {
    let server = Server::start(&["--max-allowed-packet=1M"]);
    let store = created_on(&server);
    let value = "x".repeat(300_000);
    let entries: Vec<_> = (0..10).map(|n| entry(&format!("k{n}"), &value)).collect();
    let too_large = entry("large", &"x".repeat(1 << 20));
    let answers = store.set(&[&entries[..], &[too_large]].concat(), SetMode::Always).await;
    assert!(answers[..10].iter().all(|answer| *answer.as_ref().unwrap()));
    assert_eq!(answers[10].as_ref().unwrap_err().field(), Some("value"));
    let more: Vec<_> = (0..10).map(|n| entry(&format!("n{n}"), &value)).collect();
    assert!(store.set(&more, SetMode::IfAbsent).await.into_iter().all(|answer| answer.unwrap()));
    let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
    for answer in store.get(&keys, Want::Value).await {
        assert_eq!(answer.unwrap(), some(&value));
    }
}

#[tokio::test]
async fn keys_that_are_more_than_a_packet_together_are_asked_for_in_pieces() {
    let server = Server::start(&["--max-allowed-packet=1M"]);
    let store = created_on(&server);
    let keys: Vec<_> = (0..500).map(|n| Key::from(format!("{n:03072}"))).collect();
    set(&*store, &keys[0], "v").await.unwrap();
    let found = store.get(&keys, Want::Value).await;
    assert_eq!(found.into_iter().filter(|answer| answer.as_ref().unwrap().is_some()).count(), 1);
    assert!(store.has(&keys).await.remove(0).unwrap());
    assert!(store.delete(&keys).await.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(get(&*store, &keys[0]).await.unwrap(), None);
}

#[tokio::test]
async fn on_a_server_of_another_character_set_and_sql_mode_text_stays_as_it_is() {
    let modes = "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT";
    let charset = ["--character-set-server=latin1", "--skip-character-set-client-handshake"];
    let server = Server::start(&[&charset[..], &[modes]].concat());
    let text = store(json!({
        "url": server.url(), "tableName": "t", "keyColumn": "k", "valueColumn": "v", "createTable": true,
        "columnType": "text",
    }));
    set(&*text, "grüße", "日本").await.unwrap();
    set(&*text, "\\'\"", "\\").await.unwrap();
    assert_eq!(get(&*text, "grüße").await.unwrap(), some("日本"));
    assert_eq!(get(&*text, "\\'\"").await.unwrap(), some("\\"));
    assert_eq!(server.count("t WHERE CHAR_LENGTH(k) = 5 AND CHAR_LENGTH(v) = 2").await, 1);
}

fn created_on(server: &Server) -> Arc<dyn Store> {
    store(json!({
        "url": server.url(), "tableName": "t", "keyColumn": "k", "valueColumn": "v", "createTable": true,
    }))
}
