//! Tables that cannot be used, and services that cannot be reached.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{KeyType, ScalarAttributeType};
use redkv::clock::SystemClock;
use redkv::entry::Entry;
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store};
use serde_json::json;

use crate::dynamodb::calls::{get, one, set, set_if_absent};
use crate::dynamodb::table::{EMULATOR, Table, store};
use crate::support::proxy::{address, dead_endpoint};

#[tokio::test]
async fn a_table_with_a_range_key_is_refused() {
    let table = Table::with_keys(
        EMULATOR,
        &[("id", KeyType::Hash, ScalarAttributeType::S), ("at", KeyType::Range, ScalarAttributeType::S)],
    )
    .await;
    let error = table.store(json!({})).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert_eq!(error.field(), Some("tableName"));
    assert!(error.message().contains("has a range key"), "{error}");
}

#[tokio::test]
async fn a_table_whose_key_is_a_number_is_refused() {
    let table = Table::with_keys(EMULATOR, &[("id", KeyType::Hash, ScalarAttributeType::N)]).await;
    let error = table.store(json!({})).init().await.unwrap_err();
    assert_eq!(error.field(), Some("tableName"));
    assert!(error.message().contains("is not of type S"), "{error}");
}

#[tokio::test]
async fn attributes_that_are_the_hash_key_are_refused() {
    let table = Table::create(EMULATOR).await;
    let error = table.store(json!({ "attributeName": "id" })).init().await.unwrap_err();
    assert_eq!(error.field(), Some("attributeName"));
    let error = table.store(json!({ "ttlAttribute": "id" })).init().await.unwrap_err();
    assert_eq!(error.field(), Some("ttlAttribute"));
}

#[tokio::test]
async fn a_missing_table_is_named_and_found_once_it_is_there() {
    let missing = Table::named(EMULATOR);
    let store = missing.store(json!({}));
    let error = store.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(!error.is_retryable());
    assert!(error.message().contains(&missing.name), "{error}");
    assert_eq!(get(&store, "k").await.unwrap_err().kind(), ErrorKind::Store);

    missing.make(&[("id", KeyType::Hash, ScalarAttributeType::S)]).await;
    assert_eq!(get(&store, "k").await.unwrap(), None);
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_cannot_be_connected_to_and_is_named() {
    let table = Table { endpoint: dead_endpoint(), name: "t".into() };
    let error = table.store(json!({ "maxRetries": 0 })).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.is_retryable());
    let address = table.endpoint.trim_start_matches("http://");
    assert!(error.message().starts_with(&format!("cannot connect to {address}: ")), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_a_timeout_that_names_it() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let table = Table { endpoint: address(&silent), name: "t".into() };
    let options = json!({ "maxRetries": 0, "httpOptions": { "timeout": 50 } });
    let error = table.store(options).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let address = table.endpoint.trim_start_matches("http://");
    assert!(
        error.message().starts_with(&format!("the service at {address} did not answer in time")),
        "{error}"
    );
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_made_again() {
    let (table, proxy) = Table::behind_proxy().await;
    let store = table.store(json!({}));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    set(&store, "k", Entry::new("value")).await;
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_may_have_been_made() {
    let (table, proxy) = Table::behind_proxy().await;
    let store = table.store(json!({ "maxRetries": 0 }));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    let error = one(store.set(&[("k".into(), Entry::new("value"))], SetMode::Always).await).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_write_that_found_no_connection_was_not_made() {
    let (table, proxy) = Table::behind_proxy().await;
    let store = table.store(json!({ "maxRetries": 0 }));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    assert_eq!(get(&store, "k").await.unwrap_err().kind(), ErrorKind::Connection);
    proxy.stop_listening();
    let error = one(store.set(&[("k".into(), Entry::new("value"))], SetMode::Always).await).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn a_conditional_write_that_may_have_met_itself_does_not_claim_to_have_lost() {
    let (table, proxy) = Table::behind_proxy().await;
    let store = table.store(json!({}));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    let error = set_if_absent(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
}

#[test]
fn missing_credentials_say_what_to_do() {
    let output = in_bare_environment("dynamodb::failures::child_without_credentials");
    assert!(output.contains("no usable AWS credentials: set the options 'accessKeyId'"), "{output}");
    assert!(output.contains("kind: Store"), "{output}");
    assert!(output.contains("retryable: false"), "{output}");
}

#[test]
fn a_missing_region_says_what_to_do() {
    let output = in_bare_environment("dynamodb::failures::child_without_region");
    assert!(output.contains("no AWS region: set the option 'region'"), "{output}");
    assert!(output.contains("field: Some(\"region\")"), "{output}");
}

#[tokio::test]
#[ignore = "run by missing_credentials_say_what_to_do"]
async fn child_without_credentials() {
    let options = json!({ "tableName": "t", "region": "eu-west-1", "endpoint": dead_endpoint() });
    println!("{:?}", store(options, Arc::new(SystemClock)).init().await.unwrap_err());
}

#[tokio::test]
#[ignore = "run by a_missing_region_says_what_to_do"]
async fn child_without_region() {
    let options = json!({ "tableName": "t", "accessKeyId": "id", "secretAccessKey": "secret" });
    println!("{:?}", store(options, Arc::new(SystemClock)).init().await.unwrap_err());
}

/// Runs one of the tests above where nothing of the machine's own AWS settings is seen.
fn in_bare_environment(test: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
