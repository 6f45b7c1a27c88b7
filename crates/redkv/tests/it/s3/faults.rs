//! What happens on the way to the service.

use std::time::Duration;

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use crate::s3::bucket::Bucket;
use crate::s3::calls::{delete, get, has, one, set};

/// A whole answer of HTTP in which S3 refuses a request.
pub(crate) fn answer(status: &str, code: &str) -> String {
    xml(status, &format!("<Error><Code>{code}</Code><Message>for a test</Message></Error>"))
}

fn xml(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_made_again() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    assert!(set(&store, "k", Entry::new("value")).await.unwrap());
    proxy.lose_the_next_answer();
    delete(&store, "k").await.unwrap();
    assert_eq!(get(&store, "k").await.unwrap(), None);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_may_have_been_made() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0 }));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    let error = set(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_applied());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_write_that_found_no_connection_was_not_made() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0 }));
    store.init().await.unwrap();
    proxy.lose_the_next_answer();
    assert_eq!(get(&store, "k").await.unwrap_err().kind(), ErrorKind::Connection);
    proxy.stop_listening();
    let error = set(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn a_service_that_asks_for_fewer_requests_is_asked_again_later() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    store.init().await.unwrap();
    proxy.refuse_next(answer("503 Slow Down", "SlowDown"));
    assert!(set(&store, "k", Entry::new("value")).await.unwrap());
    proxy.refuse_next(answer("500 Internal Server Error", "InternalError"));
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn throttling_to_the_end_is_an_error_that_can_be_tried_again() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0 }));
    store.init().await.unwrap();
    proxy.refuse_next(answer("503 Slow Down", "SlowDown"));
    let error = set(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(error.message(), "throttled: SlowDown: for a test");
    assert!(error.is_retryable());
    assert!(!error.may_have_applied());

    proxy.refuse_next(answer("500 Internal Server Error", "InternalError"));
    assert!(set(&store, "k", Entry::new("value")).await.unwrap_err().may_have_applied());
}

#[tokio::test]
async fn an_object_that_breaks_off_is_read_again() {
    const BROKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nval";
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    set(&store, "k", Entry::new("the value.")).await.unwrap();
    proxy.refuse_next(BROKEN);
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("the value.")));

    let store = bucket.store(json!({ "maxRetries": 0 }));
    store.init().await.unwrap();
    proxy.refuse_next(BROKEN);
    let error = get(&store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn an_answer_of_something_else_is_not_a_missing_key() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0 }));
    set(&store, "k", Entry::new("value")).await.unwrap();
    proxy.refuse_next("HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\nconnection: close\r\n\r\n<html/>");
    assert!(get(&store, "k").await.is_err());
    proxy.refuse_next("HTTP/1.1 200 OK\r\n");
    assert!(get(&store, "k").await.is_err());
    proxy.refuse_next("what?\r\n\r\n");
    assert!(has(&store, "k").await.is_err());
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_not_a_missing_key() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    store.init().await.unwrap();
    proxy.refuse_next(answer("404 Not Found", "NoSuchBucket"));
    let error = get(&store, "k").await.unwrap_err();
    assert!(error.message().starts_with(&format!("the bucket '{}' does not exist", bucket.name)), "{error}");
}

#[tokio::test]
async fn requests_that_hang_leave_nothing_behind() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxSockets": 2 }));
    set(&store, "k", Entry::new("value")).await.unwrap();
    proxy.hold(true);
    let keys: Vec<Key> = (0..20).map(|n| n.to_string().into()).collect();
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_millis(50), store.get(&keys, Want::Value)).await;
        assert!(given_up.is_err());
    }
    proxy.hold(false);
    assert_eq!(get(&store, "k").await.unwrap(), Some(Entry::new("value")));
}

#[tokio::test]
async fn a_request_that_hangs_is_a_timeout_after_the_time_of_an_attempt() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0, "httpOptions": { "timeout": 300 } }));
    store.init().await.unwrap();
    proxy.hold(true);
    let error = set(&store, "k", Entry::new("value")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_applied());
    assert!(!get(&store, "k").await.unwrap_err().may_have_applied());
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_there_may_be() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxSockets": 3 }));
    store.init().await.unwrap();
    proxy.hold(true);
    let before = proxy.connections();
    let keys: Vec<Key> = (0..20).map(|n| n.to_string().into()).collect();
    let both = futures_util::future::join(store.get(&keys, Want::Value), store.has(&keys));
    assert!(tokio::time::timeout(Duration::from_millis(300), both).await.is_err());
    assert!(proxy.connections() - before <= 3);
}

#[tokio::test]
async fn deletes_go_one_by_one_where_the_service_does_not_take_them_together() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "maxRetries": 0 }));
    let keys: Vec<Key> = (0..5).map(|n| n.to_string().into()).collect();
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), Entry::new("value"))).collect();
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.is_ok()));
    proxy.refuse_next(answer("501 Not Implemented", "NotImplemented"));
    assert!(store.delete(&keys).await.into_iter().all(|answer| answer.is_ok()));
    assert!(bucket.names().await.is_empty());
}

#[tokio::test]
async fn a_key_that_cannot_be_deleted_does_not_fail_its_neighbours() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({ "prefix": "p/" }));
    store.init().await.unwrap();
    let refused = "<DeleteResult><Error><Key>p/b</Key><Code>AccessDenied</Code><Message>no</Message></Error>\
                   <Error><Key>p/c</Key><Code>NoSuchKey</Code></Error></DeleteResult>";
    proxy.refuse_next(xml("200 OK", refused));
    let answers = store.delete(&["a".into(), "b".into(), "c".into()]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    let error = answers[1].clone().unwrap_err();
    assert!(error.message().starts_with("no access to the bucket"), "{error}");
    assert!(!error.may_have_applied());
}

#[tokio::test]
async fn a_refusal_does_not_repeat_the_key() {
    let (bucket, proxy) = Bucket::behind_proxy().await;
    let store = bucket.store(json!({}));
    store.init().await.unwrap();
    let refused = "<Error><Code>AccessDenied</Code><Message>User: me is not authorized to perform: s3:GetObject on \
                   resource: \"arn:aws:s3:::b/s3cret\"</Message><Resource>/b/s3cret</Resource></Error>";
    proxy.refuse_next(xml("403 Forbidden", refused));
    let error = one(store.get(&["s3cret".into()], Want::Value).await).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(!error.is_retryable());
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}
