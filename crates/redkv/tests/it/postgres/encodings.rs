//! In databases that are not in UTF-8, and in columns of limited length.

use std::collections::HashSet;
use std::sync::Arc;

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use serde_json::{Value, json};

use crate::postgres::site::{exec, exec_at, url};
use crate::postgres::sql::{entry, fresh, get, options, set, some, store};

/// A store over a table of text, in a database of its own in this encoding.
async fn in_encoding(encoding: &str, columns: &str) -> (String, Arc<dyn Store>) {
    let database = fresh();
    exec(&format!(
        "CREATE DATABASE {database} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    ))
    .await;
    let (start, _) = url().rsplit_once('/').map(|(start, rest)| (start.to_owned(), rest.to_owned())).unwrap();
    let url = format!("{start}/{database}");
    exec_at(&url, &format!("CREATE TABLE kv ({columns})")).await;
    let store = store(options("kv", json!({ "url": url })));
    (url, store)
}

#[tokio::test]
async fn with_one_key_outside_the_encoding_the_others_are_served() {
    let (_, store) = in_encoding("LATIN1", "k text primary key, v text").await;
    set(&*store, "grün", "fine").await.unwrap();
    let keys = ["grün".into(), Key::from("\u{1f600}"), "absent".into()];
    let read: Vec<_> = store.get(&keys, Want::Value).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(read, [some("fine"), None, None]);
    let found: Vec<_> = store.has(&keys).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(found, [true, false, false]);
    assert_eq!(get(&*store, "\u{1f600}").await.unwrap(), None);
    for mode in [SetMode::Always, SetMode::IfAbsent] {
        let answers =
            store.set(&[entry("a", "1"), entry("\u{1f600}", "2"), entry("b", "\u{20ac}")], mode).await;
        assert_eq!(answers[0].as_ref().unwrap(), &(mode == SetMode::Always));
        assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(answers[2].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    }
    for answer in store.delete(&keys).await {
        answer.unwrap();
    }
    assert_eq!(store.keys("", None).await.unwrap().keys, ["a".into()]);
}

#[tokio::test]
async fn a_database_without_an_encoding_keeps_bytes_and_counts_them() {
    let (url, store) = in_encoding("SQL_ASCII", "k varchar(7) primary key, v text").await;
    set(&*store, "grüße", "\u{1f600}").await.unwrap();
    assert_eq!(get(&*store, "grüße").await.unwrap(), some("\u{1f600}"));
    assert_eq!(set(&*store, "grüße ", "v").await.unwrap_err().field(), Some("key"));
    // What others wrote in another encoding is no key here, and in nobody's way.
    exec_at(
        &url,
        "SET client_encoding = SQL_ASCII; INSERT INTO kv VALUES (convert_from('\\xfc', 'SQL_ASCII'), 'v')",
    )
    .await;
    exec_at(
        &url,
        "SET client_encoding = SQL_ASCII; INSERT INTO kv VALUES ('a', convert_from('\\xfc', 'SQL_ASCII'))",
    )
    .await;
    let told: HashSet<Key> = store.keys("", None).await.unwrap().keys.into_iter().collect();
    assert_eq!(told, HashSet::from(["a".into(), "grüße".into()]));
    assert_eq!(get(&*store, "a").await.unwrap(), Some(Entry::new(vec![0xfc])));
}

#[tokio::test]
async fn a_value_of_others_that_is_no_text_fails_alone() {
    let (url, store) = in_encoding("WIN1252", "k text primary key, v text").await;
    set(&*store, "a", "fine").await.unwrap();
    exec_at(&url, "INSERT INTO kv VALUES ('b', convert_from('\\x81', 'WIN1252'))").await;
    let answers = store.get(&["a".into(), "b".into(), "\u{1f600}".into()], Want::Value).await;
    assert_eq!(answers[0].as_ref().unwrap(), &some("fine"));
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Value);
    assert_eq!(answers[2].as_ref().unwrap(), &None);
}

#[tokio::test]
async fn what_is_too_long_by_its_spaces_is_refused_and_not_cut() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARCHAR(5) PRIMARY KEY, v VARCHAR(5))")).await;
    let store = store(options(&table, json!({})));
    set(&*store, "grüße", "grüße").await.unwrap();
    let answers =
        store.set(&[entry("grüße ", "1"), entry("a", "grüße "), entry("b", "1")], SetMode::Always).await;
    assert_eq!(answers[0].as_ref().unwrap_err().field(), Some("key"));
    assert_eq!(answers[1].as_ref().unwrap_err().field(), Some("value"));
    assert!(answers[2].as_ref().unwrap());
    assert_eq!(get(&*store, "grüße ").await.unwrap(), None);
    assert_eq!(get(&*store, "grüße").await.unwrap(), some("grüße"));
}

/// The field that the error of `ready()` is about.
async fn refused(columns: &str, more: Value) -> String {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} ({columns})")).await;
    let error = store(options(&table, more)).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    error.field().unwrap().to_owned()
}

#[tokio::test]
async fn columns_that_change_what_is_written_are_refused() {
    let domain = fresh();
    exec(&format!("CREATE DOMAIN {domain} AS varchar(3)")).await;
    for kind in ["char(9)", "name", "jsonb", "json", "numeric", "timestamptz", domain.as_str()] {
        assert_eq!(
            refused(&format!("k text primary key, v {kind}"), json!({})).await,
            "valueColumn",
            "{kind}"
        );
    }
    for kind in ["char(9)", "name", "uuid", "numeric", domain.as_str()] {
        assert_eq!(refused(&format!("k {kind} primary key, v text"), json!({})).await, "keyColumn", "{kind}");
    }
}
