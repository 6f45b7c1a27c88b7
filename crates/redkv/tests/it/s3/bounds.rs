//! Objects that are larger than is believed, or have no end.

use std::sync::Arc;

use redkv::chain::{Chain, Scope, TierConfig};
use redkv::clock::SystemClock;
use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::notices::Notices;
use redkv::store::{Store, Want};
use redkv::stores::{Place, build_for};
use serde_json::json;

use crate::s3::bucket::{Bucket, EMULATOR};
use crate::s3::calls::set;
use crate::support::flood::{Reply, service};

/// A store that believes in values of up to a million bytes.
fn believing_a_million(bucket: &Bucket) -> Arc<dyn Store> {
    let options = json!({
        "bucket": bucket.name, "endpoint": bucket.endpoint, "forcePathStyle": true,
        "credentials": { "accessKeyId": "test", "secretAccessKey": "test" },
    });
    let place = Place {
        clock: Arc::new(SystemClock),
        max_value_bytes: Some(1_000_000),
        timeout: None,
        notices: Notices::default(),
    };
    build_for(place, "s3", options, &[]).unwrap().store
}

#[tokio::test]
async fn an_object_that_is_too_large_fails_alone() {
    let bucket = Bucket::create(EMULATOR).await;
    let writes = bucket.store(json!({}));
    for (key, size) in [("small", 10), ("large", 1_000_001), ("full", 1_000_000)] {
        set(&writes, key, Entry::new("x".repeat(size))).await.unwrap();
    }
    let reads = believing_a_million(&bucket);
    assert_eq!(reads.capabilities().max_value_bytes, 1_000_000);
    let keys = ["small", "large"].map(Key::from);
    let answers = reads.get(&keys, Want::Value).await;
    assert_eq!(answers[0].as_ref().unwrap().as_ref().unwrap().value.len(), 10);
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Value);
    let full = reads.get(&["full".into()], Want::Value).await.remove(0).unwrap();
    assert_eq!(full.unwrap().value.len(), 1_000_000);
}

#[tokio::test]
async fn objects_that_are_too_much_together_fail_alone() {
    let bucket = Bucket::create(EMULATOR).await;
    let writes = bucket.store(json!({}));
    let keys = ["a", "b", "c"].map(Key::from);
    for key in &keys {
        set(&writes, key, Entry::new("x".repeat(400_000))).await.unwrap();
    }
    let answers = believing_a_million(&bucket).get(&keys, Want::Value).await;
    let kinds: Vec<_> = answers.iter().filter_map(|answer| Some(answer.as_ref().err()?.kind())).collect();
    assert_eq!(kinds, [ErrorKind::Overload]);
}

#[tokio::test]
async fn an_object_without_a_length_and_an_end_is_refused_at_the_bound() {
    const LISTING: &str = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    let endpoint = service(|request| match request.contains("list-type=2") {
        true => {
            Reply::Whole(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{LISTING}", LISTING.len()))
        }
        false => Reply::Endless(""),
    });
    let store = believing_a_million(&Bucket { endpoint, name: "b".into() });
    store.init().await.unwrap();
    let error = store.get(&["k".into()], Want::Value).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.message().contains("maxValueBytes"), "{error}");
}

#[tokio::test]
async fn a_listing_that_leads_in_a_circle_is_given_up() {
    let listing = "<ListBucketResult><IsTruncated>true</IsTruncated>\
        <NextContinuationToken>again</NextContinuationToken></ListBucketResult>";
    let endpoint = service(move |_| {
        Reply::Whole(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{listing}", listing.len()))
    });
    let chain = Arc::new(Chain::new(Arc::new(SystemClock)));
    let store = believing_a_million(&Bucket { endpoint, name: "b".into() });
    chain.add(store, TierConfig::default()).unwrap();
    let error = chain.clear(Scope::Chain).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true), "{error:?}");
}
