//! Tables and servers that do not fit.

use redkv::error::ErrorKind;
use serde_json::{Value, json};

use super::super::site::{self, EXACT_TEXT, exec};
use super::{fresh, options, store};

/// The field and the message of the error with which a store does not become ready.
async fn refused(options: Value) -> (String, String) {
    let error = store(options).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error:?}");
    (error.field().unwrap().to_owned(), error.message().to_owned())
}

#[tokio::test]
async fn a_table_that_is_missing_is_reported() {
    let (field, message) = refused(options("no_such_table", json!({}))).await;
    assert_eq!(field, "tableName");
    assert!(message.starts_with("there is no table 'no_such_table' in "), "{message}");
    assert!(message.ends_with("; createTable: true creates it"), "{message}");
}

#[tokio::test]
async fn a_table_that_is_made_later_is_found() {
    let table = fresh();
    let store = store(options(&table, json!({})));
    assert_eq!(store.init().await.unwrap_err().field(), Some("tableName"));
    exec(&format!("CREATE TABLE {table} (k VARCHAR(40) {EXACT_TEXT} PRIMARY KEY, v VARCHAR(40))")).await;
    store.init().await.unwrap();
}

#[tokio::test]
async fn columns_that_do_not_fit_are_reported() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARCHAR(40) {EXACT_TEXT} PRIMARY KEY, v INTEGER, t VARCHAR(9))"))
        .await;
    let (field, message) = refused(options(&table, json!({ "keyColumn": "id" }))).await;
    assert_eq!(
        (field.as_str(), message),
        ("keyColumn", format!("keyColumn 'id' is not a column of table '{table}'"))
    );
    let (field, message) = refused(options(&table, json!({}))).await;
    assert_eq!(field, "valueColumn");
    assert!(message.starts_with("valueColumn 'v' must be "), "{message}");
    let (field, _) = refused(options(&table, json!({ "valueColumn": "t", "expiresColumn": "v" }))).await;
    assert_eq!(field, "expiresColumn");
    let (field, _) = refused(options(&table, json!({ "valueColumn": "t", "columnType": "binary" }))).await;
    assert_eq!(field, "columnType");
}

#[tokio::test]
async fn a_key_column_that_is_not_unique_is_reported() {
    let table = fresh();
    exec(&format!("CREATE TABLE {table} (k VARCHAR(40) {EXACT_TEXT}, v VARCHAR(40))")).await;
    let (field, message) = refused(options(&table, json!({}))).await;
    assert_eq!(field, "keyColumn");
    assert!(
        message.starts_with("keyColumn 'k' must be the PRIMARY KEY of its table, or UNIQUE"),
        "{message}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_reported_without_it_and_is_final() {
    let url = site::url().replacen(":redkv@", ":s3cret@", 1);
    let error = store(options("t", json!({ "url": url }))).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, false), "{error:?}");
    assert!(!error.may_have_applied());
    assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_and_may_come() {
    let port = crate::support::port::free_port();
    let more = json!({ "url": null, "host": "127.0.0.1", "port": port, "user": "u", "database": "d" });
    let error = store(options("t", more)).init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    assert!(!error.may_have_applied());
    assert!(error.message().contains(&format!("127.0.0.1:{port}")), "{error}");
}
