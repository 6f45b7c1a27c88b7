//! Callers who share a batch, and answers without an end.

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Store, Want};
use serde_json::json;

use crate::dynamodb::table::Table;
use crate::support::flood::{Reply, service};

/// A whole answer of HTTP that refuses a request for want of rights.
fn denied() -> String {
    let body = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized"}"#;
    let length = body.len();
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}

fn keys() -> Vec<Key> {
    ["a", "b", "c", "d"].map(Key::from).to_vec()
}

#[tokio::test]
async fn beside_a_key_without_rights_others_are_read_written_and_deleted() {
    let (table, proxy) = Table::behind_proxy().await;
    let store = table.store(json!({}));
    store.init().await.unwrap();
    let entries: Vec<_> = keys().into_iter().map(|key| (key, Entry::new("v"))).collect();
    // The batch is refused, and one of the requests for single keys that follow.
    let refuse = || (0..2).for_each(|_| proxy.refuse_next(denied()));
    refuse();
    let written = store.set(&entries, SetMode::Always).await;
    assert_eq!(written.iter().filter(|answer| matches!(answer, Ok(true))).count(), 3);
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    refuse();
    let read = store.get(&keys(), Want::Value).await;
    assert_eq!(read.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count(), 3);
    let refused = read.into_iter().find_map(Result::err).unwrap();
    assert_eq!((refused.kind(), refused.is_retryable()), (ErrorKind::Store, false));
    refuse();
    let deleted = store.delete(&keys()).await;
    assert_eq!(deleted.iter().filter(|answer| answer.is_ok()).count(), 3);
}

#[tokio::test]
async fn an_answer_without_an_end_is_refused_at_a_bound() {
    let endpoint = service(|_| Reply::Endless("content-type: application/x-amz-json-1.0\r\n"));
    let store = Table { endpoint, name: "t".into() }.store(json!({ "maxRetries": 0 }));
    let error = store.init().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.message().contains("length limit exceeded"), "{error}");
}
