//! When the keys of AWS are rotated while they are in use.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use redkv::clock::SystemClock;
use redkv::entry::Entry;
use redkv::stores::DynamoDbStore;
use serde_json::json;
use tempfile::TempDir;

use crate::dynamodb::calls::{get, set};
use crate::dynamodb::table::{Table, store};
use crate::support::again::again;
use crate::support::proxy::Proxy;

const OLD: &str = "AKIAOLD";
const NEW: &str = "AKIANEW";

/// Runs the test called `name` where `settings` are the shared configuration, with `OLD` in the file for keys. The folder
/// of both files in the process that tests.
fn where_settings_are(name: &str, settings: impl FnOnce(&Path) -> String) -> Option<std::path::PathBuf> {
    if let Some(config) = std::env::var_os("REDKV_TEST_AWS") {
        return Some(config.into());
    }
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("config"), settings(folder.path())).unwrap();
    let (config, credentials, here) = (path("config"), path("credentials"), folder.path().to_str().unwrap());
    let environment = [
        ("REDKV_TEST_AWS", here),
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", ""),
    ];
    again(name, &environment);
    None
}

fn store_of(table: &Table) -> DynamoDbStore {
    let options = json!({
        "tableName": table.name, "endpoint": table.endpoint, "region": "eu-west-1", "profile": "rotating",
    });
    store(options, Arc::new(SystemClock))
}

/// The answer of DynamoDB to a key that is not good any more.
fn refuse(proxy: &Proxy, key: &str, code: &str) {
    let body = format!(
        r#"{{"__type":"com.amazon.coral.service#{code}","message":"The security token included in the request is expired"}}"#
    );
    let refusal = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    proxy.refuse_key(key, refusal);
}

#[tokio::test]
async fn those_in_the_shared_file_are_read_again_after_they_were_refused() {
    let name = "dynamodb::credentials::those_in_the_shared_file_are_read_again_after_they_were_refused";
    let Some(folder) = where_settings_are(name, |_| String::new()) else { return };
    let write = |key: &str| {
        let text = format!("[rotating]\naws_access_key_id = {key}\naws_secret_access_key = secret\n");
        fs::write(folder.join("credentials"), text).unwrap();
    };
    write(OLD);
    let (table, proxy) = Table::behind_proxy().await;
    let store = store_of(&table);
    set(&store, "k", Entry::new("value")).await;
    write(NEW);
    refuse(&proxy, OLD, "ExpiredTokenException");
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
    assert_eq!(proxy.refused(), 1);
    set(&store, "k", Entry::new("new")).await;
    assert_eq!(proxy.refused(), 1);
}

#[tokio::test]
async fn those_of_a_process_are_asked_for_again_after_they_were_refused() {
    let name = "dynamodb::credentials::those_of_a_process_are_asked_for_again_after_they_were_refused";
    let settings = |folder: &Path| {
        format!("[profile rotating]\ncredential_process = cat {}\n", folder.join("keys").display())
    };
    let Some(folder) = where_settings_are(name, settings) else { return };
    let write = |key: &str| {
        let keys = json!({
            "Version": 1, "AccessKeyId": key, "SecretAccessKey": "secret", "SessionToken": "token",
            "Expiration": "2999-01-01T00:00:00Z",
        });
        fs::write(folder.join("keys"), keys.to_string()).unwrap();
    };
    write(OLD);
    let (table, proxy) = Table::behind_proxy().await;
    let store = store_of(&table);
    set(&store, "k", Entry::new("value")).await;
    write(NEW);
    refuse(&proxy, OLD, "UnrecognizedClientException");
    set(&store, "k", Entry::new("new")).await;
    assert_eq!(proxy.refused(), 1);
}

#[tokio::test]
async fn keys_that_stay_refused_are_an_error_within_the_attempts() {
    let name = "dynamodb::credentials::keys_that_stay_refused_are_an_error_within_the_attempts";
    let settings = |_: &Path| String::new();
    let Some(folder) = where_settings_are(name, settings) else { return };
    let text = format!("[rotating]\naws_access_key_id = {OLD}\naws_secret_access_key = secret\n");
    fs::write(folder.join("credentials"), text).unwrap();
    let (table, proxy) = Table::behind_proxy().await;
    let store = store_of(&table);
    set(&store, "k", Entry::new("value")).await;
    refuse(&proxy, OLD, "InvalidClientTokenId");
    let error = get(&store, "k").await.unwrap_err();
    assert!(error.message().contains("InvalidClientTokenId"), "{error}");
    assert!(!error.may_have_applied());
    assert_eq!(proxy.refused(), 3);
}
