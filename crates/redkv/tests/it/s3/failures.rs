//! Buckets that cannot be used, and services that cannot be reached.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use redkv::clock::SystemClock;
use redkv::error::ErrorKind;
use redkv::store::Store;
use serde_json::json;

use crate::s3::bucket::{Bucket, EMULATOR, FILES, store};
use crate::s3::calls::get;
use crate::support::proxy::{address, dead_endpoint};

#[tokio::test]
async fn a_missing_bucket_is_named_and_found_once_it_is_there() {
    for server in [EMULATOR, FILES] {
        let missing = Bucket::named(server);
        let store = missing.store(json!({}));
        let error = store.init().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(!error.is_retryable());
        assert!(
            error.message().starts_with(&format!("the bucket '{}' does not exist", missing.name)),
            "{error}"
        );
        assert_eq!(get(&store, "k").await.unwrap_err().kind(), ErrorKind::Store);

        missing.make().await;
        assert_eq!(get(&store, "k").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_wrong_key_says_which_options_it_is_about() {
    let bucket = Bucket::create(FILES).await;
    for (id, secret) in [("test", "s3cret"), ("unknown", "s3cret")] {
        let wrong = json!({ "credentials": { "accessKeyId": id, "secretAccessKey": secret } });
        let error = bucket.store(wrong).init().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(!error.is_retryable());
        assert!(error.message().starts_with("the credentials were refused"), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_cannot_be_connected_to_and_is_named() {
    let bucket = Bucket { endpoint: dead_endpoint(), name: "b".into() };
    let error = bucket.store(json!({ "maxRetries": 0 })).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.is_retryable());
    assert!(!error.may_have_applied());
    let address = bucket.endpoint.trim_start_matches("http://");
    assert!(error.message().starts_with(&format!("cannot connect to {address}: ")), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_a_timeout_that_names_it() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let bucket = Bucket { endpoint: address(&silent), name: "b".into() };
    let options = json!({ "maxRetries": 0, "httpOptions": { "timeout": 50 } });
    let error = bucket.store(options).init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.may_have_applied());
    let address = bucket.endpoint.trim_start_matches("http://");
    assert!(
        error.message().starts_with(&format!("the service at {address} did not answer in time")),
        "{error}"
    );
}

#[test]
fn missing_credentials_say_what_to_do() {
    let output = in_bare_environment("s3::failures::child_without_credentials");
    assert!(output.contains("no usable AWS credentials: set the options 'accessKeyId'"), "{output}");
    assert!(output.contains("kind: Store"), "{output}");
    assert!(output.contains("retryable: false"), "{output}");
}

#[test]
fn a_missing_region_says_what_to_do() {
    let output = in_bare_environment("s3::failures::child_without_region");
    assert!(output.contains("no AWS region: set the option 'region'"), "{output}");
    assert!(output.contains("field: Some(\"region\")"), "{output}");
}

#[tokio::test]
#[ignore = "run by missing_credentials_say_what_to_do"]
async fn child_without_credentials() {
    let options = json!({ "bucket": "b", "endpoint": dead_endpoint(), "forcePathStyle": true });
    println!("{:?}", store(options, Arc::new(SystemClock)).init().await.unwrap_err());
}

#[tokio::test]
#[ignore = "run by a_missing_region_says_what_to_do"]
async fn child_without_region() {
    let options = json!({ "bucket": "b", "accessKeyId": "id", "secretAccessKey": "secret" });
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
